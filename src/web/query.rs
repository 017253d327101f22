//! Query strings: known names only, each at most once, every value checked.

use crate::kernel::Timestamp;
use crate::web::ApiError;

/// The parameters of one request.
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Parses the query; names not in `known`, and names given twice, are refused.
    pub fn parse(text: Option<&str>, known: &[&str]) -> Result<Self, ApiError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            if !known.contains(&name.as_ref()) {
                let name: String = name.chars().take(64).collect();
                return Err(ApiError::bad_request(format!("{name}: unknown parameter")));
            }
            if pairs.iter().any(|(given, _)| *given == name) {
                return Err(ApiError::bad_request(format!(
                    "{name}: given more than once"
                )));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self { pairs })
    }

    /// The parameter as it is, for a caller that checks it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// A decimal integer from 1 to `max`, without sign or leading zeros.
    pub fn count(&self, name: &str, default: u32, max: u32) -> Result<u32, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|number| canonical && (1..=max).contains(number))
            .ok_or_else(|| {
                ApiError::bad_request(format!("{name}: must be an integer from 1 to {max}"))
            })
    }

    /// What the given one of `words` stands for.
    pub fn choice<T: Copy>(
        &self,
        name: &str,
        default: T,
        words: &[(&str, T)],
    ) -> Result<T, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            ApiError::bad_request(format!("{name}: must be {}", words.join(" or ")))
        })
    }

    /// A moment in ISO 8601, with seconds and an offset.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let moment = Timestamp::parse_iso(text).ok_or_else(|| {
            let message = format!("{name}: must be a moment such as 2030-01-31T12:00:00Z");
            ApiError::bad_request(message)
        })?;
        Ok(Some(moment))
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        self.choice(name, false, &[("true", true), ("false", false)])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(query: &str) -> Result<u32, ApiError> {
        Query::parse(Some(query), &["limit"])?.count("limit", 50, 500)
    }

    #[test]
    fn a_limit_is_an_integer_from_1_to_500() {
        assert_eq!(limit("").unwrap(), 50);
        assert_eq!(limit("limit=1").unwrap(), 1);
        assert_eq!(limit("limit=500").unwrap(), 500);
        for bad in [
            "limit=",
            "limit=0",
            "limit=501",
            "limit=-1",
            "limit=+1",
            "limit=%2B1",
            "limit=1.0",
            "limit=1e2",
            "limit=05",
            "limit=abc",
            "limit=%C3%A9",
            "limit=%FF",
            "limit=1&limit=2",
            "limit=99999999999999999999",
            "limit=%201",
            "limit",
            "other=1",
            "limit=٣",
        ] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_are_true_or_false() {
        let flag = |text| Query::parse(Some(text), &["dryRun"])?.flag("dryRun");
        assert!(!flag("").unwrap());
        assert!(flag("dryRun=true").unwrap());
        assert!(!flag("dryRun=false").unwrap());
        assert!(flag("dryRun=1").is_err());
    }

    #[test]
    fn a_choice_is_one_of_its_words() {
        let mode = |text| Query::parse(Some(text), &["m"])?.choice("m", 0, &[("a", 1), ("b", 2)]);
        assert_eq!(mode("").unwrap(), 0);
        assert_eq!(mode("m=a").unwrap(), 1);
        assert_eq!(mode("m=b").unwrap(), 2);
        for bad in ["m=", "m=A", "m=c", "m=a&m=a", "m=a%20"] {
            assert!(mode(bad).is_err(), "{bad}");
        }
        assert_eq!(
            mode("m=c").unwrap_err().message.clone(),
            "m: must be a or b"
        );
    }

    #[test]
    fn a_text_is_what_was_escaped_and_may_be_empty() {
        let query = Query::parse(Some("a=b+c%2B%C3%A9&empty="), &["a", "empty", "none"]).unwrap();
        assert_eq!(query.text("a"), Some("b c+é"));
        assert_eq!(query.text("empty"), Some(""));
        assert_eq!(query.text("none"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_queries_never_panic(text in ".*") {
            let _ = limit(&text);
        }

        #[test]
        fn a_number_is_a_limit_exactly_within_its_bounds(number: i64, near in -2i64..=503) {
            for number in [number, near] {
                let read = limit(&format!("limit={number}")).ok().map(i64::from);
                prop_assert_eq!(read, Some(number).filter(|number| (1..=500).contains(number)));
            }
        }

        #[test]
        fn escapes_make_no_difference(number in 1u32..=500) {
            let escaped: String = number.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(limit(&format!("limit={escaped}")).unwrap(), number);
        }
    }
}
