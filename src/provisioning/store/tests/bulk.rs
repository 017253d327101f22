//! Runs over a list: the entries, the claims, and the figures.

use super::fanout::{ABANDONED_AFTER, LIST_ABANDONED_AFTER};
use super::*;
use crate::db::audit_change;
use crate::db::differential::mirrored_tests;
use crate::kernel::audit::sample_entry;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::bulk::{
    BulkOpened, BulkOpening, BulkUserRow, Claim, ClaimTerms, Named, NewBulkUser, Settled,
    find_planned, list_bulk_users, next_bulk_user, open_bulk_run, resolve,
};
use crate::provisioning::store::{Chunks, RunRow};

mirrored_tests! {
    StoreTest:
    entries_name_users_by_id_and_by_email,
    many_are_loaded_as_one_is,
    the_accounts_of_others_are_told_by_user,
    a_plan_names_one_run,
    users_are_claimed_one_by_one_and_settled_once,
    a_user_whose_holder_died_is_claimed_again_with_what_the_trail_tells,
    a_list_that_waits_long_behind_other_work_is_not_abandoned,
    a_list_that_is_given_up_tells_who_was_left,
    none_is_claimed_of_a_run_that_was_stopped_or_while_runs_are_paused,
    a_refused_list_is_closed_at_once,
}

fn chunk(number: u32) -> ChunkId {
    ChunkId {
        run_id: "run-1".to_owned(),
        chunk: number,
    }
}

/// An entry for each of these users, two a chunk; those that begin with `!` are refused.
fn entries<'a>(users: &[&'a str]) -> Vec<NewBulkUser<'a>> {
    (0..)
        .zip(users)
        .map(|(index, user)| {
            let refused = user.starts_with('!').then_some("no_user");
            NewBulkUser {
                chunk: index / 2 + 1,
                n: index + 1,
                user: refused.is_none().then_some(user),
                seen: refused.is_none().then_some("tag"),
                reason: refused,
                outcome: refused.map(|_| "User not found"),
            }
        })
        .collect()
}

impl StoreTest {
    fn open_list(&self, run: &str, plan: &str, users: &[&str]) -> BulkOpened {
        let opening = BulkOpening {
            run: self.opening(run, 9),
            is_queued: true,
            action: "reset",
            order: "{}".to_owned(),
            plan: plan.to_owned(),
            max_replacements: 2,
            users: entries(users),
        };
        done(open_bulk_run(&self.database, &opening))
    }

    fn next(&self, token: &str, settled: Option<&Settled>, chunks: &[ChunkId]) -> Option<Claim> {
        let now = self.now();
        let until = now.plus(LEASE);
        let terms = Some(ClaimTerms { chunks, until });
        done(next_bulk_user(&self.database, token, settled, terms, now))
    }

    fn end(&self, token: &str, claim: Claim, state: &'static str) {
        let settled = Settled {
            claim,
            state,
            reason: (state != "done").then_some("error"),
            outcome: format!("it is {state}"),
        };
        let now = self.now();
        done(next_bulk_user(
            &self.database,
            token,
            Some(&settled),
            None,
            now,
        ));
    }

    fn listed(&self) -> Vec<(u32, String, Option<String>)> {
        let rows = done(list_bulk_users(&self.database, "run-1", 0, None, 9)).unwrap();
        let part = |row: BulkUserRow| (row.n, row.state, row.outcome);
        rows.into_iter().map(part).collect()
    }

    fn ledger(&self) -> (RunRow, Chunks) {
        done(store::find_run(&self.database, "run-1")).unwrap()
    }

    /// Status, planned, done, failed, skipped.
    fn figures(&self) -> (String, [u32; 4]) {
        let (row, _) = self.ledger();
        let tally = row.tally;
        let figures = [tally.total, tally.created, tally.failed, tally.skipped];
        (row.status, figures)
    }
}

fn entries_name_users_by_id_and_by_email(test: &StoreTest) {
    test.put_user("ann", Some(" Ann@Example.com"));
    test.put_user("twin-a", Some("twin@example.com"));
    test.put_user("twin-b", Some("TWIN@example.com"));
    test.put_user("twin-c", Some("twin@example.com"));
    test.put_user("gone", Some("gone@example.com"));
    test.claim_one("t1", "gone");
    test.delete_user("gone");
    let named = |id, email| Named { id, email };
    let found = done(resolve(
        &test.database,
        &[
            named(Some("ann"), None),
            named(Some("zoe"), None),
            named(Some("ann@example.com"), Some("ann@example.com")),
            named(None, Some("twin@example.com")),
            named(Some("gone"), None),
            named(None, None),
        ],
    ));
    let seen = found.into_iter().map(|one| (one.by_id, one.by_email.len()));
    let seen: Vec<(Option<String>, usize)> = seen.collect();
    let id = |id: &str| Some(id.to_owned());
    assert_eq!(
        seen,
        [
            (id("ann"), 0),
            (None, 0),
            (None, 1),
            (None, 2),
            (id("gone"), 0),
            (None, 0)
        ]
    );
}

fn many_are_loaded_as_one_is(test: &StoreTest) {
    test.put_user("ann", Some(ONE));
    test.put_user("bob", None);
    test.claim_one("t1", "ann");
    let mut entry = sample_entry(Action::Reset, "ann");
    entry.at = test.now();
    let mut batch = Batch::new();
    batch.execute(Statement::new(
        "UPDATE users SET email = email WHERE uuid = 'ann'",
        [],
    ));
    batch.execute(audit_change(&entry).unwrap());
    block_on(test.database.run(batch)).unwrap();
    let users = ids(&["bob", "ann", "zoe"]);
    let loaded = done(store::load_many_for_plan(&test.database, &users));
    assert_eq!(loaded.len(), 3);
    for user in &users {
        let (record, last_reset) = done(store::load_for_plan(&test.database, user));
        let seen = &loaded[user];
        assert_eq!(seen.record.as_ref().unwrap(), &record);
        assert_eq!(seen.last_reset, last_reset);
        assert_eq!(last_reset.is_some(), user.as_str() == "ann");
    }
}

fn the_accounts_of_others_are_told_by_user(test: &StoreTest) {
    test.put_user("ann", Some(ONE));
    test.put_user("bob", Some(TWO));
    test.finish("ann", "acc");
    let (of_ann, free) = (account("acc", ONE), account("free", "x@example.com"));
    let (ann, bob) = (UserId::new("ann"), UserId::new("bob"));
    let pairs = [(&ann, &of_ann), (&bob, &of_ann), (&bob, &free)];
    let others = done(store::accounts_of_others_than(&test.database, pairs));
    let expected = (bob.clone(), RemoteId("acc".to_owned()));
    assert_eq!(others.into_iter().collect::<Vec<_>>(), [expected]);
}

fn a_plan_names_one_run(test: &StoreTest) {
    assert_eq!(done(find_planned(&test.database, "plan")), None);
    let opened = test.open_list("run-1", "plan", &["ann", "!", "bob"]);
    assert_eq!(opened, BulkOpened::Opened(vec![chunk(1), chunk(2)]));
    let before = BulkOpened::Before("run-1".to_owned());
    assert_eq!(test.open_list("run-2", "plan", &["ann"]), before);
    let found = done(find_planned(&test.database, "plan"));
    assert_eq!(found.map(|run| run.run_id).as_deref(), Some("run-1"));
    assert_eq!(test.figures(), ("running".to_owned(), [3, 0, 1, 0]));
    let (row, chunks) = test.ledger();
    assert_eq!((row.action.as_str(), row.mode.as_str()), ("reset", "queue"));
    assert_eq!(row.tally.errors, ["entry 2: User not found"]);
    assert_eq!((chunks.planned, chunks.closed), (2, 0));
    assert_eq!(
        done(list_bulk_users(&test.database, "run-2", 0, None, 9)),
        None
    );
    let refused = done(list_bulk_users(
        &test.database,
        "run-1",
        1,
        Some("refused"),
        9,
    ));
    assert_eq!(refused.unwrap().len(), 1);
}

fn users_are_claimed_one_by_one_and_settled_once(test: &StoreTest) {
    test.open_list("run-1", "plan", &["ann", "bob", "cyd"]);
    let ann = test.next("t1", None, &[chunk(1)]).unwrap();
    assert_eq!(
        (ann.user_id.as_str(), ann.claims, ann.seen.as_str()),
        ("ann", 1, "tag")
    );
    let bob = test.next("t2", None, &[chunk(1)]).unwrap();
    assert_eq!(bob.user_id, "bob");
    assert_eq!(test.next("t3", None, &[chunk(1)]), None);
    let settled = Settled {
        claim: ann.clone(),
        state: "done",
        reason: None,
        outcome: "reset".to_owned(),
    };
    let cyd = test
        .next("t1", Some(&settled), &[chunk(1), chunk(2)])
        .unwrap();
    assert_eq!(cyd.user_id, "cyd");
    // Who did not begin it last writes nothing.
    test.end("t1", bob.clone(), "failed");
    assert_eq!(test.figures(), ("running".to_owned(), [3, 1, 0, 0]));
    test.end("t2", bob, "refused");
    test.end("t1", cyd, "done");
    assert_eq!(test.figures(), ("completed".to_owned(), [3, 2, 1, 0]));
    assert_eq!(test.ledger().0.tally.errors, ["bob: it is refused"]);
}

fn a_user_whose_holder_died_is_claimed_again_with_what_the_trail_tells(test: &StoreTest) {
    test.open_list("run-1", "plan", &["ann"]);
    test.put_user("ann", Some(ONE));
    let first = test.next("t1", None, &[chunk(1)]).unwrap();
    assert!(first.trail.is_empty());
    for (action, is_of_run) in [(Action::Reset, true), (Action::DeleteUser, false)] {
        let mut entry = sample_entry(action, "ann");
        entry.origin = origin();
        if !is_of_run {
            entry.origin.request_id = RequestId::from_stored("req_other");
        }
        let mut batch = Batch::new();
        batch.execute(Statement::new(
            "UPDATE users SET email = email WHERE uuid = 'ann'",
            [],
        ));
        batch.execute(audit_change(&entry).unwrap());
        block_on(test.database.run(batch)).unwrap();
    }
    test.advance(seconds(59));
    assert_eq!(test.next("t2", None, &[chunk(1)]), None);
    test.advance(seconds(1));
    let again = test.next("t2", None, &[chunk(1)]).unwrap();
    assert_eq!(
        (again.claims, again.trail.as_slice()),
        (2, &["threedeye.reset".to_owned()][..])
    );
    // The first one was only slow.
    test.end("t1", first, "failed");
    assert_eq!(test.listed(), [(1, "working".to_owned(), None)]);
    test.end("t2", again, "done");
    assert_eq!(test.listed()[0].1, "done");
}

fn a_list_that_waits_long_behind_other_work_is_not_abandoned(test: &StoreTest) {
    test.open_list("run-1", "plan-1", &["ann"]);
    test.advance(ABANDONED_AFTER);
    assert_eq!(test.plan("run-2", 50).abandoned.undelivered, []);
    test.advance(LIST_ABANDONED_AFTER - ABANDONED_AFTER);
    assert_eq!(test.plan("run-3", 50).abandoned.undelivered, [chunk(1)]);
}

fn a_list_that_is_given_up_tells_who_was_left(test: &StoreTest) {
    test.open_list("run-1", "plan", &["ann", "bob"]);
    let ann = test.next("t1", None, &[chunk(1)]).unwrap();
    done(store::give_up(
        &test.database,
        &[chunk(1)],
        "no one came",
        "; later",
        test.now(),
    ));
    let interrupted = "under way when the run ended; look again in a minute, else the audit trail tells what was done".to_owned();
    let left = "no one came".to_owned();
    assert_eq!(
        test.listed(),
        [
            (1, "failed".to_owned(), Some(interrupted)),
            (2, "skipped".to_owned(), Some(left))
        ]
    );
    assert_eq!(test.figures(), ("ended_early".to_owned(), [2, 0, 1, 1]));
    let line = "chunk 1: 1 user(s) left as they were: no one came";
    assert_eq!(test.ledger().0.tally.errors[1], line);
    // Who was at work still tells how that ended, and finds no one else.
    test.end("t1", ann, "done");
    assert_eq!(test.figures(), ("ended_early".to_owned(), [2, 1, 0, 1]));
    assert_eq!(test.next("t1", None, &[chunk(1)]), None);
}

fn none_is_claimed_of_a_run_that_was_stopped_or_while_runs_are_paused(test: &StoreTest) {
    test.open_list("run-1", "plan", &["ann"]);
    let pause = "INSERT INTO provisioning_pause VALUES (1, 1, 1, 'x', 'y')";
    assert!(test.execute(Statement::new(pause, [])));
    assert_eq!(test.next("t1", None, &[chunk(1)]), None);
    assert_eq!(
        test.open_list("run-2", "plan 2", &["ann"]),
        BulkOpened::Paused
    );
    let resume = "UPDATE provisioning_pause SET paused = 0";
    assert!(test.execute(Statement::new(resume, [])));
    let stop = "UPDATE provisioning_runs SET stopped_at = 1";
    assert!(test.execute(Statement::new(stop, [])));
    assert_eq!(test.next("t1", None, &[chunk(1)]), None);
}

fn a_refused_list_is_closed_at_once(test: &StoreTest) {
    let opened = test.open_list("run-1", "plan", &["!", "!", "!"]);
    assert_eq!(opened, BulkOpened::Opened(Vec::new()));
    assert_eq!(test.figures(), ("completed".to_owned(), [3, 0, 3, 0]));
    assert!(test.ledger().0.finished_at.is_some());
}
