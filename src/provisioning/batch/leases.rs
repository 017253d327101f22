//! The leases under which a batch works, prolonged as it goes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use crate::db::{Database, DatabaseError};
use crate::kernel::{Deadline, Timestamp, UserId};
use crate::provisioning::policy::{LEASE, LEASE_MARGIN, LEASE_RENEWAL};
use crate::provisioning::record::Claimed;
use crate::provisioning::store::{self, LeaseTerms, LeaseToken};

pub struct Leases {
    pub(super) token: LeaseToken,
    until: Cell<Timestamp>,
    held: RefCell<BTreeSet<UserId>>,
    /// Users whose outcome could not be written any more.
    lost: RefCell<BTreeSet<UserId>>,
    renewing: Cell<bool>,
}

impl Leases {
    /// The leases that a claim granted on these terms.
    pub fn new(terms: LeaseTerms, claimed: &[Claimed]) -> Self {
        Self {
            token: terms.token,
            until: Cell::new(terms.until),
            held: RefCell::new(claimed.iter().map(|claim| claim.user.clone()).collect()),
            lost: RefCell::default(),
            renewing: Cell::new(false),
        }
    }

    pub(super) fn holds(&self, user: &UserId) -> bool {
        self.held.borrow().contains(user)
    }

    /// The user's lease is given back or gone.
    pub(super) fn drop_lease(&self, user: &UserId) {
        self.held.borrow_mut().remove(user);
    }

    pub(super) fn note_lost(&self, users: Vec<UserId>) {
        self.lost.borrow_mut().extend(users);
    }

    pub(super) fn was_lost(&self, user: &UserId) -> bool {
        self.lost.borrow().contains(user)
    }

    /// No call to 3dEye may last beyond this.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::at(self.until.get().minus(LEASE_MARGIN))
    }

    /// Prolongs the leases in good time, all of them in one call. While that call is under way, other
    /// users go on with what is left of the old ones.
    pub(super) async fn keep(
        &self,
        database: &Database,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        if self.until.get().since(now) >= LEASE_RENEWAL || self.renewing.replace(true) {
            return Ok(());
        }
        let until = now.plus(LEASE);
        let users: Vec<UserId> = self.held.borrow().iter().cloned().collect();
        let renewed = store::renew_leases(database, &self.token, &users, until).await;
        self.renewing.set(false);
        let kept: BTreeSet<UserId> = renewed?.into_iter().collect();
        self.until.set(until);
        for user in users {
            if !kept.contains(&user) {
                self.drop_lease(&user);
            }
        }
        Ok(())
    }
}
