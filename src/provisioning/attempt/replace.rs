//! An account with the user's e-mail exists in our customer.

use crate::db::DatabaseError;
use crate::kernel::Deadline;
use crate::kernel::audit::{Action, Entry};
use crate::provisioning::attempt::{
    AccountOrigin, Attempt, AttemptResult, ReplacementBudget, Step, StepResult, failed,
};
use crate::provisioning::record::Recovery;
use crate::provisioning::store::Guarded;
use crate::provisioning::{Failure, Provisioner, store};
use crate::threedeye::{RemoteAccount, RoleId};

impl Provisioner<'_> {
    /// 5. Adopts it if the stored password opens it, 6. replaces it otherwise.
    pub(super) async fn adopt_or_replace(
        &self,
        attempt: &mut Attempt,
        account: &RemoteAccount,
        budget: &ReplacementBudget,
        deadline: Deadline,
    ) -> StepResult {
        // A password recorded by this very claim was never sent: no need to ask.
        if !attempt.claimed.fresh {
            let password = match self.password(attempt) {
                Ok(password) => password,
                Err(failure) => return Ok(failed(failure)),
            };
            let email = &attempt.claimed.email;
            match self.proves(email, &password, deadline).await {
                // It may be about to vanish.
                Ok(true) if self.may_be_doomed(attempt) => return Ok(failed(Failure::Settling)),
                Ok(true) => {
                    let id = account.id.clone();
                    return Ok(self
                        .finish(attempt, id, AccountOrigin::Adopted, deadline)
                        .await);
                }
                Ok(false) => {}
                Err(failure) => return Ok(failed(failure)),
            }
        }
        if !budget.take() {
            return Ok(Step::Done(AttemptResult::ReplacementLimit));
        }
        if let Some(step) = self.save_and_delete(attempt, account, deadline).await? {
            return Ok(step);
        }
        self.create(attempt, AccountOrigin::Replaced, deadline)
            .await
    }

    /// Saves the roles of an account, then deletes it. `None`: it is gone.
    pub(super) async fn save_and_delete(
        &self,
        attempt: &mut Attempt,
        account: &RemoteAccount,
        deadline: Deadline,
    ) -> Result<Option<Step>, DatabaseError> {
        let claimed = &mut attempt.claimed;
        let waiting = claimed.recovery.take().map_or(Vec::new(), |r| r.roles);
        let roles = union(waiting, &account.roles);
        let entry = Entry {
            at: self.clock.now(),
            origin: self.origin.clone(),
            action: Action::SaveRoles,
            subject: claimed.user.to_string(),
            outcome: format!("{} role(s) of account {}", roles.len(), account.id.0),
        };
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
            Guarded::Contested => return Ok(Some(failed(Failure::AccountOfAnotherUser))),
            Guarded::LeaseLost => return Ok(Some(Step::Done(AttemptResult::LeaseLost))),
        }
        claimed.removed_at = Some(entry.at);
        if let Err(error) = self.remote.delete_account(&account.id, deadline).await {
            return Ok(Some(failed(error.into())));
        }
        attempt.deleted = true;
        Ok(None)
    }
}

fn union(mut roles: Vec<RoleId>, more: &[RoleId]) -> Vec<RoleId> {
    for role in more {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    roles
}
