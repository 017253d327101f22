//! Texts that clients choose: ids, names, labels.

/// A text without the byte order mark that some editors and servers begin it with.
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Checks that a text has at most `max_chars` characters, none of them a control character.
///
/// # Errors
///
/// What is wrong with it, after the name of its field.
pub fn check(field: &str, text: &str, max_chars: usize) -> Result<(), String> {
    if text.chars().count() > max_chars {
        Err(format!("{field}: must be at most {max_chars} characters"))
    } else if text.chars().any(char::is_control) {
        Err(format!("{field}: must not contain control characters"))
    } else {
        Ok(())
    }
}

/// [`check`] for a text that must not be empty.
pub fn check_not_empty(field: &str, text: &str, max_chars: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{field}: must not be empty"));
    }
    check(field, text, max_chars)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_after_the_field() {
        let wrong = |text: &str| check_not_empty("name", text, 3).unwrap_err();
        assert_eq!(wrong(""), "name: must not be empty");
        assert_eq!(wrong("abcd"), "name: must be at most 3 characters");
        assert_eq!(
            wrong("a\u{85}"),
            "name: must not contain control characters"
        );
        assert_eq!(check("name", "", 3), Ok(()));
    }

    proptest! {
        #[test]
        fn a_text_is_bounded_in_characters(text in ".{0,12}|[aé\u{0}\u{7f}\u{85}]{0,3}") {
            let count = text.chars().count();
            let fits = count <= 10 && !text.chars().any(char::is_control);
            prop_assert_eq!(check("name", &text, 10).is_ok(), fits);
            prop_assert_eq!(check_not_empty("name", &text, 10).is_ok(), fits && count > 0);
        }
    }
}
