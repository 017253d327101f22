//! What several rooms share, one concept a file. Nothing here knows Workers or D1.

pub mod audit;
pub mod clock;
pub mod email;
pub mod http_client;
pub mod ids;
pub mod log;
pub mod masking;
pub mod number;
pub mod object;
pub mod ordered;
pub mod phone;
pub mod random;
pub mod remembered;
pub mod safe_url;
pub mod sealing;
pub mod secret;
pub mod text;
pub mod unicode;
pub mod webhook;

pub use clock::{Clock, Deadline, Timestamp};
pub use email::{EmailKey, mask_email};
pub use ids::{RequestId, UserId};
pub use masking::{mask_emails, mask_text};
pub use object::Object;
pub use phone::mask_phone;
pub use random::Random;
pub use remembered::{ContentHash, Remembered};
pub use safe_url::is_safe_url;
pub use sealing::{Purpose, SealError, Sealed, Sealer};
pub use secret::{Secret, sha256_hex};
pub use unicode::Unicode;
pub use webhook::Webhook;
