//! Team ids, which another service issues.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::db::{FromColumn, Value};
use crate::kernel::number::{MAX_SAFE_INTEGER as MAX, integral};

/// A team's id, from 1 to 2^53 - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    description = "A team's id; another service gives it out.",
    extend("minimum" = 1, "maximum" = MAX, "examples" = [7]),
))]
pub struct TeamId(i64);

impl TeamId {
    /// `None`: the number cannot be a team's id.
    pub fn new(number: i64) -> Option<Self> {
        (1..=MAX).contains(&number).then_some(Self(number))
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TeamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromColumn for TeamId {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        i64::from_column(value).and_then(Self::new)
    }
}

impl<'de> Deserialize<'de> for TeamId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(TeamIdVisitor)
    }
}

struct TeamIdVisitor;

impl Visitor<'_> for TeamIdVisitor {
    type Value = TeamId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer from 1 to {MAX}")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<TeamId, E> {
        let wrong = || E::invalid_value(Unexpected::Signed(number), &self);
        TeamId::new(number).ok_or_else(wrong)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<TeamId, E> {
        let team = i64::try_from(number).ok().and_then(TeamId::new);
        team.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<TeamId, E> {
        let team = integral(number).and_then(TeamId::new);
        team.ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<TeamId, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_team_is_a_positive_integer_that_json_carries_exactly() {
        assert_eq!(parse("1"), Ok(TeamId(1)));
        assert_eq!(parse("9007199254740991"), Ok(TeamId(MAX)));
        assert_eq!(parse("557884163423.0"), Ok(TeamId(557_884_163_423)));
        assert_eq!(parse("1e3"), Ok(TeamId(1000)));
        for wrong in [
            "0",
            "-1",
            "9007199254740992",
            "9223372036854775808",
            "18446744073709551615",
            "1e400",
            "1e300",
            "1.5",
            "\"1\"",
            "true",
            "null",
            "[1]",
            "{}",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wrong_team_is_refused_with_what_was_expected() {
        for wrong in ["0", "-7", "1.5", "\"7\"", "null"] {
            let error = parse(wrong).unwrap_err();
            let expected = "expected an integer from 1 to 9007199254740991";
            assert!(error.contains(expected), "{error}");
        }
    }
}
