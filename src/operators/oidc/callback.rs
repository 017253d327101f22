//! What the provider sends the browser back with.

/// The most bytes a value may have. Providers write codes of some hundred.
const MAX_VALUE_BYTES: usize = 4096;

/// The provider's answer to an authorization request (RFC 6749, 4.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    pub state: String,
    pub outcome: Outcome,
    /// Who answers (RFC 9207), where it says so.
    pub issuer: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The person signed in.
    Code(String),
    /// `access_denied`: the person cancelled, or the provider lets them in nowhere.
    Denied,
    /// Another error.
    Failed,
}

impl Callback {
    /// Parses a query. Parameters that are not known are the provider's business.
    ///
    /// # Errors
    ///
    /// `None`: one is missing, given twice or too long.
    pub fn parse(query: Option<&str>) -> Option<Self> {
        let mut values: [Option<String>; 4] = Default::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let names = ["state", "code", "error", "iss"];
            let mut known = names.iter().zip(&mut values);
            let Some((_, slot)) = known.find(|(known, _)| **known == name) else {
                continue;
            };
            let is_sound = !value.is_empty() && value.len() <= MAX_VALUE_BYTES;
            if !is_sound || slot.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        let [state, code, error, issuer] = values;
        let outcome = match (code, error.as_deref()) {
            (Some(code), None) => Outcome::Code(code),
            (None, Some("access_denied")) => Outcome::Denied,
            (None, Some(_)) => Outcome::Failed,
            _ => return None,
        };
        Some(Self {
            state: state?,
            outcome,
            issuer,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_callback_has_a_state_and_either_a_code_or_an_error() {
        let parse = |query| Callback::parse(Some(query));
        let good =
            parse("code=a%2Bb&state=s&iss=https%3A%2F%2Fid.example%2F&session_state=x").unwrap();
        assert_eq!(good.state, "s");
        assert_eq!(good.outcome, Outcome::Code("a+b".to_owned()));
        assert_eq!(good.issuer.as_deref(), Some("https://id.example/"));
        let denied = parse("error=access_denied&error_description=no&state=s").unwrap();
        assert_eq!(denied.outcome, Outcome::Denied);
        let failed = parse("error=server_error&state=s").unwrap();
        assert_eq!(failed.outcome, Outcome::Failed);
        let long = format!("state=s&code={}", "a".repeat(4097));
        for bad in [
            "",
            "code=a",
            "state=s",
            "code=&state=s",
            "code=a&state=",
            "code=a&state=s&state=s",
            "code=a&code=a&state=s",
            "code=a&error=access_denied&state=s",
            "code=a&state=s&iss=",
            long.as_str(),
        ] {
            assert_eq!(parse(bad), None, "{bad:.60}");
        }
        assert_eq!(Callback::parse(None), None);
    }

    proptest! {
        #[test]
        fn any_query_is_parsed_or_refused(query in ".{0,200}") {
            let _ = Callback::parse(Some(&query));
        }
    }
}
