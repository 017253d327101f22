//! An account with the user's e-mail exists in our customer.

use crate::kernel::audit::Action;
use crate::kernel::{Deadline, EmailKey};
use crate::provisioning::attempt::{AccountOrigin, Attempt, Ended, Pass, Step};
use crate::provisioning::record::{Recovery, union};
use crate::provisioning::store::{Guarded, Replacement};
use crate::provisioning::{Failure, Provisioner, store};
use crate::threedeye::RemoteAccount;

impl Provisioner<'_> {
    /// 5. Adopts it if the stored password opens it, 6. replaces it otherwise.
    pub(super) async fn adopt_or_replace(
        &self,
        attempt: &mut Attempt,
        account: &RemoteAccount,
        pass: Pass<'_>,
    ) -> Result<Step, Ended> {
        if let Some(adopted) = self.adopt(attempt, account, pass).await? {
            return Ok(adopted);
        }
        if self.remote.is_protected(account) {
            return Err(Failure::Protected.into());
        }
        let is_mapped = attempt.claimed.threedeye_id.as_ref() == Some(&account.id);
        let is_own = is_mapped || self.was_let_go_of(attempt, account, pass).await?;
        if !is_own && !pass.budget.may_take_over(account) {
            return Err(Failure::TakeOverUnproved.into());
        }
        // One was counted for the account that a reset let go of; only one is created anew.
        if !attempt.deleted {
            pass.budget.take(self.database).await?;
        }
        let taken_over = (!is_own).then(|| attempt.claimed.email.clone());
        self.save_and_delete(attempt, account, taken_over.as_ref(), pass.deadline)
            .await?;
        self.create(attempt, AccountOrigin::Replaced, pass.deadline)
            .await
    }

    /// Adopts it if the stored password opens it.
    async fn adopt(
        &self,
        attempt: &Attempt,
        account: &RemoteAccount,
        pass: Pass<'_>,
    ) -> Result<Option<Step>, Ended> {
        // A password recorded by this very claim was never sent: no need to ask.
        if attempt.claimed.fresh || !self.opens(attempt, pass.deadline).await? {
            return Ok(None);
        }
        // It may be about to vanish.
        if self.may_be_doomed(attempt) {
            return Err(Failure::Settling.into());
        }
        let id = account.id.clone();
        let adopted = self.finish(attempt, id, AccountOrigin::Adopted, pass.deadline);
        Ok(Some(adopted.await))
    }

    /// An account has the user's e-mail in another spelling. It is adopted if the stored password
    /// opens it, and never replaced: it may be another person's.
    pub(super) async fn adopt_respelled(
        &self,
        attempt: &mut Attempt,
        account: &RemoteAccount,
        pass: Pass<'_>,
    ) -> Result<Step, Ended> {
        if let Some(adopted) = self.adopt(attempt, account, pass).await? {
            return Ok(adopted);
        }
        // A create from earlier may yet take effect.
        if self.is_unsettled(attempt) {
            return Err(Failure::Settling.into());
        }
        Err(Failure::OtherSpelling(account.id.clone()).into())
    }

    /// Saves the roles of an account, then deletes it. `taken_over`: its e-mail, if we did not make it
    /// for the user.
    pub(super) async fn save_and_delete(
        &self,
        attempt: &mut Attempt,
        account: &RemoteAccount,
        taken_over: Option<&EmailKey>,
        deadline: Deadline,
    ) -> Result<(), Ended> {
        let claimed = &mut attempt.claimed;
        let waiting = claimed.recovery.take().map_or(Vec::new(), |r| r.roles);
        let roles = union(waiting, &account.roles);
        let outcome = format!("{} role(s) of account {}", roles.len(), account.id.0);
        let entry = self.entry(Action::SaveRoles, &claimed.user, outcome);
        let removal = Replacement {
            account,
            roles: &roles,
            taken_over,
        };
        let saved = store::save_recovery(
            self.database,
            &attempt.token,
            &claimed.user,
            removal,
            &entry,
        )
        .await?;
        claimed.recovery = Some(Recovery { roles });
        match saved {
            Guarded::Written => {}
            Guarded::Contested => return Err(Failure::AccountOfAnotherUser.into()),
            Guarded::LeaseLost => return Err(Ended::LEASE_LOST),
        }
        claimed.removed_at = Some(entry.at);
        self.remote.delete_account(&account.id, deadline).await?;
        attempt.deleted = true;
        Ok(())
    }
}
