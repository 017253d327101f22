//! The first pass, and an intent for an earlier e-mail.

use crate::db::DatabaseError;
use crate::kernel::Deadline;
use crate::provisioning::attempt::{
    AccountOrigin, Attempt, AttemptResult, ReplacementBudget, Step, StepResult, failed,
};
use crate::provisioning::record::State;
use crate::provisioning::store::Guarded;
use crate::provisioning::{Failure, Provisioner, store};
use crate::threedeye::DirectoryScan;

impl Provisioner<'_> {
    /// First pass: everything that can be done with the list as read.
    pub async fn begin(
        &self,
        attempt: &mut Attempt,
        scan: &DirectoryScan,
        budget: &ReplacementBudget,
        deadline: Deadline,
    ) -> StepResult {
        let claimed = &attempt.claimed;
        // 8. The account exists and only its roles are missing.
        if let (State::Attaching, Some(id)) = (claimed.state, &claimed.threedeye_id) {
            let id = id.clone();
            return Ok(self
                .finish(attempt, id, AccountOrigin::RolesAttached, deadline)
                .await);
        }
        // Where the forgotten account shares the intent's e-mail, the intent comes first: its account
        // is the user's, and there is no other.
        let forgotten_comes_first = claimed
            .forgotten
            .as_ref()
            .is_some_and(|account| account.email != claimed.intent_email);
        if forgotten_comes_first
            && let Some(step) = self
                .remove_forgotten(attempt, scan, budget, deadline)
                .await?
        {
            return Ok(step);
        }
        if attempt.claimed.intent_email != attempt.claimed.email
            && let Some(step) = self.leave_old_intent(attempt, scan, deadline).await?
        {
            return Ok(step);
        }
        if let Some(step) = self
            .remove_forgotten(attempt, scan, budget, deadline)
            .await?
        {
            return Ok(step);
        }
        if self.remote.own_login().as_ref() == Some(&attempt.claimed.email) {
            return Ok(failed(Failure::OwnLogin));
        }
        match scan.by_email(&attempt.claimed.email) {
            Some(account) => {
                self.adopt_or_replace(attempt, account, budget, deadline)
                    .await
            }
            None => self.create(attempt, AccountOrigin::Created, deadline).await,
        }
    }

    /// The user's e-mail was changed after an intent for the old one was recorded. If an account came
    /// of that intent it is the user's one account and is adopted; otherwise the intent is replaced and
    /// the steps go on with the new e-mail (`None`).
    async fn leave_old_intent(
        &self,
        attempt: &mut Attempt,
        scan: &DirectoryScan,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        let password = match self.password(attempt) {
            Ok(password) => password,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        let old = attempt.claimed.intent_email.clone();
        match self.proves(&old, &password, deadline).await {
            Err(failure) => return Ok(Some(failed(failure))),
            Ok(true) if self.may_be_doomed(attempt) => {
                return Ok(Some(failed(Failure::Settling)));
            }
            Ok(true) => {
                return Ok(Some(match scan.by_email(&old) {
                    Some(account) => {
                        let id = account.id.clone();
                        self.finish(attempt, id, AccountOrigin::Adopted, deadline)
                            .await
                    }
                    None if scan.complete => failed(Failure::NotVisibleYet),
                    None => failed(Failure::ListIncomplete),
                }));
            }
            // The account may yet appear.
            Ok(false) if self.is_unsettled(attempt) => {
                return Ok(Some(failed(Failure::Settling)));
            }
            Ok(false) => {}
        }
        let fresh = match self.new_password(&attempt.claimed.user) {
            Ok(sealed) => sealed,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        let written = store::replace_intent(
            self.database,
            &attempt.token,
            &attempt.claimed.user,
            &attempt.claimed.email,
            &fresh,
            self.clock.now(),
        )
        .await?;
        Ok(match written {
            Guarded::Written => {
                attempt.claimed.intent_email = attempt.claimed.email.clone();
                attempt.claimed.password = fresh;
                attempt.claimed.fresh = true;
                None
            }
            Guarded::Contested => Some(Step::Done(AttemptResult::Duplicate)),
            Guarded::LeaseLost => Some(Step::Done(AttemptResult::LeaseLost)),
        })
    }
}
