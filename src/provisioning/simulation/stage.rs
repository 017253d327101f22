//! Plays a schedule to its end.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::kernel::audit::{Actor, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Clock as _, EmailKey, RequestId, Sealer, Timestamp, UserId};
use crate::provisioning::backfill::RunOrder;
use crate::provisioning::fanout::{ChunkId, QueueError, Receipt, RunQueue};
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::store::{self, Trigger};
use crate::provisioning::world::time::Flag;
use crate::provisioning::world::{LOGIN, World};
use crate::provisioning::{Context as Tools, Provisioner};
use crate::threedeye::{Client, RoleId, TokenCache};

use crate::provisioning::simulation::dice::{Dice, Topic};
use crate::provisioning::simulation::director::{Director, Part};
use crate::provisioning::simulation::oracle::{REST, Violation, sealer};
use crate::provisioning::simulation::scene::{Event, Scene, Script, user_id};

/// No schedule takes more turns than this.
const MOST_TURNS: u64 = 20_000;

/// So short that most lists have several pages.
const PAGE_SIZE: u32 = 2;

/// How often cron runs.
const CRON: Duration = Duration::from_secs(15 * 60);

/// So many runs after the last fault everything is done.
pub const RUNS_TO_CONVERGE: u32 = 6;

/// What is played.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub seed: u64,
    /// What is left out.
    pub without: BTreeSet<Part>,
}

/// What came of it.
pub struct Played {
    /// The parts that played a role.
    pub parts: BTreeSet<Part>,
    pub effects: u64,
    pub trace: Vec<String>,
    pub violation: Option<Violation>,
}

/// Plays it.
pub fn play(schedule: &Schedule, traced: bool) -> Played {
    let dice = Dice::of(schedule.seed);
    let scene = Scene::of(dice);
    let director = Rc::new(Director::new(
        dice,
        &scene,
        schedule.without.clone(),
        traced,
    ));
    let world = World::with_page_size(PAGE_SIZE);
    let stage = Stage {
        world: &world,
        director: &director,
        dice,
        scene: &scene,
        post: &Post::default(),
        isolates: &Default::default(),
    };
    let violation = stage.play().err();
    let parts = director.played.borrow().clone();
    let trace = director.trace.as_ref();
    Played {
        parts,
        effects: director.effects(),
        trace: trace
            .map(|lines| lines.borrow().clone())
            .unwrap_or_default(),
        violation,
    }
}

type Acting<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

struct Slot<'a> {
    number: usize,
    acting: Acting<'a>,
    flag: Arc<Flag>,
}

struct Stage<'a> {
    world: &'a World,
    director: &'a Rc<Director>,
    dice: Dice,
    scene: &'a Scene,
    post: &'a Post,
    /// The tokens of each isolate.
    isolates: &'a [Rc<RefCell<TokenCache>>; 2],
}

/// A queue that loses nothing and delivers everything again and again.
#[derive(Default)]
struct Post(RefCell<Vec<ChunkId>>);

impl RunQueue for Post {
    fn send<'a>(
        &'a self,
        chunks: &'a [ChunkId],
    ) -> futures_util::future::LocalBoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            self.0.borrow_mut().extend_from_slice(chunks);
            Ok(())
        })
    }
}

/// How often a consumer takes what is not done with.
const DELIVERIES: u32 = 3;

/// Numbers of those who act before and after the schedule.
const BEFORE: usize = 1000;
const AFTER: usize = 2000;

impl<'a> Stage<'a> {
    fn play(&self) -> Result<(), Violation> {
        self.set_up();
        if self.scene.warmed {
            self.director.calm.set(true);
            self.lone(BEFORE, self.backfill(BEFORE, false, 20, false))?;
            self.director.calm.set(false);
        }
        let rotated = self.interleave()?;
        self.director.calm.set(true);
        self.world.pass(REST);
        self.verdict()?;
        self.reset_the_robbed(rotated)?;
        self.converge(rotated)?;
        self.director.oracle.borrow_mut().judge(self.world);
        self.verdict()
    }

    fn set_up(&self) {
        let hazards: Rc<Director> = Rc::clone(self.director);
        *self.world.hazards.borrow_mut() = hazards;
        for (number, email) in self.scene.users.iter().enumerate() {
            self.world.add_user(&user_id(number), email);
        }
        let mut oracle = self.director.oracle.borrow_mut();
        for (number, account) in self.scene.accounts.iter().enumerate() {
            let roles: Vec<String> = (0..account.roles)
                .map(|role| format!("role-{number}-{role}"))
                .collect();
            let names: Vec<&str> = roles.iter().map(String::as_str).collect();
            let id = format!("old-{number}");
            self.world
                .add_account(&id, &account.email, "never told", &names, account.ours);
            if account.ours {
                oracle.roles.extend(roles.into_iter().map(RoleId));
            }
        }
        let mut directory = self.world.remote.directory_mut();
        directory.create_delay = self.scene.create_delay;
        directory.delete_delay = self.scene.delete_delay;
    }

    /// All actors, by turns; returns whether the key was rotated.
    fn interleave(&self) -> Result<bool, Violation> {
        let mut waiting: BTreeMap<(u64, usize), Script> = BTreeMap::new();
        for (number, (turn, script)) in self.scene.actors.iter().enumerate() {
            if self.director.plays(Part::Actor(number)) {
                waiting.insert((*turn, number), *script);
            }
        }
        let mut events: BTreeMap<(u64, usize), &Event> = BTreeMap::new();
        for (number, (turn, event)) in self.scene.events.iter().enumerate() {
            if self.director.plays(Part::Event(number)) {
                events.insert((*turn, number), event);
            }
        }
        let mut rotated = false;
        let mut slots: Vec<Slot<'_>> = Vec::new();
        for turn in 0..MOST_TURNS {
            while let Some(next) = events.first_entry().filter(|next| next.key().0 <= turn) {
                let (_, number) = *next.key();
                let event = next.remove();
                self.happen(number, event, &mut rotated);
            }
            while let Some(next) = waiting.first_entry().filter(|next| next.key().0 <= turn) {
                let (_, number) = *next.key();
                let script = next.remove();
                slots.push(self.enter(number, script, rotated));
            }
            let ready: Vec<usize> = (0..slots.len())
                .filter(|place| slots[*place].flag.is_raised())
                .collect();
            if ready.is_empty() {
                if self.world.let_time_pass() {
                    continue;
                }
                if !slots.is_empty() {
                    return Err(hangs(&slots));
                }
                if waiting.is_empty() && events.is_empty() {
                    return Ok(rotated);
                }
                continue;
            }
            let draws = self.dice.stream(Topic::Turn, turn);
            let place = ready[draws.below(ready.len() as u64) as usize];
            let slot = &mut slots[place];
            if self.give_turn(slot.number, &mut slot.acting, &slot.flag) {
                drop(slots.remove(place));
            }
            self.verdict()?;
        }
        Err(hangs(&slots))
    }

    /// Whether the actor has left the stage, alive or not.
    fn give_turn(&self, number: usize, acting: &mut Acting<'_>, flag: &Arc<Flag>) -> bool {
        self.world.actor.set(number);
        flag.lower();
        let waker = Waker::from(Arc::clone(flag));
        let mut context = Context::from_waker(&waker);
        let done = acting.as_mut().poll(&mut context) == Poll::Ready(());
        if self.world.is_dead(number) {
            self.director.tell(|| format!("actor {number} is dead"));
            return true;
        }
        done
    }

    /// Somebody who has the stage for itself.
    fn lone(&self, number: usize, mut acting: Acting<'_>) -> Result<(), Violation> {
        let flag = Flag::raised();
        for _ in 0..MOST_TURNS {
            if flag.is_raised() {
                if self.give_turn(number, &mut acting, &flag) {
                    return self.verdict();
                }
                self.verdict()?;
            } else if !self.world.let_time_pass() {
                break;
            }
        }
        Err(hangs(&[]))
    }

    fn verdict(&self) -> Result<(), Violation> {
        match &self.director.oracle.borrow().violation {
            Some(violation) => Err(violation.clone()),
            None => Ok(()),
        }
    }

    fn enter(&self, number: usize, script: Script, rotated: bool) -> Slot<'a> {
        self.director
            .tell(|| format!("actor {number} enters: {script:?}"));
        let acting = match script {
            Script::Backfill { cron, replacements } => {
                self.backfill(number, cron, replacements, rotated)
            }
            Script::Plan { cron } => self.plan(number, cron, rotated),
            Script::Consume => self.consume(number, rotated),
            Script::Credentials { user } => self.credentials(number, user, rotated),
            Script::Reset { user, order } => self.reset(number, &user_id(user), order, rotated),
        };
        Slot {
            number,
            acting,
            flag: Flag::raised(),
        }
    }

    fn kit(&self, number: usize, rotated: bool) -> Kit {
        let random = Rc::new(self.dice.stream(Topic::Random, number as u64).0);
        let request_id = RequestId::mint(Timestamp::from_millis(1), &*random);
        let tokens = Rc::clone(&self.isolates[number % self.isolates.len()]);
        Kit {
            client: self.world.client(Rc::<Seeded>::clone(&random), tokens),
            random,
            sealer: sealer(rotated),
            origin: Origin::event(Actor::cron(), request_id),
        }
    }

    fn backfill(&self, number: usize, cron: bool, replacements: u32, rotated: bool) -> Acting<'a> {
        let (world, director) = (self.world, Rc::clone(self.director));
        let kit = self.kit(number, rotated);
        let order = order(cron, replacements);
        Box::pin(async move {
            let ended = kit.provisioner(world).backfill(order).await;
            director.tell(|| format!("actor {number} ends: {ended:?}"));
            if let Ok(finished) = ended {
                let request = kit.origin.request_id.as_str().to_owned();
                director.oracle.borrow_mut().runs.push((request, finished));
            }
        })
    }

    fn plan(&self, number: usize, cron: bool, rotated: bool) -> Acting<'a> {
        let (world, director, post) = (self.world, Rc::clone(self.director), self.post);
        let kit = self.kit(number, rotated);
        let order = order(cron, 20);
        Box::pin(async move {
            let ended = kit.tools(world).fan_out(order, post).await;
            director.tell(|| format!("actor {number} ends: {ended:?}"));
        })
    }

    fn consume(&self, number: usize, rotated: bool) -> Acting<'a> {
        let (world, director, post) = (self.world, Rc::clone(self.director), self.post);
        let kit = self.kit(number, rotated);
        Box::pin(async move {
            for _ in 0..DELIVERIES {
                let chunks = post.0.borrow().clone();
                let ended = kit.provisioner(world).consume(&chunks).await;
                director.tell(|| format!("actor {number} has consumed: {ended:?}"));
                let Ok(delivery) = ended else {
                    return;
                };
                let waits = delivery
                    .receipts
                    .iter()
                    .filter_map(|(_, receipt)| match receipt {
                        Receipt::Done => None,
                        Receipt::Retry { after } => Some(*after),
                    });
                let Some(wait) = waits.min() else {
                    return;
                };
                world.time.sleep(wait).await;
            }
        })
    }

    fn credentials(&self, number: usize, user: usize, rotated: bool) -> Acting<'a> {
        let (world, director) = (self.world, Rc::clone(self.director));
        let kit = self.kit(number, rotated);
        Box::pin(async move {
            let user = UserId::new(user_id(user));
            let Ok(record) = store::load(&world.database, &user).await else {
                return;
            };
            let ended = kit
                .tools(world)
                .credentials(Some(&kit.client), &user, record)
                .await;
            director.tell(|| format!("actor {number} ends: {:?}", ended.map(|account| account.id)));
        })
    }

    fn reset(&self, number: usize, user: &str, order: ResetOrder, rotated: bool) -> Acting<'a> {
        let (world, director) = (self.world, Rc::clone(self.director));
        let kit = self.kit(number, rotated);
        let user = UserId::new(user);
        director.oracle.borrow_mut().resets.insert(number, order);
        Box::pin(async move {
            let ended = kit
                .tools(world)
                .reset(Some(&kit.client), &user, order)
                .await;
            director.tell(|| format!("actor {number} ends: {ended:?}"));
        })
    }

    fn happen(&self, number: usize, event: &Event, rotated: &mut bool) {
        self.director.tell(|| format!("event {number}: {event:?}"));
        let world = self.world;
        match event {
            Event::ChangeEmail { user, email } => world.change_email(&user_id(*user), email),
            Event::LoseEmail { user } => self.lose_email(*user),
            Event::RotateKey => *rotated = true,
            Event::GrantRole { user } => self.grant_role(number, *user),
            Event::AddUser { email } => world.add_user(&user_id(100 + number), email),
        }
    }

    fn email_of(&self, user: usize) -> Option<EmailKey> {
        self.world.email_of(&user_id(user))
    }

    fn lose_email(&self, user: usize) {
        let Some(email) = self.email_of(user) else {
            return;
        };
        if email == EmailKey::of(LOGIN).unwrap() {
            return;
        }
        let mut remote = self.world.remote.directory_mut();
        let mut accounts = remote.accounts.iter_mut();
        if let Some(account) =
            accounts.find(|account| account.user.email_key().as_ref() == Some(&email))
        {
            let mut oracle = self.director.oracle.borrow_mut();
            for role in &account.user.roles {
                oracle.roles.remove(role);
            }
            oracle.taken_away.insert(account.user.id.clone());
            account.ours = false;
            account.password = "somebody else's".to_owned();
            account.user.roles.clear();
            return;
        }
        drop(remote);
        self.world.add_account(
            &format!("foreign-{user}"),
            email.as_str(),
            "theirs",
            &[],
            false,
        );
    }

    fn grant_role(&self, number: usize, user: usize) {
        let email = self.email_of(user);
        let is_leased = {
            let tables = self.world.rows();
            let mut rows = tables.rows.values();
            rows.any(|row| row.mapping.lease_until > self.world.now())
        };
        // What is granted while the account is being deleted is lost: 3dEye has
        // no delete that depends on what it deletes.
        if is_leased {
            return;
        }
        let mut remote = self.world.remote.directory_mut();
        let mut accounts = remote.accounts.iter_mut();
        let account = accounts.find(|account| account.ours && account.user.email_key() == email);
        if let Some(account) = account {
            let role = RoleId(format!("granted-{number}"));
            account.user.roles.push(role.clone());
            remote.roles.insert(role.clone());
            self.director.oracle.borrow_mut().roles.insert(role);
        }
    }

    /// Whoever was done and has lost its account to another customer cannot
    /// know; support resets it.
    fn reset_the_robbed(&self, rotated: bool) -> Result<(), Violation> {
        let robbed: Vec<UserId> = {
            let tables = self.world.rows();
            let oracle = self.director.oracle.borrow();
            let rows = tables.rows.iter();
            rows.filter(|(_, row)| {
                let id = row.mapping.threedeye_id.as_ref();
                id.is_some_and(|id| oracle.taken_away.contains(id))
            })
            .map(|(user, _)| user.clone())
            .collect()
        };
        let order = ResetOrder {
            clear_mapping: true,
            delete_remote: true,
            reprovision: false,
            preserve_roles: true,
        };
        for user in robbed {
            self.lone(AFTER, self.reset(AFTER, user.as_str(), order, rotated))?;
        }
        Ok(())
    }

    /// Runs as cron would, until nothing is left to do.
    fn converge(&self, rotated: bool) -> Result<(), Violation> {
        for run in 1..=RUNS_TO_CONVERGE {
            let number = AFTER + run as usize;
            self.lone(number, self.backfill(number, true, 20, rotated))?;
            let next: Option<Timestamp> = {
                let tables = self.world.rows();
                tables.queue.values().min().copied()
            };
            let Some(next) = next else {
                return Ok(());
            };
            let wait = next.since(self.world.now()).max(CRON);
            self.world.pass(wait);
        }
        Ok(())
    }
}

/// What one actor brings along.
struct Kit {
    random: Rc<Seeded>,
    sealer: Sealer,
    origin: Origin,
    client: Client,
}

impl Kit {
    fn tools<'b>(&'b self, world: &'b World) -> Tools<'b> {
        Tools {
            random: &*self.random,
            ..world.context(&self.sealer, &self.origin)
        }
    }

    fn provisioner<'b>(&'b self, world: &'b World) -> Provisioner<'b> {
        self.tools(world).with(&self.client)
    }
}

fn order(cron: bool, max_replacements: u32) -> RunOrder {
    RunOrder {
        trigger: if cron { Trigger::Cron } else { Trigger::Manual },
        limit: 50,
        max_replacements,
    }
}

fn hangs(slots: &[Slot<'_>]) -> Violation {
    let numbers: Vec<usize> = slots.iter().map(|slot| slot.number).collect();
    Violation {
        promise: "every actor comes to an end",
        seen: format!("still at work: {numbers:?}"),
    }
}
