//! Users that were deleted: by whom and how, who returns, and whose account is removed.

use super::*;
use crate::db::differential::mirrored_tests;
use crate::db::{self, Arg};
use crate::provisioning::store::LeavingOutcome;

mirrored_tests!(StoreTest:
    a_deleted_user_leaves_with_all_that_leads_to_its_account,
    a_user_without_account_or_intent_leaves_nothing,
    saved_roles_leave_with_their_user,
    a_replace_of_the_same_user_is_no_deletion,
    a_user_that_a_replace_puts_out_has_left,
    a_changed_id_is_a_deletion_of_the_old_one,
    a_user_that_returns_is_as_it_was,
    a_user_that_returns_with_another_email_inherits_nothing,
    another_user_with_the_email_waits_until_the_removal_is_done,
    keys_die_with_their_user,
    what_is_due_is_listed_longest_waiting_first,
    a_removal_ends_with_nothing_left,
    a_removal_stops_where_the_user_has_returned,
    a_removal_that_failed_is_due_again,
    a_removal_leaves_an_open_row_to_return_to,
    a_holder_settles_nothing_of_a_user_that_left,
    a_user_that_left_meanwhile_is_not_cleared,
);

const DISPLACE: &str = "
INSERT OR REPLACE INTO users (uuid, email, created_at, auth_subject)
VALUES (?1, ?2, '2024-01-15', ?3)";
const TAKE_SUBJECT: &str = "UPDATE OR REPLACE users SET auth_subject = ?2 WHERE uuid = ?1";
const CHANGE_ID: &str = "UPDATE users SET uuid = ?2 WHERE uuid = ?1";
const ADD_KEY: &str = "
INSERT INTO api_keys (id, key_hash, scopes, user_id, created_at) VALUES (?1, ?1, '[]', ?1, 1)";
const ADD_INSTANCE: &str = "INSERT INTO instances (name, created_at) VALUES ('door', 1)";
const ADD_INSTANCE_USER: &str = "
INSERT INTO instance_users (instance, username, user_id, key_hash, key_changed_at, created_at)
VALUES ('door', ?1, ?1, ?1, 1, 1)";
const VALID_KEYS: &str = "
SELECT user_id FROM api_keys WHERE revoked_at IS NULL
UNION ALL SELECT user_id FROM instance_users ORDER BY user_id";

db::row! {
        struct KeyRow {
            user_id: String,
    }
}

impl StoreTest {
    fn displace(&self, user: &str, address: &str, subject: &str) {
        let args = [user.into(), address.into(), subject.into()];
        assert!(self.execute(Statement::new(DISPLACE, args)));
    }

    fn valid_keys(&self) -> Vec<String> {
        let rows: Vec<KeyRow> = self.read(Statement::new(VALID_KEYS, []));
        rows.into_iter().map(|row| row.user_id).collect()
    }

    /// A user with an account.
    fn settle(&self, user: &str, address: &str, account: &str) {
        self.add(user, address);
        self.finish(user, account);
    }

    /// Those whose removal is due, at most so many.
    fn due_leavings(&self, limit: u32) -> Vec<String> {
        let mut batch = Batch::new();
        let due = self.leavings(limit);
        let slot = batch.push::<KeyRow>(store::leaving::list_due_leavings(due));
        let rows = done(self.database.run(batch)).rows(slot).unwrap();
        rows.into_iter().map(|row| row.user_id).collect()
    }
}

fn a_deleted_user_leaves_with_all_that_leads_to_its_account(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    let before = test.mapping("ann");
    test.delete_user("ann");
    let expected = Mapping {
        state: State::Leaving,
        ..before
    };
    assert_eq!(test.mapping("ann"), expected);
    // Deleted again after another one with its id came and went, it has still left when it did.
    test.add("ann", TWO);
    test.advance(WAIT);
    test.delete_user("ann");
    assert_eq!(test.mapping("ann"), expected);
    assert_eq!(test.due_leavings(9), ["ann"]);
}

fn a_user_without_account_or_intent_leaves_nothing(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.add_each(&[("bob", ONE), ("cyd", TWO)]);
    test.set_aside(&["bob"]);
    test.delete_user("bob");
    test.delete_user("cyd");
    assert_eq!((test.row("bob"), test.row("cyd")), (None, None));
    // But for a lease, which is its holder's.
    test.add("dan", TWO);
    test.acquire("t1", "dan");
    test.delete_user("dan");
    assert_eq!(test.state("dan"), Some(State::Leaving));
}

fn saved_roles_leave_with_their_user(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.acquire("t1", "ann");
    let keep = Clearing {
        keep_roles: Some(roles(&["r1"])),
        ..EVERYTHING
    };
    test.clear("t1", "ann", &keep).unwrap();
    assert_eq!(test.row("ann"), None);
    test.delete_user("ann");
    assert_eq!(test.state("ann"), Some(State::Leaving));
    // Undone, they wait for the next account again.
    test.add("ann", ONE);
    assert_eq!(
        (test.row("ann"), test.queued()),
        (None, vec!["ann".to_owned()])
    );
    assert_eq!(test.recovery("ann").unwrap().roles, roles(&["r1"]));
}

fn a_replace_of_the_same_user_is_no_deletion(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    assert!(test.execute(Statement::new(ADD_KEY, ["ann".into()])));
    let before = test.mapping("ann");
    for address in [ONE, "  One@Example.COM", TWO] {
        test.put_user("ann", Some(address));
        assert_eq!(
            (test.mapping("ann"), test.valid_keys()),
            (before.clone(), vec!["ann".to_owned()])
        );
    }
    test.displace("ann", TWO, "subject");
    test.displace("ann", TWO, "subject");
    assert_eq!(
        (test.mapping("ann"), test.valid_keys()),
        (before, vec!["ann".to_owned()])
    );
}

fn a_user_that_a_replace_puts_out_has_left(test: &StoreTest) {
    for (user, address, subject) in [("ann", ONE, "s1"), ("bob", TWO, "s2")] {
        test.displace(user, address, subject);
        test.finish(user, &format!("acc of {user}"));
        assert!(test.execute(Statement::new(ADD_KEY, [user.into()])));
    }
    // What changes nothing puts no one out, also not later.
    let ignored = "INSERT OR IGNORE INTO users (uuid, email, created_at, auth_subject)
                   VALUES ('cyd', 'cyd@example.com', '', 's1')";
    assert!(test.execute(Statement::new(ignored, [])));
    test.add("dan", "dan@example.com");
    assert_eq!(test.valid_keys(), ["ann", "bob"]);
    assert!(test.execute(Statement::new(ignored, [])));
    test.change_email("ann", Some("new@example.com"));
    test.displace("cyd", "cyd@example.com", "s1");
    assert_eq!(test.state("ann"), Some(State::Leaving));
    assert_eq!(test.valid_keys(), ["bob"]);
    test.add("ann", "new@example.com");
    assert_eq!(test.state("ann"), Some(State::Complete));
    let args = ["dan".into(), "s2".into()];
    assert!(test.execute(Statement::new(TAKE_SUBJECT, args)));
    assert_eq!(test.state("bob"), Some(State::Leaving));
    assert!(test.valid_keys().is_empty());
}

fn a_changed_id_is_a_deletion_of_the_old_one(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    assert!(test.execute(Statement::new(ADD_KEY, ["ann".into()])));
    test.execute(Statement::new(CHANGE_ID, ["ann".into(), "anna".into()]));
    assert_eq!(test.state("ann"), Some(State::Leaving));
    assert_eq!(
        (test.row("anna"), test.queued()),
        (None, vec!["anna".to_owned()])
    );
    assert!(test.valid_keys().is_empty());
    // Changed back, it is undone.
    test.execute(Statement::new(CHANGE_ID, ["anna".into(), "ann".into()]));
    assert_eq!(test.state("ann"), Some(State::Complete));
    assert!(test.queued().is_empty());
    // A row without an id belongs to no one.
    test.execute(Statement::new(CHANGE_ID, ["ann".into(), Arg::Null]));
    assert_eq!(test.state("ann"), Some(State::Leaving));
}

fn a_user_that_returns_is_as_it_was(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.add_each(&[("bob", TWO), ("cyd", "cyd@example.com")]);
    test.claim_one("t1", "bob");
    test.record("t1", "bob", failed(test.now().plus(seconds(60))));
    test.finish_with("cyd", quarantined());
    let kept = |user| {
        let Mapping {
            state,
            email_key,
            threedeye_id,
            password,
            ..
        } = test.mapping(user);
        (state, email_key, threedeye_id, password)
    };
    for (user, address) in [("ann", ONE), ("bob", TWO), ("cyd", "cyd@example.com")] {
        let before = kept(user);
        test.delete_user(user);
        test.add(user, &address.to_uppercase());
        assert_eq!(kept(user), before);
    }
    let before = kept("ann");
    test.delete_user("ann");
    test.put_user("ann", None);
    assert_eq!(
        test.state("ann"),
        Some(State::Leaving),
        "without its e-mail"
    );
    test.change_email("ann", Some(ONE));
    assert_eq!(kept("ann"), before);
    assert_eq!(test.queued(), ["bob"]);
    test.advance(WAIT);
    assert!(test.due_leavings(9).is_empty());
}

fn a_user_that_returns_with_another_email_inherits_nothing(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.delete_user("ann");
    test.add("ann", TWO);
    assert!(test.queued().is_empty());
    assert_eq!(test.try_claim("t1", "ann"), None);
    test.advance(WAIT);
    assert_eq!(test.lease_leaving("t2", &["ann"]).len(), 1);
    assert!(test.conclude("t2", "ann", &LeavingOutcome::Gone));
    assert_eq!(test.queued(), ["ann"]);
    assert!(test.claim_one("t3", "ann").fresh);
}

fn another_user_with_the_email_waits_until_the_removal_is_done(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.delete_user("ann");
    test.add("bob", ONE);
    assert_eq!(test.try_claim("t1", "bob"), None);
    assert!(test.due(9)[0].contested);
    test.set_aside(&["bob"]);
    assert!(test.queued().is_empty());
    let of_others = test.accounts_of_others("bob", &[account("acc", ONE)]);
    assert_eq!(of_others, [RemoteId("acc".to_owned())]);
    test.lease_leaving("t2", &["ann"]);
    assert!(test.conclude("t2", "ann", &LeavingOutcome::Gone));
    assert_eq!(test.queued(), ["bob"]);
    assert!(test.claim_one("t3", "bob").fresh);
}

fn keys_die_with_their_user(test: &StoreTest) {
    test.execute(Statement::new(ADD_INSTANCE, []));
    for user in ["ann", "bob"] {
        test.put_user(user, None);
        assert!(test.execute(Statement::new(ADD_KEY, [user.into()])));
        assert!(test.execute(Statement::new(ADD_INSTANCE_USER, [user.into()])));
    }
    test.delete_user("ann");
    assert_eq!(test.valid_keys(), ["bob", "bob"]);
    // A return does not bring them back.
    test.put_user("ann", None);
    assert_eq!(test.valid_keys(), ["bob", "bob"]);
}

fn what_is_due_is_listed_longest_waiting_first(test: &StoreTest) {
    for (user, account) in [("ann", "a"), ("bob", "b"), ("cyd", "c")] {
        test.settle(user, &format!("{user}@example.com"), account);
    }
    for user in ["cyd", "ann", "bob"] {
        test.delete_user(user);
        test.advance(seconds(1));
    }
    test.advance(WAIT - seconds(2));
    assert_eq!(test.due_leavings(9), ["cyd", "ann"]);
    test.advance(seconds(1));
    assert_eq!(test.due_leavings(2), ["cyd", "ann"]);
    let opened = test.try_open_run(&test.opening("run-1", 9)).unwrap();
    assert_eq!(opened.leaving, ids(&["cyd", "ann", "bob"]));
    // A lease passes a user over until it ends.
    let leased = test.lease_leaving("t1", &["cyd", "bob", "stranger"]);
    assert_eq!(leased.len(), 2);
    assert!(test.lease_leaving("t2", &["cyd", "bob"]).is_empty());
    assert_eq!(test.due_leavings(9), ["ann"]);
    test.advance(LEASE);
    let again = test.lease_leaving("t2", &["cyd"]);
    // Its holder died, and what it sent may land yet.
    assert_eq!(again[0].mapping.settled_at, test.now().plus(LEASE));
}

fn a_removal_ends_with_nothing_left(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.delete_user("ann");
    test.lease_leaving("t1", &["ann"]);
    let found = account("acc", ONE);
    assert!(!test.begin_leaving_removal("t2", "ann", &found));
    assert!(!test.conclude("t2", "ann", &LeavingOutcome::Gone));
    assert!(test.begin_leaving_removal("t1", "ann", &found));
    assert_eq!(test.recovery("ann").unwrap().roles, roles(&["r1"]));
    assert_eq!(test.removals(), [(email(ONE), test.now())]);
    assert!(test.conclude("t1", "ann", &LeavingOutcome::Gone));
    assert_eq!((test.row("ann"), test.recovery("ann")), (None, None));
    assert_eq!(test.trail("ann"), ["settled", "removing", "concluded"]);
}

fn a_removal_stops_where_the_user_has_returned(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.delete_user("ann");
    test.lease_leaving("t1", &["ann"]);
    test.add("ann", ONE);
    assert!(!test.begin_leaving_removal("t1", "ann", &account("acc", ONE)));
    assert_eq!(test.recovery("ann"), None);
    assert!(!test.conclude("t1", "ann", &LeavingOutcome::Gone));
    assert_eq!(test.state("ann"), Some(State::Complete));
    assert_eq!(test.trail("ann"), ["settled"]);
    // And the lease is given back.
    test.acquire("t2", "ann");
}

fn a_removal_that_failed_is_due_again(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.delete_user("ann");
    test.lease_leaving("t1", &["ann"]);
    let next = test.now().plus(seconds(90));
    let outcome = LeavingOutcome::Failed {
        failure: UpstreamError::Transient.into(),
        next_attempt_at: next,
        leaving_since: next.minus(WAIT),
        settled_at: Some(next),
    };
    assert!(test.conclude("t1", "ann", &outcome));
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.attempts, row.last_error.as_deref()),
        (State::Leaving, 1, Some("3dEye is unavailable"))
    );
    assert_eq!((row.next_attempt_at, row.settled_at), (Some(next), next));
    test.advance(seconds(89));
    assert!(test.due_leavings(9).is_empty());
    test.advance(seconds(1));
    assert_eq!(test.due_leavings(9), ["ann"]);
    test.lease_leaving("t1", &["ann"]);
    let reason = "protected".to_owned();
    assert!(test.conclude("t1", "ann", &LeavingOutcome::LeftInPlace { reason }));
    assert_eq!(test.state("ann"), Some(State::LeftInPlace));
    assert!(test.due_leavings(9).is_empty());
    test.add("ann", ONE);
    assert_eq!(test.state("ann"), Some(State::Complete));
}

fn a_removal_leaves_an_open_row_to_return_to(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.delete_user("ann");
    test.lease_leaving("t1", &["ann"]);
    assert!(test.begin_leaving_removal("t1", "ann", &account("acc", ONE)));
    test.add("ann", ONE);
    // Its account may be gone by now, so it is made again, with its roles.
    assert_eq!(test.state("ann"), Some(State::Pending));
    assert_eq!(test.queued(), ["ann"]);
    assert_eq!(test.recovery("ann").unwrap().roles, roles(&["r1"]));
}

fn a_holder_settles_nothing_of_a_user_that_left(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.delete_user("ann");
    assert_eq!(
        test.replace_intent("t1", "ann", TWO, &password("t1", "ann")),
        Guarded::Contested
    );
    let before = test.mapping("ann");
    assert_eq!(
        test.record_all("t1", [("ann", complete("acc"))]),
        ids(&["ann"])
    );
    assert_eq!(test.mapping("ann"), before);
    assert_eq!(before.state, State::Leaving);
}

fn a_user_that_left_meanwhile_is_not_cleared(test: &StoreTest) {
    test.settle("ann", ONE, "acc");
    test.acquire("t1", "ann");
    test.delete_user("ann");
    assert_eq!(test.clear("t1", "ann", &EVERYTHING), None);
    let row = test.mapping("ann");
    assert_eq!(row.state, State::Leaving);
    assert_eq!(row.threedeye_id, Some(RemoteId("acc".to_owned())));
    // The lease is given back.
    test.acquire("t2", "ann");
}
