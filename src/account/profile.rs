//! Changes of a profile.

use serde_json::{Map, Value};

use crate::account::{Fields, Invalid, settings};

/// Not a setting: another e-mail has to be confirmed.
const EMAIL: &str = "email";
/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const MAX_EMAIL_CHARS: usize = 254;

/// A valid change of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfilePatch {
    /// The settings that are given.
    pub settings: Map<String, Value>,
    /// Another e-mail, as spelt.
    pub email: Option<String>,
}

impl ProfilePatch {
    /// Reads the fields that are there; all others stay as they are.
    ///
    /// # Errors
    ///
    /// The first field that breaks its rule.
    pub fn read(fields: &Fields) -> Result<Self, Invalid> {
        let settings = settings::read(fields)?;
        let email = fields.optional_text(EMAIL, MAX_EMAIL_CHARS)?;
        if email.is_some_and(|email| !is_email(email)) {
            return Err(Invalid::input(EMAIL, "Enter a valid email address."));
        }
        Ok(Self {
            settings,
            email: email.map(str::to_owned),
        })
    }
}

/// One `@`, text on both sides, a dot inside the domain, no space. Whether the address exists shows when
/// it is confirmed.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c);
    let labels = || domain.split('.');
    !local.is_empty()
        && !local.contains('@')
        && !text.contains(is_odd)
        && labels().count() >= 2
        && labels()
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<ProfilePatch, (&'static str, &'static str)> {
        let fields: Fields = body.as_object().unwrap().clone().into();
        ProfilePatch::read(&fields).map_err(|fault| (fault.attr, fault.code))
    }

    #[test]
    fn only_what_is_given_and_known_is_set() {
        let patch = read(json!({
            "first_name": " Ada ", "is_staff": true, "uuid": "x", "theme_mode": "dark",
        }));
        let patch = patch.unwrap();
        assert_eq!(
            json!(patch.settings),
            json!({"first_name": "Ada", "theme_mode": "dark"})
        );
        assert_eq!(patch.email, None);
        assert_eq!(read(json!({})).unwrap().settings.len(), 0);
    }

    #[test]
    fn an_email_is_an_address() {
        for good in [
            "ada@example.com",
            "a+b@sub.example.co",
            "ä@exämple.com",
            " ada@example.com ",
        ] {
            let patch = read(json!({ "email": good })).unwrap();
            assert_eq!(patch.email.as_deref(), Some(good.trim()));
        }
        for (bad, code) in [
            (json!(null), "null"),
            (json!(""), "blank"),
            (json!(7), "invalid_input"),
            (json!("ada"), "invalid_input"),
            (json!("@example.com"), "invalid_input"),
            (json!("ada@"), "invalid_input"),
            (json!("ada@localhost"), "invalid_input"),
            (json!("ada@example..com"), "invalid_input"),
            (json!("ada@-example.com"), "invalid_input"),
            (json!("a@b@example.com"), "invalid_input"),
            (json!("ada <ada@example.com>"), "invalid_input"),
            (json!("ada@example.com\nbcc: x"), "invalid_input"),
            (
                json!(format!("{}@example.com", "a".repeat(243))),
                "max_length",
            ),
        ] {
            assert_eq!(
                read(json!({ "email": bad })).unwrap_err(),
                ("email", code),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_address_that_is_accepted_has_no_line_break_or_separator(text in ".{0,40}") {
            if let Ok(patch) = read(json!({ "email": text.clone() })) {
                let email = patch.email.unwrap();
                prop_assert!(email.contains('@') && !email.contains(['\n', '\r', ' ', '<', ',']));
            }
        }
    }
}
