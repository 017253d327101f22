//! Plays a schedule to its end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::policy::LIST_ABANDONED_AFTER;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::simulation::actors::Post;
use crate::provisioning::simulation::oracle::REST;
use crate::provisioning::simulation::risks::Risks;
use crate::provisioning::simulation::scene::{Scene, user_id};
use crate::provisioning::world::World;
use crate::testing::simulation::crew::Crew;
use crate::testing::simulation::dice::{Dice, Topic};
use crate::testing::simulation::director::Director;
use crate::testing::simulation::schedule::{Played, Schedule, Violation};
use crate::testing::simulation::stage::{Acting, Stage};
use crate::threedeye::{RoleId, TokenCache};

/// So short that most lists have several pages.
const PAGE_SIZE: u32 = 2;

/// How often cron runs.
const CRON: Duration = Duration::from_secs(15 * 60);

/// So many runs after the last fault everything is done.
const RUNS_TO_CONVERGE: u32 = 6;

/// So many runs before that remove the accounts of users that left: a run may remove one account, and
/// others may wait for its e-mail, or for its id. A user that fails for ever has runs of its own.
const RUNS_TO_REMOVE: u32 = 20;

/// Plays it.
pub fn play(schedule: &Schedule, traced: bool) -> Played {
    let scene = Scene::of(Dice::of(schedule.seed));
    let director = Director::new(schedule, scene.trouble, traced);
    let risks = Rc::new(Risks::new(director));
    let world = World::with_page_size(PAGE_SIZE);
    let theatre = Theatre {
        world: &world,
        risks: &risks,
        scene: &scene,
        post: &Post::default(),
        isolates: &Default::default(),
        rotated: Cell::new(false),
    };
    let violation = theatre.play().err();
    risks.director.played(violation)
}

pub struct Theatre<'a> {
    pub world: &'a World,
    pub risks: &'a Rc<Risks>,
    pub scene: &'a Scene,
    pub post: &'a Post,
    /// The tokens of each isolate.
    pub isolates: &'a [Rc<RefCell<TokenCache>>; 2],
    /// Whether `CREDENTIALS_KEY` was rotated.
    pub rotated: Cell<bool>,
}

/// Numbers of those who act before and after the schedule.
const BEFORE: usize = 1000;
const AFTER: usize = 2000;

impl<'a> Stage<'a> for Theatre<'a> {
    fn director(&self) -> &Director {
        &self.risks.director
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

    fn happen(&self, event: usize) {
        self.stage_event(event, &self.scene.events[event].1);
    }

    fn let_time_pass(&self) -> bool {
        self.world.let_time_pass()
    }

    fn verdict(&self) -> Result<(), Violation> {
        let violation = self.risks.oracle.borrow().violation.clone();
        violation.map_or(Ok(()), Err)
    }
}

impl Theatre<'_> {
    fn play(&self) -> Result<(), Violation> {
        self.set_up();
        let calm = &self.risks.director.calm;
        if self.scene.warmed {
            calm.set(true);
            self.lone(BEFORE, self.backfill(BEFORE, false, 20))?;
            calm.set(false);
        }
        let actors = self.scene.actors.iter().map(|(turn, _)| *turn);
        let events = self.scene.events.iter().map(|(turn, _)| *turn);
        self.interleave(actors, events)?;
        calm.set(true);
        self.world.pass(REST);
        self.verdict()?;
        // Who has paused runs and died has others who see it.
        let go_on = "UPDATE provisioning_pause SET paused = 0";
        self.world.sqlite.execute(go_on, []);
        self.end_lists()?;
        self.reset_the_robbed()?;
        self.converge()?;
        self.risks.oracle.borrow_mut().judge(self.world);
        self.verdict()
    }

    fn set_up(&self) {
        *self.world.hazards.borrow_mut() = Rc::<Risks>::clone(self.risks);
        for (number, email) in self.scene.users.iter().enumerate() {
            self.world.add_user(&user_id(number), email);
            self.world.add_key(&user_id(number));
        }
        let mut oracle = self.risks.oracle.borrow_mut();
        oracle.removals = self.scene.removals;
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

    /// Messages that were sent come at last, or are given up.
    fn end_lists(&self) -> Result<(), Violation> {
        let draws = self.risks.director.dice.stream(Topic::Choice, 0);
        if draws.chance(500) {
            self.lone(AFTER, self.consume(AFTER))?;
        }
        let open =
            "SELECT run_id FROM provisioning_runs WHERE status = 'running' AND bulk IS NOT NULL";
        let open: Vec<String> = self.world.sqlite.query(open, [], |row| row.get(0));
        if open.is_empty() {
            return Ok(());
        }
        self.world.pass(LIST_ABANDONED_AFTER);
        match draws.chance(500) {
            true => self.lone(AFTER + 1, self.plan(AFTER + 1, true)),
            false => self.lone(AFTER + 1, self.backfill(AFTER + 1, true, 20)),
        }
    }

    /// The service cannot see that a user who was provisioned has lost the
    /// account to another customer; support resets such users.
    fn reset_the_robbed(&self) -> Result<(), Violation> {
        let robbed: Vec<UserId> = {
            let tables = self.world.rows();
            let oracle = self.risks.oracle.borrow();
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
            self.lone(AFTER, self.reset(AFTER, user.as_str(), order))?;
        }
        Ok(())
    }

    /// Runs as cron would, until nothing is left to do.
    fn converge(&self) -> Result<(), Violation> {
        let (mut removing, mut converging) = (0, 0);
        while removing < RUNS_TO_REMOVE && converging < RUNS_TO_CONVERGE {
            let tables = self.world.rows();
            match tables.rows.values().any(|row| row.leaving_since.is_some()) {
                true => removing += 1,
                false => converging += 1,
            }
            let number = AFTER + 1 + (removing + converging) as usize;
            self.lone(number, self.backfill(number, true, 20))?;
            let next: Option<Timestamp> = {
                let tables = self.world.rows();
                let leaving = tables.rows.values().filter_map(|row| row.leaving_since);
                let removals = leaving.map(|since| since.plus(self.scene.removals.wait));
                tables.queue.values().copied().chain(removals).min()
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
