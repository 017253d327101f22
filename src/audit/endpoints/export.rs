//! `GET /admin/audit/export`: the audit trail as a file, newest first, in parts that a `Link` header joins.

use http::header::{CONTENT_DISPOSITION, LINK};
use http::{HeaderValue, StatusCode};

use crate::audit::AuditEntry;
use crate::audit::csv::{csv, ndjson};
use crate::audit::endpoints::filter;
use crate::audit::store;
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Parameter, Spec};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, handler};

const PATH: &str = "/admin/audit/export";

/// Entries that one call looks at.
const TO_SCAN: u32 = 5_000;

pub const ROUTE: Route = Route::get_only(
    PATH,
    "exportAudit",
    handler!(handle: Admin, (Role::Admin, SignIn::AnyTime)),
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Ndjson,
}

impl Format {
    const ALL: [(&'static str, Self); 2] = [("csv", Self::Csv), ("ndjson", Self::Ndjson)];

    const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    const fn disposition(self) -> &'static str {
        match self {
            Self::Csv => "attachment; filename=\"audit.csv\"",
            Self::Ndjson => "attachment; filename=\"audit.ndjson\"",
        }
    }
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&[filter::PARAMETERS.as_slice(), &["format"]].concat())?;
    let format = query.choice("format", Format::Csv, &Format::ALL)?;
    let filter = filter::of(&query)?;
    let entry = call.entry(Action::ExportAudit, "audit", "read");
    let page = store::export(&call.services.database()?, &filter, TO_SCAN, &entry).await?;
    let data = PersonalData::for_caller(&call.caller);
    let rows = page.rows.into_iter();
    let entries: Vec<AuditEntry> = rows
        .map(|row| AuditEntry::of(row, |text| data.text(text)))
        .collect();
    let text = match format {
        Format::Csv => csv(&entries),
        Format::Ndjson => ndjson(&entries),
    };
    let mut reply = Reply::text(StatusCode::OK, format.content_type(), text.into_bytes()).header(
        CONTENT_DISPOSITION,
        HeaderValue::from_static(format.disposition()),
    );
    if let Some(next) = page.next {
        let given = call.input.query.as_deref().unwrap_or_default();
        reply = reply.header(LINK, link(given, next)?);
    }
    Ok(reply)
}

/// The same request for what is older than an entry.
fn link(query: &str, before: u64) -> Result<HeaderValue, ApiError> {
    let given = form_urlencoded::parse(query.as_bytes());
    let kept = given.filter(|(name, _)| name != "before");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("before", &before.to_string())
        .finish();
    HeaderValue::try_from(format!("<{PATH}?{query}>; rel=\"next\""))
        .map_err(|_| ApiError::internal("the link is no header value"))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let operation = OperationDoc::new(
        "Audit",
        "The audit trail as a file",
        "Newest first, as CSV (RFC 4180; cells that a spreadsheet would run as a formula begin with an apostrophe) or \
         as one JSON object a line. A call looks at 5,000 entries; where older ones may match, `Link` leads to them. \
         Times are UTC. Operators of the console get it masked. The export is itself written into the trail.",
    );
    let schema =
        serde_json::json!({ "type": "string", "enum": ["csv", "ndjson"], "default": "csv" });
    filter::describe(operation, spec)
        .parameter(Parameter::query("format", "What is wanted.", schema))
        .answer(
            Answer::text(200, "The entries.", &["text/csv", "application/x-ndjson"])
                .no_store()
                .header("Link", "NextPart"),
        )
}
