//! `GET /admin/audit`: the audit trail, newest first, a page at a time.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::AuditEntry;
use crate::audit::endpoints::filter;
use crate::audit::store::read_page;
use crate::auth::SignIn;
use crate::kernel::Timestamp;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, handler};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

pub const ROUTE: Route = Route::get(
    "/admin/audit",
    "listAudit",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// A page of the audit trail, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AuditPage"))]
struct ResponseBody {
    #[cfg_attr(test, schemars(length(max = MAX_LIMIT)))]
    entries: Vec<AuditEntry>,
    /// What to send as `before` for the next page; null: there is nothing older.
    next: Option<String>,
    /// The moment of the oldest entry that was looked at. A page looks at no more than about 2,000, so it may end
    /// before it is full: `next` leads on. Null: everything was looked at.
    scanned_to: Option<Timestamp>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&[filter::PARAMETERS.as_slice(), &["limit"]].concat())?;
    let limit = query.count("limit", DEFAULT_LIMIT, MAX_LIMIT)?;
    let filter = filter::of(&query)?;
    let page = read_page(&call.services.database()?, &filter, limit).await?;
    let data = PersonalData::for_caller(&call.caller);
    let rows = page.rows.into_iter();
    let body = ResponseBody {
        entries: rows
            .map(|row| AuditEntry::of(row, |text| data.text(text)))
            .collect(),
        next: page.next.map(|id| id.to_string()),
        scanned_to: page.scanned_to,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let operation = OperationDoc::new(
        "Audit",
        "The audit trail",
        "Who did what, when and why, newest first. All that is asked for must apply. Operators of the console \
         see e-mails and phone numbers masked that were typed into a reason.",
    );
    filter::describe(operation, spec)
        .parameter(Parameter::count(
            "limit",
            "Entries to list at most.",
            DEFAULT_LIMIT,
            MAX_LIMIT,
        ))
        .answer(
            spec.json::<ResponseBody>(200, "The entries.")
                .no_store()
                .example(
                    "entries",
                    example!({
                        "entries": [{
                            "id": 7,
                            "at": "2026-11-21T10:30:00.000Z",
                            "actor": {
                                "kind": "operator",
                                "id": "op_01JZX0000000000000000000EX",
                                "name": "s***@smartphonekey.com"
                            },
                            "action": "threedeye.reset",
                            "subject": "00000000-0000-4000-8000-000000000001",
                            "outcome": "rows cleared, account left alone",
                            "reason": "ticket 4711",
                            "requestId": "req_01JZX0000000000000000000EX",
                            "address": "203.0.113.7"
                        }],
                        "next": null,
                        "scannedTo": null
                    }),
                ),
        )
}
