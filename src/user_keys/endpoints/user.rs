//! `GET …/users/{id}/`: a user of the instance.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::user_keys::authorization::InstanceUser;
use crate::user_keys::endpoints::InstanceCaller;
use crate::user_keys::endpoints::representation::{Links, to_micros};
#[cfg(test)]
use crate::user_keys::endpoints::representation::{
    MicrosecondMoment, example_links, example_user, link_pattern,
};
#[cfg(test)]
use crate::user_keys::endpoints::{openapi_instance, openapi_user_id};
use crate::user_keys::{InstanceUserId, Key, Operation};
#[cfg(test)]
use crate::web::openapi::{Json, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const V1: Route = Route::get(
    "/v1/instances/{instance}/users/{id}/",
    "getInstanceUserV1",
    handler!(handle: InstanceCaller, Operation::ReadUser),
);

pub const V1_1: Route = Route::get(
    "/v1.1/instances/{instance}/users/{id}/",
    "getInstanceUser",
    handler!(handle: InstanceCaller, Operation::ReadUser),
);

pub(crate) async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let user = call.caller.user()?;
    let body = UserPart::new(user, None, call.caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
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
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("users/[1-9][0-9]*/"))))]
    own: String,
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("users/[1-9][0-9]*/groups/"))))]
    groups: String,
    #[serde(rename = "reset-key")]
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("users/[1-9][0-9]*/reset_key/"))))]
    reset_key: String,
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("classes/user_profile/objects/[1-9][0-9]*/"))))]
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
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("classes/user_profile/objects/[1-9][0-9]*/"))))]
    own: String,
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("users/[1-9][0-9]*/"))))]
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

/// What `openapi.json` shows for a route of a user, in its version.
#[cfg(test)]
pub fn example(route: &Route, key: Option<&Key>) -> Json {
    Json::of(&UserPart::new(&example_user(), key, example_links(route)))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "User keys",
        "Shows a user of the instance",
        "For account keys of every role, instance API keys with ignore_acl, and the user in person.",
    )
    .parameter(openapi_instance())
    .parameter(openapi_user_id())
    .answer(
        spec.json::<UserPart>(200, "The user.")
            .example("example", example(spec.route, None)),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::kernel::Timestamp;
    use crate::kernel::random::seeded::Seeded;
    use crate::user_keys::endpoints::representation::Version;
    use crate::user_keys::{InstanceName, Parity};

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
}
