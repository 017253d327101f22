//! Two stores, side by side: random sequences of everything that can happen,
//! every answer and all that can be seen compared after each step.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::db::DatabaseError;
use crate::kernel::audit::{Action, Actor, Entry, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{EmailKey, Random as _, RequestId, Sealed, Timestamp, UserId};
use crate::provisioning::fanout::store::{Allowance, ChunkId, Opened, Planned, Planning, Standing};
use crate::provisioning::listing::{Candidate, Listed};
use crate::provisioning::memory::World;
use crate::provisioning::record::{Claimed, Dossier, Forgotten, Recovery};
use crate::provisioning::store::{
    Bid, Busy, Cleared, Clearing, Guarded, LeaseToken, RunClosing, RunOpening, Settlement, Tally,
    Terms, Trigger, Verdict,
};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use crate::provisioning::conformance::{START, Subject};

/// Few of each, and one e-mail more often than the others, so that they meet.
const USERS: [&str; 4] = ["ann", "bob", "cyd", "dan"];
const EMAILS: [&str; 4] = [
    "one@example.com",
    "one@example.com",
    "two@example.com",
    "three@example.com",
];
const ACCOUNTS: [&str; 3] = ["acc-1", "acc-2", "acc-3"];

/// How long a sequence is.
const STEPS: u32 = 35;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    PutUser(UserId, Option<String>),
    ChangeEmail(UserId, Option<String>),
    DeleteUser(UserId),
    Pass(Duration),
    OpenRun(u32),
    CloseRun(u32),
    Claim(LeaseToken, Vec<Bid>),
    SetAside(Vec<UserId>),
    Renew(LeaseToken, Vec<UserId>),
    SaveRecovery(LeaseToken, UserId, RemoteUser),
    ReplaceIntent(LeaseToken, UserId, EmailKey, Sealed),
    Settle(LeaseToken, Vec<(UserId, Verdict)>),
    Seize(LeaseToken, UserId),
    Foreign(UserId, Vec<RemoteUser>),
    BeginRemoval(LeaseToken, UserId, Vec<RemoteUser>, Option<Vec<RoleId>>),
    Reseal(UserId, Sealed, Sealed),
    Clear(LeaseToken, UserId, Clearing),
    Release(LeaseToken, UserId, Option<Timestamp>),
    Plan(Plot),
    OpenDelivery(Vec<ChunkId>),
    CloseDelivery(Vec<ChunkId>, Vec<Allowance>),
    GiveUp(Vec<ChunkId>),
}

/// What a plan leaves open.
#[derive(Debug, Clone)]
struct Plot {
    number: u32,
    limit: u32,
    chunk_size: u32,
    hold: Duration,
    idle: Duration,
}

/// What a store answered; lists whose order is not promised are sorted.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    Failed,
    Candidates(Vec<Candidate>),
    Claimed(Vec<Claimed>),
    Users(Vec<UserId>),
    Accounts(Vec<RemoteId>),
    Guarded(Guarded),
    Seized(Box<Result<Dossier, Busy>>),
    Cleared(Option<Cleared>),
    Flag(bool),
    Count(u64),
    Planned(Planned),
    Opened(Opened),
    Standings(Vec<Standing>),
}

/// Compares a fresh store in memory with `real`, which the caller emptied at
/// [`START`], on the sequence of `seed`.
///
/// # Panics
///
/// Panics where they differ, with the seed and the steps up to there.
pub async fn compare(seed: u64, real: &impl Subject) {
    let memory = World::new();
    assert_eq!((memory.time.now(), real.now()), (START, START));
    let users = USERS.map(UserId::new);
    let mut author = Author::new(seed);
    let mut steps = Vec::new();
    for _ in 0..STEPS {
        let step = author.next(real.now());
        steps.push(step.clone());
        let answers = (act(&memory, &step).await, act(real, &step).await);
        author.learn(&step, &answers.1);
        let told = || format!("seed {seed}, after these steps: {steps:#?}");
        assert_eq!(answers.0, answers.1, "memory answers otherwise, {}", told());
        let seen = (memory.observe(&users).await, real.observe(&users).await);
        assert!(seen.0 == seen.1, "{}\n{}", difference(&seen), told());
        author.listings.extend(seen.1.due);
    }
}

/// Only the lines that differ: a whole observation hides them.
fn difference(seen: &(impl std::fmt::Debug, impl std::fmt::Debug)) -> String {
    let (memory, real) = (format!("{:#?}", seen.0), format!("{:#?}", seen.1));
    let differs = memory.lines().zip(real.lines()).filter(|(a, b)| a != b);
    let lines: Vec<String> = differs
        .take(12)
        .map(|(a, b)| format!("  memory {}, real {}", a.trim(), b.trim()))
        .collect();
    format!("memory shows something else:\n{}", lines.join("\n"))
}

/// Writes a sequence. It remembers who got leases, because a sequence of
/// strangers with invented tokens would get nowhere.
struct Author {
    random: Seeded,
    serial: u32,
    holds: Vec<(LeaseToken, UserId)>,
    passwords: Vec<(UserId, Sealed)>,
    chunks: Vec<ChunkId>,
    listings: Vec<Candidate>,
}

impl Author {
    fn new(seed: u64) -> Self {
        Self {
            random: Seeded::new(seed),
            serial: 0,
            holds: Vec::new(),
            passwords: Vec::new(),
            chunks: Vec::new(),
            listings: Vec::new(),
        }
    }

    fn learn(&mut self, step: &Step, answer: &Answer) {
        match (step, answer) {
            (Step::Claim(token, _), Answer::Claimed(claimed)) => {
                for one in claimed {
                    self.holds.push((token.clone(), one.user.clone()));
                    self.passwords
                        .push((one.user.clone(), one.password.clone()));
                }
            }
            (Step::Seize(token, user), Answer::Seized(seized)) if seized.is_ok() => {
                self.holds.push((token.clone(), user.clone()));
            }
            (_, Answer::Planned(planned)) => self.chunks.extend_from_slice(&planned.chunks),
            _ => {}
        }
    }

    fn next(&mut self, now: Timestamp) -> Step {
        self.serial += 1;
        if self.serial <= 3 {
            return Step::PutUser(self.user(), self.email());
        }
        match self.random.below(54) {
            0..2 => Step::PutUser(self.user(), self.email()),
            2..4 => Step::ChangeEmail(self.user(), self.email()),
            4 => Step::DeleteUser(self.user()),
            5..8 => Step::Pass(self.span()),
            8 => Step::OpenRun(self.random.below(3)),
            9 => Step::CloseRun(self.random.below(3)),
            10..15 => Step::Claim(self.token(), self.bids()),
            15..18 => Step::SetAside(self.some(Self::user)),
            18 => {
                let (token, user) = self.hold();
                Step::Renew(token, vec![user, self.user()])
            }
            19..21 => {
                let (token, user) = self.hold();
                Step::SaveRecovery(token, user, self.account())
            }
            21..23 => {
                let (token, user) = self.hold();
                Step::ReplaceIntent(token, user.clone(), self.email_key(), self.password(&user))
            }
            23..30 => {
                let (token, user) = self.hold();
                let mut judged = vec![(user, self.verdict(now))];
                let other = self.user();
                if judged.iter().all(|(user, _)| *user != other) {
                    judged.push((other, self.verdict(now)));
                }
                Step::Settle(token, judged)
            }
            30..33 => Step::Seize(self.token(), self.user()),
            33 => Step::Foreign(self.user(), self.some(Self::account)),
            34 => {
                let (token, user) = self.hold();
                let roles = self.chance(2).then(|| self.roles());
                Step::BeginRemoval(token, user, self.some(Self::account), roles)
            }
            35 => {
                let last = self.passwords.last().cloned();
                let (user, old) = last.unwrap_or_else(|| {
                    let user = self.user();
                    (user.clone(), self.password(&user))
                });
                let new = self.password(&user);
                Step::Reseal(user, old, new)
            }
            36..39 => {
                let (token, user) = self.hold();
                let clearing = Clearing {
                    forgotten: self.chance(2).then(|| self.forgotten(&user)),
                    clear_mapping: self.chance(2),
                    forget_remote: self.chance(2),
                    keep_roles: self.chance(2).then(|| self.roles()),
                };
                Step::Clear(token, user, clearing)
            }
            39..43 => Step::Plan(self.plot()),
            43..46 => Step::OpenDelivery(self.messages()),
            46..51 => Step::CloseDelivery(self.messages(), self.unused()),
            51..53 => Step::GiveUp(self.messages()),
            _ => {
                let (token, user) = self.hold();
                let settled_at = self.chance(3).then(|| now.plus(self.span()));
                Step::Release(token, user, settled_at)
            }
        }
    }

    fn pick<T: Clone>(&self, of: &[T]) -> T {
        of[self.random.below(u32::try_from(of.len()).unwrap()) as usize].clone()
    }

    /// True once in `of` times.
    fn chance(&self, of: u32) -> bool {
        self.random.below(of) == 0
    }

    fn some<T>(&mut self, one: impl Fn(&Self) -> T) -> Vec<T> {
        (0..=self.random.below(2)).map(|_| one(self)).collect()
    }

    fn user(&self) -> UserId {
        UserId::new(self.pick(&USERS))
    }

    /// An e-mail as somebody enters it, or none.
    fn email(&self) -> Option<String> {
        let email = self.pick(&EMAILS);
        match self.random.below(8) {
            0 => None,
            1 => Some("  ".to_owned()),
            2 => Some(format!(" {} ", email.to_uppercase())),
            _ => Some(email.to_owned()),
        }
    }

    fn email_key(&self) -> EmailKey {
        EmailKey::of(self.pick(&EMAILS)).unwrap()
    }

    fn account(&self) -> RemoteUser {
        RemoteUser {
            id: RemoteId(self.pick(&ACCOUNTS).to_owned()),
            email: self.pick(&EMAILS).to_uppercase(),
            roles: self.roles(),
        }
    }

    fn roles(&self) -> Vec<RoleId> {
        let role = |number| RoleId(format!("role-{number}"));
        (0..self.random.below(3)).map(role).collect()
    }

    fn token(&self) -> LeaseToken {
        LeaseToken(format!("token-{}", self.serial))
    }

    fn password(&self, user: &UserId) -> Sealed {
        Sealed::from_stored(format!("sealed-{}-{user}", self.serial))
    }

    fn bids(&self) -> Vec<Bid> {
        let mut users: Vec<UserId> = (0..3).map(|_| self.user()).collect();
        users.sort();
        users.dedup();
        if self.chance(2) {
            users.reverse();
        }
        let bid = |user: UserId| Bid {
            listed: self.listing(&user),
            password: self.password(&user),
            user,
        };
        users.into_iter().map(bid).collect()
    }

    /// Mostly how the user was listed last, if ever; sometimes how it was before,
    /// or with something else made up.
    fn listing(&self, user: &UserId) -> Option<Listed> {
        let of_user = self.listings.iter().filter(|one| one.user == *user);
        let known: Vec<&Listed> = of_user.map(|one| &one.listed).collect();
        let latest = known.len().checked_sub(1)?;
        let mut listed = match self.random.below(8) {
            0 => return None,
            1 => self.pick(&known),
            2 => known[latest.saturating_sub(1)],
            _ => known[latest],
        }
        .clone();
        if self.chance(4) {
            self.make_up(&mut listed, user);
        }
        Some(listed)
    }

    fn make_up(&self, listed: &mut Listed, user: &UserId) {
        let moment = START.plus(self.span());
        match (self.random.below(8), &mut listed.row) {
            (0, _) => listed.email = self.email_key(),
            (1, _) => listed.removed_at = self.chance(2).then_some(moment),
            (2, _) => {
                let roles = self.roles();
                listed.recovery = self.chance(2).then_some(Recovery { roles });
            }
            (3, Some(row)) => row.attempts += 1,
            (4, Some(row)) => row.settled_at = moment,
            (5, Some(row)) => row.threedeye_id = Some(RemoteId(self.pick(&ACCOUNTS).to_owned())),
            (6, Some(row)) => row.forgotten = self.chance(2).then(|| self.forgotten(user)),
            (7, Some(row)) => row.password = row.password.as_ref().map(|_| self.password(user)),
            _ => listed.row = None,
        }
    }

    /// Somebody's hold, mostly one of the latest; sometimes a stranger's.
    fn hold(&self) -> (LeaseToken, UserId) {
        let latest = self.holds.len().saturating_sub(4);
        match &self.holds[latest..] {
            [] => (self.token(), self.user()),
            _ if self.chance(10) => (self.token(), self.user()),
            some => self.pick(some),
        }
    }

    fn plot(&self) -> Plot {
        Plot {
            number: if self.chance(6) { 1 } else { self.serial },
            limit: 1 + self.random.below(4),
            chunk_size: 1 + self.random.below(3),
            hold: self.span(),
            idle: self.span(),
        }
    }

    /// Each chunk once, mostly one of the latest; sometimes one that nobody knows.
    fn messages(&self) -> Vec<ChunkId> {
        let latest = &self.chunks[self.chunks.len().saturating_sub(3)..];
        let message = |_| match latest {
            [] => self.stranger(),
            _ if self.chance(12) => self.stranger(),
            some => self.pick(some),
        };
        let messages: BTreeSet<ChunkId> = (0..=self.random.below(3)).map(message).collect();
        messages.into_iter().collect()
    }

    fn stranger(&self) -> ChunkId {
        ChunkId {
            run_id: planned_run(1),
            chunk: 1 + self.random.below(3),
        }
    }

    /// Of one run at most; what was reserved is the caller's to know.
    fn unused(&self) -> Vec<Allowance> {
        let latest = self.chunks.last().filter(|_| self.chance(2));
        let unused = |id: &ChunkId| Allowance {
            run_id: id.run_id.clone(),
            takeovers: self.random.below(4),
        };
        latest.map(unused).into_iter().collect()
    }

    fn span(&self) -> Duration {
        Duration::from_secs(match self.random.below(6) {
            0 => 25 * 60 * 60,
            1 => 61,
            seconds => u64::from(seconds) * 10,
        })
    }

    fn forgotten(&self, user: &UserId) -> Forgotten {
        Forgotten {
            email: self.email_key(),
            id: self
                .chance(2)
                .then(|| RemoteId(self.pick(&ACCOUNTS).to_owned())),
            password: self.password(user),
        }
    }

    fn verdict(&self, now: Timestamp) -> Verdict {
        let id = RemoteId(self.pick(&ACCOUNTS).to_owned());
        let error = format!("error {}", self.serial);
        let next_attempt_at = now.plus(self.span());
        match self.random.below(12) {
            0..4 => Verdict::Complete { id },
            4..6 => Verdict::Attaching {
                id,
                next_attempt_at,
                error,
            },
            6..8 => Verdict::Failed {
                next_attempt_at,
                error,
                settled_at: self.chance(2).then_some(next_attempt_at),
            },
            8 => Verdict::Quarantined { error },
            9 => Verdict::SetAside {
                email: self.email_key(),
                error,
            },
            _ => Verdict::Released {
                due_at: self.chance(2).then_some(next_attempt_at),
            },
        }
    }
}

async fn act(store: &impl Subject, step: &Step) -> Answer {
    perform(store, step).await.unwrap_or(Answer::Failed)
}

async fn perform(store: &impl Subject, step: &Step) -> Result<Answer, DatabaseError> {
    let now = store.now();
    let terms = |token: &LeaseToken| Terms {
        token: token.clone(),
        now,
        until: now.plus(Duration::from_secs(60)),
    };
    match step {
        Step::PutUser(user, email) => store.put_user(user, email.as_deref()).await,
        Step::ChangeEmail(user, email) => store.change_email(user, email.as_deref()).await,
        Step::DeleteUser(user) => store.delete_user(user).await,
        Step::Pass(time) => store.pass(*time),
        Step::OpenRun(number) => {
            let opening = RunOpening {
                run_id: format!("run-{number}"),
                trigger: Trigger::Cron,
                origin: origin(),
                limit: 2,
                started_at: now,
            };
            return store.open_run(&opening, now).await.map(Answer::Candidates);
        }
        Step::CloseRun(number) => {
            let closing = RunClosing {
                run_id: format!("run-{number}"),
                completed: number % 2 == 0,
                tally: Tally {
                    total: 1,
                    failed: 1,
                    errors: vec!["it failed".to_owned()],
                    ..Tally::default()
                },
                finished_at: now,
            };
            return store.close_run(&closing).await.map(Answer::Count);
        }
        Step::Claim(token, bids) => {
            let mut claimed = store.claim(bids, &terms(token)).await?;
            claimed.sort_by(|a, b| a.user.cmp(&b.user));
            return Ok(Answer::Claimed(claimed));
        }
        Step::SetAside(users) => {
            let entries: Vec<Entry> = users.iter().map(|user| entry(user, now, "aside")).collect();
            store.set_aside(users, "held", now, &entries).await?;
        }
        Step::Renew(token, users) => {
            let until = now.plus(Duration::from_secs(60));
            let mut kept = store.renew(token, users, until).await?;
            kept.sort();
            kept.dedup();
            return Ok(Answer::Users(kept));
        }
        Step::SaveRecovery(token, user, account) => {
            let entry = entry(user, now, "saved");
            let saved = store.save_recovery(token, user, account, &account.roles, &entry);
            return saved.await.map(Answer::Guarded);
        }
        Step::ReplaceIntent(token, user, email, password) => {
            let replaced = store.replace_intent(token, user, email, password, now);
            return replaced.await.map(Answer::Guarded);
        }
        Step::Settle(token, judged) => {
            let settlement = |(user, verdict): &(UserId, Verdict)| Settlement {
                user: user.clone(),
                verdict: verdict.clone(),
                entry: (!matches!(verdict, Verdict::Released { .. }))
                    .then(|| entry(user, now, "settled")),
            };
            let settlements: Vec<Settlement> = judged.iter().map(settlement).collect();
            store.settle(token, &settlements, now).await?;
        }
        Step::Seize(token, user) => {
            let seized = store.seize(user, &terms(token)).await?;
            return Ok(Answer::Seized(Box::new(seized)));
        }
        Step::Foreign(user, accounts) => {
            let accounts: Vec<&RemoteUser> = accounts.iter().collect();
            let mut foreign = store.foreign(user, &accounts).await?;
            foreign.sort();
            return Ok(Answer::Accounts(foreign));
        }
        Step::BeginRemoval(token, user, accounts, roles) => {
            let accounts: Vec<&RemoteUser> = accounts.iter().collect();
            let entry = entry(user, now, "removing");
            let begun = store.begin_removal(token, user, &accounts, roles.as_deref(), &entry);
            return begun.await.map(Answer::Flag);
        }
        Step::Reseal(user, old, new) => store.reseal(user, old, new).await?,
        Step::Clear(token, user, clearing) => {
            let entry = entry(user, now, "cleared");
            let cleared = store.clear(token, user, clearing, now, &entry);
            return cleared.await.map(Answer::Cleared);
        }
        Step::Release(token, user, settled_at) => {
            store.release(token, user, *settled_at).await?;
        }
        Step::Plan(plot) => {
            let mut planned = store.plan_run(&planning(plot, now)).await?;
            planned.abandoned.sort();
            return Ok(Answer::Planned(planned));
        }
        Step::OpenDelivery(chunks) => {
            let mut opened = store.open_delivery(chunks, now).await?;
            opened.candidates.sort_by(|a, b| a.user.cmp(&b.user));
            opened.allowances.sort_by(|a, b| a.run_id.cmp(&b.run_id));
            return Ok(Answer::Opened(opened));
        }
        Step::CloseDelivery(chunks, unused) => {
            let mut standings = store.close_delivery(chunks, unused, now).await?;
            standings.sort_by(|a, b| a.id.cmp(&b.id));
            return Ok(Answer::Standings(standings));
        }
        Step::GiveUp(chunks) => store.give_up(chunks, "nobody came", now).await?,
    }
    Ok(Answer::Nothing)
}

/// Runs of their own, apart from those of [`Step::OpenRun`].
fn planned_run(number: u32) -> String {
    format!("plan-{number}")
}

fn planning(plot: &Plot, now: Timestamp) -> Planning {
    Planning {
        opening: RunOpening {
            run_id: planned_run(plot.number),
            trigger: Trigger::Cron,
            origin: origin(),
            limit: plot.limit,
            started_at: now,
        },
        max_takeovers: 3,
        due_by: now,
        hold_until: now.plus(plot.hold),
        chunk_size: plot.chunk_size,
        idle_since: now.minus(plot.idle),
    }
}

fn origin() -> Origin {
    Origin::event(Actor::cron(), RequestId::mint(START, &Seeded::new(1)))
}

fn entry(user: &UserId, at: Timestamp, outcome: &str) -> Entry {
    Entry {
        at,
        origin: origin(),
        action: Action::Provision,
        subject: user.to_string(),
        outcome: outcome.to_owned(),
    }
}
