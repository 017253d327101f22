//! Texts that clients choose: ids, names, labels; and what all texts have in common.

/// What stands before the text in some encoders' UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A text's bytes after a byte order mark, where it begins with one.
pub fn without_byte_order_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Characters that show nothing, or move what is beside them: with them two texts look the same and differ. Unicode's
/// `Default_Ignorable_Code_Point`, the separators of lines and paragraphs, directions, and blanks that are no white
/// space to it: the fillers of Hangul, the empty pattern of Braille, the null notehead, and the joiners of hieroglyphs.
const INVISIBLE: [(char, char); 23] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200b}'),
    ('\u{200c}', '\u{200d}'),
    ('\u{200e}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0d}'),
    ('\u{fe0e}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{13430}', '\u{13440}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// [`INVISIBLE`] and control characters, for a class of a regular expression.
#[cfg(test)]
macro_rules! hidden_class {
    () => {
        "\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f-\\u1160\\u17b4-\\u17b5\\u180b-\\u180f\\u200b\\u200c-\\u200d\\u200e-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0d\\ufe0e-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\u{13430}-\u{13440}\u{1bca0}-\u{1bca3}\u{1d159}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}"
    };
}
#[cfg(test)]
pub(crate) use hidden_class;

/// The characters that [`is_misleading`], for a class of a regular expression.
#[cfg(test)]
pub(crate) fn misleading_class() -> String {
    let ranges = INVISIBLE
        .into_iter()
        .filter(|(first, _)| !is_joiner(*first));
    ranges.map(range).collect()
}

/// Characters from the first to the last, in a class of a regular expression.
#[cfg(test)]
fn range((first, last): (char, char)) -> String {
    let escape = |c: char| match u16::try_from(u32::from(c)) {
        Ok(unit) => format!("\\u{unit:04x}"),
        Err(_) => c.to_string(),
    };
    match first == last {
        true => escape(first),
        false => format!("{}-{}", escape(first), escape(last)),
    }
}

/// Whether a character cannot be seen. White space and control characters have rules of their own.
pub fn is_invisible(c: char) -> bool {
    let mut ranges = INVISIBLE.iter();
    !c.is_ascii() && ranges.any(|(first, last)| (*first..=*last).contains(&c))
}

/// Whether a character that cannot be seen joins or varies those beside it, as names in Persian and emoji need.
pub const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Whether a character cannot be seen and has no use in what people write.
pub fn is_misleading(c: char) -> bool {
    is_invisible(c) && !is_joiner(c)
}

/// [`check_not_empty`] for words that people write: it begins with what can be seen, and joiners may follow.
///
/// # Errors
///
/// What is wrong with it, after the name of its field.
pub fn check_words(field: &str, text: &str, max_chars: usize) -> Result<(), String> {
    check_there(field, text)?;
    check_bounded(field, text, max_chars)?;
    if text.contains(is_misleading) || text.starts_with(is_joiner) {
        return Err(hidden(field));
    }
    Ok(())
}

fn hidden(field: &str) -> String {
    format!("{field}: must not contain invisible characters")
}

/// Checks that a text has at most `max_chars` characters, and that each can be seen.
///
/// # Errors
///
/// What is wrong with it, after the name of its field.
pub fn check(field: &str, text: &str, max_chars: usize) -> Result<(), String> {
    check_bounded(field, text, max_chars)?;
    if text.contains(is_invisible) {
        return Err(hidden(field));
    }
    Ok(())
}

/// [`check`] for a text that must not be empty.
pub fn check_not_empty(field: &str, text: &str, max_chars: usize) -> Result<(), String> {
    check_there(field, text)?;
    check(field, text, max_chars)
}

/// Checks an id that another service has chosen, which may hold what cannot be seen.
///
/// # Errors
///
/// As [`check_not_empty`].
pub fn check_id(field: &str, id: &str, max_chars: usize) -> Result<(), String> {
    check_there(field, id)?;
    check_bounded(field, id, max_chars)
}

fn check_there(field: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{field}: must not be empty"));
    }
    Ok(())
}

fn check_bounded(field: &str, text: &str, max_chars: usize) -> Result<(), String> {
    if text.chars().count() > max_chars {
        Err(format!("{field}: must be at most {max_chars} characters"))
    } else if text.chars().any(char::is_control) {
        Err(format!("{field}: must not contain control characters"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_byte_order_mark_is_skipped() {
        let skipped = |text: &'static str| without_byte_order_mark(text.as_bytes());
        assert_eq!(skipped("\u{feff}{}"), b"{}");
        assert_eq!(skipped("{}"), b"{}");
        assert_eq!(skipped("\u{feff}"), b"");
        assert_eq!(skipped("\u{feff}\u{feff}"), "\u{feff}".as_bytes());
        assert_eq!(without_byte_order_mark(b"\xEF\xBB"), b"\xEF\xBB");
    }

    #[test]
    fn what_is_wrong_is_told_after_the_field() {
        let wrong = |text: &str| check_not_empty("name", text, 3).unwrap_err();
        assert_eq!(wrong(""), "name: must not be empty");
        assert_eq!(wrong("abcd"), "name: must be at most 3 characters");
        assert_eq!(
            wrong("a\u{85}"),
            "name: must not contain control characters"
        );
        assert_eq!(
            wrong("a\u{202e}"),
            "name: must not contain invisible characters"
        );
        assert_eq!(check("name", "", 3), Ok(()));
        assert_eq!(check_id("id", "a\u{200b}", 3), Ok(()));
        assert_eq!(check_id("id", "", 3).unwrap_err(), "id: must not be empty");
    }

    #[test]
    fn a_character_that_cannot_be_seen_is_told_from_one_that_can() {
        for code in [
            0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x200b, 0x200d, 0x202e, 0x2060, 0x2066, 0x2800,
            0x3164, 0xfe0f, 0xfeff, 0xffa0, 0x13430, 0x1d159, 0xe0001, 0xe0041,
        ] {
            assert!(is_invisible(char::from_u32(code).unwrap()), "{code:x}");
        }
        for c in "a.@-äß李한🔑ا⠁‐\u{301}".chars() {
            assert!(!is_invisible(c), "{c:?}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_the_class_says_the_same() {
        let control = [('\0', '\u{1f}'), ('\u{7f}', '\u{9f}')];
        let class: String = control.into_iter().chain(INVISIBLE).map(range).collect();
        assert_eq!(hidden_class!(), class);
        let edges = INVISIBLE.iter().flat_map(|(first, last)| [first, last]);
        assert!(edges.is_sorted());
    }

    proptest! {
        #[test]
        fn a_text_is_bounded_in_characters(text in ".{0,12}|[aé\u{0}\u{7f}\u{85}\u{200b}]{0,3}") {
            let count = text.chars().count();
            let can_be_seen = |c: char| !c.is_control() && !is_invisible(c);
            let fits = count <= 10 && text.chars().all(can_be_seen);
            prop_assert_eq!(check("name", &text, 10).is_ok(), fits);
            prop_assert_eq!(check_not_empty("name", &text, 10).is_ok(), fits && count > 0);
        }
    }
}
