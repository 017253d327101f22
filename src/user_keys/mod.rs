//! The user-key API: whom a key opens an instance to, and what it may do there.
//!
//! Clients of another service, long published, speak this API; they must work
//! against ours unmodified. So its words are theirs: an *instance* holds users,
//! an *instance API key* belongs to a program, an *account key* to whoever runs
//! the instance, a *user key* to one of its users.
//!
//! | file | what it settles |
//! |---|---|
//! | `key` | what a key looks like, how one is made, how it rests |
//! | `credentials` | which of the many places of a request a key is taken from |
//! | `instance` | names of instances |
//! | `id`, `username` | ids and names of users |
//! | `admission` | who may do what, decided on one read |
//! | `throttle` | how many requests a second |
//! | `representation` | how a user, and the class of its profile, is shown |

pub mod admission;
pub mod credentials;
pub mod endpoints;
pub mod id;
pub mod instance;
pub mod key;
pub mod representation;
pub mod store;
pub mod throttle;
pub mod username;

pub use admission::{Errand, Refusal, Visitor};
pub use credentials::Credentials;
pub use id::InstanceUserId;
pub use instance::InstanceName;
pub use key::{Key, Parity};
pub use throttle::Throttle;
pub use username::Username;
