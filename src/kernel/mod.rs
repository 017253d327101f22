//! What every room stands on: time, randomness, secrets, sealing, ids.
//!
//! Nothing here knows Workers, HTTP or D1, so all of it is tested natively.

pub mod clock;
pub mod email;
pub mod ids;
pub mod object;
pub mod random;
pub mod sealing;
pub mod secret;

pub use clock::{Clock, Deadline, Timestamp};
pub use email::{EmailKey, mask_email};
pub use ids::{RequestId, UserId};
pub use object::Object;
pub use random::Random;
pub use sealing::{SealError, Sealed, Sealer};
pub use secret::{Secret, sha256_hex};
