//! Deletes a user and its account at once, because a person asked for it.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::db::DatabaseError;
use crate::kernel::audit::Action;
use crate::kernel::{Deadline, UserId};
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::offboarding::removal::{self, Departed, Departure, NotRemoved};
use crate::provisioning::policy::{SETTLING, SINGLE_BUDGET, list_deadline};
use crate::provisioning::record::{Mapping, ProvisioningRecord, State, union};
use crate::provisioning::reset::Removal;
use crate::provisioning::sighting::check_list;
use crate::provisioning::store::{self, Holdings, LeaseTerms, LeaseToken};
use crate::provisioning::{Context, Failure, Provisioner, ProvisioningError};
use crate::threedeye::{Client, DirectoryScan, RemoteAccount, RemoteId, ScanQuery, UpstreamError};

/// What deleting a user would do.
#[derive(Debug)]
pub struct Preview {
    pub record: ProvisioningRecord,
    pub holdings: Holdings,
    /// The accounts and their roles; or why they are not known.
    pub departed: Result<Departed, Failure>,
}

/// What deleting a user did.
#[derive(Debug)]
pub struct Deletion {
    /// The rows before.
    pub record: ProvisioningRecord,
    pub holdings: Holdings,
    pub departed: Departed,
}

/// Why a user was not deleted, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum DeletionRefused {
    /// Nothing was done: there is no such user, another actor holds it, or there may be an account and 3dEye is not
    /// configured.
    #[error(transparent)]
    NotBegun(#[from] ProvisioningError),
    /// The user is deleted; its account is due for the next run.
    #[error("the account could not be removed yet: {0}")]
    AccountLeft(Failure),
    /// Another service has added the user again.
    #[error("the user was added again meanwhile")]
    Returned,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl Context<'_> {
    /// Tells what deleting a user would do, and changes nothing. `None`: there is nothing to delete.
    pub async fn preview_deletion(
        &self,
        remote: Option<&Client>,
        user: &UserId,
    ) -> Result<Option<Preview>, DatabaseError> {
        let (record, holdings) = store::load_holdings(self.database, user).await?;
        if !is_known(&record) {
            return Ok(None);
        }
        let mapping = record.mapping.as_ref();
        let departed = match (
            mapping.filter(|row| removal::may_have_accounts(row)),
            remote,
        ) {
            (None, _) => Ok(Departed {
                roles: record.saved_roles(),
                ..Departed::default()
            }),
            (Some(_), None) => Err(UpstreamError::NotConfigured.into()),
            (Some(mapping), Some(remote)) => {
                match self.with(remote).look(user, mapping, &record).await {
                    Ok(departed) => Ok(departed),
                    Err(NotRemoved::Failed(failure)) => Err(failure),
                    Err(NotRemoved::Database(error)) => return Err(error),
                    Err(NotRemoved::Limit(_) | NotRemoved::Returned) => Err(Failure::OutOfTime),
                }
            }
        };
        Ok(Some(Preview {
            record,
            holdings,
            departed,
        }))
    }

    /// Deletes the user, then its account, all under the user's lease. Whatever fails after the user
    /// is deleted is left to the next run; repeated, it goes on where it failed.
    pub async fn delete_user(
        &self,
        remote: Option<&Client>,
        user: &UserId,
        reason: &str,
        order: RemovalOrder,
    ) -> Result<Deletion, DeletionRefused> {
        self.delete_user_if(remote, user, reason, order, |_| Ok(()))
            .await
    }

    /// The same where `approve` agrees to what the lease found.
    pub(in crate::provisioning) async fn delete_user_if(
        &self,
        remote: Option<&Client>,
        user: &UserId,
        reason: &str,
        order: RemovalOrder,
        approve: impl FnOnce(&ProvisioningRecord) -> Result<(), ProvisioningError>,
    ) -> Result<Deletion, DeletionRefused> {
        // From before the lease, so that no call outlasts it.
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        let terms = LeaseTerms::new(self.clock, self.random);
        let record = match store::acquire_lease(self.database, user, &terms).await? {
            Ok(record) => record,
            Err(busy) => return Err(ProvisioningError::busy(busy.until, terms.now).into()),
        };
        let token = &terms.token;
        let mapping = record.mapping.as_ref().map(as_left);
        let accounts = mapping
            .as_ref()
            .filter(|row| removal::may_have_accounts(row));
        let refused = match (is_known(&record), accounts, remote) {
            (false, ..) => Some(ProvisioningError::NoUser),
            (true, Some(_), None) => Some(UpstreamError::NotConfigured.into()),
            _ => approve(&record).err(),
        };
        if let Some(refused) = refused {
            store::release_lease(self.database, token, user, None).await?;
            return Err(refused.into());
        }
        let entry = self.entry(Action::DeleteUser, user, reason.to_owned());
        let deleted = store::delete_user(self.database, user, token, &entry).await?;
        let Some(holdings) = deleted else {
            return Err(self.busy(user).await?.into());
        };
        let departed = match (accounts, remote) {
            (Some(mapping), Some(remote)) => {
                let remover = self.with(remote);
                match remover
                    .remove_now(deadline, token, user, mapping, &record)
                    .await
                {
                    Ok(departed) => departed,
                    Err(NotRemoved::Failed(failure)) => {
                        self.postpone_departure(token, user, mapping, &failure, order)
                            .await?;
                        return Err(DeletionRefused::AccountLeft(failure));
                    }
                    Err(NotRemoved::Database(error)) => return Err(error.into()),
                    Err(NotRemoved::Limit(_) | NotRemoved::Returned) => {
                        store::release_lease(self.database, token, user, None).await?;
                        return Err(DeletionRefused::Returned);
                    }
                }
            }
            _ => Departed {
                roles: record.saved_roles(),
                ..Departed::default()
            },
        };
        if !self.conclude_departure(token, user, &departed).await? {
            return Err(DeletionRefused::Returned);
        }
        Ok(Deletion {
            record,
            holdings,
            departed,
        })
    }
}

impl Provisioner<'_> {
    /// What [`remove_now`](Self::remove_now) would do.
    async fn look(
        &self,
        user: &UserId,
        mapping: &Mapping,
        record: &ProvisioningRecord,
    ) -> Result<Departed, NotRemoved> {
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        let scan = self.scan_for(mapping, deadline).await?;
        let departure = Departure {
            provisioner: *self,
            user,
            mapping,
            scan: &scan,
            of_others: None,
            deadline,
        };
        let found = departure.find().await?;
        let held = found.removable.iter().flat_map(|account| &account.roles);
        Ok(Departed {
            deleted: removal::ids(&found.removable),
            roles: union(record.saved_roles(), held),
            left_in_place: removal::ids(&found.protected),
        })
    }

    async fn remove_now(
        &self,
        deadline: Deadline,
        token: &LeaseToken,
        user: &UserId,
        mapping: &Mapping,
        record: &ProvisioningRecord,
    ) -> Result<Departed, NotRemoved> {
        let scan = self.scan_for(mapping, deadline).await?;
        let departure = Departure {
            provisioner: *self,
            user,
            mapping,
            scan: &scan,
            of_others: None,
            deadline,
        };
        let unlimited = Cell::new(u32::MAX);
        departure
            .remove(token, record.recovery.as_ref(), &unlimited)
            .await
    }

    /// The same for a reset with `deleteRemote` of a user that left.
    pub(in crate::provisioning) async fn remove_departed(
        &self,
        deadline: Deadline,
        token: &LeaseToken,
        user: &UserId,
        left: &Mapping,
        record: &ProvisioningRecord,
        approve: impl FnOnce(&[&RemoteAccount]) -> Result<(), ProvisioningError>,
    ) -> Result<Removal, ProvisioningError> {
        let left = as_left(left);
        let scan = self.scan_for(&left, deadline).await?;
        let departure = Departure {
            provisioner: *self,
            user,
            mapping: &left,
            scan: &scan,
            of_others: None,
            deadline,
        };
        let found = departure.find().await?;
        approve(&found.removable)?;
        let unlimited = Cell::new(u32::MAX);
        let recovery = record.recovery.as_ref();
        let departed = departure.remove_found(&found, token, recovery, &unlimited);
        let departed = departed.await?;
        if !departed.left_in_place.is_empty() {
            return Err(Failure::Protected.into());
        }
        Ok(Removal {
            attempted: true,
            not_visible: departed.deleted.is_empty(),
            deleted: departed.deleted.into_iter().next(),
            roles: departed.roles,
        })
    }

    /// The accounts that [`remove_departed`](Self::remove_departed) would delete.
    pub(in crate::provisioning) async fn find_departed(
        &self,
        deadline: Deadline,
        user: &UserId,
        left: &Mapping,
    ) -> Result<Vec<RemoteAccount>, ProvisioningError> {
        let left = as_left(left);
        let scan = self.scan_for(&left, deadline).await?;
        let departure = Departure {
            provisioner: *self,
            user,
            mapping: &left,
            scan: &scan,
            of_others: None,
            deadline,
        };
        let found = departure.find().await?;
        match found.protected.is_empty() {
            true => Ok(found.removable.into_iter().cloned().collect()),
            false => Err(Failure::Protected.into()),
        }
    }

    /// What a list that was read for many shows of one user's accounts. `of_others` are those of other users.
    pub(in crate::provisioning) async fn look_in(
        &self,
        scan: &DirectoryScan,
        user: &UserId,
        mapping: &Mapping,
        of_others: &BTreeSet<RemoteId>,
        deadline: Deadline,
    ) -> Result<Departed, ProvisioningError> {
        let mapping = as_left(mapping);
        let departure = Departure {
            provisioner: *self,
            user,
            mapping: &mapping,
            scan,
            of_others: Some(of_others),
            deadline,
        };
        let found = departure.find().await?;
        let held = found.removable.iter().flat_map(|account| &account.roles);
        Ok(Departed {
            deleted: removal::ids(&found.removable),
            roles: union(Vec::new(), held),
            left_in_place: removal::ids(&found.protected),
        })
    }

    async fn scan_for(
        &self,
        mapping: &Mapping,
        deadline: Deadline,
    ) -> Result<DirectoryScan, NotRemoved> {
        let mut query = ScanQuery::default();
        removal::look_for(mapping, &mut query);
        let reading = list_deadline(deadline, self.clock.now());
        let scan = self.remote.scan(std::future::ready(query), reading).await?;
        Ok(check_list(self.database, scan, None).await??)
    }
}

impl From<NotRemoved> for ProvisioningError {
    fn from(why: NotRemoved) -> Self {
        match why {
            NotRemoved::Failed(failure) => failure.into(),
            NotRemoved::Database(error) => error.into(),
            NotRemoved::Limit(_) | NotRemoved::Returned => Self::Busy { retry_after_s: 1 },
        }
    }
}

fn is_known(record: &ProvisioningRecord) -> bool {
    record.user.is_some() || record.mapping.is_some() || record.recovery.is_some()
}

/// The row as it is once the user has left and we have taken its lease. A lease that was not given back
/// had a holder that died.
fn as_left(mapping: &Mapping) -> Mapping {
    let settled_at = mapping.settled_at.max(mapping.lease_until.plus(SETTLING));
    let attempts = match mapping.state {
        State::Leaving => mapping.attempts,
        _ => 0,
    };
    Mapping {
        settled_at,
        attempts,
        ..mapping.clone()
    }
}
