//! `GET /admin/notices`: what waits in the outbox, the longest due first, a page at a time.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::account::NoticeKind;
use crate::account::store::{NoticeFilter, NoticePlace, WaitingNotice, list_notices};
use crate::auth::SignIn;
use crate::kernel::{Timestamp, UserId};
use crate::operators::Role;
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::page::Limit;
use crate::web::personal_data::PersonalData;
use crate::web::query::Query;
use crate::web::{ApiError, Call, Reply, Route, handler};

const MAX_LIMIT: u32 = 200;

pub const ROUTE: Route = Route::get(
    "/admin/notices",
    "listNotices",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// A page of the outbox, the longest due first.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Notices"))]
struct ResponseBody {
    #[cfg_attr(test, schemars(length(max = MAX_LIMIT)))]
    notices: Vec<NoticePart>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<String>,
}

/// A notice that waits for delivery.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Notice"))]
struct NoticePart {
    id: String,
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(extend("examples" = ["email_changed"])))]
    kind: String,
    user_id: UserId,
    /// An e-mail address, else a phone number; masked for operators. Null: the person has neither.
    recipient: Option<String>,
    /// Attempts so far, one that is under way included.
    attempts: u32,
    /// Why the last attempt failed: the status that the receiver answered, timed_out, unreachable, too_large, unopened,
    /// no_key or unsigned.
    #[cfg_attr(test, schemars(extend("examples" = ["503"])))]
    last_cause: Option<String>,
    created_at: Timestamp,
    /// When it is delivered, or tried again.
    due_at: Timestamp,
    /// When it is deleted undelivered, because its token is dead by then.
    expires_at: Option<Timestamp>,
}

impl NoticePart {
    fn of(row: WaitingNotice, data: PersonalData) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            user_id: row.user,
            recipient: row.recipient.map(|recipient| data.recipient(recipient)),
            attempts: row.attempts,
            last_cause: row.last_cause,
            created_at: row.created_at,
            due_at: row.due_at,
            expires_at: row.expires_at,
        }
    }
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["state", "type", "userId", "limit", "after"])?;
    let limit = Limit::up_to(&query, MAX_LIMIT)?;
    let data = PersonalData::for_caller(&call.caller);
    data.keep_out_of_address(&query, &["userId"])?;
    let filter = filter(&query)?;
    let rows = list_notices(&call.services.database()?, &filter, limit.to_read()).await?;
    let (rows, next) = limit.cut(rows, |row| {
        NoticePlace::new(row.due_at, &row.id).to_string()
    });
    let rows = rows.into_iter();
    let body = ResponseBody {
        notices: rows.map(|row| NoticePart::of(row, data)).collect(),
        next,
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

fn filter(query: &Query) -> Result<NoticeFilter, ApiError> {
    let kind = query
        .text("type")
        .map(|text| {
            let known = NoticeKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == text);
            known.ok_or_else(|| {
                let names = NoticeKind::ALL.map(NoticeKind::as_str).join(", ");
                ApiError::bad_request(format!("type: must be one of {names}"))
            })
        })
        .transpose()?;
    let after = query
        .text("after")
        .map(|text| {
            NoticePlace::parse(text)
                .ok_or_else(|| ApiError::bad_request("after: must be `next` of the page before"))
        })
        .transpose()?;
    Ok(NoticeFilter {
        failing: query.choice("state", false, &[("waiting", false), ("failing", true)])?,
        kind,
        user: fields::user_id(query.text("userId"))?,
        after,
    })
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let state = serde_json::json!({ "type": "string", "enum": ["waiting", "failing"], "default": "waiting" });
    let kinds = NoticeKind::ALL.map(NoticeKind::as_str);
    let kind = serde_json::json!({ "type": "string", "enum": kinds });
    let after =
        serde_json::json!({ "type": "string", "pattern": "^[0-9]{1,15}-[0-9A-Za-z_]{1,40}$" });
    OperationDoc::new(
        "Notices",
        "The outbox",
        "The notices that wait for delivery, the longest due first. What was delivered is gone. To a \
         session of the console e-mails and phone numbers are masked, and refused as `userId`.",
    )
    .parameter(Parameter::query(
        "state",
        "waiting: all of them. failing: those that were tried before.",
        state,
    ))
    .parameter(Parameter::query("type", "Only notices of this kind.", kind))
    .parameter(spec.query::<UserId>("userId", "Only notices to this person."))
    .parameter(Limit::openapi_up_to("Notices to list at most.", MAX_LIMIT))
    .parameter(Parameter::query(
        "after",
        "Only what follows: `next` of the page before.",
        after,
    ))
    .answer(
        spec.json::<ResponseBody>(200, "The notices.")
            .no_store()
            .example(
                "notices",
                example!({
                    "notices": [{
                        "id": "ntc_01JZX0000000000000000000EX",
                        "type": "email_changed",
                        "userId": "00000000-0000-4000-8000-000000000001",
                        "recipient": "j***@example.com",
                        "attempts": 2,
                        "lastCause": "503",
                        "createdAt": "2026-11-21T10:30:00.000Z",
                        "dueAt": "2026-11-21T11:00:00.000Z",
                        "expiresAt": null
                    }],
                    "next": null
                }),
            ),
    )
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn what_to_list_is_read_or_refused_by_name() {
        let read = |text: &str| {
            filter(&Query::parse(
                Some(text),
                &["state", "type", "userId", "after"],
            )?)
        };
        let all = read("state=failing&type=email_changed&userId=u1&after=17-ntc_1").unwrap();
        let expected = NoticeFilter {
            failing: true,
            kind: Some(NoticeKind::EmailChanged),
            user: Some(UserId::new("u1")),
            after: Some(NoticePlace::new(Timestamp::from_millis(17), "ntc_1")),
        };
        assert_eq!(all, expected);
        assert_eq!(read("").unwrap(), read("state=waiting").unwrap());
        for (bad, name) in [
            ("state=sent", "state: "),
            ("type=letter", "type: "),
            ("userId=", "userId: "),
            ("after=", "after: "),
            ("after=17", "after: "),
            ("after=x-ntc_1", "after: "),
            ("after=-1-ntc_1", "after: "),
        ] {
            let refused = read(bad).unwrap_err().message.clone();
            assert!(refused.starts_with(name), "{bad}: {refused}");
        }
    }
}
