//! `GET /admin/threedeye/backfill/runs`: the ledger of runs, newest first.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
#[cfg(test)]
use serde_json::json;

use crate::auth::SignIn;
use crate::kernel::Timestamp;
use crate::operators::Role;
#[cfg(test)]
use crate::provisioning::endpoints::RunId;
use crate::provisioning::store::{self, RunFilter, RunRow, RunStatus, Trigger};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::page::Limit;
use crate::web::{ApiError, Call, Reply, Route, handler};

/// Runs listed when the caller does not say.
const DEFAULT_LIMIT: u32 = 20;
/// Runs listed at most.
const MAX_LIMIT: u32 = 200;

pub const ROUTE: Route = Route::get(
    "/admin/threedeye/backfill/runs",
    "listBackfillRuns",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// Runs, newest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BackfillRuns"))]
struct Body {
    /// The runs.
    #[cfg_attr(test, schemars(length(max = MAX_LIMIT)))]
    runs: Vec<RunPart>,
    /// `before` of the next page; null: there is none.
    #[cfg_attr(test, schemars(with = "Option<RunId>"))]
    next: Option<String>,
}

/// One run of the ledger.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BackfillRun"))]
struct RunPart {
    #[serde(flatten)]
    head: RunHead,
    /// Users taken up, or planned.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    total: u32,
    /// Users that got their account; of a list, whom it was done to.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    created: u32,
    /// Users that could not be provisioned; of a list, also those who were refused.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    failed: u32,
    /// Users left as they were.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    skipped: u32,
    /// Those of `failed` that went into quarantine.
    #[cfg_attr(test, schemars(range(max = 10_000)))]
    quarantined: u32,
    /// Users that still waited when it ended.
    remaining: Option<u64>,
    /// One line a failed user, and one for an early end or a limit reached. Of a planned run the
    /// first hundred.
    #[cfg_attr(test, schemars(inner(length(min = 1))))]
    errors: Vec<String>,
    started_at: Timestamp,
    /// When it ended. Null: at work, or it died.
    finished_at: Option<Timestamp>,
}

/// What both answers about runs begin with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RunHead {
    #[cfg_attr(test, schemars(with = "RunId"))]
    run_id: String,
    /// What started it.
    #[cfg_attr(test, schemars(extend("enum" = ["manual", "cron"])))]
    trigger: String,
    /// inline: in one process. queue: planned, and worked off by queue consumers.
    #[cfg_attr(test, schemars(extend("enum" = ["inline", "queue"])))]
    mode: String,
    /// backfill: it makes the accounts that are missing. Else what it does to each user of a list.
    #[cfg_attr(test, schemars(extend("enum" = ["backfill", "reset", "provision", "offboard"])))]
    action: String,
    /// running: at work, or `died`. A planned run that no consumer had a hand in for 30 minutes, a list for a day, is
    /// closed by the next plan.
    #[cfg_attr(test, schemars(extend("enum" = ["running", "completed", "ended_early"])))]
    status: String,
    /// Whether it is without an end and has made no progress for 15 minutes, a planned run since a consumer last
    /// worked on it, a list in the queue for a day. Nothing is lost: its users are due again; a list tells who was left
    /// once it is stopped.
    died: bool,
    /// Users it would take up at most.
    #[cfg_attr(test, schemars(range(min = 1, max = 10_000)))]
    limit: u32,
}

impl RunHead {
    pub fn of(row: &RunRow, now: Timestamp) -> Self {
        Self {
            run_id: row.run_id.clone(),
            trigger: row.trigger_kind.clone(),
            mode: row.mode.clone(),
            action: row.action.clone(),
            status: row.status.clone(),
            died: row.has_died(now),
            limit: row.batch_limit,
        }
    }
}

impl RunPart {
    fn new(row: RunRow, now: Timestamp) -> Self {
        Self {
            head: RunHead::of(&row, now),
            total: row.tally.total,
            created: row.tally.created,
            failed: row.tally.failed,
            skipped: row.tally.skipped,
            quarantined: row.tally.quarantined,
            remaining: row.remaining,
            errors: row.tally.errors,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "before", "trigger", "status"])?;
    let limit = query.count("limit", DEFAULT_LIMIT, MAX_LIMIT)?;
    let limit = Limit::new("limit", limit, MAX_LIMIT)?;
    let triggers = [Trigger::Manual, Trigger::Cron].map(|one| (one.as_str(), Some(one)));
    let statuses = [
        RunStatus::Running,
        RunStatus::Completed,
        RunStatus::EndedEarly,
    ];
    let statuses = statuses.map(|one| (one.as_str(), Some(one)));
    let filter = RunFilter {
        trigger: query.choice("trigger", None, &triggers)?,
        status: query.choice("status", None, &statuses)?,
        before: query.text("before").map(check_run_id).transpose()?,
    };
    let rows = store::list_runs(&call.services.database()?, filter, limit.to_read()).await?;
    let (rows, next) = limit.cut(rows, |row| row.run_id.clone());
    let (rows, now) = (rows.into_iter(), call.now());
    let body = Body {
        next,
        runs: rows.map(|row| RunPart::new(row, now)).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

fn check_run_id(text: &str) -> Result<&str, ApiError> {
    let ulid = text.strip_prefix("run_").unwrap_or_default();
    match ulid::Ulid::from_string(ulid) {
        Ok(id) if id.to_string() == ulid => Ok(text),
        _ => Err(ApiError::bad_request("before: must be the id of a run")),
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "The ledger of runs",
        "Manual and scheduled runs, newest first, a page at a time.",
    )
    .parameter(Parameter::count("limit", "Runs to list at most.", DEFAULT_LIMIT, MAX_LIMIT))
    .parameter(Parameter::query("before", "Only runs that began before this one: `next` of the page before.", json!({
        "type": "string",
        "pattern": "^run_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
    })))
    .parameter(Parameter::query("trigger", "Only runs that were started so.", json!({"type": "string", "enum": ["manual", "cron"]})))
    .parameter(Parameter::query("status", "Only runs that stand so.", json!({"type": "string", "enum": ["running", "completed", "ended_early"]})))
    .answer(
        spec.json::<Body>(200, "The latest runs.")
.link("getBackfillRun", [("runId", "$response.body#/runs/0/runId")])
            .no_store()
            .example("runs", example!({
                "runs": [
                    {
                        "runId": "run_01JZX0000000000000000000EX",
                        "trigger": "cron",
                        "mode": "inline",
                        "action": "backfill",
                        "status": "completed",
                        "died": false,
                        "limit": 50,
                        "total": 3,
                        "created": 2,
                        "failed": 1,
                        "skipped": 0,
                        "quarantined": 1,
                        "remaining": 0,
                        "errors": [
                            "00000000-0000-4000-8000-000000000002: the e-mail belongs to an account outside our customer"
                        ],
                        "startedAt": "2026-11-21T10:30:00.000Z",
                        "finishedAt": "2026-11-21T10:30:01.250Z"
                    }
                ],
                "next": null
            })),
    )
}
