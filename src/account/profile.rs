//! Changes of a profile.

use serde_json::Value;

use crate::account::settings::{self, Settings};
use crate::account::{Fields, Invalid};
use crate::kernel::text::is_invisible;
use crate::kernel::{EmailKey, Unicode};

/// Not a setting: another e-mail has to be confirmed.
const EMAIL: &str = "email";
/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const MAX_EMAIL_CHARS: usize = 254;

/// A valid change of a profile.
#[derive(Debug, Clone)]
pub struct ProfilePatch {
    /// The settings that are given and differ from those there are.
    pub settings: Settings,
    /// Another e-mail, as [`wanted_email`] has it.
    pub email: Option<String>,
}

impl ProfilePatch {
    /// Reads the fields that are there; all others stay as they are. Only what differs from the present is held to the
    /// rules, so that what was shown can be sent back: other services write e-mails too, or none.
    ///
    /// # Errors
    ///
    /// The first field that breaks its rule.
    pub fn read(
        fields: &Fields,
        email: Option<&str>,
        settings: &Settings,
        unicode: &dyn Unicode,
    ) -> Result<Self, Invalid> {
        let settings = settings::read(fields, settings)?;
        let present = email.and_then(EmailKey::of);
        let is_present = |email: &str| present.is_some() && EmailKey::of(email) == present;
        let email = match fields.get(EMAIL) {
            Some(Value::Null) if present.is_none() => None,
            Some(Value::String(given)) if is_present(given) => None,
            // The present one may be spelt in A-labels.
            _ => wanted_email(fields, unicode)?.filter(|wanted| !is_present(wanted)),
        };
        Ok(Self { settings, email })
    }
}

/// The e-mail that is given, its domain in A-labels.
///
/// # Errors
///
/// It is no address.
pub fn wanted_email(fields: &Fields, unicode: &dyn Unicode) -> Result<Option<String>, Invalid> {
    let Some(given) = fields.optional_text(EMAIL, MAX_EMAIL_CHARS)? else {
        return Ok(None);
    };
    let invalid = || Invalid::input(EMAIL, "Enter a valid email address.");
    let address = address(given, unicode).ok_or_else(invalid)?;
    if address.chars().count() > MAX_EMAIL_CHARS {
        return Err(Invalid::too_long(EMAIL, MAX_EMAIL_CHARS));
    }
    Ok(Some(address))
}

/// One `@`, text on both sides, a dot inside the domain, nothing that cannot be seen. Whether the address exists shows
/// when it is confirmed.
fn address(text: &str, unicode: &dyn Unicode) -> Option<String> {
    let is_odd = |c: char| {
        c.is_whitespace() || c.is_control() || is_invisible(c) || "<>()[]\\,;:\"".contains(c)
    };
    let (local, domain) = text.rsplit_once('@')?;
    if local.is_empty() || local.contains('@') || text.contains(is_odd) {
        return None;
    }
    let domain = match domain.is_ascii() {
        true => domain.to_owned(),
        false => unicode.ascii_domain(domain)?,
    };
    let is_label =
        |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let is_domain = domain.contains('.') && domain.split('.').all(is_label);
    is_domain.then(|| format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::kernel::unicode::Tables;

    /// A change of a profile without e-mail and settings.
    fn read(body: Value) -> Result<ProfilePatch, (&'static str, &'static str)> {
        read_beside(body, Some("old@example.com"))
    }

    fn read_beside(
        body: Value,
        email: Option<&str>,
    ) -> Result<ProfilePatch, (&'static str, &'static str)> {
        let fields: Fields = body.as_object().unwrap().clone().into();
        let patch = ProfilePatch::read(&fields, email, &Settings::new(), &Tables);
        patch.map_err(|fault| (fault.attr.unwrap(), fault.code))
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
        for good in ["ada@example.com", "a+b@sub.example.co", " ada@example.com "] {
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

    #[test]
    fn a_domain_in_letters_of_a_language_becomes_its_a_label() {
        for (given, stored) in [
            ("ä.b@Exämple.com", "ä.b@xn--exmple-cua.com"),
            ("ada@bücher。example", "ada@xn--bcher-kva.example"),
            ("Ada@EXAMPLE.com", "Ada@EXAMPLE.com"),
        ] {
            let patch = read(json!({ "email": given })).unwrap();
            assert_eq!(patch.email.as_deref(), Some(stored));
        }
    }

    #[test]
    fn no_character_of_an_email_is_invisible() {
        for code in [
            0x200b, 0x200d, 0xfeff, 0xad, 0x202e, 0x2060, 0x2800, 0x3164, 0xe0061, 0x115f, 0xfe0f,
        ] {
            let c = char::from_u32(code).unwrap();
            for email in [
                format!("a{c}da@example.com"),
                format!("ada@exam{c}ple.com"),
                format!("ada@exämple.c{c}om"),
                format!("{c}@example.com"),
                format!("ada@example.com{c}"),
            ] {
                assert_eq!(
                    read(json!({ "email": email })).unwrap_err(),
                    ("email", "invalid_input"),
                    "{code:x}"
                );
            }
        }
    }

    #[test]
    fn the_email_that_is_shown_may_be_given_back_whatever_it_is() {
        for present in [
            None,
            Some("ops@intranet"),
            Some(" Ada@Example.com\n"),
            Some("a\u{200b}@x"),
            Some("ada@bücher.example"),
        ] {
            let patch = read_beside(json!({ "email": present }), present).unwrap();
            assert_eq!(patch.email, None, "{present:?}");
        }
        for (given, present) in [
            ("OPS@intranet ", "ops@intranet"),
            ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ] {
            let patch = read_beside(json!({ "email": given }), Some(present)).unwrap();
            assert_eq!(patch.email, None, "{given}");
        }
        for (given, present, code) in [
            (json!(null), Some("ada@example.com"), "null"),
            (json!(7), None, "invalid_input"),
            (json!(""), None, "blank"),
            (
                json!("ops@intranet"),
                Some("ops@intranet2"),
                "invalid_input",
            ),
        ] {
            let refused = read_beside(json!({ "email": given }), present).unwrap_err();
            assert_eq!(refused, ("email", code));
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
