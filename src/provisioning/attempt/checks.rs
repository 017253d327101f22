//! Questions that several steps ask.

use crate::db::DatabaseError;
use crate::kernel::{Deadline, EmailKey, Secret, Timestamp};
use crate::provisioning::attempt::Attempt;
use crate::provisioning::policy::REMOVAL_GRACE;
use crate::provisioning::{Failure, Provisioner, store};
use crate::threedeye::UpstreamError;

impl Provisioner<'_> {
    /// Whether the password opens the account; a refusal to say so concerns this account alone.
    pub(in crate::provisioning) async fn proves(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, Failure> {
        let answer = self.remote.verify_password(email, password, deadline).await;
        answer.map_err(|error| match error {
            UpstreamError::Rejected { .. } => Failure::Unproved,
            error => error.into(),
        })
    }

    /// Whether the recorded password opens an account with the user's e-mail.
    pub(super) async fn opens(
        &self,
        attempt: &Attempt,
        deadline: Deadline,
    ) -> Result<bool, Failure> {
        let password = self.password(attempt)?;
        self.proves(&attempt.claimed.email, &password, deadline)
            .await
    }

    pub(super) fn password(&self, attempt: &Attempt) -> Result<Secret, Failure> {
        let claimed = &attempt.claimed;
        self.unsealed(&claimed.user, &claimed.password)
    }

    /// Whether a call from earlier may still take effect.
    pub(super) fn is_unsettled(&self, attempt: &Attempt) -> bool {
        self.clock.now() < attempt.claimed.settled_at
    }

    /// Whether a delete from earlier may still take effect.
    pub(super) fn may_be_doomed(&self, attempt: &Attempt) -> bool {
        !attempt.deleted && self.is_unsettled(attempt) && self.was_removed_lately(attempt)
    }

    /// Whether the e-mail may still be taken by an account that is gone. Another user's reset may have
    /// deleted it since the claim.
    pub(super) async fn was_freed_lately(&self, attempt: &Attempt) -> Result<bool, DatabaseError> {
        if self.was_removed_lately(attempt) {
            return Ok(true);
        }
        let removed_at = store::removed_at(self.database, &attempt.claimed.email).await?;
        Ok(removed_at.is_some_and(|moment| self.is_recent(moment)))
    }

    fn was_removed_lately(&self, attempt: &Attempt) -> bool {
        let removed_at = attempt.claimed.removed_at;
        removed_at.is_some_and(|moment| self.is_recent(moment))
    }

    fn is_recent(&self, moment: Timestamp) -> bool {
        self.clock.now().since(moment) < REMOVAL_GRACE
    }
}
