//! What both answers can be asked for.

use crate::audit::store::AuditFilter;
#[cfg(test)]
use crate::kernel::Timestamp;
use crate::kernel::text;
use crate::web::ApiError;
#[cfg(test)]
use crate::web::fields::GivenMoment;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec};
use crate::web::query::Query;

/// More than the longest name of anything that the trail names.
const MAX_CHARS: usize = 300;

pub const PARAMETERS: [&str; 8] = [
    "subject",
    "actor",
    "action",
    "requestId",
    "from",
    "to",
    "people",
    "before",
];

/// Those of them that may be anything.
pub const TEXTS: [&str; 4] = ["subject", "actor", "action", "requestId"];

/// Reads the filter out of the query.
///
/// # Errors
///
/// 400 that names the parameter.
pub fn of(query: &Query) -> Result<AuditFilter, ApiError> {
    let from = query.moment("from")?;
    let to = query.moment("to")?;
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        return Err(ApiError::bad_request("to: must be after from"));
    }
    let before = query.text("before").is_some();
    let before = before
        .then(|| query.count("before", u32::MAX, u32::MAX))
        .transpose()?;
    Ok(AuditFilter {
        subject: name(query, "subject")?,
        actor: name(query, "actor")?,
        action: name(query, "action")?,
        request_id: name(query, "requestId")?,
        from,
        to,
        people: query.flag("people")?,
        before,
    })
}

fn name(query: &Query, parameter: &str) -> Result<Option<String>, ApiError> {
    let Some(given) = query.text(parameter) else {
        return Ok(None);
    };
    text::check_id(parameter, given, MAX_CHARS).map_err(ApiError::bad_request)?;
    Ok(Some(given.to_owned()))
}

/// Describes the parameters.
#[cfg(test)]
pub fn describe(operation: OperationDoc, spec: &mut Spec) -> OperationDoc {
    let name = |parameter, description, example: &str| {
        let schema = serde_json::json!({
            "type": "string", "minLength": 1, "maxLength": MAX_CHARS, "examples": [example],
        });
        Parameter::query(parameter, description, schema)
    };
    let flag = serde_json::json!({ "type": "boolean", "default": false });
    let before = serde_json::json!({ "type": "string", "pattern": "^[1-9][0-9]{0,8}$" });
    operation
        .parameter(name(
            "subject",
            "Only what was done to this user, key or other thing.",
            "00000000-0000-4000-8000-000000000001",
        ))
        .parameter(name(
            "actor",
            "Only what this actor did: a kind such as `operator`, or a kind with an id.",
            "operator:op_01JZX0000000000000000000EX",
        ))
        .parameter(name("action", "Only this action.", "threedeye.reset"))
        .parameter(name(
            "requestId",
            "Only what this request did.",
            "req_01JZX0000000000000000000EX",
        ))
        .parameter(spec.query::<GivenMoment>("from", "Only entries of this moment and later."))
        .parameter(spec.query::<GivenMoment>("to", "Only entries before this moment."))
        .parameter(Parameter::query(
            "people",
            "Without what the cron trigger and queue consumers did.",
            flag,
        ))
        .parameter(Parameter::query(
            "before",
            "Only older entries: `next` of the page before.",
            before,
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<AuditFilter, ApiError> {
        of(&Query::parse(Some(query), &PARAMETERS)?)
    }

    #[test]
    fn a_filter_is_read_or_refused_by_name() {
        assert_eq!(read("").unwrap(), AuditFilter::default());
        let all = "subject=u%201&actor=operator&action=x.y&requestId=req_1&from=1970-01-01T00:00:01Z\
                   &to=1970-01-01T01:00:02%2B01:00&people=true&before=7";
        let expected = AuditFilter {
            subject: Some("u 1".to_owned()),
            actor: Some("operator".to_owned()),
            action: Some("x.y".to_owned()),
            request_id: Some("req_1".to_owned()),
            from: Some(Timestamp::from_millis(1_000)),
            to: Some(Timestamp::from_millis(2_000)),
            people: true,
            before: Some(7),
        };
        assert_eq!(read(all).unwrap(), expected);
        let long = format!("action={}", "x".repeat(301));
        for (bad, begins) in [
            ("subject=", "subject: "),
            ("actor=%00", "actor: "),
            (long.as_str(), "action: "),
            ("requestId=", "requestId: "),
            ("from=yesterday", "from: must be a moment"),
            ("to=2026-11-21", "to: must be a moment"),
            (
                "from=2026-11-21T10:30:00Z&to=2026-11-21T10:30:00Z",
                "to: must be after from",
            ),
            ("people=yes", "people: "),
            ("before=0", "before: "),
            ("before=", "before: "),
            ("what=1", "what: unknown parameter"),
        ] {
            let refused = read(bad).unwrap_err().message.clone();
            assert!(refused.starts_with(begins), "{bad}: {refused}");
        }
    }
}
