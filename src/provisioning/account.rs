//! The steps for one user whose lease is held.
//!
//! The numbers in the comments are those of "Provisioning of one user" in
//! docs/ARCHITECTURE.md. Each step can be the last one that a process takes:
//! whoever comes next finds its way from the rows and the customer's list.

use std::cell::Cell;

use crate::kernel::audit::{Action, Entry};
use crate::kernel::sealing::Purpose;
use crate::kernel::{Clock, Deadline, EmailKey, Random, Sealed, Secret, Timestamp, UserId};
use crate::threedeye::{
    RemoteId, RemoteUser, RoleId, Survey, Upstream, UpstreamError, Wanted, password,
};

use crate::db::DatabaseError;
use crate::provisioning::policy::{ATTACH_DELAYS, REMOVAL_GRACE};
use crate::provisioning::record::{Claimed, Forgotten, Recovery, State};
use crate::provisioning::store::{Guarded, LeaseToken};
use crate::provisioning::{Failure, Store, Toolbox};

/// How many existing accounts may still be deleted and re-created.
#[derive(Debug)]
pub struct Takeovers(Cell<u32>);

impl Takeovers {
    /// Allows `limit` of them.
    pub fn limited(limit: u32) -> Self {
        Self(Cell::new(limit))
    }

    /// How many are left.
    pub fn left(&self) -> u32 {
        self.0.get()
    }

    fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

/// How a user came to its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It had it, and only roles were missing.
    RolesAttached,
    /// Created.
    Created,
    /// An earlier create had succeeded although its answer was lost.
    Adopted,
    /// An account that did not open was deleted and created again.
    Replaced,
}

impl How {
    /// The word in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RolesAttached => "roles_attached",
            Self::Created => "created",
            Self::Adopted => "adopted",
            Self::Replaced => "replaced",
        }
    }
}

/// How it ended for one user.
#[derive(Debug)]
pub enum End {
    /// The account is there, and holds its roles.
    Ready(RemoteId, How),
    /// The account is there, saved roles are missing; why the first of them is.
    RolesPending(RemoteId, UpstreamError),
    /// Not this time.
    Failed(Failure),
    /// The e-mail is taken outside our customer.
    Orphan,
    /// Another user holds the new e-mail.
    Duplicate,
    /// This run has taken over as many accounts as it may.
    TakeoverLimit,
    /// Not begun: the run was stopped.
    Untouched,
    /// Another actor has the user by now; nothing of this may be written down.
    LeaseLost,
}

/// How far a pass got.
#[derive(Debug)]
pub enum Step {
    /// To an end.
    Done(End),
    /// The list has to be read again.
    Unresolved(Doubt),
}

/// Why the list has to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The create was refused because the e-mail is taken.
    Taken,
    /// The create's answer was lost.
    AnswerLost,
    /// The create succeeded but did not tell the id.
    IdUntold,
}

/// One user on its way.
#[derive(Debug)]
pub struct Case {
    /// What the claim found; kept up to date as steps are taken.
    pub claimed: Claimed,
    /// Whether 3dEye has confirmed a delete of ours on this way.
    pub deleted: bool,
    /// The hold under which it may be changed.
    pub token: LeaseToken,
}

type Stepped = Result<Step, DatabaseError>;

impl<U: Upstream, S: Store, C: Clock, R: Random> Toolbox<'_, U, S, C, R> {
    /// First pass: everything that can be done with the list as read.
    pub async fn begin(
        &self,
        case: &mut Case,
        survey: &Survey,
        takeovers: &Takeovers,
        deadline: Deadline,
    ) -> Stepped {
        // 8. The account is there and only its roles are missing.
        if let (State::Attaching, Some(id)) = (case.claimed.state, &case.claimed.threedeye_id) {
            let id = id.clone();
            return Ok(self.finish(case, id, How::RolesAttached, deadline).await);
        }
        // Where it shares the intent's e-mail, the intent comes first: its account
        // is the user's, and there is none beside it.
        if case
            .claimed
            .forgotten
            .as_ref()
            .is_some_and(|account| account.email != case.claimed.intent_email)
            && let Some(step) = self
                .see_to_forgotten(case, survey, takeovers, deadline)
                .await?
        {
            return Ok(step);
        }
        if case.claimed.intent_email != case.claimed.email
            && let Some(step) = self.leave_old_intent(case, survey, deadline).await?
        {
            return Ok(step);
        }
        if let Some(step) = self
            .see_to_forgotten(case, survey, takeovers, deadline)
            .await?
        {
            return Ok(step);
        }
        if self.upstream.own_login().as_ref() == Some(&case.claimed.email) {
            return Ok(failed(Failure::OwnLogin));
        }
        match survey.by_email(&case.claimed.email) {
            Some(account) => {
                self.open_or_replace(case, account, takeovers, deadline)
                    .await
            }
            None => self.create(case, How::Created, deadline).await,
        }
    }

    /// Later passes: the list was read again because of `doubt`.
    pub async fn resolve(
        &self,
        case: &mut Case,
        doubt: Doubt,
        survey: &Survey,
        takeovers: &Takeovers,
        deadline: Deadline,
    ) -> Stepped {
        match (survey.by_email(&case.claimed.email), doubt) {
            (Some(account), _) => {
                self.open_or_replace(case, account, takeovers, deadline)
                    .await
            }
            // It exists; another create would only be refused.
            (None, Doubt::IdUntold) => Ok(Step::Unresolved(doubt)),
            (None, Doubt::Taken | Doubt::AnswerLost) => {
                let how = if case.claimed.recovery.is_some() {
                    How::Replaced
                } else {
                    How::Created
                };
                self.create(case, how, deadline).await
            }
        }
    }

    /// 7. The last re-read did not help: what does that mean for this user?
    pub async fn give_up(
        &self,
        case: &Case,
        doubt: Doubt,
        list_complete: bool,
        deadline: Deadline,
    ) -> Result<End, DatabaseError> {
        if doubt == Doubt::IdUntold {
            return Ok(End::Failed(Failure::NotVisibleYet));
        }
        let password = match self.password(case) {
            Ok(password) => password,
            Err(failure) => return Ok(End::Failed(failure)),
        };
        let ours = self.proves(&case.claimed.email, &password, deadline).await;
        Ok(match (ours, doubt) {
            (Ok(true), _) => End::Failed(Failure::NotVisibleYet),
            (Err(failure), _) => End::Failed(failure),
            (Ok(false), Doubt::AnswerLost | Doubt::IdUntold) => {
                End::Failed(UpstreamError::UnknownOutcome.into())
            }
            (Ok(false), Doubt::Taken) if !list_complete => End::Failed(Failure::ListIncomplete),
            // An account of this e-mail was deleted by us: it may take a while.
            (Ok(false), Doubt::Taken) if self.is_freed_lately(case).await? => {
                End::Failed(Failure::StillTaken)
            }
            (Ok(false), Doubt::Taken) => End::Orphan,
        })
    }

    /// The user's e-mail was changed after an intent for the old one was
    /// recorded. If an account came of that intent it is the user's one
    /// account and is adopted; otherwise the intent is replaced and the steps
    /// go on with the new e-mail (`None`).
    async fn leave_old_intent(
        &self,
        case: &mut Case,
        survey: &Survey,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        let password = match self.password(case) {
            Ok(password) => password,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        let old = case.claimed.intent_email.clone();
        match self.proves(&old, &password, deadline).await {
            Err(failure) => return Ok(Some(failed(failure))),
            Ok(true) if self.may_be_doomed(case) => return Ok(Some(failed(Failure::Settling))),
            Ok(true) => {
                return Ok(Some(match survey.by_email(&old) {
                    Some(account) => {
                        let id = account.id.clone();
                        self.finish(case, id, How::Adopted, deadline).await
                    }
                    None if survey.complete => failed(Failure::NotVisibleYet),
                    None => failed(Failure::ListIncomplete),
                }));
            }
            // It may yet come of it.
            Ok(false) if self.is_open(case) => return Ok(Some(failed(Failure::Settling))),
            Ok(false) => {}
        }
        let fresh = match self.new_password(case) {
            Ok(sealed) => sealed,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        let written = self
            .store
            .replace_intent(
                &case.token,
                &case.claimed.user,
                &case.claimed.email,
                &fresh,
                self.clock.now(),
            )
            .await?;
        Ok(match written {
            Guarded::Written => {
                case.claimed.intent_email = case.claimed.email.clone();
                case.claimed.password = fresh;
                case.claimed.fresh = true;
                None
            }
            Guarded::Contested => Some(Step::Done(End::Duplicate)),
            Guarded::LeaseLost => Some(Step::Done(End::LeaseLost)),
        })
    }

    /// An account with the user's e-mail is in our customer: 5. adopt it when
    /// the stored password opens it, 6. replace it otherwise.
    async fn open_or_replace(
        &self,
        case: &mut Case,
        account: &RemoteUser,
        takeovers: &Takeovers,
        deadline: Deadline,
    ) -> Stepped {
        // A password recorded by this very claim was never sent: no need to ask.
        if !case.claimed.fresh {
            let password = match self.password(case) {
                Ok(password) => password,
                Err(failure) => return Ok(failed(failure)),
            };
            match self.proves(&case.claimed.email, &password, deadline).await {
                // It may be about to vanish.
                Ok(true) if self.may_be_doomed(case) => return Ok(failed(Failure::Settling)),
                Ok(true) => {
                    let id = account.id.clone();
                    return Ok(self.finish(case, id, How::Adopted, deadline).await);
                }
                Ok(false) => {}
                Err(failure) => return Ok(failed(failure)),
            }
        }
        if !takeovers.take() {
            return Ok(Step::Done(End::TakeoverLimit));
        }
        self.replace(case, account, deadline).await
    }

    /// The account that a reset has let go of, made for an e-mail that the user
    /// no longer has: it is deleted, or found to be gone, before another one is
    /// created. `None`: done with.
    async fn see_to_forgotten(
        &self,
        case: &mut Case,
        survey: &Survey,
        takeovers: &Takeovers,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        let Some(forgotten) = case.claimed.forgotten.clone() else {
            return Ok(None);
        };
        // Found by its e-mail, it is dealt with like any account that does not open.
        if forgotten.email == case.claimed.email {
            return Ok(None);
        }
        let by_id = forgotten.id.as_ref().and_then(|id| survey.by_id(id));
        let Some(account) = by_id.or_else(|| survey.by_email(&forgotten.email)) else {
            return self
                .is_forgotten_gone(case, &forgotten, survey, deadline)
                .await;
        };
        let own = self.upstream.own_login();
        let is_own_login = own.is_some() && account.email_key() == own;
        let is_theirs = match self
            .is_still_theirs(case, &forgotten, account, deadline)
            .await?
        {
            Ok(is_theirs) => is_theirs,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        if is_theirs && !is_own_login {
            if !takeovers.take() {
                return Ok(Some(Step::Done(End::TakeoverLimit)));
            }
            if let Some(step) = self.save_and_delete(case, account, deadline).await? {
                return Ok(Some(step));
            }
        }
        case.claimed.forgotten = None;
        Ok(None)
    }

    /// Whether this is the account that was let go of, and not one that another
    /// user got for the e-mail since. That another is waiting to be given one
    /// proves nothing: the e-mail was free as soon as the mapping was cleared.
    async fn is_still_theirs(
        &self,
        case: &Case,
        forgotten: &Forgotten,
        account: &RemoteUser,
        deadline: Deadline,
    ) -> Result<Result<bool, Failure>, DatabaseError> {
        let foreign = self.store.foreign(&case.claimed.user, &[account]).await?;
        if foreign.is_empty() {
            return Ok(Ok(true));
        }
        let Ok(password) = self.unsealed(&case.claimed.user, &forgotten.password) else {
            return Ok(Ok(false));
        };
        Ok(self.proves(&forgotten.email, &password, deadline).await)
    }

    /// The list does not show it: does its password tell more?
    async fn is_forgotten_gone(
        &self,
        case: &mut Case,
        forgotten: &Forgotten,
        survey: &Survey,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        if !survey.complete {
            return Ok(Some(failed(Failure::ListIncomplete)));
        }
        let password = match self.unsealed(&case.claimed.user, &forgotten.password) {
            Ok(password) => password,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        Ok(
            match self.proves(&forgotten.email, &password, deadline).await {
                Err(failure) => Some(failed(failure)),
                Ok(true) => Some(failed(Failure::NotVisibleYet)),
                Ok(false) if self.is_open(case) => Some(failed(Failure::Settling)),
                Ok(false) => {
                    case.claimed.forgotten = None;
                    None
                }
            },
        )
    }

    /// 6. Save the roles, delete, create again.
    async fn replace(&self, case: &mut Case, account: &RemoteUser, deadline: Deadline) -> Stepped {
        if let Some(step) = self.save_and_delete(case, account, deadline).await? {
            return Ok(step);
        }
        self.create(case, How::Replaced, deadline).await
    }

    /// Saves the roles of an account, then deletes it. `None`: it is gone.
    async fn save_and_delete(
        &self,
        case: &mut Case,
        account: &RemoteUser,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        let waiting = case.claimed.recovery.take().map_or(Vec::new(), |r| r.roles);
        let roles = union(waiting, &account.roles);
        let entry = Entry {
            at: self.clock.now(),
            origin: self.origin.clone(),
            action: Action::SaveRoles,
            subject: case.claimed.user.to_string(),
            outcome: format!("{} role(s) of account {}", roles.len(), account.id.0),
        };
        let saved = self
            .store
            .save_recovery(&case.token, &case.claimed.user, account, &roles, &entry)
            .await?;
        case.claimed.recovery = Some(Recovery { roles });
        match saved {
            Guarded::Written => {}
            Guarded::Contested => return Ok(Some(failed(Failure::ForeignMapping))),
            Guarded::LeaseLost => return Ok(Some(Step::Done(End::LeaseLost))),
        }
        case.claimed.removed_at = Some(entry.at);
        if let Err(error) = self.upstream.delete(&account.id, deadline).await {
            return Ok(Some(failed(error.into())));
        }
        case.deleted = true;
        Ok(None)
    }

    /// 5. The intent is stored, so the create may be sent.
    async fn create(&self, case: &mut Case, how: How, deadline: Deadline) -> Stepped {
        let password = match self.password(case) {
            Ok(password) => password,
            Err(failure) => return Ok(failed(failure)),
        };
        if deadline.passed(self.clock.now()) {
            return Ok(failed(Failure::OutOfTime));
        }
        let answer = self
            .upstream
            .create(&case.claimed.email, &password, deadline)
            .await;
        case.claimed.fresh = false;
        Ok(match answer {
            Ok(Some(id)) => self.finish(case, id, how, deadline).await,
            Ok(None) => Step::Unresolved(Doubt::IdUntold),
            Err(UpstreamError::EmailTaken) => Step::Unresolved(Doubt::Taken),
            Err(UpstreamError::UnknownOutcome) => Step::Unresolved(Doubt::AnswerLost),
            Err(error) => failed(error.into()),
        })
    }

    /// 8. The account is there: attach what waits.
    async fn finish(&self, case: &Case, id: RemoteId, how: How, deadline: Deadline) -> Step {
        let waiting = case.claimed.recovery.as_ref().map(|r| r.roles.as_slice());
        let mut missing: Vec<&RoleId> = waiting.unwrap_or_default().iter().collect();
        if missing.is_empty() {
            return Step::Done(End::Ready(id, how));
        }
        // "Not found" may mean "not propagated yet". Every role gets its try
        // before anybody waits: one that is gone must not hold up the rest.
        for delay in ATTACH_DELAYS {
            self.clock.sleep(delay).await;
            let mut still = Vec::new();
            for role in missing {
                match self.upstream.attach_role(role, &id, deadline).await {
                    Ok(()) => {}
                    Err(UpstreamError::NotFound | UpstreamError::Rejected { .. }) => {
                        still.push(role);
                    }
                    Err(error) => return Step::Done(End::RolesPending(id, error)),
                }
            }
            missing = still;
            if missing.is_empty() {
                return Step::Done(End::Ready(id, how));
            }
        }
        Step::Done(End::RolesPending(id, UpstreamError::NotFound))
    }

    /// Whether the password opens the account; a refusal to say so concerns
    /// this account alone.
    pub(super) async fn proves(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, Failure> {
        let answer = self.upstream.opens(email, password, deadline).await;
        answer.map_err(|error| match error {
            UpstreamError::Rejected { .. } => Failure::Unproved,
            error => error.into(),
        })
    }

    /// Whether a call from earlier may still take effect.
    fn is_open(&self, case: &Case) -> bool {
        self.clock.now() < case.claimed.settled_at
    }

    /// Whether a delete from earlier may still take effect.
    fn may_be_doomed(&self, case: &Case) -> bool {
        !case.deleted && self.is_open(case) && self.removed_lately(case)
    }

    /// Whether the e-mail may still be taken by an account that is gone. Another
    /// user's reset may have deleted it since the claim.
    async fn is_freed_lately(&self, case: &Case) -> Result<bool, DatabaseError> {
        if self.removed_lately(case) {
            return Ok(true);
        }
        let removed_at = self.store.removed_at(&case.claimed.email).await?;
        Ok(removed_at.is_some_and(|moment| self.is_recent(moment)))
    }

    fn removed_lately(&self, case: &Case) -> bool {
        let removed_at = case.claimed.removed_at;
        removed_at.is_some_and(|moment| self.is_recent(moment))
    }

    fn is_recent(&self, moment: Timestamp) -> bool {
        self.clock.now().since(moment) < REMOVAL_GRACE
    }

    fn password(&self, case: &Case) -> Result<Secret, Failure> {
        self.unsealed(&case.claimed.user, &case.claimed.password)
    }

    pub(super) fn unsealed(&self, user: &UserId, sealed: &Sealed) -> Result<Secret, Failure> {
        self.sealer
            .open(Purpose::ThreedeyePassword, user, sealed)
            .map_err(|_| Failure::Unsealable)
    }

    fn new_password(&self, case: &Case) -> Result<Sealed, Failure> {
        let plain = password::generate(self.random);
        self.sealer
            .seal(
                Purpose::ThreedeyePassword,
                &case.claimed.user,
                &plain,
                self.random,
            )
            .map_err(|_| Failure::Unsealable)
    }
}

/// What a survey must look out for on behalf of these users.
pub fn wanted<'c>(cases: impl IntoIterator<Item = &'c Case>) -> Wanted {
    let mut wanted = Wanted::default();
    for case in cases {
        let claimed = &case.claimed;
        wanted.emails.insert(claimed.email.clone());
        wanted.emails.insert(claimed.intent_email.clone());
        if let Some(forgotten) = &claimed.forgotten {
            wanted.emails.insert(forgotten.email.clone());
            wanted.ids.extend(forgotten.id.clone());
        }
    }
    wanted
}

fn failed(failure: Failure) -> Step {
    Step::Done(End::Failed(failure))
}

fn union(mut roles: Vec<RoleId>, more: &[RoleId]) -> Vec<RoleId> {
    for role in more {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    roles
}
