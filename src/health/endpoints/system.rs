//! `GET /admin/system`: the version, the schema, the bindings, and which settings are made. Never a secret.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::health::store::{SCHEMA_VERSION, read_system};
use crate::kernel::Timestamp;
use crate::operators::Role;
use crate::services::{RateLimit, Services};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/system",
    "getSystem",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// The service itself.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "System"))]
struct ResponseBody {
    /// Of the build.
    version: &'static str,
    schema: Schema,
    bindings: Vec<Binding>,
    /// Every setting that there is.
    settings: Vec<SettingPart>,
    /// Whether provisioning is paused.
    paused: bool,
    /// The time of this service.
    now: Timestamp,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct Schema {
    /// The version that this build was made for.
    built: u32,
    /// The version that the database has.
    applied: Option<u32>,
}

/// A binding of the Worker.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
struct Binding {
    name: &'static str,
    bound: bool,
}

/// A setting, a variable or a secret.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Setting"))]
struct SettingPart {
    name: &'static str,
    set: bool,
    /// Null where it is not set, and for secrets and what may hold one. E-mails are masked for operators.
    value: Option<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let services = &call.services;
    let system = read_system(&services.database()?).await?;
    let data = PersonalData::for_caller(&call.caller);
    let settings = services.config.settings.iter().map(|setting| SettingPart {
        name: setting.name,
        set: setting.is_set,
        value: setting.value.clone().map(|value| data.setting(value)),
    });
    let body = ResponseBody {
        version: env!("CARGO_PKG_VERSION"),
        schema: Schema {
            built: SCHEMA_VERSION,
            applied: system.applied,
        },
        bindings: bindings(services),
        settings: settings.collect(),
        paused: system.paused,
        now: call.now(),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// The database answered, so it is bound.
fn bindings(services: &Services) -> Vec<Binding> {
    let missing: Vec<RateLimit> = services.missing_limits().collect();
    let limits = RateLimit::ALL.into_iter().map(|limit| Binding {
        name: limit.binding(),
        bound: !missing.contains(&limit),
    });
    let queue = Binding {
        name: "PROVISIONING_QUEUE",
        bound: services.run_queue().is_some(),
    };
    let database = Binding {
        name: "DB",
        bound: true,
    };
    [database, queue].into_iter().chain(limits).collect()
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "service",
        "The service itself",
        "The version, whether the schema fits it, what is bound, and which settings are made. Secrets are never told, \
         only whether they are set.",
    )
    .answer(
        spec.json::<ResponseBody>(200, "How it is set up.")
            .no_store()
            .example(
                "system",
                example!({
                    "version": "1.0.0",
                    "schema": { "built": 12, "applied": 12 },
                    "bindings": [{ "name": "DB", "bound": true }, { "name": "PROVISIONING_QUEUE", "bound": false }],
                    "settings": [
                        { "name": "BACKFILL_CRON_LIMIT", "set": true, "value": "50" },
                        { "name": "ADMIN_API_KEY", "set": true, "value": null }
                    ],
                    "paused": false,
                    "now": "2026-11-21T10:30:00.000Z"
                }),
            ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::operators::Role;
    use crate::services::RateLimit;
    use crate::testing::service::{ADMIN_KEY, TestService};

    fn system(service: &TestService) -> Value {
        service.get("/admin/system").admin().send().json()
    }

    fn setting(system: &Value, name: &str) -> Value {
        let settings = system["settings"].as_array().unwrap();
        let found = settings.iter().find(|setting| setting["name"] == name);
        found.unwrap_or_else(|| panic!("{name}")).clone()
    }

    #[test]
    fn secrets_are_set_or_not_and_never_shown() {
        let service = TestService::new()
            .setting("THREEDEYE_PASSWORD", "s3cret-of-3deye")
            .setting("THREEDEYE_USERNAME", "svc@example.com")
            .setting("THREEDEYE_BASE_URL", "https://svc:hidden@remote.example/v3");
        let answer = service.get("/admin/system").admin().send();
        let system = answer.json();
        let text = system.to_string();
        for secret in [
            ADMIN_KEY,
            "s3cret-of-3deye",
            "svc@example.com",
            "remote-key",
            "webhook-secret-of-the-tests",
            "hidden",
            "BwcHBwcH",
        ] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        for name in ["ADMIN_API_KEY", "CREDENTIALS_KEY", "THREEDEYE_BASE_URL"] {
            let expected = json!({ "name": name, "set": true, "value": null });
            assert_eq!(setting(&system, name), expected);
        }
        let unset = json!({ "name": "ADMIN_API_KEY_PREVIOUS", "set": false, "value": null });
        assert_eq!(setting(&system, "ADMIN_API_KEY_PREVIOUS"), unset);
        assert_eq!(setting(&system, "JWT_AUDIENCE")["value"], "spkey");
    }

    #[test]
    fn emails_in_settings_are_masked_for_operators() {
        let listed = "anna@example.com, bob@example.com,carl@example.com";
        let service = TestService::new().setting("THREEDEYE_PROTECTED_EMAILS", listed);
        let whole = setting(&system(&service), "THREEDEYE_PROTECTED_EMAILS");
        assert_eq!(whole["value"], listed);
        let session = service.sign_in(Role::Viewer);
        let seen = service.get("/admin/system").session(&session).send().json();
        let masked = setting(&seen, "THREEDEYE_PROTECTED_EMAILS");
        assert_eq!(
            masked["value"],
            "a***@example.com, b***@example.com,c***@example.com"
        );
    }

    #[test]
    fn other_settings_are_shown_to_operators_as_they_are() {
        let values = [
            ("JWT_ISSUER", "http://192.168.100.20:8080/"),
            ("JWT_AUDIENCE", "https://api.example/0170-1234512"),
            ("THREEDEYE_CUSTOMER_ID", "20264711001234"),
        ];
        let service = values
            .iter()
            .fold(TestService::new(), |service, (name, value)| {
                service.setting(name, value)
            });
        let session = service.sign_in(Role::Viewer);
        // Read by the session alone: with another issuer the pair's token is not valid.
        let seen = service.get("/admin/system").session(&session).send().json();
        for (name, value) in values {
            assert_eq!(setting(&seen, name)["value"], value, "{name}");
        }
    }

    #[test]
    fn a_pause_is_told() {
        let service = TestService::new();
        assert_eq!(system(&service)["paused"], false);
        service.database.execute(
            "INSERT INTO provisioning_pause VALUES (1, 1, 0, 'x', 'x')",
            [],
        );
        assert_eq!(system(&service)["paused"], true);
        service
            .database
            .execute("UPDATE provisioning_pause SET paused = 0", []);
        assert_eq!(system(&service)["paused"], false);
    }

    #[test]
    fn schema_and_bindings_are_told_as_they_are() {
        let service = TestService::new().queue();
        service.unbound.borrow_mut().push(RateLimit::Person);
        service
            .database
            .execute("UPDATE schema_version SET version = 3", []);
        let system = system(&service);
        assert_eq!(system["schema"]["applied"], 3);
        assert_eq!(system["version"], env!("CARGO_PKG_VERSION"));
        let bound = |name: &str| {
            let bindings = system["bindings"].as_array().unwrap();
            let found = bindings.iter().find(|one| one["name"] == name);
            found.map(|one| one["bound"].clone())
        };
        for (name, expected) in [
            ("DB", true),
            ("PROVISIONING_QUEUE", true),
            ("ADMIN_RATE_LIMITER", true),
            ("PERSON_RATE_LIMITER", false),
        ] {
            assert_eq!(bound(name), Some(json!(expected)), "{name}");
        }
    }
}
