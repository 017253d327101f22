//! What a seed stands for: who is there, who does what, and what happens
//! beside them.

use std::time::Duration;

use crate::provisioning::bulk::Act;
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::simulation::lists::List;
use crate::provisioning::world::LOGIN;
use crate::testing::simulation::dice::{Dice, Draws, Topic};
use crate::testing::simulation::director::Trouble;
use crate::threedeye::simulated::PROTECTED;

/// One schedule's world and its plot.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The e-mails of the users `u0`, `u1` and so on; two may be the same.
    pub users: Vec<String>,
    /// Accounts that were there before us.
    pub accounts: Vec<OldAccount>,
    /// Whether a run without faults came first, so that there are finished users.
    pub warmed: bool,
    /// How long a new account stays invisible.
    pub create_delay: Duration,
    /// How long the e-mail of a deleted account stays taken.
    pub delete_delay: Duration,
    pub trouble: Trouble,
    /// On what terms runs remove the accounts of users that left.
    pub removals: RemovalOrder,
    /// Who does what, and from which turn on.
    pub actors: Vec<(u64, Script)>,
    /// What happens beside them, and at which turn.
    pub events: Vec<(u64, Event)>,
}

/// An account that we did not make.
#[derive(Debug, Clone)]
pub struct OldAccount {
    pub email: String,
    pub roles: usize,
    pub ours: bool,
}

/// What an actor does.
#[derive(Debug, Clone, Copy)]
pub enum Script {
    /// `POST /admin/backfill-threedeye`, or the cron trigger.
    Backfill { cron: bool, replacements: u32 },
    /// The same with a queue: plans a run and sends its messages.
    Plan { cron: bool },
    /// A queue consumer: takes all messages there are, also those that another
    /// one has taken, and takes them again while they are not done with.
    Consume,
    /// `GET /users/{id}/3deye-credentials`.
    Credentials { user: usize, asker: Asker },
    /// `POST /admin/threedeye/users/{id}/reset`.
    Reset { user: usize, order: ResetOrder },
    /// `DELETE /admin/users/{id}`.
    Offboard { user: usize },
    /// The same reset after a preview, by a person who thinks for a while, and sent twice.
    PlannedReset {
        user: usize,
        order: ResetOrder,
        may_lose_roles: bool,
        thought: Duration,
    },
    /// `POST /admin/threedeye/bulk`.
    List(List),
    /// `POST /admin/threedeye/backfill/runs/{runId}/stop`.
    Stop,
    /// `PUT /admin/threedeye/pause`, and after this time once more.
    Pause { time: Duration },
}

/// Who asks for a user's login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The person, whose token proves the e-mail that they have at that moment.
    Verified,
    /// The person, whose token proves none.
    Unverified,
    Service,
    Support,
}

/// What others do to the world.
#[derive(Debug, Clone)]
pub enum Event {
    /// Another service gives a user another e-mail.
    ChangeEmail { user: usize, email: String },
    /// A user's e-mail goes to an account of another customer.
    LoseEmail { user: usize },
    /// `CREDENTIALS_KEY` is rotated: actors that begin from now on have the new one.
    RotateKey,
    /// A building gives a user's account a camera role.
    GrantRole { user: usize },
    /// Another service adds a user.
    AddUser { email: String },
    /// Another service deletes a user.
    DeleteUser { user: usize },
    /// Another service adds a deleted user again: with the e-mail that it had, or with this one.
    ReturnUser { user: usize, email: Option<String> },
}

/// The id of the user with this number.
pub fn user_id(number: usize) -> String {
    format!("u{number}")
}

impl Scene {
    /// The scene of a seed.
    pub fn of(dice: Dice) -> Self {
        let draws = dice.stream(Topic::Scene, 0);
        let count = 1 + draws.below(4) as usize;
        let mut users: Vec<String> = (0..count).map(|n| format!("p{n}@example.com")).collect();
        if count > 1 && draws.chance(200) {
            users[count - 1] = users[0].to_uppercase();
        }
        if draws.chance(150) {
            let protected = ["eve@staff.example", PROTECTED];
            users[0] = draws.pick(&protected).to_owned();
        }
        let accounts = accounts(&draws, &users);
        Self {
            accounts,
            warmed: draws.chance(400),
            create_delay: Duration::from_millis(draws.pick(&[0, 0, 0, 2_000, 45_000])),
            delete_delay: Duration::from_millis(draws.pick(&[0, 0, 0, 2_000, 45_000])),
            trouble: Trouble {
                faults: draws.pick(&[0, 20, 60, 150]),
                delays: draws.pick(&[0, 30, 100]),
            },
            removals: RemovalOrder {
                limit: draws.pick(&[20, 20, 1]),
                // Before the last actor, or long after it.
                wait: Duration::from_secs(draws.pick(&[0, 20, 100, 72 * 3600])),
            },
            actors: (0..2 + draws.below(5))
                .map(|_| (draws.below(60), script(&draws, count)))
                .collect(),
            events: (0..draws.below(6))
                .map(|_| (draws.below(120), event(&draws, count)))
                .collect(),
            users,
        }
    }
}

fn accounts(draws: &Draws, users: &[String]) -> Vec<OldAccount> {
    let mut accounts = vec![OldAccount {
        email: LOGIN.to_owned(),
        roles: 1,
        ours: true,
    }];
    for (number, email) in users.iter().enumerate() {
        let is_first = users[..number]
            .iter()
            .all(|other| !other.eq_ignore_ascii_case(email));
        let kind = draws.below(10);
        if is_first && kind < 5 {
            accounts.push(OldAccount {
                email: email.clone(),
                roles: draws.below(3) as usize,
                ours: kind > 0,
            });
        }
    }
    // An e-mail that a user changes to may have an account already.
    if draws.chance(200) {
        accounts.push(OldAccount {
            email: "n0@example.com".to_owned(),
            roles: 1,
            ours: draws.chance(700),
        });
    }
    accounts
}

fn script(draws: &Draws, users: usize) -> Script {
    let user = draws.below(users as u64) as usize;
    match draws.below(22) {
        19..=21 => Script::List(list(draws, users)),
        13 => Script::Offboard { user },
        14..=16 => Script::PlannedReset {
            user,
            // What provisioning does afterwards was not shown.
            order: ResetOrder {
                reprovision: false,
                ..order(draws)
            },
            may_lose_roles: draws.chance(500),
            thought: Duration::from_secs(draws.pick(&[0, 0, 5, 30, 700])),
        },
        17 => Script::Stop,
        18 => Script::Pause {
            time: Duration::from_secs(draws.pick(&[1, 10, 90])),
        },
        10 => Script::Plan {
            cron: draws.chance(500),
        },
        11 | 12 => Script::Consume,
        0..=3 => Script::Backfill {
            cron: draws.chance(400),
            replacements: draws.pick(&[20, 20, 20, 1, 0]),
        },
        4..=6 => Script::Credentials {
            user,
            asker: draws.pick(&[
                Asker::Verified,
                Asker::Unverified,
                Asker::Unverified,
                Asker::Service,
                Asker::Support,
            ]),
        },
        _ => Script::Reset {
            user,
            order: order(draws),
        },
    }
}

fn list(draws: &Draws, users: usize) -> List {
    let act = draws.pick(&Act::ALL);
    List {
        act,
        // The last one does not exist.
        users: 1 + draws.below((2 << users) - 1),
        order: match act {
            Act::Reset => order(draws),
            _ => ResetOrder::NOTHING,
        },
        queued: draws.chance(600),
        replacements: draws.pick(&[20, 20, 1, 0]),
        thought: Duration::from_secs(draws.pick(&[0, 0, 5, 30, 700])),
    }
}

fn order(draws: &Draws) -> ResetOrder {
    ResetOrder {
        clear_mapping: draws.chance(700),
        delete_remote: draws.chance(600),
        reprovision: draws.chance(500),
        preserve_roles: draws.chance(600),
    }
}

fn event(draws: &Draws, users: usize) -> Event {
    let user = draws.below(users as u64) as usize;
    match draws.below(15) {
        10..=12 => Event::DeleteUser { user },
        13 | 14 => Event::ReturnUser {
            user,
            email: draws
                .chance(400)
                .then(|| format!("n{}@example.com", draws.below(2))),
        },
        0..=3 => Event::ChangeEmail {
            user,
            email: match draws.below(10) {
                0 => draws
                    .pick(&[LOGIN, PROTECTED, "eve@staff.example"])
                    .to_owned(),
                1..=3 => format!("p{}@example.com", draws.below(users as u64)),
                _ => format!("n{}@example.com", draws.below(2)),
            },
        },
        4 => Event::LoseEmail { user },
        5 | 6 => Event::RotateKey,
        7 | 8 => Event::GrantRole { user },
        _ => Event::AddUser {
            email: format!("p{}@example.com", draws.below(6)),
        },
    }
}
