//! An account with the user's e-mail exists in our customer.

use crate::kernel::Deadline;
use crate::kernel::audit::Action;
use crate::provisioning::attempt::{AccountOrigin, Attempt, AttemptResult, Ended, Pass, Step};
use crate::provisioning::record::{Recovery, union};
use crate::provisioning::store::Guarded;
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
        // A password recorded by this very claim was never sent: no need to ask.
        if !attempt.claimed.fresh && self.opens(attempt, pass.deadline).await? {
            // It may be about to vanish.
            if self.may_be_doomed(attempt) {
                return Err(Failure::Settling.into());
            }
            let id = account.id.clone();
            let adopted = self.finish(attempt, id, AccountOrigin::Adopted, pass.deadline);
            return Ok(adopted.await);
        }
        if !pass.budget.take() {
            return Err(AttemptResult::ReplacementLimit.into());
        }
        self.save_and_delete(attempt, account, pass.deadline)
            .await?;
        self.create(attempt, AccountOrigin::Replaced, pass.deadline)
            .await
    }

    /// Saves the roles of an account, then deletes it.
    pub(super) async fn save_and_delete(
        &self,
        attempt: &mut Attempt,
        account: &RemoteAccount,
        deadline: Deadline,
    ) -> Result<(), Ended> {
        let claimed = &mut attempt.claimed;
        let waiting = claimed.recovery.take().map_or(Vec::new(), |r| r.roles);
        let roles = union(waiting, &account.roles);
        let outcome = format!("{} role(s) of account {}", roles.len(), account.id.0);
        let entry = self.entry(Action::SaveRoles, &claimed.user, outcome);
        let saved = store::save_recovery(
            self.database,
            &attempt.token,
            &claimed.user,
            account,
            &roles,
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
