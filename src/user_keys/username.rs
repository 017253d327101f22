//! Names of an instance's users.

use std::fmt;

use serde::Serialize;

use crate::kernel::text;
#[cfg(test)]
use crate::kernel::text::hidden_class;

/// The name of an instance's user, unique within the instance and case-sensitive: 1 to 254
/// characters, so that an e-mail fits, each of which can be seen, not all blank.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    description = "A name, unique within the instance to the letter, without control or invisible characters and not all white space.",
    extend(
        "minLength" = 1,
        "maxLength" = Self::MAX_CHARS,
        "pattern" = concat!(
            "^[^", hidden_class!(), "]*[^", hidden_class!(),
            r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000][^", hidden_class!(), "]*$"
        ),
        "examples" = ["geralt"],
    ),
))]
pub struct Username(String);

impl Username {
    pub const MAX_CHARS: usize = 254;

    /// # Errors
    ///
    /// What is wrong with the name, for the client.
    pub fn parse(name: &str) -> Result<Self, String> {
        if !name.is_empty() && name.trim().is_empty() {
            return Err("username: must not be blank".to_owned());
        }
        text::check_not_empty("username", name, Self::MAX_CHARS)?;
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_as_it_is_or_not_at_all() {
        let name = format!(" {}", "ü".repeat(253));
        assert_eq!(Username::parse(&name).unwrap().as_str(), name);
        for (bad, why) in [
            ("", "username: must not be empty"),
            (" \u{2003}", "username: must not be blank"),
            (&"a".repeat(255), "username: must be at most 254 characters"),
            ("a\u{0}", "username: must not contain control characters"),
            (
                "ge\u{200b}ralt",
                "username: must not contain invisible characters",
            ),
        ] {
            assert_eq!(Username::parse(bad), Err(why.to_owned()));
        }
    }
}
