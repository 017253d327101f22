//! The account that a reset let go of, made for an e-mail that the user no longer has.

use crate::db::DatabaseError;
use crate::kernel::Deadline;
use crate::provisioning::attempt::{Attempt, AttemptResult, ReplacementBudget, Step, failed};
use crate::provisioning::record::ForgottenAccount;
use crate::provisioning::{Failure, Provisioner, store, unsealed};
use crate::threedeye::{DirectoryScan, RemoteAccount};

impl Provisioner<'_> {
    /// Deletes the forgotten account, or finds it gone, before another one is created.
    /// `None`: there is none any more.
    pub(super) async fn remove_forgotten(
        &self,
        attempt: &mut Attempt,
        scan: &DirectoryScan,
        budget: &ReplacementBudget,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        let Some(forgotten) = attempt.claimed.forgotten.clone() else {
            return Ok(None);
        };
        // Found by its e-mail, it is treated like any account that does not open.
        if forgotten.email == attempt.claimed.email {
            return Ok(None);
        }
        let by_id = forgotten.id.as_ref().and_then(|id| scan.by_id(id));
        let Some(account) = by_id.or_else(|| scan.by_email(&forgotten.email)) else {
            return self
                .prove_forgotten_gone(attempt, &forgotten, scan, deadline)
                .await;
        };
        let own = self.remote.own_login();
        let is_own_login = own.is_some() && account.email_key() == own;
        let is_theirs = match self
            .is_still_theirs(attempt, &forgotten, account, deadline)
            .await?
        {
            Ok(is_theirs) => is_theirs,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        if is_theirs && !is_own_login {
            if !budget.take() {
                return Ok(Some(Step::Done(AttemptResult::ReplacementLimit)));
            }
            if let Some(step) = self.save_and_delete(attempt, account, deadline).await? {
                return Ok(Some(step));
            }
        }
        attempt.claimed.forgotten = None;
        Ok(None)
    }

    /// Whether this is the account that was let go of, and not one that another user got for the e-mail
    /// since. That the other user waits for one proves nothing: the e-mail was free as soon as the
    /// mapping was cleared.
    async fn is_still_theirs(
        &self,
        attempt: &Attempt,
        forgotten: &ForgottenAccount,
        account: &RemoteAccount,
        deadline: Deadline,
    ) -> Result<Result<bool, Failure>, DatabaseError> {
        let user = &attempt.claimed.user;
        let of_others = store::accounts_of_others(self.database, user, &[account]).await?;
        if of_others.is_empty() {
            return Ok(Ok(true));
        }
        let Ok(password) = unsealed(self.sealer, user, &forgotten.password) else {
            return Ok(Ok(false));
        };
        Ok(self.proves(&forgotten.email, &password, deadline).await)
    }

    /// The list does not show it: its password may tell more.
    async fn prove_forgotten_gone(
        &self,
        attempt: &mut Attempt,
        forgotten: &ForgottenAccount,
        scan: &DirectoryScan,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        if !scan.complete {
            return Ok(Some(failed(Failure::ListIncomplete)));
        }
        let password = match unsealed(self.sealer, &attempt.claimed.user, &forgotten.password) {
            Ok(password) => password,
            Err(failure) => return Ok(Some(failed(failure))),
        };
        let opens = self.proves(&forgotten.email, &password, deadline).await;
        Ok(match opens {
            Err(failure) => Some(failed(failure)),
            Ok(true) => Some(failed(Failure::NotVisibleYet)),
            Ok(false) if self.is_unsettled(attempt) => Some(failed(Failure::Settling)),
            Ok(false) => {
                attempt.claimed.forgotten = None;
                None
            }
        })
    }
}
