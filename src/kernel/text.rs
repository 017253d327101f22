//! Texts that clients choose: ids, names, labels.

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
