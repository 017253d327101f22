//! The account API: profiles, push tokens, second factors, and the notices that tell people of changes.
//!
//! | file | what it holds |
//! |---|---|
//! | `person` | a person, and what was read of their account |
//! | `profile`, `settings` | changes of a profile; its settings and their rules |
//! | `email_change` | the token that confirms another e-mail |
//! | `push_token`, `team`, `scene` | push tokens; the ids of teams; dashboards of scenes |
//! | `second_factor` | a second factor as it is stored |
//! | `code_check` | a code from its text to its outcome |
//! | `code_text` | what is dropped from a code as it is typed |
//! | `totp`, `backup_code` | codes of either kind |
//! | `lockout` | how often codes may be rejected |
//! | `qr` | the QR code of a set-up |
//! | `fields` | a body's fields, and why one is refused |
//! | `audit` | what the audit rows of a request have in common |
//! | `notice`, `outbox/` | notices, and their delivery to the webhook |
//! | `store/` | the SQL |
//! | `endpoints/` | the HTTP API |

pub mod audit;
pub mod backup_code;
pub mod code_check;
pub mod code_text;
pub mod email_change;
pub mod endpoints;
pub mod fields;
pub mod lockout;
pub mod notice;
pub mod outbox;
pub mod person;
pub mod profile;
pub mod push_token;
pub mod qr;
pub mod scene;
pub mod second_factor;
pub mod settings;
pub mod store;
pub mod team;
pub mod totp;

pub use audit::AuditContext;
pub use backup_code::BackupCode;
pub use code_check::{CodeCheck, CodeError, Proof};
pub use email_change::EmailToken;
pub use fields::{Fields, Invalid};
pub use lockout::Lock;
pub use notice::{Notice, NoticeKind};
pub use person::{Account, Person};
pub use profile::ProfilePatch;
pub use push_token::{Platform, PushToken};
pub use scene::Scene;
pub use second_factor::SecondFactor;
pub use team::TeamId;
pub use totp::{TotpCode, TotpSecret};
