//! Fields that several requests share, held to what serde cannot say.

use crate::kernel::{Timestamp, UserId, mask_text, text};
use crate::web::ApiError;

/// The most characters a label may have.
const MAX_LABEL_CHARS: usize = 100;

/// The most characters a name may have.
pub const MAX_NAME_CHARS: usize = 200;

/// The most characters a reason may have.
pub const MAX_REASON_CHARS: usize = 500;

/// What [`words`] takes, for `openapi.json`: white space as [`str::trim`] knows it, then 1 to `most`
/// characters that begin and end with something else, then white space.
#[cfg(test)]
pub fn words_pattern(most: usize) -> String {
    let blank = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
    let hidden = text::hidden_class!();
    let odd = format!(r"\u0000-\u001f\u007f-\u009f{}", text::misleading_class());
    let inner = most.saturating_sub(2);
    format!("^[{blank}]*[^{hidden}{blank}]([^{odd}]{{0,{inner}}}[^{odd}{blank}])?[{blank}]*$")
}

/// A key's label: at most 100 characters, each of which can be seen.
///
/// # Errors
///
/// 400 that names the field.
pub fn label(label: Option<String>) -> Result<Option<String>, ApiError> {
    if let Some(label) = &label {
        text::check("label", label, MAX_LABEL_CHARS).map_err(ApiError::bad_request)?;
    }
    Ok(label)
}

/// A thing's name: [`words`] of 1 to 200 characters.
///
/// # Errors
///
/// 400 that names the field.
pub fn name(name: &str) -> Result<&str, ApiError> {
    words("name", name, MAX_NAME_CHARS)
}

/// Why an administrator does something: [`words`] of 1 to 500 characters. The audit trail keeps it when the
/// person is gone, so e-mails and phone numbers in it are masked.
///
/// # Errors
///
/// 400 that names the field.
pub fn reason(reason: &str) -> Result<String, ApiError> {
    words("reason", reason, MAX_REASON_CHARS).map(mask_text)
}

/// What people write: 1 to `most` characters once white space around it is gone, emoji and Persian among
/// them.
///
/// # Errors
///
/// 400 that names the field.
pub fn words<'a>(field: &str, text: &'a str, most: usize) -> Result<&'a str, ApiError> {
    let text = text.trim();
    text::check_words(field, text, most).map_err(ApiError::bad_request)?;
    Ok(text)
}

/// The `userId` that something is bound or tied to.
///
/// # Errors
///
/// 400 that names the field.
pub fn user_id(id: Option<&str>) -> Result<Option<UserId>, ApiError> {
    id.map(UserId::parse)
        .transpose()
        .map_err(ApiError::bad_request)
}

/// A moment as a request may write it.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(extend("format" = "date-time", "examples" = ["2030-01-31T12:00:00Z"]))]
pub struct GivenMoment(#[expect(dead_code)] String);

/// The moment at which something expires: ISO 8601 with seconds and an offset, after `now`.
///
/// # Errors
///
/// 400 that names the field.
pub fn expires_at(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let moment = Timestamp::parse_iso(text).ok_or_else(|| {
        let message = "expiresAt: must be a moment such as 2030-01-31T12:00:00Z";
        ApiError::bad_request(message)
    })?;
    if moment > now {
        Ok(Some(moment))
    } else {
        Err(ApiError::bad_request("expiresAt: must be in the future"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_label_may_be_left_out_or_empty_and_is_bounded() {
        assert_eq!(label(None).unwrap(), None);
        for good in [String::new(), "ü".repeat(100)] {
            assert_eq!(label(Some(good.clone())).unwrap(), Some(good));
        }
        for bad in ["a".repeat(101), "a\u{0}".to_owned(), "a\u{feff}".to_owned()] {
            let refused = label(Some(bad)).unwrap_err();
            assert!(refused.message.starts_with("label: "));
        }
    }

    #[test]
    fn a_user_id_is_held_to_what_every_user_id_is_held_to() {
        assert_eq!(user_id(None).unwrap(), None);
        assert_eq!(user_id(Some("x")).unwrap(), Some(UserId::new("x")));
        let refused = user_id(Some("")).unwrap_err();
        assert_eq!(refused.message, "userId: must not be empty");
    }

    #[test]
    fn an_expiry_is_a_moment_to_come() {
        let now = Timestamp::parse_iso("2026-11-21T10:30:00Z").unwrap();
        let later = now.plus(std::time::Duration::from_millis(1));
        assert_eq!(expires_at(None, now).unwrap(), None);
        for good in [
            "2026-11-21T10:30:00.001Z",
            "2026-11-21t11:30:00.001+01:00",
            "2026-11-21T10:30:00.0019Z",
        ] {
            assert_eq!(expires_at(Some(good), now).unwrap(), Some(later), "{good}");
        }
        for past in ["2026-11-21T10:30:00Z", "1969-12-31T23:59:59Z"] {
            let refused = expires_at(Some(past), now).unwrap_err();
            assert_eq!(refused.message, "expiresAt: must be in the future");
        }
        for malformed in [
            "",
            "tomorrow",
            "2030-01-31",
            "2030-01-31T12:00:00",
            "2030-02-30T12:00:00Z",
            " 2030-01-31T12:00:00Z",
            "1893499200",
            "P30D",
        ] {
            let refused = expires_at(Some(malformed), now).unwrap_err();
            assert!(refused.message.starts_with("expiresAt: must be a moment"));
        }
    }

    #[test]
    fn a_name_has_something_in_it() {
        assert_eq!(name("\u{a0} Front door\n").unwrap(), "Front door");
        for nothing in ["", " ", "\t\u{2003}\n"] {
            assert_eq!(
                name(nothing).unwrap_err().message.clone(),
                "name: must not be empty"
            );
        }
    }

    #[test]
    fn a_reason_keeps_the_numbers_of_tickets_but_no_e_mail_or_phone_number() {
        assert_eq!(
            reason(" asked by ann@example.com, +49 170 1234512 \n").unwrap(),
            "asked by a***@example.com, +49…12"
        );
        let tickets = "INC0012345, ticket 20264711, #4711, CASE-2026-004711";
        assert_eq!(reason(tickets).unwrap(), tickets);
        for bad in ["", " ", "a\u{0}b", &"a".repeat(501)] {
            let refused = reason(bad).unwrap_err();
            assert!(refused.message.starts_with("reason: "), "{bad:?}");
        }
        assert!(reason(&"a".repeat(500)).is_ok());
    }

    #[test]
    fn words_may_hold_emoji_and_joined_letters_and_begin_with_what_can_be_seen() {
        for good in ["❤\u{fe0f} door", "👩\u{200d}🔧", "علی\u{200c}رضا"] {
            assert_eq!(name(good).unwrap(), good);
        }
        for bad in [
            "\u{200d}",
            "\u{fe0f}a",
            "a\u{200b}",
            "a\u{202e}b",
            "a\u{2800}",
        ] {
            let refused = name(bad).unwrap_err();
            let expected = "name: must not contain invisible characters";
            assert_eq!(refused.message, expected, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_taken_trimmed_or_not_at_all(
            given in " ?.{0,220} ?|[a\u{0}\u{7f}\u{85} ]{0,3}|[a\u{200b}\u{200d}\u{fe0f} ]{0,4}",
        ) {
            let trimmed = given.trim();
            let fits = (1..=200).contains(&trimmed.chars().count());
            let can_be_seen = |c: char| !c.is_control() && !text::is_misleading(c);
            let good = fits && trimmed.chars().all(can_be_seen) && !trimmed.starts_with(text::is_joiner);
            match name(&given) {
                Ok(taken) => prop_assert!(good && taken == trimmed),
                Err(error) => prop_assert!(!good && error.message.starts_with("name: ")),
            }
        }
    }
}
