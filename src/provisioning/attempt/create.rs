//! Create, attach roles, and what follows a create that was lost or refused.

use crate::db::DatabaseError;
use crate::kernel::Deadline;
use crate::provisioning::attempt::{
    AccountOrigin, Attempt, AttemptResult, Ended, Pass, RescanReason, Step,
};
use crate::provisioning::policy::ATTACH_DELAYS;
use crate::provisioning::{Failure, Provisioner};
use crate::threedeye::{RemoteId, RoleId, UpstreamError};

impl Provisioner<'_> {
    /// 5. The intent is stored, so the create may be sent.
    pub(super) async fn create(
        &self,
        attempt: &mut Attempt,
        origin: AccountOrigin,
        deadline: Deadline,
    ) -> Result<Step, Ended> {
        let password = self.password(attempt)?;
        if deadline.passed(self.clock.now()) {
            return Err(Failure::OutOfTime.into());
        }
        let answer = self
            .remote
            .create_account(&attempt.claimed.email, &password, deadline)
            .await;
        attempt.claimed.fresh = false;
        match answer {
            Ok(Some(id)) => Ok(self.finish(attempt, id, origin, deadline).await),
            Ok(None) => Ok(Step::Rescan(RescanReason::IdUnknown)),
            Err(UpstreamError::EmailTaken) => Ok(Step::Rescan(RescanReason::EmailTaken)),
            Err(UpstreamError::UnknownOutcome) => {
                attempt.create_lost = true;
                Ok(Step::Rescan(RescanReason::AnswerLost))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// 8. The account exists: attach the roles that wait.
    pub(super) async fn finish(
        &self,
        attempt: &Attempt,
        id: RemoteId,
        origin: AccountOrigin,
        deadline: Deadline,
    ) -> Step {
        let recovery = attempt.claimed.recovery.as_ref();
        let waiting = recovery.map(|saved| saved.roles.as_slice());
        let mut missing: Vec<&RoleId> = waiting.unwrap_or_default().iter().collect();
        if missing.is_empty() {
            return Step::Done(AttemptResult::Ready(id, origin));
        }
        // "Not found" may mean "not propagated yet". Every role gets its try before the next wait: one
        // that is gone must not hold up the rest.
        for delay in ATTACH_DELAYS {
            self.clock.sleep(delay).await;
            let mut still_missing = Vec::new();
            for role in missing {
                match self.remote.attach_role(role, &id, deadline).await {
                    Ok(()) => {}
                    Err(UpstreamError::NotFound | UpstreamError::Rejected { .. }) => {
                        still_missing.push(role);
                    }
                    Err(error) => return Step::Done(AttemptResult::RolesPending(id, error)),
                }
            }
            missing = still_missing;
            if missing.is_empty() {
                return Step::Done(AttemptResult::Ready(id, origin));
            }
        }
        Step::Done(AttemptResult::RolesPending(id, UpstreamError::NotFound))
    }

    /// Later passes: the list was read again because of `reason`.
    pub async fn resume(
        &self,
        attempt: &mut Attempt,
        reason: RescanReason,
        pass: Pass<'_>,
    ) -> Result<Step, Ended> {
        let email = &attempt.claimed.email;
        if let Some(account) = pass.scan.by_email(email) {
            return self.adopt_or_replace(attempt, account, pass).await;
        }
        match (pass.scan.by_spelling(email), reason) {
            // What was created is there, but may not be shown yet.
            (Some(account), RescanReason::AnswerLost | RescanReason::IdUnknown) => {
                match self.adopt_respelled(attempt, account, pass).await {
                    Err(Ended::With(AttemptResult::Failed(Failure::OtherSpelling(_)))) => {
                        Ok(Step::Rescan(reason))
                    }
                    ended => ended,
                }
            }
            (Some(account), RescanReason::EmailTaken) => {
                self.adopt_respelled(attempt, account, pass).await
            }
            // It exists; another create would only be refused.
            (None, RescanReason::IdUnknown) => Ok(Step::Rescan(reason)),
            (None, RescanReason::EmailTaken | RescanReason::AnswerLost) => {
                let origin = if attempt.claimed.recovery.is_some() {
                    AccountOrigin::Replaced
                } else {
                    AccountOrigin::Created
                };
                self.create(attempt, origin, pass.deadline).await
            }
        }
    }

    /// 7. The last re-read did not help: why this user fails.
    pub async fn conclude_unseen(
        &self,
        attempt: &Attempt,
        reason: RescanReason,
        list_complete: bool,
        deadline: Deadline,
    ) -> Result<Failure, DatabaseError> {
        if reason == RescanReason::IdUnknown {
            return Ok(Failure::NotVisibleYet);
        }
        match self.opens(attempt, deadline).await {
            Ok(false) => {}
            Ok(true) => return Ok(Failure::NotVisibleYet),
            Err(failure) => return Ok(failure),
        }
        if reason == RescanReason::AnswerLost {
            return Ok(UpstreamError::UnknownOutcome.into());
        }
        if !list_complete {
            return Ok(Failure::ListIncomplete);
        }
        // After we deleted an account with this e-mail, it may stay taken for a while.
        if self.was_freed_lately(attempt).await? {
            return Ok(Failure::StillTaken);
        }
        Ok(Failure::Orphan)
    }
}
