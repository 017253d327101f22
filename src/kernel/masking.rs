//! Texts that people wrote, with what would tell who somebody is masked in them.

use super::{mask_email, mask_phone};

/// Fewer digits than this are no phone number.
const MIN_DIGITS: usize = 7;

/// A text with the e-mails and phone numbers in it masked. Ids and dates stay; any other number of seven digits
/// or more may be a phone number, however it is written.
pub fn mask_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    // Since the last e-mail or id; a phone number may have blanks in it.
    let mut plain = String::new();
    for word in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
        let is_email = word.contains('@');
        if is_email || is_id(word) || is_date(word) {
            mask_numbers(&plain, &mut masked);
            plain.clear();
            match is_email {
                true => masked.push_str(&mask_email(word)),
                false => masked.push_str(word),
            }
        } else {
            plain.push_str(word);
        }
    }
    mask_numbers(&plain, &mut masked);
    masked
}

/// A word without the signs around it.
fn bare(word: &str) -> &str {
    let is_bracket = |c: char| c.is_whitespace() || "()[]{}<>\"'.,;:!?".contains(c);
    word.trim_matches(is_bracket)
}

/// Whether a word is an id of ours, of the identity provider (`auth0|…`) or of a ticket (`#…`).
fn is_id(word: &str) -> bool {
    let word = bare(word);
    let (_, tail) = word.rsplit_once('_').unwrap_or(("", word));
    word.contains('|')
        || word.starts_with('#')
        || uuid_like(word)
        || ulid::Ulid::from_string(tail).is_ok_and(|id| id.to_string() == tail)
}

fn uuid_like(word: &str) -> bool {
    let mut lengths = word.split('-').map(str::len);
    let is_uuid = [8, 4, 4, 4, 12]
        .into_iter()
        .all(|length| lengths.next() == Some(length));
    let is_hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    is_uuid && lengths.next().is_none() && word.bytes().all(is_hex)
}

/// `2026-11-21`, alone or with a time behind it, or `21.11.2026`.
fn is_date(word: &str) -> bool {
    let word = bare(word);
    let (date, _) = word.split_once('T').unwrap_or((word, ""));
    let mut parts = date.split(['-', '.', '/']);
    let (Some(first), Some(middle), Some(last), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_year = |part: &str| {
        part.len() == 4 && is_number(part) && (part.starts_with("19") || part.starts_with("20"))
    };
    let is_short = |part: &str| (1..=2).contains(&part.len()) && is_number(part);
    is_short(middle) && (is_year(first) && is_short(last) || is_short(first) && is_year(last))
}

/// Writes `text` with its phone numbers masked.
fn mask_numbers(text: &str, masked: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '+' || c.is_numeric()) {
        let (before, number) = rest.split_at(start);
        masked.push_str(before);
        // A plus begins another number.
        let is_end = |(at, c): &(usize, char)| {
            !(c.is_numeric() || is_separator(*c)) || (*at > 0 && *c == '+')
        };
        let end = number
            .char_indices()
            .find(is_end)
            .map_or(number.len(), |(at, _)| at);
        let (run, behind) = number.split_at(end);
        let core = run.trim_end_matches(|c: char| c != '+' && is_separator(c));
        let digits = core.chars().filter(|c| c.is_numeric()).count();
        match digits >= MIN_DIGITS {
            true => masked.push_str(&mask_phone(core)),
            false => masked.push_str(core),
        }
        let (_, separators) = run.split_at(core.len());
        masked.push_str(separators);
        rest = behind;
    }
    masked.push_str(rest);
}

/// What people write between the digits of a phone number.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || "+-()./\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn e_mails_and_phone_numbers_are_masked_wherever_they_stand() {
        for (text, masked) in [
            (
                "for jane@example.com,\tas bob@example.com asked",
                "for j***@example.com,\tas b***@example.com asked",
            ),
            ("a@x.example,b@y.example", "a***@x.example,b***@y.example"),
            ("+491701234512 (work)", "+49…12 (work)"),
            ("called 0170 / 123 45 12.", "called 01…12."),
            ("(0170) 123-45-12 or +49 170 1234513", "(01…12 or +49…13"),
            ("Tel.:+49(170)1234512,mobile", "Tel.:+49…12,mobile"),
            ("Tel0170-1234512-private", "Tel01…12-private"),
            ("0170\u{a0}123\u{2013}4512", "01…12"),
            ("+491701234512+491701234513", "+49…12+49…13"),
            ("call 491701234512!", "call 49…12!"),
            ("٠١٧٠١٢٣٤٥١٢", "…"),
            // More digits than a phone number has may hide one.
            ("4711 4712 4713 0170 1234512", "47…12"),
            ("key_1701234512", "key_17…12"),
            (
                "see 00000000-0000-4000-8000-000000000001 0170 1234512",
                "see 00000000-0000-4000-8000-000000000001 01…12",
            ),
        ] {
            assert_eq!(mask_text(text), masked, "{text}");
        }
    }

    #[test]
    fn what_tells_nothing_about_a_person_stays() {
        for text in [
            "",
            "moved out",
            "ticket 4711, 3 of 4000 users",
            "ticket #20264711",
            "since 2026-11-21 at 10:30 (2026-11-21T10:30:00.000Z)",
            "from 1.9.2026 to 21.11.2026",
            "deleted account 00000000-0000-4000-8000-000000000001",
            "6f1c0000-1234-4123-8123-12345678901a",
            "key_01JZX0000000000000000000EX",
            "google-oauth2|103547991597142817347",
            "auth0|65f0a2",
            "geralt",
            "12345",
            "+",
        ] {
            assert_eq!(mask_text(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_phone_number_is_left_whole(
            before in "[a-zA-Z(:]{0,5} ?",
            number in "[+0]?[1-9]([ ./-]?[0-9]){8,13}",
            after in "[ ).]?[a-z]{0,5}",
        ) {
            let masked = mask_text(&format!("{before}{number}{after}"));
            let digits = masked.chars().filter(char::is_ascii_digit).count();
            // Both ends, or a date.
            prop_assert!(digits <= 4 || number.split(' ').any(is_date), "{masked}");
        }

        #[test]
        fn what_is_masked_stays_as_it_is(text in "[a-z0-9+ ./,#()-]{0,40}|[^@]{0,30}") {
            let once = mask_text(&text);
            prop_assert_eq!(mask_text(&once), once);
        }
    }
}
