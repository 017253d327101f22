//! The user-key API: which keys give access to an instance, and what they permit there.
//!
//! Published clients of another service speak this API and must work unmodified, so the words
//! are theirs: an *instance* has users, an *instance API key* belongs to an application, an
//! *account key* to the operator of the instance, a *user key* to one of its users. Instance
//! API keys and account keys together are *client keys*.
//!
//! | file | contents |
//! |---|---|
//! | `key` | the form of a key, and its hash |
//! | `credentials` | where a request may carry keys |
//! | `instance` | names of instances |
//! | `id`, `username` | ids and names of users |
//! | `authorization` | who may do what, decided on one read |
//! | `throttle` | requests a second |

pub mod authorization;
pub mod credentials;
pub mod endpoints;
pub mod id;
pub mod instance;
pub mod key;
pub mod store;
pub mod throttle;
pub mod username;

pub use authorization::{AccessDenied, AuthorizedClient, Operation};
pub use credentials::Credentials;
pub use id::InstanceUserId;
pub use instance::InstanceName;
pub use key::{Key, Parity};
pub use throttle::Throttle;
pub use username::Username;
