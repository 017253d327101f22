//! Puts `openapi.json` together: from the table of routes, from what each endpoint says of itself,
//! and from what is said here, which belongs to no endpoint.
//!
//! It is checked in. The test below compares, and with `SPKEY_WRITE_OPENAPI=1` (`npm run openapi`)
//! writes it anew.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::ROUTES;
use crate::web::ErrorFormat;
use crate::web::error::STEP_UP_CHALLENGE;
use crate::web::openapi::{Components, Json, Schemas, Spec, errors, example};

const DESCRIPTION: &str = "Every answer carries X-Request-Id, Cache-Control: no-store, and the headers Strict-Transport-Security, Content-Security-Policy, Referrer-Policy and X-Content-Type-Options. GET routes answer HEAD as well, but for those that begin a set-up. Unknown paths are 404, known paths with another method 405 with Allow, all with the Error body, or under /v1 and /v1.1 with the Detail body, or under /api with the AccountError body. Request bodies are JSON of at most 65536 bytes, not compressed; a byte order mark at their beginning is skipped. A change under /admin that takes no body refuses one with 400, but for {}; unknown fields and unknown query parameters are refused with 400; under /v1, /v1.1 and /api both are ignored. Fields are never left out, but for the user_key: what is not known is null.";

const TAGS: [(&str, &str); 15] = [
    ("service", "The service about itself."),
    (
        "3dEye support",
        "Look at provisioning, reset it, catch up with it.",
    ),
    (
        "User support",
        "Find users by whatever a ticket holds, and see where they stand.",
    ),
    (
        "Off-boarding",
        "Delete a user for good, and tell what is stored about a person.",
    ),
    ("API keys", "Keys for programs."),
    ("Overview", "Where the service stands, and how it went."),
    ("Audit", "Who did what."),
    ("Notices", "The outbox of account notices."),
    (
        "Operators",
        "Who may use the console, and where they are signed in.",
    ),
    (
        "Console",
        "Signing in to the console, and one's own sessions.",
    ),
    (
        "Instances",
        "Instances of the user-key API, the keys that open them, and their users.",
    ),
    (
        "Teams",
        "Who is in which team, and the dashboards that its people may choose.",
    ),
    ("users", "What users and their programs may ask."),
    (
        "User keys",
        "Keys of the users of an instance, for clients that have long been published. Errors are {\"detail\"}; bodies of requests are ignored; unknown parameters as well. OPTIONS is answered with 204 and CORS headers.",
    ),
    (
        "Account security",
        "A person's profile, push tokens, start pages, second factor and change of e-mail, for clients that know PostHog's. Every path may end with a slash. Errors are AccountError, and the first that applies is told: 401 of a token, 403 of an authentication that is not recent, 413, 401 and 403 of an API key, 403 or 404 of the uuid, 415 and 400 of the body, 400 and 429 of the account. An empty body counts as {}. An authentication is recent if the token's `auth_time` is younger than 2 h; where it has to be, an older one and one without are 403 sensitive_action_required_reauth. `@me` stands for the caller; only staff name other users, and themselves, by their uuid. Staff by the claim `is_staff` read the accounts of others; changing one takes the admin pair and a recent authentication.",
    ),
];

/// How callers prove who they are.
fn security_schemes() -> Json {
    Json::object([
        (
            "adminKey",
            example!({
                "type": "apiKey",
                "in": "header",
                "name": "X-Admin-API-Key",
                "description": "Half of the admin pair. X-API-Key is read instead when this header is absent."
            }),
        ),
        (
            "adminToken",
            example!({
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The other half: a token (RS256 or ES256) whose verified e-mail is in an allowed domain."
            }),
        ),
        (
            "consoleSession",
            example!({
                "type": "apiKey",
                "in": "cookie",
                "name": "__Host-spkey_console",
                "description": "A session of the console, begun by beginSignIn. Read only where no X-Admin-API-Key, X-API-Key or Authorization is sent. Its operator needs the role x-least-role; with x-step-up the sign-in must be of the last 15 minutes. Changes must come from a page of the same origin (Sec-Fetch-Site, else Origin)."
            }),
        ),
        (
            "personToken",
            example!({
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A person's token (RS256 or ES256): `sub` is their `users.uuid` or `users.auth_subject`. To the account API its bearer is staff if `is_staff` is true and it is no program's (`gty` client-credentials)."
            }),
        ),
        (
            "personKey",
            example!({
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "spk_ key",
                "description": "A key made by createApiKey, in place of the token: for push tokens one with the scope user:write that is bound to a user, for two_factor_verify one with the scope user:verify. Every other action refuses it with 403."
            }),
        ),
        (
            "apiKey",
            example!({
                "type": "apiKey",
                "in": "header",
                "name": "X-API-Key",
                "description": "A key made by createApiKey."
            }),
        ),
        (
            "instanceKey",
            example!({
                "type": "apiKey",
                "in": "header",
                "name": "X-API-KEY",
                "description": "An instance API key or an account key: 40 hex digits. The first of X-API-KEY, the parameters api_key and apikey, and Authorization that is not empty counts."
            }),
        ),
        (
            "instanceKeyQuery",
            example!({
                "type": "apiKey",
                "in": "query",
                "name": "api_key",
                "description": "The same in the query; apikey is read as well."
            }),
        ),
        (
            "instanceKeyAuthorization",
            example!({
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "The same after one word, such as `token`."
            }),
        ),
        (
            "userKey",
            example!({
                "type": "apiKey",
                "in": "header",
                "name": "X-USER-KEY",
                "description": "The key of a user of the instance: 40 hex digits. The first of X-USER-KEY and the parameters user_key and userkey that is not empty counts."
            }),
        ),
        (
            "userKeyQuery",
            example!({
                "type": "apiKey",
                "in": "query",
                "name": "user_key",
                "description": "The same in the query; userkey is read as well."
            }),
        ),
    ])
}

fn headers() -> Json {
    let seconds = "Seconds to wait before asking again.";
    let seconds_schema = json!({ "type": "integer", "minimum": 1 });
    Json::object([
        (
            "RequestId",
            header(
                "The name of this request in logs and in the audit trail.",
                true,
                json!({ "$ref": "#/components/schemas/RequestId" }),
            ),
        ),
        (
            "NoStore",
            header("Not to be cached.", true, json!({ "const": "no-store" })),
        ),
        ("RetryAfter", header(seconds, true, seconds_schema.clone())),
        ("RetryAfterAtTimes", header(seconds, false, seconds_schema)),
        (
            "AcceptEncoding",
            header(
                "Where the body was compressed: it must not be.",
                false,
                json!({ "const": "identity" }),
            ),
        ),
        (
            "Challenge",
            header(
                "How to authenticate. The second: a session whose sign-in is too old for this (RFC 9470).",
                true,
                json!({ "enum": ["Bearer", STEP_UP_CHALLENGE] }),
            ),
        ),
        (
            "Allow",
            header(
                "The methods of this path.",
                true,
                json!({ "type": "string", "minLength": 1 }),
            ),
        ),
        (
            "RunLocation",
            header(
                "Where the run can be watched.",
                true,
                json!({ "type": "string", "pattern": "^/admin/threedeye/backfill/runs/run_[0-7][0-9A-HJKMNP-TV-Z]{25}$" }),
            ),
        ),
        (
            "NextPart",
            header(
                "Where there is more, the same request for what follows, with rel=next (RFC 8288).",
                false,
                json!({ "type": "string", "pattern": "^</[^>]+>; rel=\"next\"$" }),
            ),
        ),
        (
            "AnyOrigin",
            header(
                "Pages of any origin may read the answer.",
                true,
                json!({ "const": "*" }),
            ),
        ),
    ])
}

fn header(description: &str, is_required: bool, schema: Value) -> Json {
    Json::object([
        ("description", Json::from(description)),
        ("required", is_required.into()),
        ("schema", Json::schema(&schema)),
    ])
}

/// The whole document.
fn document() -> Json {
    let mut schemas = Schemas::default();
    let mut components = Components::default();
    let mut paths: Vec<(&str, Vec<(String, Json)>)> = Vec::new();
    for route in ROUTES {
        let described = (route.handler.openapi)(&mut Spec {
            route,
            schemas: &mut schemas,
        });
        let operation = described.render(route, &mut components);
        let method = route.method.as_str().to_lowercase();
        match paths.iter_mut().find(|(path, _)| *path == route.path) {
            Some((_, item)) => item.push((method, operation)),
            None => paths.push((route.path, vec![(method, operation)])),
        }
    }
    for tag in &components.tags {
        assert!(
            TAGS.iter().any(|(known, _)| known == tag),
            "{tag} is not described"
        );
    }
    let mut errors = components.errors;
    errors.extend(errors::unrouted().map(|error| (error, ErrorFormat::Admin)));
    let mut responses: BTreeMap<&str, Json> = BTreeMap::new();
    for (error, format) in errors {
        let rendered = error.render(format, &mut schemas);
        let other = responses.insert(error.name, rendered.clone());
        assert!(
            other.is_none_or(|other| other == rendered),
            "two errors are called {}",
            error.name
        );
    }
    let _ = schemas.answer::<crate::kernel::RequestId>();
    let schemas = schemas.named();
    Json::object([
        ("openapi", Json::from("3.1.0")),
        (
            "info",
            Json::object([
                ("title", Json::from("spkey-edge")),
                ("version", env!("CARGO_PKG_VERSION").into()),
                (
                    "summary",
                    "Accounts and secrets of SmartphoneKey's users.".into(),
                ),
                ("description", DESCRIPTION.into()),
                ("license", example!({ "name": "MIT", "identifier": "MIT" })),
            ]),
        ),
        (
            "jsonSchemaDialect",
            "https://json-schema.org/draft/2020-12/schema".into(),
        ),
        (
            "servers",
            example!([
                { "url": "/", "description": "The host that served this document." },
                { "url": "https://api.spkey.co", "description": "The public host." }
            ]),
        ),
        (
            "tags",
            Json::array(TAGS.map(|(name, description)| {
                Json::object([("name", name), ("description", description)])
            })),
        ),
        (
            "paths",
            Json::object(
                paths
                    .into_iter()
                    .map(|(path, item)| (path, Json::object(item))),
            ),
        ),
        (
            "components",
            Json::object([
                ("securitySchemes", security_schemes()),
                ("parameters", Json::object(components.parameters)),
                ("headers", headers()),
                ("responses", Json::object(responses)),
                (
                    "schemas",
                    Json::object(
                        schemas
                            .iter()
                            .map(|(name, one)| (name.as_str(), Json::schema(one))),
                    ),
                ),
            ]),
        ),
    ])
}

/// As checked in.
pub const DOCUMENT: &str = include_str!("../openapi.json");

#[test]
fn the_document_that_is_checked_in_is_the_one_that_is_generated() {
    let mut generated = serde_json::to_string_pretty(&document()).unwrap();
    generated.push('\n');
    if std::env::var_os("SPKEY_WRITE_OPENAPI").is_some() {
        std::fs::write(
            concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"),
            generated,
        )
        .unwrap();
        return;
    }
    let mut lines = generated.lines().zip(DOCUMENT.lines()).enumerate();
    let first = lines.find(|(_, (generated, checked_in))| generated != checked_in);
    assert!(
        generated == DOCUMENT,
        "openapi.json is out of date, first at {first:?}: run `npm run openapi`"
    );
}

#[test]
fn links_lead_to_operations_and_name_their_parameters() {
    let text = serde_json::to_string(&document()).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut count = 0;
    for operation in ROUTES {
        let method = operation.method.as_str().to_lowercase();
        let answers = &document["paths"][operation.path][method]["responses"];
        for answer in answers.as_object().unwrap().values() {
            for (name, link) in answer["links"].as_object().into_iter().flatten() {
                let target = ROUTES.iter().find(|route| route.operation == name);
                let path = target.unwrap_or_else(|| panic!("no operation {name}")).path;
                for parameter in link["parameters"].as_object().unwrap().keys() {
                    assert!(
                        path.contains(&format!("{{{parameter}}}")),
                        "{name}: {parameter}"
                    );
                }
                count += 1;
            }
        }
    }
    assert!(count > 10);
}

#[test]
fn every_operation_has_its_own_name() {
    let mut names: Vec<&str> = ROUTES.iter().map(|route| route.operation).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
