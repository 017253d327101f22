//! What answers of the user-key API have in common: links and moments. Links are paths without a
//! host, in the version of the request.

#[cfg(test)]
use schemars::JsonSchema;

use crate::kernel::Timestamp;
#[cfg(test)]
use crate::user_keys::authorization::InstanceUser;
use crate::user_keys::{InstanceName, InstanceUserId};
#[cfg(test)]
use crate::web::Route;

/// The versions of the API, which differ only in their links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V1_1,
}

impl Version {
    pub fn of_path(path: &str) -> Self {
        if path.starts_with("/v1.1/") {
            Self::V1_1
        } else {
            Self::V1
        }
    }

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "/v1",
            Self::V1_1 => "/v1.1",
        }
    }
}

/// Builds the links into one instance.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    pub version: Version,
    pub instance: &'a InstanceName,
}

impl Links<'_> {
    pub fn to(self, rest: std::fmt::Arguments<'_>) -> String {
        format!(
            "{}/instances/{}/{rest}",
            self.version.prefix(),
            self.instance
        )
    }

    pub fn user(self, id: InstanceUserId) -> String {
        self.to(format_args!("users/{id}/"))
    }

    pub fn profile(self, id: InstanceUserId) -> String {
        self.to(format_args!("classes/user_profile/objects/{id}/"))
    }
}

/// What a link of either version looks like; `$rest` is a pattern as well.
#[cfg(test)]
macro_rules! link_pattern {
    ($rest:literal) => {
        concat!(r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/", $rest, "$")
    };
}
#[cfg(test)]
pub(crate) use link_pattern;

/// ISO 8601 in UTC with microseconds, as the API's clients expect it; the last three digits are
/// zeros.
pub fn to_micros(moment: Timestamp) -> String {
    let iso = moment.to_iso();
    format!("{}000Z", iso.trim_end_matches('Z'))
}

/// ISO 8601 in UTC with microseconds.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"
))]
pub struct MicrosecondMoment(#[expect(dead_code)] String);

/// What the examples of `openapi.json` show.
#[cfg(test)]
pub fn example_user() -> InstanceUser {
    InstanceUser {
        id: InstanceUserId::parse("9").unwrap(),
        username: "geralt".to_owned(),
        created_at: Timestamp::parse_iso("2026-11-21T10:30:00.000Z").unwrap(),
    }
}

/// Links into the instance of the examples, in the version of the route.
#[cfg(test)]
pub fn example_links(route: &Route) -> Links<'static> {
    static RIVIA: std::sync::LazyLock<InstanceName> =
        std::sync::LazyLock::new(|| InstanceName::parse("rivia").unwrap());
    Links {
        version: Version::of_path(route.path),
        instance: &RIVIA,
    }
}
