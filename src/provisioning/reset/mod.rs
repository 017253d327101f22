//! The repair by hand: probe, delete remotely, clear the rows, provision again.
//!
//! The rows are cleared in one batch, and never before a requested remote delete has succeeded or was
//! found to have nothing to delete. All of it shares one budget of time. When that runs out before the
//! rows are cleared, the reset is refused and may be sent again; afterwards only the provisioning is
//! left undone, which the queue knows.
//!
//! | module | what it does |
//! |---|---|
//! | `plan` | what a preview showed, recognised again |
//! | `preview` | what a reset would do |
//! | `removal` | finds and deletes the user's accounts |
//! | `forgotten` | which account the cleared rows have to remember |

mod forgotten;
mod plan;
mod preview;
mod removal;

use serde::{Deserialize, Serialize};

use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Deadline, UserId};
use crate::provisioning::policy::{SETTLING, SINGLE_BUDGET};
use crate::provisioning::record::{ProvisioningRecord, State, union};
use crate::provisioning::single::Proof;
use crate::provisioning::store::{self, Clearing, LeaseTerms};
use crate::provisioning::{Context, Failure, Provisioner, ProvisioningError};
use crate::threedeye::{Client, RemoteAccount, RemoteId, RoleId, UpstreamError};

use forgotten::Memory;
pub use plan::{Plan, ResetTerms};
pub(super) use plan::{Sight, is_of_tag};
pub(super) use preview::Seen;
pub use preview::{PlannedDelete, ResetPreview, Why};
use removal::LeasedRemoval;
pub use removal::Removal;
pub(super) use removal::{Found, own_accounts};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetOrder {
    /// Forget the mapping and the saved roles.
    pub clear_mapping: bool,
    /// Delete the account at 3dEye.
    pub delete_remote: bool,
    /// Provision again at once.
    pub reprovision: bool,
    /// Keep the deleted account's roles for the next provisioning.
    pub preserve_roles: bool,
}

impl ResetOrder {
    /// What leaves the user as it is.
    pub const NOTHING: Self = Self {
        clear_mapping: false,
        delete_remote: false,
        reprovision: false,
        preserve_roles: false,
    };
}

/// What was done.
#[derive(Debug)]
pub struct ResetDone {
    /// The user's e-mail; `None` for an unknown user or one without.
    pub email: Option<String>,
    /// A mapping row was deleted.
    pub cleared_mapping: bool,
    /// A recovery row was deleted.
    pub cleared_recovery: bool,
    /// What was done at 3dEye.
    pub removal: Removal,
    /// The account after reprovisioning, or why there is none; `None`: not asked for.
    pub reprovisioned: Option<Result<RemoteId, ProvisioningError>>,
    pub user_found: bool,
}

impl Context<'_> {
    /// Resets one user. `remote` is `None` where 3dEye is not configured.
    pub async fn reset(
        &self,
        remote: Option<&Client>,
        user: &UserId,
        order: ResetOrder,
        terms: ResetTerms<'_>,
    ) -> Result<ResetDone, ProvisioningError> {
        let remover = match (order.delete_remote, remote) {
            (true, None) => return Err(UpstreamError::NotConfigured.into()),
            (true, Some(remote)) => Some(self.with(remote)),
            (false, _) => None,
        };
        if let Some(plan) = terms.plan {
            plan.check_time(self.clock.now())?;
        }
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        let record = store::load(self.database, user).await?;
        let is_known =
            record.user.is_some() || record.mapping.is_some() || record.recovery.is_some();
        let mut done = ResetDone {
            user_found: record.user.is_some(),
            email: record.user.and_then(|row| row.email),
            cleared_mapping: false,
            cleared_recovery: false,
            removal: Removal::default(),
            reprovisioned: None,
        };
        if is_known {
            self.reset_rows(deadline, remover, user, order, terms, &mut done)
                .await?;
        } else {
            self.approve_rows(user, order, &ProvisioningRecord::default(), None, terms)?;
            // Neither e-mail nor id is known, so this user has nothing there.
            done.removal.attempted = order.delete_remote;
            done.removal.not_visible = order.delete_remote;
        }
        if order.reprovision {
            let record = store::load(self.database, user).await?;
            let account = self
                .credentials_by(deadline, remote, user, record, &Proof::Support)
                .await;
            done.reprovisioned = Some(account.map(|account| account.id));
        }
        Ok(done)
    }

    /// Deletes the accounts with `remover`, if there is one, and clears the rows.
    async fn reset_rows(
        &self,
        deadline: Deadline,
        remover: Option<Provisioner<'_>>,
        user: &UserId,
        order: ResetOrder,
        terms: ResetTerms<'_>,
        done: &mut ResetDone,
    ) -> Result<(), ProvisioningError> {
        let lease = LeaseTerms::new(self.clock, self.random);
        // Read again with the lease: what was read before may have changed since.
        let record = match store::acquire_lease(self.database, user, &lease).await? {
            Ok(record) => record,
            Err(busy) => return Err(ProvisioningError::busy(busy.until, lease.now)),
        };
        let token = &lease.token;
        // Under the lease no other reset can come in between.
        let last_reset = match terms.plan {
            Some(_) => store::last_reset(self.database, user).await?,
            None => None,
        };
        // A user that is gone will have no other e-mail, and no next provisioning.
        let cleared = record.mapping.as_ref();
        let cleared = cleared.filter(|_| record.user.is_some() && order.clear_mapping);
        let left = record.mapping.as_ref().filter(|row| row.has_left());
        let removed = match remover {
            Some(remover) if let Some(left) = left => {
                let approve = |accounts: &[&RemoteAccount]| {
                    let sight = Sight {
                        user,
                        order,
                        record: &record,
                        last_reset,
                        accounts,
                    };
                    self.approve(&sight, terms)
                };
                let departed =
                    remover.remove_departed(deadline, token, user, left, &record, approve);
                departed.await.map(|removal| (removal, Memory::default()))
            }
            // Nothing else leads to its account.
            None if order.clear_mapping && left.is_some_and(|row| row.state == State::Leaving) => {
                Err(Failure::Leaving.into())
            }
            Some(remover) => {
                let removal = LeasedRemoval {
                    remover,
                    deadline,
                    user,
                    order,
                    record: &record,
                    token,
                    last_reset,
                    terms,
                };
                let removed = removal.remove_accounts(cleared).await;
                removed.map(|(removal, account)| (removal, account.into()))
            }
            None => self
                .approve_rows(user, order, &record, last_reset, terms)
                .and_then(|()| {
                    let memory = cleared.map(|row| self.what_to_remember(user, row));
                    let memory = memory.transpose()?.unwrap_or_default();
                    Ok((Removal::default(), memory))
                }),
        };
        let (removal, memory) = match removed {
            Ok(both) => both,
            Err(refused) => {
                let is_unsettled =
                    matches!(&refused, ProvisioningError::Failed(why) if why.is_unsettled());
                let settled_at = is_unsettled.then(|| self.clock.now().plus(SETTLING));
                store::release_lease(self.database, token, user, settled_at).await?;
                return Err(refused);
            }
        };
        done.removal = removal;
        let clearing = Clearing {
            clear_mapping: order.clear_mapping,
            forgotten: memory.account,
            keep_intent: memory.keep_intent,
            // What was taken over is the person's only once support has had it deleted.
            keep_mark: cleared.is_some_and(|mapping| mapping.taken_over.is_some())
                && !order.delete_remote,
            // Found by its id it was deleted; not found, it was gone before.
            forget_remote: order.delete_remote,
            // Whose row goes has no next account, and another user with the id must not get its roles.
            keep_roles: kept_roles(order, &record, &done.removal)
                .filter(|_| left.is_none() || !order.clear_mapping),
            left: left.is_some(),
        };
        let now = self.clock.now();
        let entry = self.reset_entry(user, order, &done.removal);
        let cleared = store::clear(self.database, token, user, &clearing, now, &entry)
            .await?
            .ok_or(ProvisioningError::Busy { retry_after_s: 1 })?;
        // An idle row told nothing, so deleting it cleared nothing.
        let recorded = record.mapping.is_some_and(|mapping| mapping.is_recorded());
        done.cleared_mapping = cleared.mapping && recorded;
        // A removal that saves roles before it deletes makes one of its own.
        done.cleared_recovery = cleared.recovery && record.recovery.is_some();
        Ok(())
    }

    /// [`approve`](Self::approve) of a reset that deletes no account.
    fn approve_rows(
        &self,
        user: &UserId,
        order: ResetOrder,
        record: &ProvisioningRecord,
        last_reset: Option<u64>,
        terms: ResetTerms<'_>,
    ) -> Result<(), ProvisioningError> {
        let sight = Sight {
            user,
            order,
            record,
            last_reset,
            accounts: &[],
        };
        self.approve(&sight, terms)
    }

    fn reset_entry(&self, user: &UserId, order: ResetOrder, removal: &Removal) -> Entry {
        let deleted = match &removal.deleted {
            Some(id) => format!("deleted account {}", id.0),
            None if removal.not_visible => "no visible account to delete".to_owned(),
            None => "account left alone".to_owned(),
        };
        let rows = if order.clear_mapping {
            "rows cleared"
        } else {
            "rows kept"
        };
        self.entry(Action::Reset, user, format!("{rows}, {deleted}"))
    }
}

/// What stays as recovery: everything with `preserve_roles`, if anything is there to keep.
fn kept_roles(
    order: ResetOrder,
    record: &ProvisioningRecord,
    removal: &Removal,
) -> Option<Vec<RoleId>> {
    let worth_keeping = record.recovery.is_some() || removal.deleted.is_some();
    (order.preserve_roles && worth_keeping).then(|| merged_roles(record, removal))
}

/// The roles of the accounts found, and those saved earlier.
fn merged_roles(record: &ProvisioningRecord, removal: &Removal) -> Vec<RoleId> {
    let saved = record.recovery.iter().flat_map(|saved| &saved.roles);
    union(removal.roles.clone(), saved)
}
