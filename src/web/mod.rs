//! The front door: routes, callers, errors, and one file per endpoint.
//!
//! | file | what it does |
//! |---|---|
//! | `route` | what a route is: it says who may call it |
//! | `routes` | the table of all routes |
//! | `router` | builds axum's router from the table, answers 404 and 405 |
//! | `dispatch` | one request through its route: caller, handler, answer, log line |
//! | `caller` | the kinds of caller, as values that only authentication makes |
//! | `call` | what a handler gets: caller, path, query, body, services |
//! | `body`, `query` | input, capped and parsed once |
//! | `error`, `surface` | errors with two faces; how each API writes them down |
//! | `address` | where a request comes from |
//! | `services` | configuration, database and upstream of one request |
//! | `admin/`, `users/`, `instances/`, `account/`, `service/` | the endpoints |

pub mod address;
pub mod body;
pub mod call;
pub mod caller;
pub mod dispatch;
pub mod error;
pub mod fields;
pub mod openapi;
pub mod query;
pub mod reply;
pub mod route;
pub mod router;
pub mod surface;

pub use call::Call;
pub use error::ApiError;
pub use reply::Reply;
pub use route::Route;
