//! The first pass, and an intent for an earlier e-mail.

use crate::provisioning::attempt::{AccountOrigin, Attempt, Ended, Pass, Step};
use crate::provisioning::record::State;
use crate::provisioning::store::Guarded;
use crate::provisioning::{Failure, Provisioner, store};

impl Provisioner<'_> {
    /// First pass: everything that can be done with the list as read.
    pub async fn begin(&self, attempt: &mut Attempt, pass: Pass<'_>) -> Result<Step, Ended> {
        let claimed = &attempt.claimed;
        // 8. The account exists and only its roles are missing.
        if let (State::Attaching, Some(id)) = (claimed.state, &claimed.threedeye_id) {
            let id = id.clone();
            return Ok(self
                .finish(attempt, id, AccountOrigin::RolesAttached, pass.deadline)
                .await);
        }
        // Where the forgotten account shares the intent's e-mail, the intent comes first: its account
        // is the user's, and there is no other.
        let forgotten = claimed.forgotten.as_ref();
        if forgotten.is_some_and(|account| account.email != claimed.intent_email) {
            self.remove_forgotten(attempt, pass).await?;
        }
        if attempt.claimed.intent_email != attempt.claimed.email
            && let Some(step) = self.leave_old_intent(attempt, pass).await?
        {
            return Ok(step);
        }
        self.remove_forgotten(attempt, pass).await?;
        let email = &attempt.claimed.email;
        if let Some(account) = pass.scan.by_email(email) {
            return self.adopt_or_replace(attempt, account, pass).await;
        }
        if let Some(account) = pass.scan.by_spelling(email) {
            return self.adopt_respelled(attempt, account, pass).await;
        }
        self.create(attempt, AccountOrigin::Created, pass.deadline)
            .await
    }

    /// The user's e-mail was changed after an intent for the old one was recorded. If an account came
    /// of that intent it is the user's one account and is adopted; otherwise the intent is replaced and
    /// the steps go on with the new e-mail (`None`).
    async fn leave_old_intent(
        &self,
        attempt: &mut Attempt,
        pass: Pass<'_>,
    ) -> Result<Option<Step>, Ended> {
        let password = self.password(attempt)?;
        let old = attempt.claimed.intent_email.clone();
        if self.proves(&old, &password, pass.deadline).await? {
            if self.may_be_doomed(attempt) {
                return Err(Failure::Settling.into());
            }
            let Some(account) = pass.scan.by_email(&old) else {
                return Err(match pass.scan.complete {
                    true => Failure::NotVisibleYet.into(),
                    false => Failure::ListIncomplete.into(),
                });
            };
            let id = account.id.clone();
            let adopted = self.finish(attempt, id, AccountOrigin::Adopted, pass.deadline);
            return Ok(Some(adopted.await));
        }
        // The account may yet appear.
        if self.is_unsettled(attempt) {
            return Err(Failure::Settling.into());
        }
        let claimed = &mut attempt.claimed;
        let fresh = self.new_password(&claimed.user)?;
        let written = store::replace_intent(
            self.database,
            &attempt.token,
            &claimed.user,
            &claimed.email,
            &fresh,
            self.clock.now(),
        )
        .await?;
        match written {
            Guarded::Written => {
                claimed.intent_email = claimed.email.clone();
                claimed.password = fresh;
                claimed.fresh = true;
                Ok(None)
            }
            Guarded::Contested => Err(Failure::Duplicate.into()),
            Guarded::LeaseLost => Err(Ended::LEASE_LOST),
        }
    }
}
