//! Replies of several endpoints: the full user, and success.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::account::profile::settings;
use crate::account::{Person, Scene, UserDetails};
use crate::kernel::UserId;
use crate::web::Reply;

#[derive(Serialize)]
struct Body<'a> {
    uuid: &'a UserId,
    date_joined: &'a str,
    email: Option<&'a str>,
    pending_email: Option<&'a str>,
    is_email_verified: Option<bool>,
    is_2fa_enabled: bool,
    team: Option<Team>,
    scene_personalisation: &'a [Scene],
    #[serde(flatten)]
    settings: Map<String, Value>,
}

#[derive(Serialize)]
struct Team {
    id: u64,
}

#[derive(Serialize)]
struct Success {
    success: bool,
}

/// 200 where there is nothing to show.
pub fn success() -> Reply {
    Reply::json(http::StatusCode::OK, &Success { success: true })
}

/// 200 with the full user.
pub fn full_user(person: &Person, user: UserDetails) -> Reply {
    let body = Body {
        uuid: &person.id,
        date_joined: &user.created_at,
        email: person.email.as_deref(),
        pending_email: user.pending_email.as_deref(),
        // True or unknown: an e-mail that was not confirmed may be the user's all the same.
        is_email_verified: user.is_email_verified.then_some(true),
        is_2fa_enabled: user.is_two_factor_on,
        team: user.team.map(|id| Team { id }),
        scene_personalisation: &user.scenes,
        settings: settings(user.settings),
    };
    Reply::json(http::StatusCode::OK, &body)
}
