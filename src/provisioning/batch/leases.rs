//! The leases under which many users are worked on, prolonged as it goes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::future::{Either, select};

use crate::db::DatabaseError;
use crate::kernel::ordered::set_of;
use crate::kernel::{Deadline, Timestamp, UserId};
use crate::provisioning::policy::{LEASE, LEASE_MARGIN, LEASE_RENEWAL, LEASE_WATCH, list_deadline};
use crate::provisioning::store::{self, LeaseTerms, LeaseToken};
use crate::provisioning::{Context, Provisioner};
use crate::threedeye::{DirectoryScan, ScanQuery, UpstreamError};

pub struct Leases {
    pub token: LeaseToken,
    until: Cell<Timestamp>,
    held: RefCell<BTreeSet<UserId>>,
    /// Users whose outcome could not be written any more.
    lost: RefCell<BTreeSet<UserId>>,
    renewing: Cell<bool>,
}

impl Leases {
    /// The leases that a claim granted on these terms.
    pub fn new(terms: LeaseTerms, users: impl Iterator<Item = UserId>) -> Self {
        Self {
            token: terms.token,
            until: Cell::new(terms.until),
            held: RefCell::new(set_of(users)),
            lost: RefCell::default(),
            renewing: Cell::new(false),
        }
    }

    pub fn holds(&self, user: &UserId) -> bool {
        self.held.borrow().contains(user)
    }

    /// The user's lease is given back or gone.
    pub fn drop_lease(&self, user: &UserId) {
        self.held.borrow_mut().remove(user);
    }

    pub(super) fn note_lost(&self, users: Vec<UserId>) {
        self.lost.borrow_mut().extend(users);
    }

    pub(super) fn was_lost(&self, user: &UserId) -> bool {
        self.lost.borrow().contains(user)
    }

    /// No call to 3dEye may last beyond this.
    pub fn deadline(&self) -> Deadline {
        Deadline::at(self.until.get().minus(LEASE_MARGIN))
    }

    /// Prolongs the leases in good time, all of them in one call. While that call is under way, other
    /// users go on with what is left of the old ones.
    pub async fn keep(&self, context: &Context<'_>) -> Result<(), DatabaseError> {
        let now = context.clock.now();
        if self.until.get().since(now) >= LEASE_RENEWAL || self.renewing.replace(true) {
            return Ok(());
        }
        let until = now.plus(LEASE);
        let users: Vec<UserId> = self.held.borrow().iter().cloned().collect();
        let renewed = store::renew_leases(context.database, &self.token, &users, until).await;
        self.renewing.set(false);
        let kept = set_of(renewed?);
        self.until.set(until);
        for user in users {
            if !kept.contains(&user) {
                self.drop_lease(&user);
            }
        }
        Ok(())
    }

    /// Reads the customer's list, however long it is, for work that must be done by `deadline`, with
    /// the leases kept meanwhile: what it shows must not be what another actor is just replacing.
    pub async fn scan(
        &self,
        provisioner: &Provisioner<'_>,
        query: ScanQuery,
        deadline: Deadline,
    ) -> Result<Result<DirectoryScan, UpstreamError>, DatabaseError> {
        let clock = provisioner.clock;
        let deadline = list_deadline(deadline, clock.now());
        let remote = provisioner.remote;
        let mut reading = pin!(remote.scan(std::future::ready(query), deadline));
        loop {
            let watch = pin!(clock.sleep(LEASE_WATCH));
            let looked = select(reading, watch).await;
            self.keep(provisioner).await?;
            match looked {
                Either::Left((scan, _)) => return Ok(scan),
                Either::Right(((), still_reading)) => reading = still_reading,
            }
        }
    }
}
