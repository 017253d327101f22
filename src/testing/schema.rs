//! Holds together the rules that `migrations/` repeats from Rust.

use crate::account::push_token::Platform;
use crate::kernel::{EmailKey, UserId};
use crate::provisioning::bulk::{Act, UserState};
use crate::provisioning::record::State;
use crate::provisioning::store::Trigger;
use crate::user_keys::authorization::Role;

const USERS: &str = include_str!("../../migrations/0001_users.sql");
const PROVISIONING: &str = include_str!("../../migrations/0003_provisioning.sql");
const USER_KEYS: &str = include_str!("../../migrations/0005_user_keys.sql");
const ACCOUNT: &str = include_str!("../../migrations/0006_account.sql");
const RUNS: &str = include_str!("../../migrations/0007_runs.sql");
const BULK: &str = include_str!("../../migrations/0011_bulk.sql");

/// The quoted words of the first CHECK that begins so.
fn words<'a>(sql: &'a str, check: &str) -> Vec<&'a str> {
    let (_, rest) = sql.split_once(check).unwrap();
    let (condition, _) = rest.split_once(')').unwrap();
    condition.split('\'').skip(1).step_by(2).collect()
}

#[test]
fn the_checks_list_what_rust_knows() {
    assert_eq!(
        words(PROVISIONING, "CHECK (\n    state ="),
        State::ALL.map(State::as_str)
    );
    assert_eq!(
        words(USER_KEYS, "CHECK (role IN"),
        Role::ALL.map(Role::as_str)
    );
    assert_eq!(words(ACCOUNT, "CHECK (platform IN"), Platform::NAMES);
    assert_eq!(
        words(RUNS, "CHECK (trigger_kind IN"),
        [Trigger::Manual, Trigger::Cron].map(Trigger::as_str)
    );
    let mut acts = vec!["backfill"];
    acts.extend(Act::ALL.map(Act::as_str));
    assert_eq!(words(BULK, "CHECK (\n  action ="), acts);
    assert_eq!(
        words(BULK, "CHECK (\n    state ="),
        UserState::ALL.map(UserState::as_str)
    );
}

#[test]
fn the_queue_takes_every_id_that_a_request_may_name() {
    let bytes = UserId::MAX_CHARS * char::MAX.len_utf8();
    let limit = format!("length(CAST(NEW.user_id AS BLOB)) > {bytes}\n");
    assert_eq!(PROVISIONING.matches(&limit).count(), 2);
}

#[test]
fn email_key_trims_what_the_key_of_an_email_trims() {
    let trimmed: Vec<String> = (0..=u32::from(char::MAX))
        .filter_map(char::from_u32)
        .filter(|c| EmailKey::of(&c.to_string()).is_none())
        .map(|c| u32::from(c).to_string())
        .collect();
    let rule = format!("lower(trim(email, char({})))", trimmed.join(", "));
    assert!(USERS.contains(&rule), "{rule}");
}
