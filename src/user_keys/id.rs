//! Ids of an instance's users.

use std::fmt;

use crate::db::{FromColumn, Value};

use serde::{Deserialize, Serialize};

/// The id of an instance's user: a positive integer, unique across instances and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    !try_from,
    description = "The id of a user of an instance.",
    extend("minimum" = 1, "maximum" = Self::MAX),
))]
pub struct InstanceUserId(u64);

impl InstanceUserId {
    /// 2^53 - 1: what JSON and D1 hold exactly.
    const MAX: u64 = (1 << 53) - 1;

    /// Parses an id in a path: decimal digits without a leading zero, at most [`Self::MAX`].
    pub fn parse(text: &str) -> Option<Self> {
        let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        let number = text.parse::<u64>().ok().filter(|_| is_canonical)?;
        Self::try_from(number).ok()
    }

    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromColumn for InstanceUserId {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        u64::from_column(value)?.try_into().ok()
    }
}

impl TryFrom<u64> for InstanceUserId {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        let is_id = (1..=Self::MAX).contains(&number);
        is_id.then_some(Self(number)).ok_or("not the id of a user")
    }
}

impl fmt::Display for InstanceUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_a_positive_integer() {
        assert_eq!(InstanceUserId::parse("9").map(InstanceUserId::get), Some(9));
        let largest = "9007199254740991";
        assert_eq!(InstanceUserId::parse(largest).unwrap().to_string(), largest);
        let digits = "1".repeat(100);
        for bad in [
            "",
            "0",
            "-1",
            "+1",
            "1e3",
            "1.0",
            "01",
            " 1",
            "1 ",
            ".",
            "..",
            "%2e",
            "0x1",
            "٣",
            "１",
            "9007199254740992",
            "9223372036854775808",
            digits.as_str(),
        ] {
            assert_eq!(InstanceUserId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_number_is_read_within_the_same_bounds() {
        let read = |number: u64| serde_json::from_value::<InstanceUserId>(number.into());
        assert_eq!(read(9).unwrap().get(), 9);
        assert!(read(0).is_err());
        assert!(read(1 << 53).is_err());
    }

    proptest! {
        #[test]
        fn an_id_is_read_back(number in 1..=InstanceUserId::MAX) {
            let id = InstanceUserId::parse(&number.to_string());
            prop_assert_eq!(id.map(InstanceUserId::get), Some(number));
        }

        #[test]
        fn an_id_has_one_spelling(text in "[0-9+-]{1,20}") {
            if let Some(id) = InstanceUserId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
