//! Names of instances.

use std::fmt;

use crate::db::{FromColumn, Value};

use serde::{Deserialize, Serialize};

/// The name of an instance: 1 to 64 ASCII letters, digits, hyphens or
/// underscores, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    !try_from,
    description = "The name of an instance.",
    extend("pattern" = r"^[a-z0-9_\-]{1,64}$", "examples" = ["rivia"]),
))]
pub struct InstanceName(String);

impl InstanceName {
    pub const MAX_CHARS: usize = 64;

    /// Parses a name in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = (1..=Self::MAX_CHARS).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_name.then(|| Self(text.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromColumn for InstanceName {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        String::from_column(value)?.try_into().ok()
    }
}

impl TryFrom<String> for InstanceName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name).ok_or("not the name of an instance")
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_hyphens_and_underscores_lower_cased() {
        let name = |text: &str| InstanceName::parse(text).map(|name| name.0);
        assert_eq!(name("Rivia-2_x").as_deref(), Some("rivia-2_x"));
        assert_eq!(name(&"A".repeat(64)), Some("a".repeat(64)));
        let long = "a".repeat(65);
        for bad in [
            "",
            long.as_str(),
            "a.b",
            "a b",
            "a/b",
            "ä",
            "\u{212a}",
            "a\u{0}",
            "a\n",
            "%61",
        ] {
            assert_eq!(name(bad), None, "{bad:?}");
            let read = serde_json::from_value::<InstanceName>(bad.into());
            assert!(read.is_err(), "{bad:?}");
        }
    }
}
