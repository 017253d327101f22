//! The table of all routes. The router and the check of `openapi.json`, from
//! which in turn the tests of the auth truth table are generated, are made from it.

use super::instances::{own_user, profile_class, reset_key, user};
use super::{Route, admin, service, users};

/// Every route there is.
pub const ROUTES: &[Route] = &[
    service::health::ROUTE,
    service::openapi::ROUTE,
    admin::diagnostics::ROUTE,
    admin::reset::ROUTE,
    admin::backfill::ROUTE,
    admin::runs::ROUTE,
    admin::run::ROUTE,
    admin::api_keys::create::ROUTE,
    admin::api_keys::list::ROUTE,
    admin::api_keys::revoke::ROUTE,
    admin::instances::create::ROUTE,
    admin::instances::list::ROUTE,
    admin::instances::api_keys::create::ROUTE,
    admin::instances::api_keys::list::ROUTE,
    admin::instances::api_keys::revoke::ROUTE,
    admin::instances::users::create::ROUTE,
    admin::instances::users::list::ROUTE,
    admin::instances::users::delete::ROUTE,
    admin::account_keys::create::ROUTE,
    admin::account_keys::list::ROUTE,
    admin::account_keys::revoke::ROUTE,
    users::credentials::ROUTE,
    reset_key::V1,
    reset_key::V1_1,
    user::V1,
    user::V1_1,
    own_user::V1,
    own_user::V1_1,
    profile_class::V1,
    profile_class::V1_1,
];
