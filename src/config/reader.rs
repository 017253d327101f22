//! How one setting is read: what counts as absent, which form it must have, and what is told where it has not.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::form::is_blank;
use super::settings;
use crate::kernel::{Secret, is_safe_url};

/// What a single value does not hold: white space, and what stands in a list or a table.
fn is_in_no_word(c: char) -> bool {
    is_blank(c) || matches!(c, ',' | '{')
}

/// Reads settings through `lookup` (name to value).
pub(super) struct Reader<L> {
    pub(super) lookup: L,
    /// What is missing or malformed, by name, never by value.
    pub(super) problems: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    pub(super) const fn new(lookup: L) -> Self {
        Self {
            lookup,
            problems: Vec::new(),
        }
    }

    /// A setting as it is. What the list does not have counts as absent, so that no setting is left out of it.
    pub(super) fn raw(&self, name: &str) -> Option<String> {
        settings::is_known(name).then(|| (self.lookup)(name))?
    }

    /// A value without white space around it; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = self.raw(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::new)
    }

    pub(super) fn problem(&mut self, what: impl Into<String>) {
        self.problems.push(what.into());
    }

    pub(super) fn required(&mut self, name: &str) -> Option<String> {
        let value = self.get(name);
        if value.is_none() {
            self.problem(format!("{name} is missing"));
        }
        value
    }

    pub(super) fn number(&mut self, name: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(text) = self.get(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.problem(format!(
                    "{name} is not an integer from {} to {}; {default} is used",
                    range.start(),
                    range.end()
                ));
                default
            }
        }
    }

    pub(super) fn hours(
        &mut self,
        name: &str,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Duration {
        let hours = self.number(name, default, range);
        Duration::from_secs(u64::from(hours) * 60 * 60)
    }

    pub(super) fn days(
        &mut self,
        name: &str,
        default: u32,
        range: RangeInclusive<u32>,
    ) -> Duration {
        let days = self.number(name, default, range);
        Duration::from_secs(u64::from(days) * 24 * 60 * 60)
    }

    /// Whether a setting that is `strict` unless told otherwise is `relaxed`.
    pub(super) fn relaxes(&mut self, name: &str, strict: &str, relaxed: &str) -> bool {
        let value = self.get(name);
        let is_relaxed = value.as_deref() == Some(relaxed);
        if !is_relaxed && value.is_some_and(|value| value != strict) {
            self.problem(format!(
                "{name} is neither {strict} nor {relaxed}; {strict} is used"
            ));
        }
        is_relaxed
    }

    /// A required value that could not equal anything if it were a list.
    pub(super) fn word(&mut self, name: &str) -> Option<String> {
        let value = self.required(name)?;
        if value.contains(|c: char| is_in_no_word(c)) {
            self.problem(format!(
                "{name} must be one value without white space and commas"
            ));
            return None;
        }
        Some(value)
    }

    /// The name of a claim; `None`: no claim that is looked for has such a name. That of the issuing of a
    /// token tells nothing of a sign-in: `JWT_AUTH_TIME` is the setting that trusts it.
    pub(super) fn claim(&mut self, name: &str, default: &str) -> Option<String> {
        let claim = self.get(name).unwrap_or_else(|| default.to_owned());
        let is_dated = matches!(claim.as_str(), "exp" | "nbf" | "iat");
        if is_dated || claim.contains(|c: char| is_in_no_word(c)) {
            self.problem(format!(
                "{name} must be the name of one claim, and not exp, nbf or iat"
            ));
            return None;
        }
        Some(claim)
    }

    pub(super) fn safe_url(&mut self, name: &str, text: &str) -> Option<String> {
        let is_usable = is_safe_url(text);
        if !is_usable {
            self.problem(format!("{name} must be https, or http on a loopback host"));
        }
        is_usable.then(|| text.to_owned())
    }
}
