//! Replies of several endpoints: the full user, and success.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

#[cfg(test)]
use crate::account::settings::SettingsSchema;
use crate::account::settings::{Settings, with_defaults};
use crate::account::store::UserDetails;
use crate::account::{Person, Scene, TeamId};
use crate::kernel::UserId;
use crate::web::Reply;
#[cfg(test)]
use crate::web::openapi::{Json, example};

/// A user, whole.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AccountUser"))]
pub struct FullUserBody<'a> {
    uuid: &'a UserId,
    /// `users.created_at` as it is: a moment, where the service that wrote it kept to that.
    #[cfg_attr(test, schemars(length(min = 1), extend("examples" = ["2024-01-15T10:30:00.000Z"])))]
    date_joined: &'a str,
    /// The e-mail in force, as it is spelt in `users.email`.
    email: Option<&'a str>,
    /// The e-mail that waits to be confirmed, for 24 h at most.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pending_email: Option<&'a str>,
    /// true: this very e-mail was confirmed here; null: not known.
    #[cfg_attr(test, schemars(extend("enum" = [true, null])))]
    is_email_verified: Option<bool>,
    /// Whether a second factor is on.
    is_2fa_enabled: bool,
    /// The present team; null: none.
    team: Option<Team>,
    /// The start pages chosen in the present team, in the order in which they were first chosen.
    scene_personalisation: &'a [Scene],
    #[serde(flatten)]
    #[cfg_attr(test, schemars(with = "SettingsSchema"))]
    settings: Settings,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct Team {
    id: TeamId,
}

/// It is done.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Success"))]
pub struct Success {
    #[cfg_attr(test, schemars(extend("const" = true)))]
    success: bool,
}

/// 200 where there is nothing to show.
pub fn success() -> Reply {
    Reply::json(http::StatusCode::OK, &Success { success: true })
}

/// 200 with the full user.
pub fn full_user(person: &Person, user: UserDetails) -> Reply {
    let body = FullUserBody {
        uuid: &person.id,
        date_joined: &user.created_at,
        email: person.email.as_deref(),
        pending_email: user.pending_email.as_deref(),
        // True or unknown: an e-mail that was not confirmed may be the user's all the same.
        is_email_verified: user.is_email_verified.then_some(true),
        is_2fa_enabled: user.is_two_factor_on,
        team: user.team.map(|id| Team { id }),
        scene_personalisation: &user.scenes,
        settings: with_defaults(user.settings),
    };
    Reply::json(http::StatusCode::OK, &body)
}

/// The user of the examples in `openapi.json`.
#[cfg(test)]
pub(crate) fn example_user() -> Json {
    example!({
        "uuid": "00000000-0000-4000-8000-000000000001",
        "date_joined": "2024-01-15T10:30:00.000Z",
        "first_name": "Jane",
        "last_name": "Doe",
        "email": "jane@example.com",
        "pending_email": "jane.doe@example.com",
        "is_email_verified": null,
        "notification_settings": { "digest": true },
        "anonymize_data": null,
        "allow_impersonation": null,
        "toolbar_mode": null,
        "theme_mode": "dark",
        "shortcut_position": null,
        "events_column_config": null,
        "has_seen_product_intro_for": null,
        "hedgehog_config": null,
        "allow_sidebar_suggestions": null,
        "role_at_organization": null,
        "hide_mcp_hints": null,
        "passkeys_enabled_for_2fa": null,
        "is_2fa_enabled": true,
        "scene_personalisation": [{"scene": "Home", "dashboard": 7}],
        "team": { "id": 3 }
    })
}
