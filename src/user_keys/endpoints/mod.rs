//! The user-key API: what clients of the instances ask, in both versions.
//!
//! | file | route under `/v1` and `/v1.1` |
//! |---|---|
//! | `reset_key` | `POST /instances/{instance}/users/{id}/reset_key/` |
//! | `user` | `GET /instances/{instance}/users/{id}/` |
//! | `own_user` | `GET /instances/{instance}/user/` |
//! | `profile_class` | `GET /instances/{instance}/classes/user_profile/` |
//!
//! `caller` authenticates and loads with one read. Its checks come in the order
//! that clients know, which has the method after the permission; so a path takes
//! every method, and `door` refuses the wrong ones.

/// One operation's routes, one for each version of the API.
macro_rules! routes {
    ($method:ident, $path:literal, $operation:literal, $errand:ident) => {
        /// The route under `/v1`.
        pub const V1: $crate::web::Route = $crate::web::Route {
            method: http::Method::$method,
            path: concat!("/v1/instances/{instance}/", $path),
            operation: concat!($operation, "V1"),
            surface: $crate::web::surface::Surface::UserKeys,
            handler: $crate::web::route::Handler::Instance($crate::user_keys::endpoints::Door {
                version: $crate::user_keys::representation::Version::V1,
                errand: $crate::user_keys::Errand::$errand,
                handle: |call| futures_util::FutureExt::boxed_local(handle(call)),
            }),
        };

        /// The route under `/v1.1`.
        pub const V1_1: $crate::web::Route = $crate::web::Route {
            path: concat!("/v1.1/instances/{instance}/", $path),
            operation: $operation,
            handler: $crate::web::route::Handler::Instance($crate::user_keys::endpoints::Door {
                version: $crate::user_keys::representation::Version::V1_1,
                errand: $crate::user_keys::Errand::$errand,
                handle: |call| futures_util::FutureExt::boxed_local(handle(call)),
            }),
            ..V1
        };
    };
}

pub mod account_keys;
pub mod caller;
pub mod door;
pub mod instance_keys;
pub mod instance_users;
pub mod instances;
pub mod own_user;
pub mod profile_class;
pub mod reset_key;
pub mod user;

pub use caller::InstanceCaller;
pub use door::Door;
