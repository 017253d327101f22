//! The promises of the store, one case each, on the native engine; and each once more on SQLite and D1
//! side by side. `sequences` plays random steps.

mod bulk;
mod claim;
mod clear;
mod fanout;
mod holdings;
mod intent;
mod lease;
mod leaving;
mod misfits;
mod outcome;
mod quarantine;
mod queue;
mod removal;
mod run;
mod sequences;
mod set_aside;
mod store_test;
mod tables;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_executor::block_on;

use crate::db::differential::Mirror;
use crate::db::sqlite::Sqlite;
use crate::db::{Batch, Database, DatabaseError, Engine, Statement};
use crate::kernel::audit::{Action, Actor, Entry, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{EmailKey, RequestId, Sealed, Timestamp, UserId};
use crate::provisioning::Failure;
use crate::provisioning::record::{Claimed, Mapping, ProvisioningRecord, Recovery, State};
use crate::provisioning::store::{
    self, Busy, Candidate, ClaimRequest, Cleared, Clearing, DueLeavings, Guarded, LeaseTerms,
    LeaseToken, OpenedRun, Outcome, RunClosing, RunOpening, Tally, Trigger, UserOutcome,
};
use crate::threedeye::{RemoteAccount, RemoteId, RoleId, UpstreamError};

/// When every case begins. The triggers count whole seconds, so every moment of the cases is one.
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

const ONE: &str = "one@example.com";
const TWO: &str = "two@example.com";
const LEASE: Duration = Duration::from_secs(60);
/// How long a user that left may return.
const WAIT: Duration = Duration::from_secs(3600);
const EVERYTHING: Clearing = Clearing {
    keep_intent: false,
    keep_mark: false,
    clear_mapping: true,
    forgotten: None,
    forget_remote: true,
    keep_roles: None,
    left: false,
};

const PUT_USER: &str =
    "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?1, ?2, '2024-01-15')";
const CHANGE_EMAIL: &str = "UPDATE users SET email = ?2 WHERE uuid = ?1";
const DELETE_USER: &str = "DELETE FROM users WHERE uuid = ?1";

use store_test::StoreTest;

/// What the store answers, which must not fail.
fn done<T>(answer: impl Future<Output = Result<T, DatabaseError>>) -> T {
    block_on(answer).unwrap()
}

fn ids(users: &[&str]) -> Vec<UserId> {
    users.iter().map(|user| UserId::new(*user)).collect()
}

fn request(token: &str, user: &str) -> ClaimRequest {
    ClaimRequest {
        user: UserId::new(user),
        password: password(token, user),
        entered_at: None,
        has_intent: false,
    }
}

fn password(token: &str, user: &str) -> Sealed {
    Sealed::from_stored(format!("sealed for {user} by {token}"))
}

fn email(text: &str) -> EmailKey {
    EmailKey::of(text).unwrap()
}

fn token(name: &str) -> LeaseToken {
    LeaseToken(name.to_owned())
}

fn roles(names: &[&str]) -> Vec<RoleId> {
    let role = |name: &&str| RoleId((*name).to_owned());
    names.iter().map(role).collect()
}

fn account(id: &str, email: &str) -> RemoteAccount {
    RemoteAccount {
        id: RemoteId(id.to_owned()),
        email: email.to_owned(),
        roles: Vec::new(),
    }
}

fn complete(account: &str) -> Outcome {
    Outcome::Complete {
        settled_at: None,
        id: RemoteId(account.to_owned()),
    }
}

fn failed(next_attempt_at: Timestamp) -> Outcome {
    Outcome::Failed {
        settled_at: None,
        next_attempt_at,
        failure: UpstreamError::Transient.into(),
    }
}

fn quarantined() -> Outcome {
    Outcome::Quarantined {
        respelled: None,
        failure: Failure::Orphan,
    }
}

fn origin() -> Origin {
    Origin::event(Actor::cron(), RequestId::mint(START, &Seeded::new(1)))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
