//! What a provisioning would find in its way.

use super::{Looked, Planned};
use crate::db::json_text;
use crate::provisioning::record::{Mapping, ProvisioningRecord, State};
use crate::provisioning::single::refuse_hopeless;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::RemoteAccount;

/// Whether accounts are in the way, which are deleted: the one with the user's e-mail, unless the password that we keep
/// opens it, and one that a reset let go of.
pub(super) fn look_at_provisioning(looked: Looked<'_>) -> Result<Planned, ProvisioningError> {
    let Looked { user, record, .. } = looked;
    let row = record.user.as_ref().ok_or(ProvisioningError::NoUser)?;
    let email = row.email_key.as_ref().ok_or(ProvisioningError::NoEmail)?;
    let mapping = record.mapping.as_ref();
    let mut planned = Planned::default();
    if mapping.map(|row| row.state) == Some(State::Complete) {
        let warning = "The account is complete; nothing would be done.";
        planned.warnings.push(warning.to_owned());
        return Ok(planned);
    }
    refuse_hopeless(record)?;
    if let (Some(remote), Some(shown)) = (looked.remote, looked.shown)
        && has_no_account(record)
    {
        let is_of_others = |account: &RemoteAccount| {
            let of_others = shown.of_others.get(user);
            of_others.is_some_and(|ids| ids.contains(&account.id))
        };
        let forgotten = mapping.and_then(|row| row.forgotten.as_ref());
        let forgotten = forgotten
            .filter(|forgotten| forgotten.email != *email)
            .and_then(|forgotten| {
                let by_id = forgotten.id.as_ref().and_then(|id| shown.scan.by_id(id));
                by_id.or_else(|| shown.scan.by_email(&forgotten.email))
            })
            .filter(|account| !is_of_others(account) && !remote.is_protected(account));
        if let Some(account) = forgotten {
            let id = &account.id.0;
            let warning =
                format!("Account {id} of an earlier e-mail is deleted; its roles are kept.");
            planned.warnings.push(warning);
            planned.deletes.push(account.id.clone());
        }
        if let Some(account) = shown.scan.by_email(email) {
            let kept = match is_of_others(account) {
                true => Some(Failure::AccountOfAnotherUser),
                false => remote.is_protected(account).then_some(Failure::Protected),
            };
            let may_open = mapping.is_some_and(|row| row.password.is_some());
            let id = &account.id.0;
            planned.warnings.push(match (&kept, may_open) {
                (Some(failure), false) => return Err(failure.clone().into()),
                (Some(failure), true) => {
                    format!("Unless the password that we keep opens account {id}: {failure}.")
                }
                (None, true) => format!(
                    "Unless the password that we keep opens account {id}, it is deleted and created again, with its roles."
                ),
                (None, false) => {
                    format!("Account {id} is deleted and created again, with its roles.")
                }
            });
            planned
                .deletes
                .extend(kept.is_none().then(|| account.id.clone()));
        }
    }
    let ids: Vec<&str> = planned.deletes.iter().map(|id| id.0.as_str()).collect();
    planned.tag = json_text(&ids)?;
    Ok(planned)
}

pub(super) fn has_no_account(record: &ProvisioningRecord) -> bool {
    let mapping = record.mapping.as_ref();
    mapping.and_then(Mapping::credentials).is_none()
}
