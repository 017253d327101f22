//! Random sequences of all that can happen. On SQLite, what always holds is checked after every step;
//! beside D1, every answer and every table is compared.

mod author;
mod step;

use serde_json::Value;

use super::*;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::{Planning, ReplacementAllowance};
use author::Author;
use step::{Answer, PlanTerms, Step};

/// How long a sequence is.
const STEPS: u32 = 35;

/// How many are played: natively in some ten seconds, beside D1 in about a minute.
const NATIVE_SEQUENCES: u64 = 500;
const MIRRORED_SEQUENCES: u64 = 100;

/// Rows of what must never be, each with a word for it.
const VIOLATIONS: [&str; 7] = [
    "SELECT 'waiting is miscounted' AS broken, '' AS id FROM provisioning_totals
     WHERE name = 'waiting' AND value <> (SELECT count(*) FROM provisioning_queue)",
    "SELECT 'waits with another e-mail', q.user_id FROM provisioning_queue q
     JOIN users u ON u.uuid = q.user_id WHERE u.email_key IS NOT q.email_key",
    "SELECT 'waits without need, or does not wait', u.uuid FROM users u
     LEFT JOIN threedeye_users t ON t.user_id = u.uuid
     LEFT JOIN provisioning_queue q ON q.user_id = u.uuid
     WHERE (q.user_id IS NOT NULL) <> (
       u.email_key IS NOT NULL AND coalesce(t.state, 'idle') IN ('idle', 'pending', 'attaching')
     )",
    "SELECT 'waits for a free e-mail', t.user_id FROM threedeye_users t
     WHERE t.state = 'set_aside' AND NOT EXISTS (
       SELECT 1 FROM threedeye_users o WHERE o.email_key = t.email_key AND o.state <> 'set_aside'
     )",
    "SELECT 'is idle with an intent', user_id FROM threedeye_users
     WHERE state = 'idle' AND (email_key IS NOT NULL OR threedeye_id IS NOT NULL)",
    "SELECT 'is left behind', user_id FROM provisioning_unsettled",
    "SELECT 'chunk does not add up', run_id FROM provisioning_chunks
     WHERE planned <> waiting + created + failed + skipped",
];

// ?1 token
const HELD: &str = "SELECT user_id FROM threedeye_users WHERE lease_token = ?1";

#[test]
fn what_always_holds_holds_after_every_step() {
    for seed in 0..NATIVE_SEQUENCES {
        play(seed, &StoreTest::on_sqlite(), take_checked);
    }
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn sqlite_does_what_d1_does() {
    let clock = Rc::new(Cell::new(START));
    let mirror = Rc::new(Mirror::new(&clock));
    let engine: Rc<dyn Engine> = Rc::<Mirror>::clone(&mirror);
    let test = StoreTest {
        database: Database::new(engine),
        clock,
    };
    for seed in 0..MIRRORED_SEQUENCES {
        test.clock.set(START);
        mirror.empty();
        play(seed, &test, take);
    }
}

/// Says in which sequence a panic came, and after which steps.
struct Played {
    seed: u64,
    steps: Vec<Step>,
}

impl Drop for Played {
    #[expect(clippy::print_stderr, reason = "what a failed test shows")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, with these steps: {:#?}", self.seed, self.steps);
        }
    }
}

/// Plays the sequence of `seed` on an empty store.
fn play(seed: u64, test: &StoreTest, take: fn(&StoreTest, &Step) -> Answer) {
    let mut author = Author::new(seed);
    let mut played = Played {
        seed,
        steps: Vec::new(),
    };
    for _ in 0..STEPS {
        let step = possible(test, author.next(test.now()));
        played.steps.push(step.clone());
        let answer = take(test, &step);
        author.learn(&step, answer);
    }
}

fn take(test: &StoreTest, step: &Step) -> Answer {
    // A refused step is an answer, too: that of a run that is opened twice.
    step::perform(test, step).unwrap_or(Answer::Other)
}

fn take_checked(test: &StoreTest, step: &Step) -> Answer {
    let before = is_without_lease(test, step).then(|| guarded_tables(test));
    let answer = take(test, step);
    if let Some(before) = before {
        assert_eq!(guarded_tables(test), before, "changed without the lease");
    }
    assert_eq!(violations(test), Vec::<Value>::new());
    answer
}

/// Without what the service never does: it sets a user aside for an e-mail of another user only.
fn possible(test: &StoreTest, mut step: Step) -> Step {
    if let Step::RecordOutcomes(_, ended) = &mut step {
        ended.retain(|(user, outcome)| match outcome {
            Outcome::SetAside { email, .. } => {
                let row = test.row(user.as_str());
                row.and_then(|row| row.email_key).as_ref() != Some(email)
            }
            _ => true,
        });
    }
    step
}

/// Whether a step that needs the lease has none of its users' leases.
fn is_without_lease(test: &StoreTest, step: &Step) -> bool {
    let Some(token) = step.lease() else {
        return false;
    };
    let held: Vec<Value> = test.read(Statement::new(HELD, [token.into()]));
    held.is_empty()
}

/// What only a lease may change: all but the removals, which are dropped by their age.
fn guarded_tables(test: &StoreTest) -> Vec<Vec<Value>> {
    let mut tables = test.tables();
    tables.remove(3);
    tables
}

fn violations(test: &StoreTest) -> Vec<Value> {
    let mut batch = Batch::new();
    let slots = VIOLATIONS.map(|sql| batch.push(Statement::new(sql, [])));
    let answers = block_on(test.database.run(batch)).unwrap();
    slots
        .into_iter()
        .flat_map(|slot| answers.rows(slot).unwrap())
        .collect()
}
