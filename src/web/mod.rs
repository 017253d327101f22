//! HTTP: routes, callers, input, replies and errors. The endpoints themselves are in the
//! rooms, one file each.

pub mod body;
pub mod caller;
pub mod cors;
pub mod cross_site;
pub mod error;
pub mod fields;
pub mod format;
#[cfg(test)]
pub mod openapi;
pub mod page;
pub mod personal_data;
pub mod query;
pub mod reply;
pub mod request;
pub mod route;
pub mod router;
pub mod sign_in_page;

pub use caller::{Admin, Anyone, Caller, Session, UserCaller};
pub use error::ApiError;
pub use format::ErrorFormat;
pub use reply::Reply;
pub use request::{Call, CallWithBody, Incoming};
pub use route::Route;
pub(crate) use route::handler;
pub use router::Router;
