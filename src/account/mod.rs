//! Account security: what protects a person's account, and how people hear of changes.
//!
//! | file | what it holds |
//! |---|---|
//! | `totp` | one-time passwords by the clock: secrets, codes, what authenticators scan |
//! | `backup_code`, `proof` | codes for whoever lost theirs; a code of either kind |
//! | `lockout` | how often one may guess |
//! | `factor` | a second factor at rest |
//! | `qr` | a text as a picture to scan |
//! | `person`, `user` | whose account it is, and what they see of it |
//! | `profile` | what people may set in their profile |
//! | `email_change` | the token that confirms another e-mail |
//! | `push_token` | where a phone gets its pushes |
//! | `team` | the ids of teams |
//! | `fields`, `invalid` | a body's fields, and what may be wrong with them |
//! | `notice` | what people are told of, by way of an outbox |
//! | `outbox/` | how notices leave it, signed, at least once each |
//!
//! Everything here is pure: nothing knows D1, Workers or our own HTTP. What must hold under
//! concurrency is in the statements of `platform::d1::account`.

pub mod backup_code;
pub mod email_change;
pub mod endpoints;
pub mod factor;
pub mod fields;
pub mod invalid;
pub mod lockout;
pub mod notice;
pub mod outbox;
pub mod person;
pub mod profile;
pub mod proof;
pub mod push_token;
pub mod qr;
pub mod store;
pub mod team;
pub mod totp;
pub mod user;

pub use backup_code::BackupCode;
pub use email_change::EmailToken;
pub use factor::{Factor, Pending};
pub use fields::Fields;
pub use invalid::Invalid;
pub use lockout::Lock;
pub use notice::{Notice, NoticeKind};
pub use person::{HasPerson, Person};
pub use profile::ProfilePatch;
pub use proof::Proof;
pub use push_token::{Platform, PushToken};
pub use team::TeamId;
pub use totp::{TotpCode, TotpSecret};
pub use user::{FullUser, Scene};
