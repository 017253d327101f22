//! `POST /admin/threedeye/bulk`: resets, provisions or off-boards the users of a list.

use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::count_reading_the_list;
use crate::auth::SignIn;
use crate::operators::Role;
use crate::provisioning::ProvisioningError;
#[cfg(test)]
use crate::provisioning::backfill::NotRun;
use crate::provisioning::backfill::RunOrder;
use crate::provisioning::bulk::{Act, BulkOrder, BulkPlan, Given, PlannedUser, Started};
use crate::provisioning::endpoints::bulk_plan::PlanBody;
#[cfg(test)]
use crate::provisioning::endpoints::bulk_plan::{BulkPlanText, plan_example};
#[cfg(test)]
use crate::provisioning::endpoints::error_answers;
use crate::provisioning::endpoints::run;
use crate::provisioning::policy::MAX_BULK_USERS;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::store::Trigger;
use crate::provisioning::store::bulk::find_planned;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::post(
    "/admin/threedeye/bulk",
    "bulk",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

/// White space as [`str::trim`] knows it around something without control characters.
#[cfg(test)]
const ENTRY: &str = concat!(
    r"^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*",
    r"[^\u0000- \u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
    r"([^\u0000-\u001f\u007f-\u009f]*",
    r"[^\u0000- \u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000])?",
    r"[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$",
);

/// What goes with which action.
#[cfg(test)]
fn conditions() -> serde_json::Value {
    serde_json::json!([
        {
            "if": { "properties": { "action": { "const": "reset" } } },
            "else": { "properties": { "options": { "type": "null" } } }
        },
        {
            "if": {
                "properties": { "action": { "const": "offboard" }, "plan": { "type": "string" } },
                "required": ["plan"]
            },
            "then": { "properties": { "reason": { "type": "string" } }, "required": ["reason"] }
        }
    ])
}

/// What to do to whom.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(
    rename = "BulkRequest",
    extend("allOf" = conditions()),
))]
struct Request {
    #[cfg_attr(test, schemars(with = "String", extend("enum" = Act::ALL.map(Act::as_str))))]
    action: Act,
    /// Ids or e-mails. A user that is named more than once counts once.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_BULK_USERS), inner(length(min = 1, max = 320), regex(pattern = ENTRY))))]
    users: Vec<String>,
    /// How each is reset; only with that action.
    #[serde(default)]
    options: Option<Options>,
    /// `plan` of a preview of the same list: what it showed is done, and whom it showed otherwise is refused. Left out:
    /// the preview.
    #[cfg_attr(test, schemars(with = "Option<BulkPlanText>"))]
    #[serde(default)]
    plan: Option<String>,
    /// For the audit trail; e-mails and phone numbers in it are masked. Together with a plan it is required where users
    /// are off-boarded, and of a page of the console where they are reset.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    #[serde(default)]
    reason: Option<String>,
}

/// As of `resetUser`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BulkResetOptions"))]
struct Options {
    /// Forget the mapping and the saved roles.
    clear_mapping: bool,
    /// Delete each user's account at 3dEye first; it takes its camera roles with it.
    delete_remote: bool,
    /// Provision again at once.
    reprovision: bool,
    /// Keep the roles of the deleted account, and those saved before, for the next provisioning to attach.
    preserve_roles: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clear_mapping: true,
            delete_remote: false,
            reprovision: false,
            preserve_roles: false,
        }
    }
}

impl From<Options> for ResetOrder {
    fn from(options: Options) -> Self {
        Self {
            clear_mapping: options.clear_mapping,
            delete_remote: options.delete_remote,
            reprovision: options.reprovision,
            preserve_roles: options.preserve_roles,
        }
    }
}

/// Of a preview, or of the run that carries it out.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BulkAnswer"))]
enum Answer {
    Plan(PlanBody),
    Run(run::Body),
}

impl Request {
    fn given(&self) -> Result<Vec<Given>, ApiError> {
        if !(1..=MAX_BULK_USERS).contains(&self.users.len()) {
            let message = format!("users: must have 1 to {MAX_BULK_USERS} entries");
            return Err(ApiError::bad_request(message));
        }
        let given = self.users.iter().enumerate();
        let given = given.map(|(index, text)| Given::parse(&format!("users[{index}]"), text));
        given
            .collect::<Result<_, _>>()
            .map_err(ApiError::bad_request)
    }

    fn plan(&self) -> Result<Option<BulkPlan>, ApiError> {
        let plan = self.plan.as_ref().map(|text| {
            BulkPlan::parse(text)
                .ok_or_else(|| ApiError::bad_request("plan: must be the plan of a preview"))
        });
        plan.transpose()
    }
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let mut request: Request = call.body()?;
    let given = request.given()?;
    let plan = request.plan()?;
    let reason = request.reason.as_deref().map(fields::reason).transpose()?;
    let reset = match (request.action, request.options.take()) {
        (Act::Reset, options) => options.unwrap_or_default().into(),
        (_, None) => ResetOrder::NOTHING,
        (_, Some(_)) => return Err(ApiError::bad_request("options: only a reset has them")),
    };
    if request.action == Act::Offboard {
        call.require(Role::Admin, SignIn::Recently)?;
    }
    // A program answers for its own; a person says why.
    let is_person = matches!(call.caller, Admin::Operator(_));
    let needs_reason = match request.action {
        Act::Reset => is_person,
        Act::Provision => false,
        Act::Offboard => true,
    };
    if plan.is_some() && needs_reason && reason.is_none() {
        return Err(ApiError::bad_request("reason: required"));
    }
    count_reading_the_list(&call).await?;
    let mut origin = call.origin(call.caller.actor());
    origin.reason.clone_from(&reason);
    let database = call.services.database()?;
    let provisioning = call.services.provisioning(&database, &origin)?;
    let order = BulkOrder {
        act: request.action,
        reset,
        may_lose_roles: !is_person || call.require(Role::Admin, SignIn::AnyTime).is_ok(),
        reason,
        list: provisioning.name_of_list(&given)?,
    };
    if let Some(plan) = &plan
        && let Some(run) = find_planned(&database, &plan.name()).await?
    {
        if !run.order()?.is_same(&order) {
            return Err(ProvisioningError::PlanOutdated.into());
        }
        // Sent again because the answer was lost.
        return answer_run(
            &call,
            Started {
                run_id: run.run_id,
                is_queued: true,
            },
        )
        .await;
    }
    let remote = call.services.remote();
    let users = provisioning.preview_bulk(remote.as_ref(), &order, &given);
    let mut users = users.await?;
    let Some(plan) = plan else {
        let plan = provisioning.bulk_plan(&order, &users)?;
        let data = PersonalData::for_caller(&call.caller);
        let replacements = call.services.config.backfill_max_takeovers;
        let answer = Answer::Plan(PlanBody::new(order.act, &plan, users, replacements, data));
        return Ok(Reply::json(StatusCode::OK, &answer).no_store());
    };
    provisioning.check_bulk_plan(&plan, &order, &mut users)?;
    if order.act == Act::Reset && is_person && users.iter().any(loses_roles) {
        call.require(Role::Admin, SignIn::Recently)?;
    }
    // What consumers could not do, for want of 3dEye, is done at once.
    let queue = call.services.run_queue().filter(|_| remote.is_some());
    let limits = RunOrder {
        trigger: Trigger::Manual,
        limit: u32::try_from(users.len()).unwrap_or(u32::MAX),
        max_replacements: call.services.config.backfill_max_takeovers,
        removals: call.services.removals(),
    };
    let remote = remote.as_ref();
    let started = provisioning.start_bulk(remote, &order, &plan, &users, queue.as_deref(), limits);
    answer_run(&call, started.await?).await
}

fn loses_roles(planned: &PlannedUser) -> bool {
    let ready = planned.verdict.as_ref();
    ready.is_ok_and(|ready| !ready.lost_roles.is_empty())
}

async fn answer_run(call: &CallWithBody<Admin>, started: Started) -> Result<Reply, ApiError> {
    let database = call.services.database()?;
    let body = run::read(&database, &started.run_id, call.now()).await?;
    if !started.is_queued {
        return Ok(Reply::json(StatusCode::OK, &Answer::Run(body)).no_store());
    }
    let location = format!("/admin/threedeye/backfill/runs/{}", started.run_id);
    let location = HeaderValue::try_from(location)
        .map_err(|_| ApiError::internal("a run id that is no header value"))?;
    let reply = Reply::json(StatusCode::ACCEPTED, &Answer::Run(body));
    Ok(reply.no_store().header(LOCATION, location))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "Resets, provisions or off-boards the users of a list",
        "Without `plan` it is a preview: nothing is changed, and the answer tells what would become of each user, \
         or why the single act would refuse it. With the `plan` of a preview of the same list, sent along within 10 \
         minutes, a run does each user as `resetUser`, `provisionUser` or `deleteUser` would, under the same guards; \
         a refusal is that user's alone, also where the user has changed since the preview; only where none is left to \
         be done it is a 409. A list that is provisioned replaces existing accounts within the limit of a \
         run. What the single act would ask of its caller is asked here: role, recent \
         sign-in, reason. Where the deployment has a queue the answer is 202, and consumers do the work afterwards; \
         without one 50 users are done before the answer, and whom it does not reach within 10 minutes is left as it \
         was. `getBackfillRun` tells how far it is, `listRunUsers` what became of each user, `stopBackfillRun` ends \
         it. The same plan starts no second run: sent again, it is answered with the first.",
    )
    .body(
        spec.body::<Request>()
            .example("reset", example!({
                "action": "reset",
                "users": ["00000000-0000-4000-8000-000000000001", "jane@example.com"],
                "options": { "deleteRemote": true, "reprovision": true, "preserveRoles": true }
            }))
            .example("offboard", example!({ "action": "offboard", "users": ["jane@example.com"], "reason": "moved out" })),
    )
    .answer(
        spec.json::<Answer>(200, "The preview; or, without a queue, the run as it ended.")
            .no_store()
            .example("preview", plan_example()),
    )
    .answer(
        spec.json::<Answer>(202, "The run has begun, or had with the same plan.")
            .no_store()
            .link("getBackfillRun", [("runId", "$response.body#/runId")])
            .header("Location", "RunLocation")
            .example("run", example!({
                "runId": "run_01JZX0000000000000000000EX",
                "trigger": "manual",
                "mode": "queue",
                "action": "reset",
                "status": "running",
                "died": false,
                "limit": 2,
                "planned": 2,
                "done": 0,
                "failed": 1,
                "skipped": 0,
                "quarantined": 0,
                "remaining": null,
                "chunks": { "planned": 1, "closed": 0 },
                "usersPerMinute": null,
                "estimatedEnd": null,
                "errors": ["entry 2: User not found"],
                "startedAt": "2026-11-21T10:30:00.000Z",
                "finishedAt": null
            })),
    )
    .error(ErrorAnswer::new(
        "BulkOutdated",
        "The plan is of another list, or none of its users is as the preview showed it; or runs are paused, which a preview does not mind.",
        [
            ("changed", ProvisioningError::PlanOutdated.into()),
            ("expired", ProvisioningError::PlanExpired.into()),
            ("paused", NotRun::Paused.into()),
        ],
    ))
    .error(error_answers::upstream())
    .error(error_answers::not_configured())
}
