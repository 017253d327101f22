//! Random steps.

use std::collections::BTreeSet;

use super::step::planned_run;
use super::*;
use crate::kernel::Random as _;
use crate::provisioning::record::ForgottenAccount;

/// Few of each, and one e-mail more often than the others, so that they meet.
const USERS: [&str; 4] = ["ann", "bob", "cyd", "dan"];
const EMAILS: [&str; 4] = [
    "one@example.com",
    "one@example.com",
    "two@example.com",
    "three@example.com",
];
const ACCOUNTS: [&str; 3] = ["acc-1", "acc-2", "acc-3"];

/// Invents the steps. It remembers which leases were granted: steps with invented tokens only would
/// change nothing.
pub struct Author {
    random: Seeded,
    serial: u32,
    holds: Vec<(LeaseToken, UserId)>,
    passwords: Vec<(UserId, Sealed)>,
    chunks: Vec<ChunkId>,
}

impl Author {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Seeded::new(seed),
            serial: 0,
            holds: Vec::new(),
            passwords: Vec::new(),
            chunks: Vec::new(),
        }
    }

    /// Remembers what later steps need.
    pub fn learn(&mut self, step: &Step, answer: Answer) {
        match (step, answer) {
            (Step::Claim(token, _), Answer::Claimed(claimed)) => {
                for one in claimed {
                    self.holds.push((token.clone(), one.user.clone()));
                    self.passwords.push((one.user, one.password));
                }
            }
            (Step::AcquireLease(token, user), Answer::Acquired) => {
                self.holds.push((token.clone(), user.clone()));
            }
            (_, Answer::Planned(chunks)) => self.chunks.extend(chunks),
            _ => {}
        }
    }

    pub fn next(&mut self, now: Timestamp) -> Step {
        self.serial += 1;
        if self.serial <= 3 {
            return Step::PutUser(self.user(), self.email());
        }
        match self.random.below(54) {
            0..2 => Step::PutUser(self.user(), self.email()),
            2..4 => Step::ChangeEmail(self.user(), self.email()),
            4 => Step::DeleteUser(self.user()),
            5..8 => Step::Advance(self.span()),
            8 => Step::OpenRun(self.random.below(3)),
            9 => Step::CloseRun(self.random.below(3)),
            10..15 => Step::Claim(self.token(), self.requests()),
            15..18 => Step::SetAside(self.some(Self::user)),
            18 => {
                let (token, user) = self.hold();
                Step::RenewLeases(token, vec![user, self.user()])
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
                let mut ended = vec![(user, self.outcome(now))];
                let other = self.user();
                if ended.iter().all(|(user, _)| *user != other) {
                    ended.push((other, self.outcome(now)));
                }
                Step::RecordOutcomes(token, ended)
            }
            30..33 => Step::AcquireLease(self.token(), self.user()),
            33 => Step::AccountsOfOthers(self.user(), self.some(Self::account)),
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
            39..43 => Step::Plan(self.plan_terms()),
            43..46 => Step::OpenDelivery(self.messages()),
            46..51 => Step::CloseDelivery(self.messages(), self.unused()),
            51..53 => Step::GiveUp(self.messages()),
            _ => {
                let (token, user) = self.hold();
                let settled_at = self.chance(3).then(|| now.plus(self.span()));
                Step::ReleaseLease(token, user, settled_at)
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

    /// An e-mail as a user enters it, or none.
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

    fn account(&self) -> RemoteAccount {
        RemoteAccount {
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

    fn requests(&self) -> Vec<ClaimRequest> {
        let mut users: Vec<UserId> = (0..3).map(|_| self.user()).collect();
        users.sort();
        users.dedup();
        if self.chance(2) {
            users.reverse();
        }
        let request = |user: UserId| ClaimRequest {
            password: self.password(&user),
            user,
        };
        users.into_iter().map(request).collect()
    }

    /// A lease that was granted, mostly one of the latest; sometimes an invented one.
    fn hold(&self) -> (LeaseToken, UserId) {
        let latest = self.holds.len().saturating_sub(4);
        match &self.holds[latest..] {
            [] => (self.token(), self.user()),
            _ if self.chance(10) => (self.token(), self.user()),
            some => self.pick(some),
        }
    }

    fn plan_terms(&self) -> PlanTerms {
        PlanTerms {
            number: if self.chance(6) { 1 } else { self.serial },
            limit: 1 + self.random.below(4),
            chunk_size: 1 + self.random.below(3),
            hold: self.span(),
            abandoned_after: self.span(),
        }
    }

    /// Each chunk once, mostly one of the latest; sometimes an unknown one.
    fn messages(&self) -> Vec<ChunkId> {
        let latest = &self.chunks[self.chunks.len().saturating_sub(3)..];
        let message = |_| match latest {
            [] => self.unknown_chunk(),
            _ if self.chance(12) => self.unknown_chunk(),
            some => self.pick(some),
        };
        let messages: BTreeSet<ChunkId> = (0..=self.random.below(3)).map(message).collect();
        messages.into_iter().collect()
    }

    fn unknown_chunk(&self) -> ChunkId {
        ChunkId {
            run_id: planned_run(1),
            chunk: 1 + self.random.below(3),
        }
    }

    /// Of one run at most.
    fn unused(&self) -> Vec<ReplacementAllowance> {
        let latest = self.chunks.last().filter(|_| self.chance(2));
        let unused = |id: &ChunkId| ReplacementAllowance {
            run_id: id.run_id.clone(),
            replacements: self.random.below(4),
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

    fn forgotten(&self, user: &UserId) -> ForgottenAccount {
        ForgottenAccount {
            email: self.email_key(),
            id: self
                .chance(2)
                .then(|| RemoteId(self.pick(&ACCOUNTS).to_owned())),
            password: self.password(user),
        }
    }

    fn outcome(&self, now: Timestamp) -> Outcome {
        let id = RemoteId(self.pick(&ACCOUNTS).to_owned());
        let error = format!("error {}", self.serial);
        let next_attempt_at = now.plus(self.span());
        match self.random.below(12) {
            0..4 => Outcome::Complete { id },
            4..6 => Outcome::Attaching {
                id,
                next_attempt_at,
                error,
            },
            6..8 => Outcome::Failed {
                next_attempt_at,
                error,
                settled_at: self.chance(2).then_some(next_attempt_at),
            },
            8 => Outcome::Quarantined { error },
            9 => Outcome::SetAside {
                email: self.email_key(),
                error,
            },
            _ => Outcome::Released {
                due_at: self.chance(2).then_some(next_attempt_at),
            },
        }
    }
}
