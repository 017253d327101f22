//! What a run over a list would do, as `bulk` answers it without a plan.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use crate::kernel::UserId;
use crate::provisioning::bulk::{Act, BulkPlan, PlannedUser};
use crate::provisioning::endpoints::reset_plan::NeedsPart;
#[cfg(test)]
use crate::provisioning::policy::MAX_BULK_USERS;
#[cfg(test)]
use crate::threedeye::RemoteId;
#[cfg(test)]
use crate::web::openapi::{Json, example};
use crate::web::personal_data::PersonalData;

/// With more users than this a person types their number to show that they mean it.
const FEW: usize = 10;

/// Names the preview of a list, for 10 minutes: its end, a tag, and 8 characters for each entry.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(extend("pattern" = r"^[0-9]+\.[A-Za-z0-9_\-]{43}\.([A-Za-z0-9_\-]{8})+$"))]
pub struct BulkPlanText(#[expect(dead_code)] String);

/// What a run over the list would do. Nothing was changed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BulkPlan"))]
pub struct PlanBody {
    #[cfg_attr(test, schemars(extend("enum" = Act::ALL.map(Act::as_str))))]
    action: &'static str,
    #[cfg_attr(test, schemars(with = "BulkPlanText"))]
    plan: String,
    /// Entries of the list, each user counted once: `ready` and `refused` together.
    #[cfg_attr(test, schemars(range(max = MAX_BULK_USERS)))]
    total: usize,
    /// Users that the act would be done to.
    #[cfg_attr(test, schemars(range(max = MAX_BULK_USERS)))]
    ready: usize,
    /// Entries that it would be refused for.
    #[cfg_attr(test, schemars(range(max = MAX_BULK_USERS)))]
    refused: usize,
    /// Accounts that would be deleted at 3dEye; of a provisioning, those that would be deleted and created again.
    deletes: usize,
    /// How many of those a provisioning deletes at most (BACKFILL_MAX_TAKEOVERS); whom it does not reach is refused. Null:
    /// any number.
    deletes_at_most: Option<u32>,
    /// Users that would lose camera roles for good.
    #[cfg_attr(test, schemars(range(max = MAX_BULK_USERS)))]
    losers: usize,
    /// One by one, in the order of the list.
    #[cfg_attr(test, schemars(length(max = MAX_BULK_USERS)))]
    users: Vec<UserPart>,
    /// What it takes from a page of the console.
    needs: NeedsPart,
}

/// What would become of one entry.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BulkPlanUser"))]
struct UserPart {
    /// Its place in the list, from 1; where more than one entry names the user, the first.
    #[cfg_attr(test, schemars(range(min = 1, max = MAX_BULK_USERS)))]
    entry: u32,
    /// The entry; an e-mail is masked for operators.
    given: String,
    /// Null: the entry names no user, or more than one.
    #[cfg_attr(test, schemars(with = "Option<UserId>"))]
    user_id: Option<String>,
    /// Masked for operators.
    email: Option<String>,
    /// Why the act would be refused; null: it would not.
    refused: Option<RefusedPart>,
    /// The accounts that would be deleted at 3dEye, and by a provisioning created again.
    #[cfg_attr(test, schemars(with = "Vec<RemoteId>"))]
    deletes: Vec<String>,
    /// Camera roles that no account and no row would have afterwards.
    loses_role_ids: Vec<String>,
    /// Protected accounts that would stay.
    #[cfg_attr(test, schemars(with = "Vec<RemoteId>"))]
    left_in_place: Vec<String>,
    /// Sentences for a person to read.
    warnings: Vec<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct RefusedPart {
    /// A word.
    reason: &'static str,
    /// What the single act says.
    message: String,
}

impl PlanBody {
    pub fn new(
        act: Act,
        plan: &BulkPlan,
        users: Vec<PlannedUser>,
        max_replacements: u32,
        data: PersonalData,
    ) -> Self {
        let users: Vec<UserPart> = users
            .into_iter()
            .map(|planned| UserPart::new(planned, data))
            .collect();
        let ready = users.iter().filter(|user| user.refused.is_none()).count();
        let losers = users.iter().filter(|user| !user.loses_role_ids.is_empty());
        let losers = losers.count();
        let hurts = act == Act::Offboard || losers > 0;
        Self {
            action: act.as_str(),
            plan: plan.to_string(),
            total: users.len(),
            ready,
            refused: users.len().saturating_sub(ready),
            deletes: users.iter().map(|user| user.deletes.len()).sum(),
            deletes_at_most: (act == Act::Provision).then_some(max_replacements),
            losers,
            needs: NeedsPart::new(hurts, (hurts || ready > FEW).then(|| ready.to_string())),
            users,
        }
    }
}

impl UserPart {
    fn new(planned: PlannedUser, data: PersonalData) -> Self {
        let given = match planned.given.contains('@') {
            true => data.email(planned.given),
            false => planned.given,
        };
        let (ready, refused) = match planned.verdict {
            Ok(ready) => (ready, None),
            Err(refusal) => {
                let refused = RefusedPart {
                    reason: refusal.code,
                    message: refusal.message,
                };
                (Default::default(), Some(refused))
            }
        };
        Self {
            entry: planned.place,
            given,
            user_id: planned.user.map(|user| user.to_string()),
            email: planned.email.map(|email| data.email(email)),
            refused,
            deletes: ready.deletes.into_iter().map(|id| id.0).collect(),
            loses_role_ids: ready.lost_roles.into_iter().map(|role| role.0).collect(),
            left_in_place: ready.left_in_place.into_iter().map(|id| id.0).collect(),
            warnings: ready.warnings,
        }
    }
}

#[cfg(test)]
pub fn plan_example() -> Json {
    example!({
        "action": "reset",
        "plan": "1795258200000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBCCCCCCCC",
        "total": 2,
        "ready": 1,
        "refused": 1,
        "deletes": 1,
        "deletesAtMost": null,
        "losers": 0,
        "users": [
            {
                "entry": 1,
                "given": "00000000-0000-4000-8000-000000000001",
                "userId": "00000000-0000-4000-8000-000000000001",
                "email": "ann@example.com",
                "refused": null,
                "deletes": ["11111111-1111-4111-8111-111111111111"],
                "losesRoleIds": [],
                "leftInPlace": [],
                "warnings": []
            },
            {
                "entry": 2,
                "given": "jane@example.com",
                "userId": null,
                "email": null,
                "refused": { "reason": "no_user", "message": "User not found" },
                "deletes": [],
                "losesRoleIds": [],
                "leftInPlace": [],
                "warnings": []
            }
        ],
        "needs": { "role": "support", "stepUp": false, "typed": null }
    })
}
