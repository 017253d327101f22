//! Identifiers.

use std::fmt;

use serde::Serialize;
use ulid::Ulid;

use crate::kernel::{Random, Timestamp, text};

/// A user's `users.uuid`: opaque, because other services assign it.
/// It has no `Deserialize`: a request's id is parsed, and a row's is read with `db::FromColumn`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    description = "A user's `users.uuid`. Opaque: 1 to 128 characters, no control characters.",
    extend(
        "minLength" = 1,
        "maxLength" = 128,
        "pattern" = r"^[^\u0000-\u001f\u007f-\u009f]*$",
        "examples" = ["00000000-0000-4000-8000-000000000001"],
    )
))]
pub struct UserId(String);

impl UserId {
    pub const MAX_CHARS: usize = 128;

    /// An id from the database, which is not checked again.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Parses an id of a request: 1 to 128 characters, no control characters.
    ///
    /// # Errors
    ///
    /// What is wrong with the id, for the client.
    pub fn parse(id: &str) -> Result<Self, String> {
        text::check_id("userId", id, Self::MAX_CHARS)?;
        Ok(Self(id.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The least id with this prefix and a ULID of this moment or later.
pub fn first_ulid_of(prefix: &str, moment: Timestamp) -> String {
    let millis = u64::try_from(moment.as_millis()).unwrap_or_default();
    format!("{prefix}_{}", Ulid::from_parts(millis, 0))
}

/// The id of a request or a scheduled event: `req_` and a ULID.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    description = "The name of one request: `req_` and a ULID. Also the header X-Request-Id and the log's `request.id`.",
    extend(
        "pattern" = "^req_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        "examples" = ["req_01JZX0000000000000000000EX"],
    )
))]
pub struct RequestId(String);

impl RequestId {
    pub fn mint(now: Timestamp, random: &dyn Random) -> Self {
        Self(prefixed_ulid("req", now, random))
    }

    /// The one that a row names.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The one in the examples of `openapi.json`.
    #[cfg(test)]
    pub fn example() -> Self {
        Self("req_01JZX0000000000000000000EX".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `prefix_` and a ULID, which sorts by time and has 80 random bits.
pub fn prefixed_ulid(prefix: &str, now: Timestamp, random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    let ulid = Ulid::from_parts(millis, u128::from_le_bytes(bytes));
    format!("{prefix}_{ulid}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn request_ids_start_with_the_time() {
        let random = Seeded::new(1);
        let at = |millis| RequestId::mint(Timestamp::from_millis(millis), &random);
        let (early, late) = (at(1_700_000_000_000), at(1_700_000_000_001));
        assert_eq!(early.as_str().len(), "req_".len() + 26);
        assert!(early.as_str() < late.as_str());
    }

    #[test]
    fn user_ids_from_requests_are_bounded() {
        assert!(UserId::parse(&"é".repeat(128)).is_ok());
        assert!(UserId::parse(&"a".repeat(129)).is_err());
        assert!(UserId::parse("").is_err());
        assert!(UserId::parse("a\u{0}b").is_err());
        let odd = "O'Brien\"; --";
        assert_eq!(UserId::parse(odd).unwrap().as_str(), odd);
    }

    proptest! {
        #[test]
        fn ids_sort_by_the_time_they_were_minted(
            earlier in 0i64..(1 << 47), later in 1i64..(1 << 40), seeds: (u64, u64),
        ) {
            let mint = |millis, seed| {
                prefixed_ulid("run", Timestamp::from_millis(millis), &Seeded::new(seed))
            };
            prop_assert!(mint(earlier, seeds.0) < mint(earlier + later, seeds.1));
        }

        #[test]
        fn no_time_makes_an_id_ill_formed(millis: i64, seed: u64) {
            let id = prefixed_ulid("run", Timestamp::from_millis(millis), &Seeded::new(seed));
            let (prefix, ulid) = id.split_once('_').unwrap();
            prop_assert_eq!((prefix, ulid.len()), ("run", 26));
            prop_assert!(Ulid::from_string(ulid).is_ok());
        }
    }
}
