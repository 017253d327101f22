//! Plays a schedule to its end.

use std::rc::Rc;
use std::time::Duration;

use crate::account::store::testing::Store;
use crate::account::{Notice, NoticeKind};
use crate::auth::ApiKey;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Timestamp, UserId};
use crate::services::Services;
use crate::testing::service::{TestAnswer, TestRequest, claims, token};
use crate::testing::simulation::crew::Crew;
use crate::testing::simulation::dice::{Dice, Draws, Topic};
use crate::testing::simulation::director::Director;
use crate::testing::simulation::schedule::{Played, Schedule, Violation};
use crate::testing::simulation::service::scene::{Scene, Script, user_id};
use crate::testing::simulation::service::world::World;
use crate::testing::simulation::stage::{Acting, Stage};
use crate::user_keys::{Key, Parity};

/// Longer than any lock of the second factor.
const REST: Duration = Duration::from_secs(2 * 60 * 60);

/// So many rounds after the last fault every notice is delivered: each waits for its own time.
const MOST_ROUNDS: usize = 60;

/// Numbers of those who act before and after the schedule.
const BEFORE: usize = 1000;
pub const AFTER: usize = 2000;

/// Plays it.
pub fn play(schedule: &Schedule, traced: bool) -> Played {
    let scene = Scene::of(Dice::of(schedule.seed));
    let world = World::new(Director::new(schedule, scene.trouble, traced));
    let violation = Theatre::new(&world, &scene).play().err();
    world.director.played(violation)
}

/// The keys of the instance and of the service that signs people in.
struct Credentials {
    sign_in: ApiKey,
    instance: Key,
    account: Key,
}

pub struct Theatre<'a> {
    pub world: &'a World,
    scene: &'a Scene,
    credentials: Rc<Credentials>,
}

impl<'a> Stage<'a> for Theatre<'a> {
    fn director(&self) -> &Director {
        &self.world.director
    }

    fn crew(&self) -> &Crew {
        &self.world.crew
    }

    fn enter(&self, actor: usize) -> Acting<'a> {
        let (_, script) = self.scene.actors[actor];
        self.director()
            .tell(|| format!("actor {actor} enters: {script:?}"));
        self.act(actor, script)
    }

    /// Nothing happens beside the actors.
    fn happen(&self, _: usize) {}

    fn let_time_pass(&self) -> bool {
        let next = self.world.clock.next();
        next.inspect(|next| self.world.clock.advance_to(*next))
            .is_some()
    }

    fn verdict(&self) -> Result<(), Violation> {
        let violation = self.world.oracle.borrow().violation.clone();
        violation.map_or(Ok(()), Err)
    }
}

impl<'a> Theatre<'a> {
    fn new(world: &'a World, scene: &'a Scene) -> Self {
        let random = Seeded::new(1);
        Self {
            world,
            scene,
            credentials: Rc::new(Credentials {
                sign_in: ApiKey::generate(&random),
                instance: Key::generate(Parity::Odd, &random),
                account: Key::generate(Parity::Even, &random),
            }),
        }
    }

    fn play(&self) -> Result<(), Violation> {
        let (world, calm) = (self.world, &self.world.director.calm);
        self.set_up();
        world.oracle.borrow_mut().begin(&world.service.database);
        calm.set(true);
        for (number, user) in self.scene.users.iter().enumerate() {
            if user.has_second_factor {
                let before = BEFORE + 2 * number;
                self.lone(before, self.act(before, Script::SetUp { user: number }))?;
                let script = Script::MakeBackupCodes { user: number };
                self.lone(before + 1, self.act(before + 1, script))?;
            }
        }
        for (number, user) in self.scene.users.iter().enumerate() {
            let failed = "UPDATE second_factors SET totp_failures = ?2, backup_failures = ?2 WHERE user_id = ?1";
            let database = &world.service.database;
            database.execute(failed, (user_id(number), user.failures));
        }
        world.oracle.borrow_mut().begin(&world.service.database);
        calm.set(false);
        world.receiver_is_down.set(self.scene.receiver_is_down);
        world.settles_late.set(self.scene.settles_late);
        let turns = self.scene.actors.iter().map(|(turn, _)| *turn);
        self.interleave(turns, std::iter::empty())?;
        calm.set(true);
        world.receiver_is_down.set(false);
        self.pass(REST);
        self.deliver_all()?;
        self.judge()
    }

    fn pass(&self, time: Duration) {
        let clock = &self.world.clock;
        clock.advance_to(self.world.now().plus(time));
    }

    /// Rounds as cron would start them, until no notice is left.
    fn deliver_all(&self) -> Result<(), Violation> {
        for round in 0..MOST_ROUNDS {
            let next: Vec<i64> = self.world.service.database.query(
                "SELECT min(due_at) FROM notices HAVING count(*) > 0",
                [],
                |row| row.get(0),
            );
            let Some(next) = next.first() else {
                return Ok(());
            };
            let next = Timestamp::from_millis(*next);
            self.world.clock.advance_to(next.max(self.world.now()));
            let actor = AFTER + round;
            self.lone(actor, self.act(actor, Script::Deliver { rounds: 1 }))?;
        }
        Err(Violation {
            promise: "a notice is delivered at least once",
            seen: format!("notices are left after {MOST_ROUNDS} rounds"),
        })
    }

    fn set_up(&self) {
        let (database, credentials) = (&self.world.service.database, &self.credentials);
        database.execute(
            "INSERT INTO api_keys (id, key_hash, scopes, created_at) VALUES ('key', ?1, '[\"user:verify\"]', 0)",
            [credentials.sign_in.hash()],
        );
        database.execute(
            "INSERT INTO instances (name, created_at) VALUES ('rivia', 0)",
            [],
        );
        let key = "INSERT INTO instance_keys (id, key_hash, instance, role, created_at) VALUES (?1, ?2, 'rivia', ?3, 0)";
        database.execute(key, ("instance", credentials.instance.hash(), None::<&str>));
        database.execute(key, ("account", credentials.account.hash(), Some("full")));
        let random = Seeded::new(2);
        for number in 0..self.scene.users.len() {
            let id = user_id(number);
            self.world
                .service
                .add_user(&id, Some(&format!("p{number}@example.com")));
            let key = Key::generate(Parity::Even, &random);
            database.execute(
                "INSERT INTO instance_users (instance, username, user_id, key_hash, key_changed_at, created_at)
                 VALUES ('rivia', ?1, ?1, ?2, 0, 0)",
                (&id, key.hash()),
            );
            let mut known = self.world.known.borrow_mut();
            known.of(&id).keys.push(key.expose().to_owned());
        }
        let user = UserId::new(user_id(0));
        for number in 0..self.scene.backlog {
            let now = self.world.now();
            // Each to a recipient of its own, so that they are not merged.
            let to = format!("p0-{number}@example.com");
            let kind = NoticeKind::BackupCodeUsed;
            let notice = Notice::new(kind, &user, Some(&to), now, &random);
            Store::on(Rc::new(database.clone())).put(&notice);
        }
    }

    pub fn performer(&self, actor: usize) -> Performer<'a> {
        let dice = self.world.director.dice;
        Performer {
            world: self.world,
            actor,
            credentials: Rc::clone(&self.credentials),
            random: Rc::new(dice.stream(Topic::Random, actor as u64).0),
            draws: dice.stream(Topic::Choice, actor as u64),
        }
    }

    fn act(&self, actor: usize, script: Script) -> Acting<'a> {
        let performer = self.performer(actor);
        Box::pin(async move {
            match script {
                Script::SignIn { user, codes } => performer.sign_in(&user_id(user), codes).await,
                Script::Guess { user, kind } => performer.guess(&user_id(user), kind).await,
                Script::SetUp { user } => performer.set_up(&user_id(user)).await,
                Script::MakeBackupCodes { user } => {
                    performer.make_backup_codes(&user_id(user)).await;
                }
                Script::Disable { user, as_support } => {
                    performer.disable(&user_id(user), as_support).await;
                }
                Script::Unlock { user } => performer.unlock(&user_id(user)).await,
                Script::ChangeEmail { user, email } => {
                    performer.change_email(&user_id(user), email).await;
                }
                Script::CancelEmail { user } => performer.cancel_email(&user_id(user)).await,
                Script::Deliver { rounds } => performer.deliver(rounds).await,
                Script::ResetKey { user, by } => performer.reset_key(user, by).await,
            }
        })
    }
}

/// An actor with what it brings along.
pub struct Performer<'a> {
    pub world: &'a World,
    pub actor: usize,
    credentials: Rc<Credentials>,
    random: Rc<Seeded>,
    pub draws: Draws,
}

impl<'a> Performer<'a> {
    pub fn services(&self) -> Services {
        self.world.service.services_with(Rc::clone(&self.random))
    }

    pub async fn send(&self, request: TestRequest<'_>) -> TestAnswer {
        let answer = request.answer(self.services()).await;
        self.world.service.background().await;
        let (actor, status) = (self.actor, answer.status());
        let director = &self.world.director;
        director.tell(|| format!("actor {actor} is answered {status}"));
        answer
    }

    /// As a person who has just signed in.
    pub fn person(&self, request: TestRequest<'a>, user: &str) -> TestRequest<'a> {
        let now = self.world.now().as_secs();
        let mut claims = claims(user);
        claims["auth_time"] = now.into();
        claims["exp"] = (now + 60).into();
        request.bearer(&token(&claims))
    }

    pub fn sign_in_service(&self, request: TestRequest<'a>) -> TestRequest<'a> {
        request.bearer(self.credentials.sign_in.expose())
    }

    pub fn instance_key(&self, request: TestRequest<'a>) -> TestRequest<'a> {
        request.header("x-api-key", self.credentials.instance.expose())
    }

    pub fn account_key(&self, request: TestRequest<'a>) -> TestRequest<'a> {
        request.header("x-api-key", self.credentials.account.expose())
    }
}
