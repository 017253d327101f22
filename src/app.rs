//! The whole service: the table of routes with its router, and what cron, the queue and the end of
//! a request start.

pub mod alerts;
pub mod delivery;
pub mod notices;
pub mod refusals;
pub mod schedule;

use std::rc::Rc;

use http::StatusCode;

use crate::kernel::RequestId;
use crate::kernel::log::Log;
use crate::services::Services;
use crate::web::{Route, Router};
use crate::{
    account, audit, auth, health, metrics, operators, overview, provisioning, user_keys, users,
};

pub const ROUTER: Router = Router::new(ROUTES);

/// Every route there is. `openapi.json` is held to it, and the truth tables of the tests are
/// generated from that.
pub const ROUTES: &[Route] = &[
    health::endpoint::ROUTE,
    metrics::endpoints::metrics::ROUTE,
    provisioning::endpoints::diagnostics::ROUTE,
    provisioning::endpoints::reset::ROUTE,
    provisioning::endpoints::provision::ROUTE,
    provisioning::endpoints::backfill::ROUTE,
    provisioning::endpoints::runs::ROUTE,
    provisioning::endpoints::run::ROUTE,
    provisioning::endpoints::run_users::ROUTE,
    provisioning::endpoints::stop_run::ROUTE,
    provisioning::endpoints::bulk::ROUTE,
    provisioning::endpoints::pause::ROUTE,
    provisioning::endpoints::delete_user::ROUTE,
    provisioning::endpoints::export_user::ROUTE,
    users::endpoints::search::ROUTE,
    users::endpoints::list::ROUTE,
    users::endpoints::detail::ROUTE,
    users::endpoints::reveal::ROUTE,
    auth::endpoints::create_api_key::ROUTE,
    auth::endpoints::list_api_keys::ROUTE,
    auth::endpoints::revoke_api_key::ROUTE,
    operators::endpoints::begin_sign_in::ROUTE,
    operators::endpoints::finish_sign_in::ROUTE,
    operators::endpoints::session::ROUTE,
    operators::endpoints::end_session::ROUTE,
    operators::endpoints::list_own_sessions::ROUTE,
    operators::endpoints::end_own_sessions::ROUTE,
    operators::endpoints::list_operators::ROUTE,
    operators::endpoints::create_operator::ROUTE,
    operators::endpoints::update_operator::ROUTE,
    operators::endpoints::disable_operator::ROUTE,
    operators::endpoints::list_operator_sessions::ROUTE,
    operators::endpoints::end_operator_sessions::ROUTE,
    user_keys::endpoints::instances::create::ROUTE,
    user_keys::endpoints::instances::list::ROUTE,
    user_keys::endpoints::instance_keys::create::ROUTE,
    user_keys::endpoints::instance_keys::list::ROUTE,
    user_keys::endpoints::instance_keys::revoke::ROUTE,
    user_keys::endpoints::instance_users::create::ROUTE,
    user_keys::endpoints::instance_users::list::ROUTE,
    user_keys::endpoints::instance_users::delete::ROUTE,
    user_keys::endpoints::instance_users::reset_key::ROUTE,
    user_keys::endpoints::account_keys::create::ROUTE,
    user_keys::endpoints::account_keys::list::ROUTE,
    user_keys::endpoints::account_keys::revoke::ROUTE,
    account::endpoints::create_dashboard::ROUTE,
    account::endpoints::list_dashboards::ROUTE,
    account::endpoints::set_team::ROUTE,
    account::endpoints::unlock::ROUTE,
    account::endpoints::support_disable::ROUTE,
    account::endpoints::push_token_delete::ROUTE,
    audit::endpoints::list::ROUTE,
    audit::endpoints::export::ROUTE,
    overview::endpoints::overview::ROUTE,
    overview::endpoints::stats::ROUTE,
    account::endpoints::notices::list::ROUTE,
    account::endpoints::notices::deliver_all::ROUTE,
    account::endpoints::notices::deliver::ROUTE,
    account::endpoints::notices::drop::ROUTE,
    health::endpoints::system::ROUTE,
    provisioning::endpoints::credentials::ROUTE,
    user_keys::endpoints::reset_key::V1,
    user_keys::endpoints::reset_key::V1_1,
    user_keys::endpoints::user::V1,
    user_keys::endpoints::user::V1_1,
    user_keys::endpoints::own_user::V1,
    user_keys::endpoints::own_user::V1_1,
    user_keys::endpoints::profile_class::V1,
    user_keys::endpoints::profile_class::V1_1,
    account::endpoints::user_read::ROUTE,
    account::endpoints::user_change::ROUTE,
    account::endpoints::cancel_email_change::ROUTE,
    account::endpoints::cancel_email_change::OF_USER,
    account::endpoints::verify_email::ROUTE,
    account::endpoints::push_token_register::ROUTE,
    account::endpoints::push_token_unregister::ROUTE,
    account::endpoints::scene::ROUTE,
    account::endpoints::set_up_start::ROUTE,
    account::endpoints::set_up_start::ALIAS,
    account::endpoints::set_up_validate::ROUTE,
    account::endpoints::set_up_validate::ALIAS,
    account::endpoints::status::ROUTE,
    account::endpoints::backup_codes::ROUTE,
    account::endpoints::disable::ROUTE,
    account::endpoints::verify::ROUTE,
];

/// What goes on once a request is answered.
pub fn after_answer(
    services: &Rc<Services>,
    status: StatusCode,
    request_id: &RequestId,
    log: impl Log + 'static,
) {
    notices::deliver_after_answer(services, request_id, log);
    refusals::count(services, status);
}

#[cfg(test)]
mod tests;
