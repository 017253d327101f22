//! The account that a reset let go of, made for an e-mail that the user no longer has.

use crate::provisioning::attempt::{Attempt, Ended, Pass};
use crate::provisioning::record::ForgottenAccount;
use crate::provisioning::{Failure, Provisioner, store};
use crate::threedeye::RemoteAccount;

impl Provisioner<'_> {
    /// Deletes the forgotten account, or finds it gone, before another one is created.
    pub(super) async fn remove_forgotten(
        &self,
        attempt: &mut Attempt,
        pass: Pass<'_>,
    ) -> Result<(), Ended> {
        let Some(forgotten) = attempt.claimed.forgotten.clone() else {
            return Ok(());
        };
        // Found by its e-mail, it is treated like any account that does not open.
        if forgotten.email == attempt.claimed.email {
            return Ok(());
        }
        let by_id = forgotten.id.as_ref().and_then(|id| pass.scan.by_id(id));
        if let Some(account) = by_id.or_else(|| pass.scan.by_email(&forgotten.email)) {
            let is_theirs = self.is_still_theirs(attempt, &forgotten, account, pass);
            if is_theirs.await? && !self.remote.is_protected(account) {
                pass.budget.take(self.database).await?;
                self.save_and_delete(attempt, account, None, pass.deadline)
                    .await?;
            }
        } else {
            self.prove_forgotten_gone(attempt, &forgotten, pass).await?;
        }
        attempt.claimed.forgotten = None;
        Ok(())
    }

    /// Whether this is the account that was let go of, and not one that another user got for the e-mail
    /// since. That the other user waits for one proves nothing: the e-mail was free as soon as the
    /// mapping was cleared.
    async fn is_still_theirs(
        &self,
        attempt: &Attempt,
        forgotten: &ForgottenAccount,
        account: &RemoteAccount,
        pass: Pass<'_>,
    ) -> Result<bool, Ended> {
        let user = &attempt.claimed.user;
        let of_others = store::accounts_of_others(self.database, user, &[account]).await?;
        if of_others.is_empty() {
            return Ok(true);
        }
        let Ok(password) = self.unsealed(user, &forgotten.password) else {
            return Ok(false);
        };
        let proved = self.proves(&forgotten.email, &password, pass.deadline);
        Ok(proved.await?)
    }

    /// Whether this is the account that a reset let go of: it is the user's, and no take-over.
    pub(super) async fn was_let_go_of(
        &self,
        attempt: &Attempt,
        account: &RemoteAccount,
        pass: Pass<'_>,
    ) -> Result<bool, Failure> {
        let Some(forgotten) = &attempt.claimed.forgotten else {
            return Ok(false);
        };
        if forgotten.id.as_ref() == Some(&account.id) {
            return Ok(true);
        }
        let Ok(password) = self.unsealed(&attempt.claimed.user, &forgotten.password) else {
            return Ok(false);
        };
        if account.email_key().as_ref() != Some(&forgotten.email) {
            return Ok(false);
        }
        self.proves(&forgotten.email, &password, pass.deadline)
            .await
    }

    /// The list does not show it: its password may tell more.
    async fn prove_forgotten_gone(
        &self,
        attempt: &Attempt,
        forgotten: &ForgottenAccount,
        pass: Pass<'_>,
    ) -> Result<(), Failure> {
        if !pass.scan.complete {
            return Err(Failure::ListIncomplete);
        }
        let password = self.unsealed(&attempt.claimed.user, &forgotten.password)?;
        let proved = self.proves(&forgotten.email, &password, pass.deadline);
        if proved.await? {
            return Err(Failure::NotVisibleYet);
        }
        if self.is_unsettled(attempt) {
            return Err(Failure::Settling);
        }
        Ok(())
    }
}
