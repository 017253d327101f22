//! A list as it was shown to a person, and the proof that it is still that one: a mark for each entry, over all that the
//! preview saw of its user, and a tag over the marks. A user that has changed is refused alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::db::{DatabaseError, json_text};
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::bulk::{BulkOrder, Given, PlannedUser, Refusal};
use crate::provisioning::policy::PLAN_LIFETIME;
use crate::provisioning::reset::{Plan, is_of_tag};
use crate::provisioning::{Context, ProvisioningError};

/// The characters of a mark: 48 bits.
const MARK: usize = 8;

/// That of an entry whose user an earlier one names.
const NO_MARK: &str = "--------";

/// Names what the preview of a list showed, until [`PLAN_LIFETIME`] has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkPlan {
    plan: Plan,
    /// One after the other, in the order of the list.
    marks: String,
}

impl BulkPlan {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (plan, marks) = text.rsplit_once('.')?;
        let is_whole = !marks.is_empty() && marks.len().is_multiple_of(MARK);
        (is_whole && marks.bytes().all(is_of_tag)).then_some(())?;
        Some(Self {
            plan: Plan::parse(plan)?,
            marks: marks.to_owned(),
        })
    }

    /// The one run that carries it out has this name; its tag is over the marks.
    pub fn name(&self) -> String {
        self.plan.to_string()
    }

    /// The mark of the entry at this place, from 1.
    fn mark(&self, place: u32) -> Option<&str> {
        let index = usize::try_from(place).ok()?.checked_sub(1)?;
        let start = index.checked_mul(MARK)?;
        self.marks.get(start..start.checked_add(MARK)?)
    }
}

impl fmt::Display for BulkPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.plan, self.marks)
    }
}

/// An entry as its mark names it.
#[derive(Serialize)]
struct Marked<'a> {
    given: &'a str,
    user: Option<&'a str>,
    tag: Option<&'a str>,
    refused: Option<&'a str>,
    deletes: BTreeSet<&'a str>,
    loses: BTreeSet<&'a str>,
}

impl Context<'_> {
    /// Names what a preview showed.
    pub fn bulk_plan(
        &self,
        order: &BulkOrder,
        users: &[PlannedUser],
    ) -> Result<BulkPlan, DatabaseError> {
        let ends_at = self.clock.now().plus(PLAN_LIFETIME);
        let mut by_place = BTreeMap::new();
        for planned in users {
            by_place.insert(planned.place, self.mark_of(planned)?);
        }
        let last = by_place.last_key_value().map_or(0, |(place, _)| *place);
        let marks = (1..=last).map(|place| by_place.get(&place).map_or(NO_MARK, String::as_str));
        let marks: String = marks.collect();
        let text = text_of(ends_at, order, &marks)?;
        Ok(BulkPlan {
            plan: Plan::new(ends_at, self.sealer.tag(&of_no_user(), &text)),
            marks,
        })
    }

    /// Refuses the users that are not as the plan's preview showed them.
    ///
    /// # Errors
    ///
    /// It is the plan of another list, its time is over, or none that it showed is left to be done.
    pub fn check_bulk_plan(
        &self,
        plan: &BulkPlan,
        order: &BulkOrder,
        users: &mut [PlannedUser],
    ) -> Result<(), ProvisioningError> {
        plan.plan.check_time(self.clock.now())?;
        let Some(ends_at) = plan.plan.ends_at else {
            return Err(ProvisioningError::PlanOutdated);
        };
        let text = text_of(ends_at, order, &plan.marks)?;
        if !self.sealer.is_tag(&of_no_user(), &text, plan.plan.tag()) {
            return Err(ProvisioningError::PlanOutdated);
        }
        let mut has_changed = false;
        for planned in users.iter_mut() {
            if plan.mark(planned.place) != Some(&*self.mark_of(planned)?) {
                has_changed = true;
                if planned.verdict.is_ok() {
                    planned.verdict = Err(Refusal::from(ProvisioningError::PlanOutdated));
                }
            }
        }
        match has_changed && users.iter().all(|planned| planned.verdict.is_err()) {
            true => Err(ProvisioningError::PlanOutdated),
            false => Ok(()),
        }
    }

    fn mark_of(&self, planned: &PlannedUser) -> Result<String, DatabaseError> {
        let text = json_text(&Marked::of(planned))?;
        let mut mark = self.sealer.tag(&of_no_user(), &text);
        mark.truncate(MARK);
        Ok(mark)
    }

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

fn text_of(ends_at: Timestamp, order: &BulkOrder, marks: &str) -> Result<String, DatabaseError> {
    json_text(&(
        ends_at.as_millis(),
        order.act,
        order.reset,
        &order.list,
        marks,
    ))
}

impl<'a> Marked<'a> {
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
