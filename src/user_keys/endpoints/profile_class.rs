//! `GET …/classes/user_profile/`: the class that profiles are objects of. A
//! client asks for it whenever it has read a user, to learn the profile's fields.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;
use crate::user_keys::Operation;
use crate::user_keys::endpoints::InstanceCaller;
#[cfg(test)]
use crate::user_keys::endpoints::openapi_instance;
use crate::user_keys::endpoints::representation::{Links, to_micros};
#[cfg(test)]
use crate::user_keys::endpoints::representation::{
    MicrosecondMoment, example_links, example_user, link_pattern,
};
#[cfg(test)]
use crate::web::openapi::{Json, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const V1: Route = Route::get(
    "/v1/instances/{instance}/classes/user_profile/",
    "getProfileClassV1",
    handler!(handle: InstanceCaller, Operation::ReadProfileClass),
);

pub const V1_1: Route = Route::get(
    "/v1.1/instances/{instance}/classes/user_profile/",
    "getProfileClass",
    handler!(handle: InstanceCaller, Operation::ReadProfileClass),
);

async fn handle(call: Call<InstanceCaller>) -> Result<Reply, ApiError> {
    let created_at = call.caller.client().instance_created_at;
    let body = ProfileClassPart::new(created_at, call.caller.links());
    Ok(Reply::json(StatusCode::OK, &body))
}

/// The class of profiles. It has no fields of its own.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ProfileClass"))]
struct ProfileClassPart {
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
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("classes/user_profile/"))))]
    own: String,
    #[cfg_attr(test, schemars(regex(pattern = link_pattern!("classes/user_profile/objects/"))))]
    objects: String,
}

impl ProfileClassPart {
    /// The class of an instance that was created at `created_at`.
    fn new(created_at: Timestamp, links: Links<'_>) -> Self {
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

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let (created_at, links) = (example_user().created_at, example_links(spec.route));
    OperationDoc::new(
        "User keys",
        "Shows the class that profiles are objects of",
        "For account keys, instance API keys with ignore_acl or allow_anonymous_read, and users in \
         person.",
    )
    .parameter(openapi_instance())
    .answer(spec.json::<ProfileClassPart>(200, "The class.").example(
        "example",
        Json::of(&ProfileClassPart::new(created_at, links)),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::user_keys::InstanceName;
    use crate::user_keys::endpoints::representation::Version;

    const MADE: Timestamp = Timestamp::from_millis(1_427_292_091_962);

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
