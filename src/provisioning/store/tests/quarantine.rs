//! Quarantine and its end, the mark of a take-over, and the trail of reads.

use super::*;
use crate::auth::PresentedKey;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    only_quarantined_users_without_a_lease_are_released,
    a_quarantine_began_when_it_began_although_the_user_was_looked_at,
    the_account_in_another_spelling_is_kept_while_quarantined_for_it,
    a_run_is_told_of_the_quarantined,
    accounts_are_known_by_finished_users_alone,
    a_take_over_is_marked_with_its_email_and_two_with_none,
    the_mark_of_a_take_over_goes_with_the_account,
    a_read_is_noted_once_an_hour,
}

impl StoreTest {
    fn quarantine(&self, user: &str, respelled: Option<&str>) {
        self.claim_one("q", user);
        let respelled = respelled.map(|id| RemoteId(id.to_owned()));
        let failure = Failure::Orphan;
        self.record("q", user, Outcome::Quarantined { respelled, failure });
    }

    fn end_quarantine(&self, users: &[&str]) {
        let ids: Vec<UserId> = users.iter().map(|user| UserId::new(*user)).collect();
        let entries: Vec<Entry> = users.iter().map(|user| self.entry(user, "seen")).collect();
        let ids: Vec<&UserId> = ids.iter().collect();
        done(store::release_quarantined(
            &self.database,
            &ids,
            self.now(),
            &entries,
        ));
    }

    fn knows_accounts(&self, aside: &str) -> bool {
        done(store::has_accounts(
            &self.database,
            Some(&UserId::new(aside)),
        ))
    }

    fn take_over(&self, user: &str, id: &str, taken_over: Option<&str>) -> Guarded {
        let (user, entry) = (UserId::new(user), self.entry(user, "saved"));
        let taken_over = taken_over.map(email);
        let replacement = store::Replacement {
            account: &account(id, ONE),
            roles: &[],
            taken_over: taken_over.as_ref(),
        };
        let holder = token("t1");
        done(store::save_recovery(
            &self.database,
            &holder,
            &user,
            replacement,
            &entry,
        ))
    }
}

fn only_quarantined_users_without_a_lease_are_released(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO), ("cyd", "cyd@example.com")]);
    test.quarantine("ann", None);
    test.quarantine("bob", Some("acc"));
    test.finish("cyd", "done");
    test.acquire("t1", "bob");
    let bob = test.row("bob");
    test.end_quarantine(&["ann", "bob", "cyd", "unknown"]);
    let ann = test.mapping("ann");
    assert_eq!(
        (ann.state, ann.attempts, ann.last_error),
        (State::Pending, 0, None)
    );
    assert_eq!(test.due(9).len(), 1);
    assert_eq!(test.row("bob"), bob);
    assert_eq!(test.state("cyd"), Some(State::Complete));
    assert_eq!(test.trail("ann").last().unwrap(), "seen");
    assert!(!test.trail("bob").contains(&"seen".to_owned()));
    assert!(!test.trail("cyd").contains(&"seen".to_owned()));
}

fn a_quarantine_began_when_it_began_although_the_user_was_looked_at(test: &StoreTest) {
    test.add("ann", ONE);
    test.quarantine("ann", None);
    let began = test.mapping("ann").updated_at;
    test.advance(Duration::from_secs(3600));
    test.acquire("t1", "ann");
    test.release("t1", "ann");
    assert_eq!(test.mapping("ann").updated_at, began);
}

fn the_account_in_another_spelling_is_kept_while_quarantined_for_it(test: &StoreTest) {
    test.add("ann", ONE);
    test.quarantine("ann", Some("acc"));
    assert_eq!(
        test.mapping("ann").respelled,
        Some(RemoteId("acc".to_owned()))
    );
    test.end_quarantine(&["ann"]);
    assert_eq!(test.mapping("ann").respelled, None);
    test.quarantine("ann", None);
    assert_eq!(test.mapping("ann").respelled, None);
}

fn a_run_is_told_of_the_quarantined(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO)]);
    test.quarantine("ann", None);
    test.advance(seconds(1));
    test.quarantine("bob", Some("acc"));
    let opening = test.opening("run-1", 1);
    let opened = test.try_open_run(&opening).unwrap();
    let told: Vec<(&str, &str, bool)> = opened
        .quarantined
        .iter()
        .map(|one| (one.user.as_str(), one.email.as_str(), one.respelled))
        .collect();
    assert_eq!(told, [("bob", TWO, true), ("ann", ONE, false)]);
    assert_eq!(opened.quarantined[0].since, test.now());
}

fn accounts_are_known_by_finished_users_alone(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO)]);
    test.claim_one("t1", "ann");
    assert!(!test.knows_accounts("bob"));
    test.record("t1", "ann", complete("acc"));
    assert!(test.knows_accounts("bob"));
    assert!(!test.knows_accounts("ann"), "the only one aside");
    // About to be deleted, it may be gone.
    test.acquire("t2", "ann");
    test.begin_removal("t2", "ann", &[account("acc", ONE)], None);
    assert!(!test.knows_accounts("bob"));
}

fn a_take_over_is_marked_with_its_email_and_two_with_none(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO)]);
    test.finish("bob", "acc");
    test.claim_one("t1", "ann");
    let mark = || test.mapping("ann").taken_over;
    assert_eq!(test.take_over("ann", "own", None), Guarded::Written);
    assert_eq!(mark(), None);
    assert_eq!(test.take_over("ann", "acc", Some(ONE)), Guarded::Contested);
    assert_eq!(mark(), None);
    for _ in 0..2 {
        assert_eq!(test.take_over("ann", "old", Some(ONE)), Guarded::Written);
        assert_eq!(mark().as_deref(), Some(ONE));
    }
    assert_eq!(test.take_over("ann", "older", Some(TWO)), Guarded::Written);
    assert_eq!(mark().as_deref(), Some(""));
    test.advance(LEASE);
    test.claim_one("t2", "ann");
    assert_eq!(test.take_over("ann", "old", Some(ONE)), Guarded::LeaseLost);
}

fn the_mark_of_a_take_over_goes_with_the_account(test: &StoreTest) {
    let clearing = |clear_mapping, keep_mark, forget_remote| Clearing {
        keep_intent: false,
        clear_mapping,
        keep_mark,
        forget_remote,
        ..EVERYTHING
    };
    for (clearing, is_kept) in [
        (clearing(true, true, false), true),
        (clearing(true, false, true), false),
        (clearing(false, false, false), true),
        (clearing(false, false, true), false),
    ] {
        test.put_user("ann", Some(ONE));
        test.claim_one("t1", "ann");
        assert_eq!(test.take_over("ann", "old", Some(ONE)), Guarded::Written);
        assert!(test.clear("t1", "ann", &clearing).is_some());
        let mark = test.row("ann").and_then(|row| row.taken_over);
        assert_eq!(mark.is_some(), is_kept, "{clearing:?}");
        test.acquire("t2", "ann");
        test.clear("t2", "ann", &EVERYTHING);
    }
}

fn a_read_is_noted_once_an_hour(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO)]);
    let reads = || test.trail("ann").len() + test.trail("bob").len();
    let read = |user: &str| {
        let entry = Entry {
            action: Action::ReadCredentials,
            ..test.entry(user, "asked")
        };
        done(store::load_for_support(
            &test.database,
            &UserId::new(user),
            Some(&entry),
        ));
        let unknown = PresentedKey {
            hash: "no such key".to_owned(),
            at: entry.at,
        };
        done(store::load_with_key(
            &test.database,
            &UserId::new(user),
            &unknown,
            Some(&entry),
        ));
    };
    for user in ["ann", "ann", "bob", "unknown"] {
        read(user);
    }
    assert_eq!(reads(), 2);
    test.advance(seconds(3599));
    read("ann");
    assert_eq!(reads(), 2);
    test.advance(seconds(1));
    read("ann");
    assert_eq!(reads(), 3);
}
