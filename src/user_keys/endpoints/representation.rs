//! A user and the class of its profile in JSON. Links are paths without a host, in the version
//! of the request.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;

use crate::user_keys::authorization::InstanceUser;
use crate::user_keys::{InstanceName, InstanceUserId, Key};
#[cfg(test)]
use crate::web::{Route, openapi::Json};

/// The versions of the API, which differ only in their links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V1,
    V1_1,
}

impl Version {
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
    fn to(self, rest: std::fmt::Arguments<'_>) -> String {
        format!(
            "{}/instances/{}/{rest}",
            self.version.prefix(),
            self.instance
        )
    }

    fn user(self, id: InstanceUserId) -> String {
        self.to(format_args!("users/{id}/"))
    }

    fn profile(self, id: InstanceUserId) -> String {
        self.to(format_args!("classes/user_profile/objects/{id}/"))
    }
}

/// A user. Its key is shown only when it was just made.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceUser"))]
pub struct UserPart<'a> {
    id: InstanceUserId,
    #[cfg_attr(test, schemars(length(min = 1)))]
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(skip))]
    user_key: Option<&'a str>,
    groups: [(); 0],
    profile: ProfilePart,
    links: UserLinks,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct UserLinks {
    #[serde(rename = "self")]
    #[cfg_attr(
        test,
        schemars(regex(pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/users/[1-9][0-9]*/$"))
    )]
    own: String,
    #[cfg_attr(
        test,
        schemars(regex(
            pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/users/[1-9][0-9]*/groups/$"
        ))
    )]
    groups: String,
    #[serde(rename = "reset-key")]
    #[cfg_attr(
        test,
        schemars(regex(
            pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/users/[1-9][0-9]*/reset_key/$"
        ))
    )]
    reset_key: String,
    #[cfg_attr(
        test,
        schemars(regex(
            pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/classes/user_profile/objects/[1-9][0-9]*/$"
        ))
    )]
    profile: String,
}

/// Every user has one profile, which is created with it, has its id and never changes.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceUserProfile"))]
struct ProfilePart {
    id: InstanceUserId,
    owner: InstanceUserId,
    #[cfg_attr(test, schemars(range(min = 1)))]
    revision: u32,
    #[cfg_attr(test, schemars(with = "MicrosecondMoment"))]
    created_at: String,
    #[cfg_attr(test, schemars(with = "MicrosecondMoment"))]
    updated_at: String,
    channel: Option<()>,
    channel_room: Option<()>,
    group: Option<()>,
    #[cfg_attr(test, schemars(extend("const" = "full")))]
    owner_permissions: &'static str,
    #[cfg_attr(test, schemars(extend("const" = "none")))]
    group_permissions: &'static str,
    #[cfg_attr(test, schemars(extend("const" = "none")))]
    other_permissions: &'static str,
    links: ProfileLinks,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct ProfileLinks {
    #[serde(rename = "self")]
    #[cfg_attr(
        test,
        schemars(regex(
            pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/classes/user_profile/objects/[1-9][0-9]*/$"
        ))
    )]
    own: String,
    #[cfg_attr(
        test,
        schemars(regex(pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/users/[1-9][0-9]*/$"))
    )]
    owner: String,
}

impl<'a> UserPart<'a> {
    /// `key`: the user's key, if it was just made.
    pub fn new(user: &'a InstanceUser, key: Option<&'a Key>, links: Links<'_>) -> Self {
        let id = user.id;
        let created_at = to_micros(user.created_at);
        Self {
            id,
            username: &user.username,
            user_key: key.map(Key::expose),
            groups: [],
            profile: ProfilePart {
                id,
                owner: id,
                revision: 1,
                updated_at: created_at.clone(),
                created_at,
                channel: None,
                channel_room: None,
                group: None,
                owner_permissions: "full",
                group_permissions: "none",
                other_permissions: "none",
                links: ProfileLinks {
                    own: links.profile(id),
                    owner: links.user(id),
                },
            },
            links: UserLinks {
                own: links.user(id),
                groups: links.to(format_args!("users/{id}/groups/")),
                reset_key: links.to(format_args!("users/{id}/reset_key/")),
                profile: links.profile(id),
            },
        }
    }
}

/// The class of profiles. It has no fields of its own.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ProfileClass"))]
pub struct ProfileClassPart {
    #[cfg_attr(test, schemars(extend("const" = "user_profile")))]
    name: &'static str,
    #[cfg_attr(test, schemars(extend("const" = "")))]
    description: &'static str,
    schema: [(); 0],
    #[cfg_attr(test, schemars(extend("const" = "ready")))]
    status: &'static str,
    #[cfg_attr(test, schemars(range(min = 1)))]
    revision: u32,
    #[cfg_attr(test, schemars(with = "MicrosecondMoment"))]
    created_at: String,
    #[cfg_attr(test, schemars(with = "MicrosecondMoment"))]
    updated_at: String,
    group: Option<()>,
    #[cfg_attr(test, schemars(extend("const" = "none")))]
    group_permissions: &'static str,
    #[cfg_attr(test, schemars(extend("const" = "none")))]
    other_permissions: &'static str,
    #[cfg_attr(test, schemars(extend("maxProperties" = 0)))]
    metadata: Metadata,
    links: ClassLinks,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct Metadata {}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct ClassLinks {
    #[serde(rename = "self")]
    #[cfg_attr(
        test,
        schemars(regex(
            pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/classes/user_profile/$"
        ))
    )]
    own: String,
    #[cfg_attr(
        test,
        schemars(regex(
            pattern = r"^/v1(\.1)?/instances/[a-z0-9_-]{1,64}/classes/user_profile/objects/$"
        ))
    )]
    objects: String,
}

impl ProfileClassPart {
    /// The class of an instance that was created at `created_at`.
    pub fn new(created_at: Timestamp, links: Links<'_>) -> Self {
        let created_at = to_micros(created_at);
        Self {
            name: "user_profile",
            description: "",
            schema: [],
            status: "ready",
            revision: 1,
            updated_at: created_at.clone(),
            created_at,
            group: None,
            group_permissions: "none",
            other_permissions: "none",
            metadata: Metadata {},
            links: ClassLinks {
                own: links.to(format_args!("classes/user_profile/")),
                objects: links.to(format_args!("classes/user_profile/objects/")),
            },
        }
    }
}

/// ISO 8601 in UTC with microseconds, as the API's clients expect it; the last three digits are
/// zeros.
fn to_micros(moment: Timestamp) -> String {
    let iso = moment.to_iso();
    format!("{}000Z", iso.trim_end_matches('Z'))
}

/// ISO 8601 in UTC with microseconds.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(extend(
    "pattern" = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$"
))]
struct MicrosecondMoment(#[expect(dead_code)] String);

/// A user with the key that was just made.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(rename = "InstanceUserWithKey")]
#[expect(dead_code)]
pub struct UserWithKeyPart<'a> {
    /// 40 hex digits, the last of them even.
    #[schemars(regex(pattern = "^[0-9a-f]{39}[02468ace]$"))]
    user_key: &'a str,
    #[schemars(flatten)]
    user: UserPart<'a>,
}

/// What the examples of `openapi.json` show, in the version of the route.
#[cfg(test)]
pub struct Example {
    user: InstanceUser,
    instance: InstanceName,
    version: Version,
}

#[cfg(test)]
impl Example {
    pub fn of(route: &Route) -> Self {
        Self {
            user: InstanceUser {
                id: InstanceUserId::parse("9").unwrap(),
                username: "geralt".to_owned(),
                created_at: Timestamp::parse_iso("2026-11-21T10:30:00.000Z").unwrap(),
            },
            instance: InstanceName::parse("rivia").unwrap(),
            version: if route.path.starts_with("/v1.1/") {
                Version::V1_1
            } else {
                Version::V1
            },
        }
    }

    fn links(&self) -> Links<'_> {
        Links {
            version: self.version,
            instance: &self.instance,
        }
    }

    pub fn user(&self, key: Option<&Key>) -> Json {
        Json::of(&UserPart::new(&self.user, key, self.links()))
    }

    pub fn class(&self) -> Json {
        Json::of(&ProfileClassPart::new(self.user.created_at, self.links()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::kernel::random::seeded::Seeded;
    use crate::user_keys::Parity;

    const MADE: Timestamp = Timestamp::from_millis(1_427_292_091_962);

    fn shown(version: Version, key: Option<&Key>) -> Value {
        let user = InstanceUser {
            id: InstanceUserId::parse("9").unwrap(),
            username: "Gordon Freeman".to_owned(),
            created_at: MADE,
        };
        let instance = InstanceName::parse("rivia").unwrap();
        let links = Links {
            version,
            instance: &instance,
        };
        serde_json::to_value(UserPart::new(&user, key, links)).unwrap()
    }

    #[test]
    fn a_user_has_the_fields_that_clients_know() {
        let key = Key::generate(Parity::Even, &Seeded::new(1));
        let profile = "/v1.1/instances/rivia/classes/user_profile/objects/9/";
        let user = "/v1.1/instances/rivia/users/9/";
        assert_eq!(
            shown(Version::V1_1, Some(&key)),
            json!({
                "id": 9,
                "username": "Gordon Freeman",
                "user_key": key.expose(),
                "groups": [],
                "profile": {
                    "id": 9, "owner": 9, "revision": 1,
                    "created_at": "2015-03-25T14:01:31.962000Z",
                    "updated_at": "2015-03-25T14:01:31.962000Z",
                    "channel": null, "channel_room": null, "group": null,
                    "owner_permissions": "full", "group_permissions": "none", "other_permissions": "none",
                    "links": { "self": profile, "owner": user },
                },
                "links": {
                    "self": user,
                    "groups": "/v1.1/instances/rivia/users/9/groups/",
                    "reset-key": "/v1.1/instances/rivia/users/9/reset_key/",
                    "profile": profile,
                },
            })
        );
    }

    #[test]
    fn a_key_that_was_not_just_made_is_left_out() {
        assert!(shown(Version::V1_1, None).get("user_key").is_none());
    }

    #[test]
    fn links_have_the_version_of_the_request() {
        let text = shown(Version::V1, None).to_string();
        assert_eq!(text.matches("\"/v1/instances/rivia/").count(), 6);
        assert!(!text.contains("/v1.1/"));
    }

    fn links_of(shown: &Value) -> impl Iterator<Item = &str> {
        let links = [&shown["links"], &shown["profile"]["links"]];
        let all = links
            .into_iter()
            .flat_map(|links| links.as_object().unwrap().values());
        all.map(|link| link.as_str().unwrap())
    }

    proptest! {
        #[test]
        fn every_link_leads_back_to_the_same_user(
            instance in "[a-z0-9_-]{1,64}", number in 1u64..(1 << 53), is_old: bool,
        ) {
            let version = if is_old { Version::V1 } else { Version::V1_1 };
            let instance = InstanceName::parse(&instance).unwrap();
            let user = InstanceUser {
                id: InstanceUserId::parse(&number.to_string()).unwrap(),
                username: String::new(),
                created_at: MADE,
            };
            let part = UserPart::new(&user, None, Links { version, instance: &instance });
            let shown = serde_json::to_value(part).unwrap();
            prop_assert_eq!(links_of(&shown).count(), 6);
            for link in links_of(&shown) {
                let rest = link.strip_prefix(version.prefix()).unwrap();
                let mut parts = rest.split('/').skip(1);
                prop_assert_eq!(parts.next(), Some("instances"));
                prop_assert_eq!(parts.next().and_then(InstanceName::parse), Some(instance.clone()));
                let ids: Vec<_> = parts.filter_map(InstanceUserId::parse).collect();
                prop_assert_eq!(ids, [user.id]);
                prop_assert!(link.ends_with("/"));
            }
        }
    }

    #[test]
    fn the_class_has_a_list_for_its_schema() {
        let instance = InstanceName::parse("rivia").unwrap();
        let links = Links {
            version: Version::V1,
            instance: &instance,
        };
        let class = serde_json::to_value(ProfileClassPart::new(MADE, links)).unwrap();
        assert_eq!(class["name"], "user_profile");
        assert_eq!(class["schema"], json!([]));
        assert_eq!(
            class["links"]["self"],
            "/v1/instances/rivia/classes/user_profile/"
        );
    }
}
