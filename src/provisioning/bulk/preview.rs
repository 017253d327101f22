//! What would be done to each user of a list; nothing is changed.
//!
//! However long the list, it takes three calls of the database and one reading of the customer's list. Only where an
//! account of a user that leaves is not found by its id, its password is tried too.

mod provisioning;

use std::collections::{BTreeMap, BTreeSet};

use crate::db::DatabaseError;
use crate::kernel::{Deadline, UserId};
use crate::provisioning::bulk::given::Entry;
use crate::provisioning::bulk::{Act, BulkOrder, Given, Refusal};
use crate::provisioning::offboarding::{Departed, look_for, may_have_accounts};
use crate::provisioning::policy::{SINGLE_BUDGET, list_deadline};
use crate::provisioning::record::{Mapping, ProvisioningRecord, union};
use crate::provisioning::reset::{Found, ResetOrder, Seen, Sight, own_accounts};
use crate::provisioning::sighting::check_list;
use crate::provisioning::store::{self, LoadedForPlan};
use crate::provisioning::{Context, Failure, Provisioner, ProvisioningError};
use crate::threedeye::{
    Client, DirectoryScan, RemoteAccount, RemoteId, RoleId, ScanQuery, UpstreamError,
};

use provisioning::{has_no_account, look_at_provisioning};

/// What would become of an entry.
#[derive(Debug)]
pub struct PlannedUser {
    /// The place of that entry in the list, from 1.
    pub place: u32,
    /// The first entry that names the user.
    pub given: String,
    pub user: Option<UserId>,
    pub email: Option<String>,
    pub verdict: Result<Planned, Refusal>,
}

/// What would be done.
#[derive(Debug, Default)]
pub struct Planned {
    /// Names what was seen, and what is held to.
    pub tag: String,
    /// The accounts that would be deleted at 3dEye.
    pub deletes: Vec<RemoteId>,
    /// Camera roles that no account and no row would have afterwards.
    pub lost_roles: Vec<RoleId>,
    /// Protected accounts that would stay.
    pub left_in_place: Vec<RemoteId>,
    /// For a person to read.
    pub warnings: Vec<String>,
}

/// What the customer's list shows.
struct Shown {
    scan: DirectoryScan,
    /// The accounts in it that another user has.
    of_others: BTreeMap<UserId, BTreeSet<RemoteId>>,
}

impl Context<'_> {
    /// Looks at what a run would find, and refuses what it would refuse.
    pub async fn preview_bulk(
        &self,
        remote: Option<&Client>,
        order: &BulkOrder,
        given: &[Given],
    ) -> Result<Vec<PlannedUser>, ProvisioningError> {
        if remote.is_none() && order.act != Act::Offboard && order.reads_the_list() {
            return Err(UpstreamError::NotConfigured.into());
        }
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        let entries = self.entries(given).await?;
        let users = entries.iter().filter_map(|entry| entry.user.as_ref().ok());
        let users: Vec<UserId> = users.cloned().collect();
        let loaded = store::load_many_for_plan(self.database, &users).await?;
        let shown = match remote {
            Some(remote) => self.with(remote).show(order, &loaded, deadline).await?,
            None => None,
        };
        let mut planned = Vec::with_capacity(entries.len());
        for Entry { place, given, user } in entries {
            let seen = user.as_ref().ok().and_then(|user| loaded.get(user));
            let record = seen.and_then(|seen| seen.record.as_ref().ok());
            let email = record.and_then(|record| record.user.as_ref());
            let email = email.and_then(|user| user.email.clone());
            let verdict = match &user {
                Ok(user) => {
                    let look = self.look_at(remote, order, user, seen, shown.as_ref(), deadline);
                    look.await.map_err(Refusal::from)
                }
                Err(refusal) => Err(refusal.clone()),
            };
            planned.push(PlannedUser {
                place,
                given,
                user: user.ok(),
                email,
                verdict,
            });
        }
        Ok(planned)
    }

    async fn look_at(
        &self,
        remote: Option<&Client>,
        order: &BulkOrder,
        user: &UserId,
        seen: Option<&LoadedForPlan>,
        shown: Option<&Shown>,
        deadline: Deadline,
    ) -> Result<Planned, ProvisioningError> {
        let LoadedForPlan { record, last_reset } = seen.ok_or(ProvisioningError::NoUser)?;
        let record = record.as_ref().map_err(DatabaseError::clone)?;
        if !is_known(record) {
            return Err(ProvisioningError::NoUser);
        }
        let now = self.clock.now();
        let mapping = record.mapping.as_ref();
        if let Some(held) = mapping.filter(|row| row.lease_until > now) {
            return Err(ProvisioningError::busy(held.lease_until, now));
        }
        let looked = Looked {
            user,
            record,
            last_reset: *last_reset,
            remote,
            shown,
            deadline,
        };
        match order.act {
            Act::Provision => look_at_provisioning(looked),
            Act::Reset => self.look_at_reset(order, looked).await,
            Act::Offboard => self.look_at_departure(looked).await,
        }
    }

    async fn look_at_reset(
        &self,
        order: &BulkOrder,
        looked: Looked<'_>,
    ) -> Result<Planned, ProvisioningError> {
        let Looked { user, record, .. } = looked;
        let found = match (looked.remote, looked.shown) {
            (Some(remote), Some(shown)) if order.reset.delete_remote => {
                let of_others = shown.of_others.get(user).cloned().unwrap_or_default();
                self.find(remote, shown, looked, &of_others).await?
            }
            _ => {
                self.refuse_clearing(user, order.reset, record)?;
                Found::unsought()
            }
        };
        if !found.complete {
            return Err(Failure::ListIncomplete.into());
        }
        let seen = Seen {
            user,
            record,
            last_reset: looked.last_reset,
            found: &found,
            is_configured: looked.remote.is_some(),
        };
        let preview = self.preview_of(&seen, order.reset, None)?;
        if !preview.lost_roles.is_empty() && !order.may_lose_roles {
            return Err(ProvisioningError::RolesAtStake);
        }
        Ok(Planned {
            tag: preview.plan.tag().to_owned(),
            deletes: preview.deletes.into_iter().map(|one| one.id).collect(),
            lost_roles: preview.lost_roles,
            left_in_place: Vec::new(),
            warnings: preview.warnings.into_iter().map(str::to_owned).collect(),
        })
    }

    /// The accounts that a reset would delete.
    async fn find(
        &self,
        remote: &Client,
        shown: &Shown,
        looked: Looked<'_>,
        of_others: &BTreeSet<RemoteId>,
    ) -> Result<Found, ProvisioningError> {
        let Looked { user, record, .. } = looked;
        let left = record.mapping.as_ref().filter(|row| row.has_left());
        let Some(left) = left else {
            let mut found = Found::of(record, &shown.scan);
            found.refuse_protected(remote)?;
            found.leave_out(of_others);
            return Ok(found);
        };
        let looking = self.with(remote);
        let departed = looking.look_in(&shown.scan, user, left, of_others, looked.deadline);
        let departed = departed.await?;
        if !departed.left_in_place.is_empty() {
            return Err(Failure::Protected.into());
        }
        let accounts = departed
            .deleted
            .iter()
            .filter_map(|id| shown.scan.by_id(id));
        let accounts: Vec<RemoteAccount> = accounts.cloned().collect();
        Ok(Found {
            not_visible: accounts.is_empty(),
            accounts,
            complete: true,
        })
    }

    async fn look_at_departure(&self, looked: Looked<'_>) -> Result<Planned, ProvisioningError> {
        let Looked { user, record, .. } = looked;
        let mapping = record.mapping.as_ref();
        let (departed, warning) = match (
            mapping.filter(|row| may_have_accounts(row)),
            looked.remote,
            looked.shown,
        ) {
            (Some(_), None, _) => return Err(UpstreamError::NotConfigured.into()),
            (Some(mapping), Some(remote), Some(shown)) => {
                let of_others = shown.of_others.get(user).cloned().unwrap_or_default();
                let looking = self.with(remote);
                let departed =
                    looking.look_in(&shown.scan, user, mapping, &of_others, looked.deadline);
                match departed.await {
                    Ok(departed) => (departed, None),
                    // The user would be deleted, and the account left to a scheduled run.
                    Err(ProvisioningError::Failed(failure)) => (
                        Departed::default(),
                        Some(format!(
                            "The account would be left to a scheduled run: {failure}."
                        )),
                    ),
                    Err(error) => return Err(error),
                }
            }
            _ => (Departed::default(), None),
        };
        Ok(Planned {
            tag: self.tag_of_departing(user, record)?,
            deletes: departed.deleted,
            lost_roles: union(record.saved_roles(), &departed.roles),
            left_in_place: departed.left_in_place,
            warnings: warning.into_iter().collect(),
        })
    }

    /// Names what is held to where a user is off-boarded.
    pub(super) fn tag_of_departing(
        &self,
        user: &UserId,
        record: &ProvisioningRecord,
    ) -> Result<String, DatabaseError> {
        let sight = Sight {
            user,
            order: ResetOrder::NOTHING,
            record,
            last_reset: None,
            accounts: &[],
        };
        Ok(self.plan_of(&sight, None)?.tag().to_owned())
    }
}

/// One user, and what the preview read.
#[derive(Clone, Copy)]
struct Looked<'a> {
    user: &'a UserId,
    record: &'a ProvisioningRecord,
    last_reset: Option<u64>,
    remote: Option<&'a Client>,
    shown: Option<&'a Shown>,
    deadline: Deadline,
}

impl BulkOrder {
    fn reads_the_list(&self) -> bool {
        self.act != Act::Reset || self.reset.delete_remote
    }
}

impl Provisioner<'_> {
    /// Reads the customer's list once, for all of them. `None`: nothing is looked for.
    async fn show(
        &self,
        order: &BulkOrder,
        loaded: &BTreeMap<UserId, LoadedForPlan>,
        deadline: Deadline,
    ) -> Result<Option<Shown>, ProvisioningError> {
        let leaves = order.act == Act::Offboard;
        if !order.reads_the_list() {
            return Ok(None);
        }
        let mut queries = BTreeMap::new();
        for (user, loaded) in loaded {
            let Ok(record) = &loaded.record else { continue };
            let mut query = ScanQuery::default();
            let left = record.mapping.as_ref();
            match left.filter(|row| leaves || row.has_left()) {
                _ if order.act == Act::Provision && !has_no_account(record) => {}
                _ if order.act == Act::Provision => query = own_accounts(record),
                Some(mapping) => look_for(mapping, &mut query),
                None if leaves => {}
                None => query = own_accounts(record),
            }
            queries.insert(user, query);
        }
        let mut sought = ScanQuery::default();
        for query in queries.values() {
            sought.emails.extend(query.emails.iter().cloned());
            sought.ids.extend(query.ids.iter().cloned());
        }
        if sought.emails.is_empty() && sought.ids.is_empty() {
            return Ok(Some(Shown {
                scan: DirectoryScan {
                    complete: true,
                    ..DirectoryScan::default()
                },
                of_others: BTreeMap::new(),
            }));
        }
        let reading = list_deadline(deadline, self.clock.now());
        let scan = self
            .remote
            .scan(std::future::ready(sought), reading)
            .await?;
        let scan = check_list(self.database, scan, None).await??;
        let mut candidates = Vec::new();
        for (user, query) in queries {
            let by_id = query.ids.iter().filter_map(|id| scan.by_id(id));
            let by_email = query.emails.iter().filter_map(|email| scan.by_email(email));
            candidates.extend(by_id.chain(by_email).map(|account| (user, account)));
        }
        let mut of_others: BTreeMap<UserId, BTreeSet<RemoteId>> = BTreeMap::new();
        for (user, account) in store::accounts_of_others_than(self.database, candidates).await? {
            of_others.entry(user).or_default().insert(account);
        }
        Ok(Some(Shown { scan, of_others }))
    }
}

fn is_known(record: &ProvisioningRecord) -> bool {
    let tells = |row: &Mapping| row.is_recorded() || row.forgotten.is_some();
    record.user.is_some() || record.mapping.as_ref().is_some_and(tells) || record.recovery.is_some()
}
