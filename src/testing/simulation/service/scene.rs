//! What a seed stands for: who is there, and who does what.

use crate::account::lockout::FAILURES_BEFORE_LOCK;
use crate::testing::simulation::dice::{Dice, Draws, Topic};
use crate::testing::simulation::director::Trouble;

/// One schedule's world and its plot.
#[derive(Debug, Clone)]
pub struct Scene {
    pub users: Vec<NewUser>,
    /// Notices of the first user that wait from the start.
    pub backlog: u64,
    /// Whether the receiver of notices is down until the faults are over.
    pub receiver_is_down: bool,
    /// Whether rounds of delivery settle only after others have claimed the same notices.
    pub settles_late: bool,
    pub trouble: Trouble,
    /// Who does what, and from which turn on.
    pub actors: Vec<(u64, Script)>,
}

#[derive(Debug, Clone, Copy)]
pub struct NewUser {
    /// Whether the second factor is on, with backup codes.
    pub has_second_factor: bool,
    /// Codes that were rejected in a row before, of either kind.
    pub failures: u32,
}

/// What an actor does.
#[derive(Debug, Clone, Copy)]
pub enum Script {
    /// The service that signs people in: checks so many codes, right, used, old and wrong ones.
    SignIn {
        user: usize,
        codes: u64,
    },
    /// Wrong codes of one kind until that is locked, and then a right one.
    Guess {
        user: usize,
        kind: GuessedKind,
    },
    /// Sets a second factor up, or another one in its place.
    SetUp {
        user: usize,
    },
    MakeBackupCodes {
        user: usize,
    },
    /// Turns the second factor off, by a code or as support.
    Disable {
        user: usize,
        as_support: bool,
    },
    /// Support clears refused codes and locks.
    Unlock {
        user: usize,
    },
    /// Asks for the e-mail with this number, and confirms what it is asked to.
    ChangeEmail {
        user: usize,
        email: u64,
    },
    CancelEmail {
        user: usize,
    },
    /// So many rounds of delivery.
    Deliver {
        rounds: u64,
    },
    ResetKey {
        user: usize,
        by: ResetBy,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuessedKind {
    Totp,
    Backup,
}

/// What permits a reset of a user key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetBy {
    /// The user key, beside the instance's key.
    UserKey,
    AccountKey,
}

/// So many wrong codes lock.
pub const GUESSES: u32 = FAILURES_BEFORE_LOCK + 1;

/// The id of the user with this number.
pub fn user_id(number: usize) -> String {
    format!("u{number}")
}

impl Scene {
    /// The scene of a seed.
    pub fn of(dice: Dice) -> Self {
        let draws = dice.stream(Topic::Scene, 0);
        let count = 1 + draws.below(2) as usize;
        Self {
            users: (0..count)
                .map(|_| NewUser {
                    has_second_factor: draws.chance(700),
                    failures: draws.pick(&[0, 0, 0, 3, 98]),
                })
                .collect(),
            backlog: draws.pick(&[0, 2, 10, 10]),
            receiver_is_down: draws.chance(300),
            settles_late: draws.chance(200),
            trouble: Trouble {
                faults: draws.pick(&[0, 20, 60, 150]),
                delays: draws.pick(&[0, 30, 100]),
            },
            actors: (0..3 + draws.below(5))
                .map(|_| (draws.below(40), script(&draws, count)))
                .collect(),
        }
    }
}

fn script(draws: &Draws, users: usize) -> Script {
    let user = draws.below(users as u64) as usize;
    match draws.below(22) {
        0..=3 => Script::SignIn {
            user,
            codes: 1 + draws.below(5),
        },
        4 | 5 => Script::Guess {
            user,
            kind: draws.pick(&[GuessedKind::Totp, GuessedKind::Backup]),
        },
        6 | 7 => Script::SetUp { user },
        8 | 9 => Script::MakeBackupCodes { user },
        10 => Script::Disable {
            user,
            as_support: draws.chance(300),
        },
        11..=13 => Script::ChangeEmail {
            user,
            email: draws.below(2),
        },
        14 => Script::CancelEmail { user },
        15..=17 => Script::Deliver {
            rounds: 1 + draws.below(3),
        },
        18 => Script::Unlock { user },
        _ => Script::ResetKey {
            user,
            by: draws.pick(&[ResetBy::UserKey, ResetBy::UserKey, ResetBy::AccountKey]),
        },
    }
}
