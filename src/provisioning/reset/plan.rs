//! A reset as it was shown to a person, and the proof that it is still that one.
//!
//! A plan names no rows and is stored nowhere: it is a tag over everything that the preview saw. Under the
//! lease the same is read again, and only where it gives the same tag is anything done.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::db::{DatabaseError, json_text};
use crate::kernel::ordered::set_of;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::policy::{CLOCK_SKEW, PLAN_LIFETIME};
use crate::provisioning::record::{Mapping, ProvisioningRecord, union};
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::{Context, ProvisioningError};
use crate::threedeye::{RemoteAccount, RoleId};

/// Names what a preview showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// `None`: it holds to what the user is for as long as it takes.
    pub(in crate::provisioning) ends_at: Option<Timestamp>,
    tag: String,
}

impl Plan {
    /// The plan of one user of a list, as it was kept: when that user was last looked at is nothing to it.
    pub fn kept(tag: String) -> Self {
        Self { ends_at: None, tag }
    }

    /// What is kept of it, or told.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    pub(in crate::provisioning) const fn new(ends_at: Timestamp, tag: String) -> Self {
        Self {
            ends_at: Some(ends_at),
            tag,
        }
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (ends_at, tag) = text.split_once('.')?;
        let plan = Self {
            ends_at: Some(Timestamp::from_millis(
                ends_at.parse::<u64>().ok()?.try_into().ok()?,
            )),
            tag: tag.to_owned(),
        };
        // One plan has one text.
        (tag.len() == 43 && tag.bytes().all(is_of_tag) && plan.to_string() == text).then_some(plan)
    }

    /// Refuses a plan whose time is over, and one that no preview can have made yet. It takes no lease, and
    /// reads nothing.
    pub(in crate::provisioning) fn check_time(
        &self,
        now: Timestamp,
    ) -> Result<(), ProvisioningError> {
        let Some(ends_at) = self.ends_at else {
            return Ok(());
        };
        if ends_at <= now {
            return Err(ProvisioningError::PlanExpired);
        }
        match ends_at <= now.plus(PLAN_LIFETIME).plus(CLOCK_SKEW) {
            true => Ok(()),
            false => Err(ProvisioningError::PlanOutdated),
        }
    }
}

/// Whether a tag, or a part of one, may hold this byte: base64url.
pub(in crate::provisioning) const fn is_of_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ends_at {
            Some(ends_at) => write!(f, "{}.{}", ends_at.as_millis(), self.tag),
            None => f.write_str(&self.tag),
        }
    }
}

/// What a reset is held to.
#[derive(Debug, Clone, Copy)]
pub struct ResetTerms<'a> {
    /// What the caller was shown; `None`: whatever is found is done.
    pub plan: Option<&'a Plan>,
    /// Whether camera roles may be lost for good.
    pub may_lose_roles: bool,
}

impl ResetTerms<'_> {
    /// For a caller who answers for whatever is found.
    pub const ANY: Self = Self {
        plan: None,
        may_lose_roles: true,
    };
}

/// All that a reset depends on.
#[derive(Debug, Clone, Copy)]
pub(in crate::provisioning) struct Sight<'a> {
    pub user: &'a UserId,
    pub order: ResetOrder,
    pub record: &'a ProvisioningRecord,
    /// The audit row of the user's last reset.
    pub last_reset: Option<u64>,
    /// The accounts that would be deleted.
    pub accounts: &'a [&'a RemoteAccount],
}

/// A sight as it is tagged.
#[derive(Serialize)]
struct Tagged<'a> {
    ends_at: Option<i64>,
    order: [bool; 4],
    last_reset: Option<u64>,
    email: Option<&'a str>,
    known: bool,
    mapping: Option<TaggedMapping<'a>>,
    saved: Option<BTreeSet<&'a str>>,
    accounts: BTreeSet<(&'a str, BTreeSet<&'a str>)>,
}

#[derive(Serialize)]
struct TaggedMapping<'a> {
    state: &'static str,
    email: Option<&'a str>,
    id: Option<&'a str>,
    password: Option<&'a str>,
    touched: Option<Touched>,
    taken_over: Option<&'a str>,
    forgotten: Option<(&'a str, Option<&'a str>)>,
}

/// When and how often the user was at work, which tells nothing of what it is.
#[derive(Serialize)]
struct Touched {
    updated_at: i64,
    attempts: u32,
    settled_at: i64,
    /// A run that died left it behind, and perhaps nothing else.
    lease_until: i64,
}

impl Touched {
    const fn of(mapping: &Mapping) -> Self {
        Self {
            updated_at: mapping.updated_at.as_millis(),
            attempts: mapping.attempts,
            settled_at: mapping.settled_at.as_millis(),
            lease_until: mapping.lease_until.as_millis(),
        }
    }
}

impl<'a> TaggedMapping<'a> {
    fn new(mapping: &'a Mapping, touched: Option<Touched>) -> Self {
        let forgotten = mapping.forgotten.as_ref();
        Self {
            state: mapping.state.as_str(),
            touched,
            email: mapping.email_key.as_ref().map(|email| email.as_str()),
            id: mapping.threedeye_id.as_ref().map(|id| id.0.as_str()),
            password: mapping.password.as_ref().map(|sealed| sealed.as_str()),
            taken_over: mapping.taken_over.as_deref(),
            forgotten: forgotten.map(|account| {
                let id = account.id.as_ref().map(|id| id.0.as_str());
                (account.email.as_str(), id)
            }),
        }
    }
}

impl Sight<'_> {
    fn text(&self, ends_at: Option<Timestamp>) -> Result<String, DatabaseError> {
        let ResetOrder {
            clear_mapping,
            delete_remote,
            reprovision,
            preserve_roles,
        } = self.order;
        let user = self.record.user.as_ref();
        // An idle row may be there for its lease alone.
        let mapping = self.record.mapping.as_ref().filter(|row| {
            ends_at.is_some()
                || row.is_recorded()
                || row.forgotten.is_some()
                || row.taken_over.is_some()
        });
        let email = user.and_then(|user| user.email_key.as_ref());
        // In which order a list has accounts and roles tells nothing.
        let accounts = self.accounts.iter();
        let accounts =
            set_of(accounts.map(|account| (account.id.0.as_str(), in_order(&account.roles))));
        json_text(&Tagged {
            ends_at: ends_at.map(Timestamp::as_millis),
            order: [clear_mapping, delete_remote, reprovision, preserve_roles],
            last_reset: self.last_reset,
            email: email.map(|email| email.as_str()),
            known: user.is_some(),
            mapping: mapping
                .map(|row| TaggedMapping::new(row, ends_at.is_some().then(|| Touched::of(row)))),
            saved: self
                .record
                .recovery
                .as_ref()
                .map(|saved| in_order(&saved.roles)),
            accounts,
        })
    }

    /// The camera roles that no account and no row would have afterwards.
    pub(in crate::provisioning) fn lost_roles(&self) -> Vec<RoleId> {
        let Self { order, record, .. } = self;
        let has_left = record.mapping.as_ref().is_some_and(Mapping::has_left);
        let held = self.accounts.iter().flat_map(|account| &account.roles);
        let held = union(Vec::new(), held);
        let saved = record.recovery.as_ref().map(|saved| saved.roles.clone());
        let saved = saved.unwrap_or_default();
        match (order.clear_mapping, order.preserve_roles, has_left) {
            // The row that waits for the user's return keeps them.
            (false, _, true) | (false, true, _) | (true, true, false) => Vec::new(),
            // Whose row goes has no next account.
            (true, _, true) | (true, false, _) => union(saved, &held),
            (false, false, false) => {
                let is_saved = |role: &RoleId| saved.contains(role);
                held.into_iter().filter(|role| !is_saved(role)).collect()
            }
        }
    }
}

fn in_order(roles: &[RoleId]) -> BTreeSet<&str> {
    set_of(roles.iter().map(|role| role.0.as_str()))
}

impl Context<'_> {
    /// Names this sight, until then.
    pub(in crate::provisioning) fn plan_of(
        &self,
        sight: &Sight<'_>,
        ends_at: Option<Timestamp>,
    ) -> Result<Plan, DatabaseError> {
        let tag = self.sealer.tag(sight.user, &sight.text(ends_at)?);
        Ok(Plan { ends_at, tag })
    }

    /// Whether a reset may do what it is about to.
    pub(in crate::provisioning) fn approve(
        &self,
        sight: &Sight<'_>,
        terms: ResetTerms<'_>,
    ) -> Result<(), ProvisioningError> {
        if let Some(plan) = terms.plan {
            let seen = sight.text(plan.ends_at)?;
            if !self.sealer.is_tag(sight.user, &seen, &plan.tag) {
                return Err(ProvisioningError::PlanOutdated);
            }
        }
        match terms.may_lose_roles || sight.lost_roles().is_empty() {
            true => Ok(()),
            false => Err(ProvisioningError::RolesAtStake),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::provisioning::record::{Recovery, State, User};
    use crate::threedeye::RemoteId;

    fn roles(ids: &[&str]) -> Vec<RoleId> {
        ids.iter().map(|id| RoleId((*id).to_owned())).collect()
    }

    fn mapping(state: State) -> Mapping {
        Mapping {
            state,
            email_key: None,
            threedeye_id: None,
            password: None,
            attempts: 0,
            last_error: None,
            next_attempt_at: None,
            lease_until: Timestamp::default(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            settled_at: Timestamp::default(),
            forgotten: None,
            taken_over: None,
            respelled: None,
        }
    }

    /// The roles that are lost of an account with `held` and of `saved` ones.
    fn lost(order: (bool, bool), state: State, held: &[&str], saved: &[&str]) -> Vec<String> {
        let (clear_mapping, preserve_roles) = order;
        let record = ProvisioningRecord {
            user: Some(User {
                email: None,
                email_key: None,
                auth_subject: None,
            }),
            mapping: Some(mapping(state)),
            recovery: Some(Recovery {
                roles: roles(saved),
            }),
            contested: false,
        };
        let account = RemoteAccount {
            id: RemoteId("acc".to_owned()),
            email: "ann@example.com".to_owned(),
            roles: roles(held),
        };
        let sight = Sight {
            user: &UserId::new("ann"),
            order: ResetOrder {
                clear_mapping,
                delete_remote: true,
                reprovision: false,
                preserve_roles,
            },
            record: &record,
            last_reset: None,
            accounts: &[&account],
        };
        let lost = sight.lost_roles().into_iter();
        lost.map(|role| role.0).collect()
    }

    #[test]
    fn a_role_is_lost_that_neither_an_account_nor_a_row_keeps() {
        let (held, saved) = (&["r1", "r2"][..], &["r2", "r3"][..]);
        let of_user = |order| lost(order, State::Complete, held, saved);
        assert_eq!(of_user((true, false)), ["r2", "r3", "r1"]);
        assert_eq!(of_user((false, false)), ["r1"]);
        assert!(of_user((true, true)).is_empty());
        assert!(of_user((false, true)).is_empty());
        let of_deleted = |order| lost(order, State::Leaving, held, saved);
        assert_eq!(of_deleted((true, false)), ["r2", "r3", "r1"]);
        // Whose row goes has no next account.
        assert_eq!(of_deleted((true, true)), ["r2", "r3", "r1"]);
        assert!(of_deleted((false, false)).is_empty());
    }

    #[test]
    fn a_plan_is_good_from_its_preview_for_as_long_as_it_says() {
        let now = Timestamp::from_millis(1_795_258_200_000);
        let check = |ends_at| {
            let tag = "a".repeat(43);
            let plan = Plan::new(ends_at, tag);
            plan.check_time(now)
        };
        let second = Duration::from_secs(1);
        assert!(matches!(check(now), Err(ProvisioningError::PlanExpired)));
        assert!(check(now.plus(second)).is_ok());
        assert!(check(now.plus(PLAN_LIFETIME)).is_ok());
        // The preview may have been made by an isolate whose clock is ahead.
        let latest = now.plus(PLAN_LIFETIME).plus(CLOCK_SKEW);
        assert!(check(latest).is_ok());
        let later = check(latest.plus(second));
        assert!(matches!(later, Err(ProvisioningError::PlanOutdated)));
    }

    #[test]
    fn a_plan_is_read_as_it_is_written() {
        let text = format!("1795258200000.{}", "aZ0-_".repeat(9).split_at(43).0);
        let plan = Plan::parse(&text).unwrap();
        assert_eq!(plan.to_string(), text);
        for bad in [
            "",
            ".",
            "1795258200000",
            text.split_at(text.len() - 1).0,
            &format!("+{text}"),
            &format!("0{text}"),
            &format!("-{text}"),
            &format!("{text}a"),
            &text.replace('.', ".."),
            &text.replace('Z', "/"),
            &format!("{}0", "9".repeat(19)),
        ] {
            assert_eq!(Plan::parse(bad), None, "{bad}");
        }
    }
}
