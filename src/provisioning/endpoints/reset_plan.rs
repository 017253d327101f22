//! What a reset would do, as `resetUser` answers it with `dryRun=true`.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::UserId;
use crate::operators::Role;
use crate::provisioning::reset::{PlannedDelete, ResetPreview};
#[cfg(test)]
use crate::threedeye::RemoteId;
#[cfg(test)]
use crate::web::openapi::{Json, example};

/// How many characters of the id a person types to show that they mean it.
const TYPED_CHARS: usize = 6;

/// What a reset would do. Nothing was changed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ResetPlan"))]
pub struct PlanBody {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: String,
    #[cfg_attr(test, schemars(with = "PlanText"))]
    plan: String,
    /// What would be forgotten.
    clear: ClearPart,
    /// What would be done at 3dEye.
    remote: RemotePart,
    /// Whether the user would be provisioned at once.
    reprovision: bool,
    /// What would be lost for good.
    loses: LosesPart,
    /// Sentences for a person to read.
    warnings: Vec<&'static str>,
    /// What it takes from a page of the console.
    needs: NeedsPart,
}

/// Names a preview, for 10 minutes.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(extend("pattern" = r"^[0-9]+\.[A-Za-z0-9_\-]{43}$"))]
pub struct PlanText(#[expect(dead_code)] String);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct ClearPart {
    /// The mapping, if there is one that tells something.
    mapping: bool,
    /// Roles that were saved for the next account.
    saved_role_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct RemotePart {
    /// The accounts that would be deleted.
    deletes: Vec<DeletePart>,
    /// A delete is asked for, and neither id nor e-mail is in our customer.
    not_visible: bool,
    /// False: the list could not be read far enough, and the reset would be refused (502).
    complete: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct DeletePart {
    #[cfg_attr(test, schemars(with = "RemoteId"))]
    threedeye_user_id: String,
    /// Its camera roles.
    role_ids: Vec<String>,
    /// What makes it this user's. mapped: its id is recorded. email: it has the user's e-mail. earlier: it
    /// was made for the user before the last reset or for an earlier e-mail.
    #[cfg_attr(test, schemars(extend("enum" = ["mapped", "email", "earlier"])))]
    why: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct LosesPart {
    /// Camera roles that no account and no row would have afterwards.
    role_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
pub(super) struct NeedsPart {
    /// The least role.
    role: Role,
    /// Whether it takes a sign-in of the last 15 minutes.
    step_up: bool,
    /// What the page asks a person to type first, or null: the last characters of the id, of a list the number of users.
    typed: Option<String>,
}

impl NeedsPart {
    /// `hurts`: something is lost that nothing brings back.
    pub(super) const fn new(hurts: bool, typed: Option<String>) -> Self {
        Self {
            role: if hurts { Role::Admin } else { Role::Support },
            step_up: hurts,
            typed,
        }
    }
}

impl PlanBody {
    pub fn new(user: &UserId, reprovision: bool, preview: ResetPreview) -> Self {
        let ids =
            |roles: Vec<crate::threedeye::RoleId>| roles.into_iter().map(|role| role.0).collect();
        let loses: Vec<String> = ids(preview.lost_roles);
        let hurts = !loses.is_empty();
        Self {
            user_id: user.to_string(),
            plan: preview.plan.to_string(),
            clear: ClearPart {
                mapping: preview.clears_mapping,
                saved_role_ids: ids(preview.cleared_roles),
            },
            remote: RemotePart {
                deletes: preview.deletes.into_iter().map(Into::into).collect(),
                not_visible: preview.not_visible,
                complete: preview.complete,
            },
            reprovision,
            loses: LosesPart { role_ids: loses },
            warnings: preview.warnings,
            needs: NeedsPart::new(hurts, hurts.then(|| end_of(user))),
        }
    }
}

impl From<PlannedDelete> for DeletePart {
    fn from(planned: PlannedDelete) -> Self {
        Self {
            threedeye_user_id: planned.id.0,
            role_ids: planned.roles.into_iter().map(|role| role.0).collect(),
            why: planned.why.as_str(),
        }
    }
}

fn end_of(user: &UserId) -> String {
    let mut end: Vec<char> = user.as_str().chars().rev().take(TYPED_CHARS).collect();
    end.reverse();
    end.into_iter().collect()
}

#[cfg(test)]
pub fn plan_example() -> Json {
    example!({
        "userId": "00000000-0000-4000-8000-000000000001",
        "plan": "1795258200000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "clear": { "mapping": true, "savedRoleIds": [] },
        "remote": {
            "deletes": [
                {
                    "threedeyeUserId": "11111111-1111-4111-8111-111111111111",
                    "roleIds": ["role-front-door"],
                    "why": "mapped"
                }
            ],
            "notVisible": false,
            "complete": true
        },
        "reprovision": true,
        "loses": { "roleIds": [] },
        "warnings": [],
        "needs": { "role": "support", "stepUp": false, "typed": null }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_types_the_end_of_the_id() {
        assert_eq!(end_of(&UserId::new("0b9f3c1e-000001")), "000001");
        assert_eq!(end_of(&UserId::new("ä🔑b")), "ä🔑b");
    }
}
