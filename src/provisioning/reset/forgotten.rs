//! Which account the cleared rows have to remember: one that may still exist, and that nothing would
//! lead to any more if the user's e-mail changed after the mapping was cleared.

use crate::kernel::UserId;
use crate::provisioning::policy::SETTLING;
use crate::provisioning::record::{ForgottenAccount, Mapping, State};
use crate::provisioning::reset::removal::LeasedRemoval;
use crate::provisioning::{Context, Failure};
use crate::threedeye::RemoteAccount;

/// What the cleared row still leads to.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub account: Option<ForgottenAccount>,
    /// The row stays pending as it is: either of its two passwords may be the account's.
    pub keep_intent: bool,
}

impl From<Option<ForgottenAccount>> for Memory {
    fn from(account: Option<ForgottenAccount>) -> Self {
        Self {
            account,
            keep_intent: false,
        }
    }
}

impl Context<'_> {
    /// Without a remote delete: the account of the intent, or the one remembered earlier. Only one can
    /// be remembered: two for different e-mails refuse the reset. Of two for one e-mail at most one
    /// exists: the intent's, if its id is known. Otherwise no one was ever told the intent's password,
    /// so that the next provisioning may as well use it.
    pub(super) fn what_to_remember(
        &self,
        user: &UserId,
        mapping: &Mapping,
    ) -> Result<Memory, Failure> {
        let (earlier, current) = (mapping.forgotten.clone(), intended(mapping));
        let (Some(earlier), Some(current)) = (&earlier, &current) else {
            return Ok(current.or(earlier).into());
        };
        if earlier.email != current.email {
            return Err(Failure::MadeForAnotherEmail);
        }
        // What no key opens leads to nothing.
        let opens = |account: &ForgottenAccount| self.unsealed(user, &account.password).is_ok();
        if current.id.is_some() || !opens(earlier) {
            return Ok(Some(current.clone()).into());
        }
        if !opens(current) {
            return Ok(Some(earlier.clone()).into());
        }
        Ok(Memory {
            account: None,
            keep_intent: true,
        })
    }
}

impl LeasedRemoval<'_> {
    /// After the whole list was searched: an account that was not deleted and may yet appear.
    pub(super) async fn still_to_remember(
        &self,
        mapping: &Mapping,
        gone: &[RemoteAccount],
    ) -> Result<Option<ForgottenAccount>, Failure> {
        // If no key opens the password any more, it can tell nothing that the list does not, and
        // waiting for it would never end.
        // One that was deleted may come again while a create whose answer was lost may take effect.
        let is_settled = mapping.settled_at <= self.remover.clock.now();
        let may_exist = |account: &ForgottenAccount| {
            !(is_settled && is_among(gone, account))
                && self.remover.unsealed(self.user, &account.password).is_ok()
        };
        let earlier = mapping.forgotten.clone().filter(may_exist);
        let current = intended(mapping).filter(may_exist);
        let (Some(earlier), Some(current)) = (&earlier, &current) else {
            return Ok(current.or(earlier));
        };
        // For one e-mail, too: the list may not show it yet, and only its own password tells.
        if earlier != current {
            self.prove_gone(mapping, earlier).await?;
        }
        Ok(Some(current.clone()))
    }

    /// Fails unless an account that the list does not show does not exist, and will not.
    async fn prove_gone(
        &self,
        mapping: &Mapping,
        account: &ForgottenAccount,
    ) -> Result<(), Failure> {
        let password = self.remover.unsealed(self.user, &account.password)?;
        let proved = self
            .remover
            .proves(&account.email, &password, self.deadline);
        if proved.await? {
            return Err(Failure::NotVisibleYet);
        }
        // A lease that was not given back had a holder that died.
        let settled_at = mapping.settled_at.max(mapping.lease_until.plus(SETTLING));
        if self.remover.clock.now() < settled_at {
            return Err(Failure::Settling);
        }
        Ok(())
    }
}

fn is_among(accounts: &[RemoteAccount], sought: &ForgottenAccount) -> bool {
    accounts.iter().any(|account| {
        sought.id.as_ref() == Some(&account.id)
            || account.email_key().as_ref() == Some(&sought.email)
    })
}

/// What came, or may yet come, of the row's intent.
fn intended(mapping: &Mapping) -> Option<ForgottenAccount> {
    let may_exist = matches!(
        mapping.state,
        State::Pending | State::Attaching | State::Complete
    );
    if !may_exist {
        return None;
    }
    Some(ForgottenAccount {
        email: mapping.email_key.clone()?,
        id: mapping.threedeye_id.clone(),
        password: mapping.password.clone()?,
    })
}
