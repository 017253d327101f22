//! A list as it was shown to a person, and the proof that it is still that one: a tag over all that the preview saw.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::db::{DatabaseError, json_text};
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::bulk::{BulkOrder, Given, PlannedUser};
use crate::provisioning::policy::PLAN_LIFETIME;
use crate::provisioning::reset::Plan;
use crate::provisioning::{Context, ProvisioningError};

/// An entry as the plan names it.
#[derive(Serialize)]
struct Tagged<'a> {
    given: &'a str,
    user: Option<&'a str>,
    tag: Option<&'a str>,
    refused: Option<&'a str>,
    deletes: BTreeSet<&'a str>,
    loses: BTreeSet<&'a str>,
}

impl Context<'_> {
    /// Names what a preview showed, until [`PLAN_LIFETIME`] has passed.
    pub fn bulk_plan(
        &self,
        order: &BulkOrder,
        users: &[PlannedUser],
    ) -> Result<Plan, DatabaseError> {
        let ends_at = self.clock.now().plus(PLAN_LIFETIME);
        let text = bulk_text(ends_at, order, users)?;
        Ok(Plan::new(ends_at, self.sealer.tag(&of_no_user(), &text)))
    }

    /// Whether this is what the plan's preview showed.
    ///
    /// # Errors
    ///
    /// It is not, or its time is over.
    pub fn check_bulk_plan(
        &self,
        plan: &Plan,
        order: &BulkOrder,
        users: &[PlannedUser],
    ) -> Result<(), ProvisioningError> {
        plan.check_time(self.clock.now())?;
        let Some(ends_at) = plan.ends_at else {
            return Err(ProvisioningError::PlanOutdated);
        };
        let text = bulk_text(ends_at, order, users)?;
        match self.sealer.is_tag(&of_no_user(), &text, plan.tag()) {
            true => Ok(()),
            false => Err(ProvisioningError::PlanOutdated),
        }
    }
}

impl Context<'_> {
    /// Names the entries of a list.
    pub fn name_of_list(&self, given: &[Given]) -> Result<String, DatabaseError> {
        let entries: Vec<&str> = given.iter().map(|one| one.text.as_str()).collect();
        Ok(self.sealer.tag(&of_no_user(), &json_text(&entries)?))
    }
}

/// The plan of a list is about no one user: no user's id is empty.
fn of_no_user() -> UserId {
    UserId::new("")
}

fn bulk_text(
    ends_at: Timestamp,
    order: &BulkOrder,
    users: &[PlannedUser],
) -> Result<String, DatabaseError> {
    let tagged: Vec<Tagged> = users.iter().map(Tagged::of).collect();
    json_text(&(ends_at.as_millis(), order.act, order.reset, tagged))
}

impl<'a> Tagged<'a> {
    fn of(planned: &'a PlannedUser) -> Self {
        let verdict = planned.verdict.as_ref();
        let ready = verdict.ok();
        let deletes = ready.map_or(&[][..], |ready| &ready.deletes);
        let loses = ready.map_or(&[][..], |ready| &ready.lost_roles);
        Self {
            given: &planned.given,
            user: planned.user.as_ref().map(UserId::as_str),
            tag: ready.map(|ready| ready.tag.as_str()),
            refused: verdict.err().map(|refusal| refusal.code),
            deletes: deletes.iter().map(|id| id.0.as_str()).collect(),
            loses: loses.iter().map(|role| role.0.as_str()).collect(),
        }
    }
}
