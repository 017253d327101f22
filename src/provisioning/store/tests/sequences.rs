//! Random sequences of all that can happen. On SQLite, what always holds is checked after every step;
//! beside D1, every answer and every table is compared.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::kernel::Random as _;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::record::ForgottenAccount;
use crate::provisioning::store::{Planning, ReplacementAllowance, Silence};

/// How long a sequence is.
const STEPS: u32 = 35;

/// How many are played: natively in some ten seconds, beside D1 in half a minute.
const NATIVE_SEQUENCES: u64 = 500;
const MIRRORED_SEQUENCES: u64 = 30;

/// Few of each, and one e-mail more often than the others, so that they meet.
const USERS: [&str; 4] = ["ann", "bob", "cyd", "dan"];
const EMAILS: [&str; 4] = [ONE, ONE, TWO, "three@example.com"];
const ACCOUNTS: [&str; 3] = ["acc-1", "acc-2", "acc-3"];

#[test]
fn the_invariants_hold_after_every_step() {
    for seed in 0..NATIVE_SEQUENCES {
        let test = StoreTest::on_sqlite();
        Sequence::new(seed, &test).play(|| assert_eq!(test.violations(), Vec::<Value>::new()));
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
        Sequence::new(seed, &test).play(|| {});
    }
}

/// Takes random steps. It remembers which leases were granted: steps with invented tokens only would
/// change nothing.
struct Sequence<'t> {
    test: &'t StoreTest,
    seed: u64,
    random: Seeded,
    /// The step's number.
    serial: u32,
    holds: Vec<(String, &'static str)>,
    passwords: Vec<(&'static str, Sealed)>,
    chunks: Vec<ChunkId>,
}

/// Says where a panic came: the same seed takes the same steps.
impl Drop for Sequence<'_> {
    #[expect(clippy::print_stderr, reason = "what a failed test shows")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in step {} of seed {}", self.serial, self.seed);
        }
    }
}

impl<'t> Sequence<'t> {
    fn new(seed: u64, test: &'t StoreTest) -> Self {
        Self {
            test,
            seed,
            random: Seeded::new(seed),
            serial: 0,
            holds: Vec::new(),
            passwords: Vec::new(),
            chunks: Vec::new(),
        }
    }

    fn play(mut self, check: impl Fn()) {
        while self.serial < STEPS {
            self.serial += 1;
            // The first steps put users there.
            let kinds = if self.serial <= 3 { 1 } else { 54 };
            self.step(self.random.below(kinds));
            check();
        }
    }

    fn step(&mut self, kind: u32) {
        match kind {
            0..9 => self.let_others_act(kind),
            9..15 => self.claim(),
            15..18 => {
                let users = self.some(Self::user);
                self.test.set_aside(&users);
            }
            18..23 | 30..36 | 53 => self.change_lease(kind),
            23..30 => self.record(),
            36..39 => self.clear(),
            _ => self.work_on_plans(kind),
        }
    }

    /// Other services, time and runs in one process.
    fn let_others_act(&self, kind: u32) {
        let test = self.test;
        match kind {
            0..2 => test.put_user(self.user(), self.entered_email().as_deref()),
            2..4 => test.change_email(self.user(), self.entered_email().as_deref()),
            4 => test.delete_user(self.user()),
            5..7 => test.advance(self.span()),
            7 => {
                let opening = test.opening(&format!("run-{}", self.random.below(3)), 2);
                // A run that is opened twice is refused, which is an answer too.
                let _ = test.try_open_run(&opening);
            }
            _ => {
                let number = self.random.below(3);
                let closing = RunClosing {
                    run_id: format!("run-{number}"),
                    completed: number.is_multiple_of(2),
                    tally: Tally::default(),
                    finished_at: test.now(),
                };
                done(store::close_run(&test.database, &closing));
            }
        }
    }

    fn claim(&mut self) {
        let token = self.token();
        let mut users: Vec<&'static str> = (0..3).map(|_| self.user()).collect();
        users.sort_unstable();
        users.dedup();
        if self.chance(2) {
            users.reverse();
        }
        let requests = users.iter().map(|user| ClaimRequest {
            has_intent: self.chance(2),
            ..request(&token, user)
        });
        let requests: Vec<ClaimRequest> = requests.collect();
        for one in self.test.claim_requested(&token, &requests) {
            let user = users.iter().find(|user| **user == one.user.as_str());
            self.holds.push((token.clone(), user.unwrap()));
            self.passwords.push((user.unwrap(), one.password));
        }
    }

    fn change_lease(&mut self, kind: u32) {
        let test = self.test;
        let (holder, user) = self.hold();
        match kind {
            18 => {
                test.renew(&holder, &[user, self.user()], test.now().plus(LEASE));
            }
            19..21 => {
                let account = self.account();
                test.save(&holder, user, &account, &account.roles);
            }
            21..23 => {
                test.replace_intent(&holder, user, self.pick(&EMAILS), &self.password(user));
            }
            30..33 => {
                let (token, user) = (self.token(), self.user());
                if test.try_acquire(&token, user).is_ok() {
                    self.holds.push((token, user));
                }
            }
            33 => {
                test.accounts_of_others(self.user(), &self.some(Self::account));
            }
            34 => {
                let keep = self.chance(2).then(|| self.roles());
                let accounts = self.some(Self::account);
                test.begin_removal(&holder, user, &accounts, keep.as_deref());
            }
            35 => {
                let last = self.passwords.last().cloned();
                let (user, old) = last.unwrap_or((user, self.password(user)));
                test.reseal(user, &old, &self.password(user));
            }
            _ => {
                let settled_at = test.now().plus(self.span());
                test.release_unsettled(&holder, user, self.chance(3).then_some(settled_at));
            }
        }
    }

    fn record(&self) {
        let (holder, user) = self.hold();
        let mut users = BTreeSet::from([user, self.user()]);
        if self.chance(2) {
            let of_holder = self.holds.iter().filter(|(token, _)| *token == holder);
            users.extend(of_holder.map(|(_, user)| *user));
        }
        let users = users.into_iter();
        let ended =
            users
                .map(|user| (user, self.outcome()))
                .filter(|(user, outcome)| match outcome {
                    // The service sets a user aside for an e-mail of another user only.
                    Outcome::SetAside { email, .. } => {
                        let row = self.test.row(user);
                        row.and_then(|row| row.email_key).as_ref() != Some(email)
                    }
                    _ => true,
                });
        self.test.record_all(&holder, ended);
    }

    fn clear(&self) {
        let (holder, user) = self.hold();
        let forgotten = ForgottenAccount {
            email: email(self.pick(&EMAILS)),
            id: self.chance(2).then(|| self.account_id()),
            password: self.password(user),
        };
        let clearing = Clearing {
            keep_intent: self.chance(4),
            keep_mark: self.chance(2),
            forgotten: self.chance(2).then_some(forgotten),
            clear_mapping: self.chance(2),
            forget_remote: self.chance(2),
            keep_roles: self.chance(2).then(|| self.roles()),
            left: self.chance(4),
        };
        self.test.clear(&holder, user, &clearing);
    }

    fn work_on_plans(&mut self, kind: u32) {
        let test = self.test;
        match kind {
            39..43 => {
                let number = if self.chance(6) { 1 } else { self.serial };
                let limit = 1 + self.random.below(4);
                let planning = Planning {
                    opening: test.opening(&format!("plan-{number}"), limit),
                    max_replacements: 3,
                    due_by: test.now(),
                    hold_until: test.now().plus(self.span()),
                    chunk_size: 1 + self.random.below(3),
                    silence: Silence {
                        runs: test.now().minus(self.span()),
                        queued_lists: test.now().minus(self.span()),
                    },
                    leavings: test.leavings(9),
                };
                if let Ok(Some(planned)) = block_on(store::plan_run(&test.database, &planning)) {
                    self.chunks.extend(planned.chunks);
                }
            }
            43..46 => {
                test.open(&self.messages());
            }
            46..51 => {
                // Of one run at most.
                let latest = self.chunks.last().filter(|_| self.chance(2));
                let unused = latest.map(|id| ReplacementAllowance {
                    run_id: id.run_id.clone(),
                    replacements: self.random.below(4),
                });
                test.close_returning(&self.messages(), unused.as_slice());
            }
            _ => test.give_up(&self.messages()),
        }
    }

    fn pick<T: Clone>(&self, of: &[T]) -> T {
        of[self.random.below(u32::try_from(of.len()).unwrap()) as usize].clone()
    }

    /// True once in `of` times.
    fn chance(&self, of: u32) -> bool {
        self.random.below(of) == 0
    }

    fn some<T>(&self, one: impl Fn(&Self) -> T) -> Vec<T> {
        (0..=self.random.below(2)).map(|_| one(self)).collect()
    }

    fn user(&self) -> &'static str {
        self.pick(&USERS)
    }

    /// An e-mail as a user enters it, or none.
    fn entered_email(&self) -> Option<String> {
        let email = self.pick(&EMAILS);
        match self.random.below(8) {
            0 => None,
            1 => Some("  ".to_owned()),
            2 => Some(format!(" {} ", email.to_uppercase())),
            _ => Some(email.to_owned()),
        }
    }

    fn account_id(&self) -> RemoteId {
        RemoteId(self.pick(&ACCOUNTS).to_owned())
    }

    fn account(&self) -> RemoteAccount {
        RemoteAccount {
            id: self.account_id(),
            email: self.pick(&EMAILS).to_uppercase(),
            roles: self.roles(),
        }
    }

    fn roles(&self) -> Vec<RoleId> {
        let role = |number| RoleId(format!("role-{number}"));
        (0..self.random.below(3)).map(role).collect()
    }

    fn token(&self) -> String {
        format!("token-{}", self.serial)
    }

    fn password(&self, user: &str) -> Sealed {
        Sealed::from_stored(format!("sealed-{}-{user}", self.serial))
    }

    /// A lease that was granted, mostly one of the latest; sometimes an invented one.
    fn hold(&self) -> (String, &'static str) {
        let latest = self.holds.len().saturating_sub(4);
        match &self.holds[latest..] {
            some if !some.is_empty() && !self.chance(10) => self.pick(some),
            _ => (self.token(), self.user()),
        }
    }

    /// Each chunk once, mostly one of the latest; sometimes an unknown one.
    fn messages(&self) -> Vec<ChunkId> {
        let latest = &self.chunks[self.chunks.len().saturating_sub(3)..];
        let message = |_| match latest {
            some if !some.is_empty() && !self.chance(12) => self.pick(some),
            _ => ChunkId {
                run_id: "plan-1".to_owned(),
                chunk: 1 + self.random.below(3),
            },
        };
        let messages: BTreeSet<ChunkId> = (0..=self.random.below(3)).map(message).collect();
        messages.into_iter().collect()
    }

    fn span(&self) -> Duration {
        Duration::from_secs(match self.random.below(6) {
            0 => 25 * 60 * 60,
            1 => 61,
            seconds => u64::from(seconds) * 10,
        })
    }

    fn outcome(&self) -> Outcome {
        let failure = Failure::Upstream(UpstreamError::Rejected {
            status: u16::try_from(self.serial).unwrap(),
        });
        let next_attempt_at = self.test.now().plus(self.span());
        match self.random.below(12) {
            0..4 => complete(self.pick(&ACCOUNTS)),
            4..6 => Outcome::Attaching {
                id: self.account_id(),
                next_attempt_at,
                failure,
            },
            6..8 => Outcome::Failed {
                next_attempt_at,
                failure,
                settled_at: self.chance(2).then_some(next_attempt_at),
            },
            8 => Outcome::Quarantined {
                respelled: self.chance(2).then(|| self.account_id()),
                failure,
            },
            9 => Outcome::SetAside {
                email: email(self.pick(&EMAILS)),
                failure,
            },
            _ => Outcome::Released {
                due_at: self.chance(2).then_some(next_attempt_at),
            },
        }
    }
}
