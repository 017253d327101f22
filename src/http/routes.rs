//! The table of all routes. The router and the check of `openapi.json`, from
//! which in turn the tests of the auth truth table are generated, are made from it.

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
    users::credentials::ROUTE,
];
