//! What a reset would do; nothing is changed.

use crate::db::DatabaseError;
use crate::kernel::{Deadline, Timestamp, UserId};
use crate::provisioning::policy::{PLAN_LIFETIME, SINGLE_BUDGET};
use crate::provisioning::record::{Mapping, ProvisioningRecord, State};
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::reset::plan::{Plan, Sight};
use crate::provisioning::reset::removal::{Found, Search};
use crate::provisioning::{Context, Failure, ProvisioningError, store};
use crate::threedeye::{Client, RemoteAccount, RemoteId, RoleId, UpstreamError};

/// What a reset would do.
#[derive(Debug)]
pub struct ResetPreview {
    /// By which it does exactly that.
    pub plan: Plan,
    /// A mapping that tells something would be forgotten.
    pub clears_mapping: bool,
    /// Saved roles that would be forgotten.
    pub cleared_roles: Vec<RoleId>,
    pub deletes: Vec<PlannedDelete>,
    /// A delete is asked for, and neither id nor e-mail is in our customer.
    pub not_visible: bool,
    /// False: the list could not be read to where all accounts would have been seen, and the reset would be
    /// refused.
    pub complete: bool,
    /// Camera roles that no account and no row would have afterwards.
    pub lost_roles: Vec<RoleId>,
    /// For a person to read.
    pub warnings: Vec<&'static str>,
}

/// An account that would be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDelete {
    pub id: RemoteId,
    pub roles: Vec<RoleId>,
    pub why: Why,
}

/// What makes an account the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The row has its id.
    Mapped,
    /// It has the user's e-mail.
    Email,
    /// It was made for the user before the last reset, or for an earlier e-mail.
    Earlier,
}

impl Why {
    /// The name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Email => "email",
            Self::Earlier => "earlier",
        }
    }
}

/// What a preview goes by.
#[derive(Clone, Copy)]
pub(in crate::provisioning) struct Seen<'a> {
    pub user: &'a UserId,
    pub record: &'a ProvisioningRecord,
    pub last_reset: Option<u64>,
    pub found: &'a Found,
    /// Whether 3dEye is.
    pub is_configured: bool,
}

impl Context<'_> {
    /// Looks at what [`reset`](Self::reset) would find, and refuses what it would refuse.
    pub async fn preview_reset(
        &self,
        remote: Option<&Client>,
        user: &UserId,
        order: ResetOrder,
    ) -> Result<ResetPreview, ProvisioningError> {
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        let (record, last_reset) = store::load_for_plan(self.database, user).await?;
        let now = self.clock.now();
        let mapping = record.mapping.as_ref();
        if let Some(held) = mapping.filter(|row| row.lease_until > now) {
            return Err(ProvisioningError::busy(held.lease_until, now));
        }
        let found = match (order.delete_remote, remote) {
            (true, None) => return Err(UpstreamError::NotConfigured.into()),
            (true, Some(remote)) => {
                let search = Search {
                    remover: self.with(remote),
                    deadline,
                    user,
                    record: &record,
                };
                search.find_present_or_departed().await?
            }
            (false, _) => {
                self.refuse_clearing(user, order, &record)?;
                Found::unsought()
            }
        };
        let seen = Seen {
            user,
            record: &record,
            last_reset,
            found: &found,
            is_configured: remote.is_some(),
        };
        Ok(self.preview_of(&seen, order, Some(now.plus(PLAN_LIFETIME)))?)
    }

    /// What a reset would do where this is seen. Its plan is good until then.
    pub(in crate::provisioning) fn preview_of(
        &self,
        seen: &Seen<'_>,
        order: ResetOrder,
        ends_at: Option<Timestamp>,
    ) -> Result<ResetPreview, DatabaseError> {
        let Seen {
            user,
            record,
            last_reset,
            found,
            is_configured,
        } = *seen;
        let mapping = record.mapping.as_ref();
        let accounts: Vec<&RemoteAccount> = found.accounts.iter().collect();
        let sight = Sight {
            user,
            order,
            record,
            last_reset,
            accounts: &accounts,
        };
        let lost_roles = sight.lost_roles();
        let keeps_saved = order.preserve_roles && !mapping.is_some_and(Mapping::has_left);
        let saved = record.recovery.iter().flat_map(|saved| &saved.roles);
        Ok(ResetPreview {
            plan: self.plan_of(&sight, ends_at)?,
            clears_mapping: order.clear_mapping && mapping.is_some_and(Mapping::is_recorded),
            cleared_roles: match order.clear_mapping && !keeps_saved {
                true => saved.cloned().collect(),
                false => Vec::new(),
            },
            deletes: accounts
                .iter()
                .map(|account| planned_delete(account, record))
                .collect(),
            not_visible: found.not_visible,
            complete: found.complete,
            warnings: warnings(order, record, found, is_configured, &lost_roles),
            lost_roles,
        })
    }

    /// Refuses what a reset without a delete would refuse.
    pub(in crate::provisioning) fn refuse_clearing(
        &self,
        user: &UserId,
        order: ResetOrder,
        record: &ProvisioningRecord,
    ) -> Result<(), Failure> {
        let Some(mapping) = record.mapping.as_ref().filter(|_| order.clear_mapping) else {
            return Ok(());
        };
        if mapping.state == State::Leaving {
            return Err(Failure::Leaving);
        }
        match record.user {
            Some(_) => self.what_to_remember(user, mapping).map(|_| ()),
            None => Ok(()),
        }
    }
}

impl Search<'_> {
    /// The accounts of a user that is there, or of one that left.
    async fn find_present_or_departed(&self) -> Result<Found, ProvisioningError> {
        let record = self.record;
        let left = record.mapping.as_ref().filter(|row| row.has_left());
        if let Some(left) = left {
            let departed = self.remover.find_departed(self.deadline, self.user, left);
            let accounts = departed.await?;
            return Ok(Found {
                not_visible: accounts.is_empty(),
                accounts,
                complete: true,
            });
        }
        let is_known =
            record.user.is_some() || record.mapping.is_some() || record.recovery.is_some();
        match is_known {
            true => self.find().await,
            // Neither e-mail nor id is known, so there is nothing to look for.
            false => Ok(Found {
                not_visible: true,
                complete: true,
                ..Found::default()
            }),
        }
    }
}

fn planned_delete(account: &RemoteAccount, record: &ProvisioningRecord) -> PlannedDelete {
    let mapped = record.mapping.as_ref();
    let mapped = mapped.and_then(|row| row.threedeye_id.as_ref());
    let own = record.user.as_ref().and_then(|row| row.email_key.clone());
    let why = match account {
        account if mapped == Some(&account.id) => Why::Mapped,
        account if own.is_some() && account.email_key() == own => Why::Email,
        _ => Why::Earlier,
    };
    PlannedDelete {
        id: account.id.clone(),
        roles: account.roles.clone(),
        why,
    }
}

fn warnings(
    order: ResetOrder,
    record: &ProvisioningRecord,
    found: &Found,
    is_configured: bool,
    lost: &[RoleId],
) -> Vec<&'static str> {
    let mapping = record.mapping.as_ref();
    let has_left = mapping.is_some_and(Mapping::has_left);
    let stays = order.clear_mapping && !order.delete_remote;
    let has_account = mapping.is_some_and(|row| row.threedeye_id.is_some());
    let has_email = record
        .user
        .as_ref()
        .is_some_and(|row| row.email_key.is_some());
    let texts = [
        (
            record.user.is_none() && !has_left,
            "There is no such user; only what is left of it can be cleared.",
        ),
        (
            has_left,
            "The user was deleted and will have no other account.",
        ),
        (
            stays && has_account,
            "The account stays at 3dEye. The next provisioning replaces it and attaches its cameras again.",
        ),
        (
            !found.complete,
            "The customer's user list could not be read whole, so this reset would be refused.",
        ),
        (
            !lost.is_empty(),
            "Cameras will be lost for good: nothing attaches them again.",
        ),
        (
            record.contested,
            "Another user holds the same e-mail, so no account can be made.",
        ),
        (
            order.reprovision && record.user.is_some() && !has_email,
            "The user has no e-mail, so no account can be made.",
        ),
        (
            order.reprovision && !is_configured,
            "3dEye is not configured, so no account can be made.",
        ),
    ];
    let given = texts.into_iter().filter(|(applies, _)| *applies);
    given.map(|(_, text)| text).collect()
}
