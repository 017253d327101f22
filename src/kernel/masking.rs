//! Texts that people wrote, with what would tell who a person is masked in them.

use super::{mask_email, mask_phone};

/// The most digits that a phone number has (E.164).
const MAX_PHONE_DIGITS: usize = 15;

/// A text with the e-mails in it masked, and nothing else.
pub fn mask_emails(text: &str) -> String {
    words(text)
        .map(|word| match word.contains('@') {
            true => mask_email(word),
            false => word.to_owned(),
        })
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | ';'))
}

/// A text with the e-mails and phone numbers in it masked. Ids, dates, times and the numbers of tickets stay.
pub fn mask_text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    // Since the last e-mail, id or date; a phone number may have blanks in it.
    let mut plain = String::new();
    for word in words(text) {
        let bare = bare(word);
        if word.contains('@') {
            mask_numbers(&plain, &mut masked);
            plain.clear();
            // A number may follow the domain.
            let (local, domain) = mask_email(word)
                .rsplit_once('@')
                .map(|(local, domain)| (format!("{local}@"), domain.to_owned()))
                .unwrap_or_default();
            masked.push_str(&local);
            plain.push_str(&domain);
        } else if is_id(bare)
            || is_moment(bare) && !begins_number(open_number(&plain))
            || is_ticket(bare) && open_number(&plain).is_empty()
        {
            mask_numbers(&plain, &mut masked);
            plain.clear();
            masked.push_str(word);
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

/// The digits at the end of a text that the next word may continue. What an ellipsis masks is complete.
fn open_number(text: &str) -> &str {
    let inside = text.trim_end_matches(|c: char| c != '+' && (c.is_numeric() || is_separator(c)));
    let inside = inside.strip_suffix('+').unwrap_or(inside);
    let open = text.get(inside.len()..).unwrap_or_default();
    if inside.ends_with('…') {
        return "";
    }
    open.trim_start_matches(|c: char| c != '+' && is_separator(c))
}

/// Whether it begins as phone numbers do.
fn begins_number(text: &str) -> bool {
    text.starts_with(['+', '0'])
}

/// Whether a word is an id of ours or of the identity provider (`auth0|…`).
fn is_id(word: &str) -> bool {
    let (_, tail) = word.rsplit_once('_').unwrap_or(("", word));
    word.rsplit_once('|').is_some_and(|(_, id)| is_subject(id))
        || uuid_like(word)
        || ulid::Ulid::from_string(tail).is_ok_and(|id| id.to_string() == tail)
}

/// Auth0's ids of its own are 24 hexadecimal digits, those of Google are longer than any phone number.
fn is_subject(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
        || id.len() > MAX_PHONE_DIGITS && is_number(id)
}

fn uuid_like(word: &str) -> bool {
    let mut lengths = word.split('-').map(str::len);
    let is_uuid = [8, 4, 4, 4, 12]
        .into_iter()
        .all(|length| lengths.next() == Some(length));
    let is_hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    is_uuid && lengths.next().is_none() && word.bytes().all(is_hex)
}

/// The number of a ticket that ends with a blank, be there digits behind it: year and count, as in `20264711`,
/// `SD#20264711` and `2026-004711`.
fn is_ticket(word: &str) -> bool {
    let number = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let number = number.strip_prefix(['#', '-']).unwrap_or(number);
    match number.split_once('-') {
        None => number.len() == 8 && number.starts_with("20") && is_number(number),
        Some((year, count)) => is_year(year) && (4..=6).contains(&count.len()) && is_number(count),
    }
}

/// A date, a time of day, or both.
fn is_moment(word: &str) -> bool {
    match word.split_once('T') {
        Some((date, time)) => is_date(date) && is_time(time),
        None => is_date(word) || is_time(word),
    }
}

/// `2026-11-21` or `21.11.2026`.
fn is_date(word: &str) -> bool {
    let mut parts = word.split(['-', '.', '/']);
    let (Some(first), Some(middle), Some(last), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_short = |part: &str| part.len() <= 2 && is_number(part);
    is_short(middle) && (is_year(first) && is_short(last) || is_short(first) && is_year(last))
}

/// `10:30`, `10:30:00`, `10:30:00.000Z`, `10:30+01:00`.
fn is_time(word: &str) -> bool {
    let (time, offset) = match word.find(['+', '-', 'Z']) {
        Some(at) => word.split_at(at),
        None => (word, "Z"),
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let is_clock = |text: &str, most: usize| {
        let parts = text.split(':');
        (2..=most).contains(&parts.clone().count())
            && parts.zip([24, 60, 60]).all(|(part, end)| {
                part.len() <= 2
                    && is_number(part)
                    && part.parse::<u8>().is_ok_and(|part| part < end)
            })
    };
    let is_offset = offset == "Z" || is_clock(offset.trim_start_matches(['+', '-']), 2);
    is_clock(time, 3) && fraction.len() <= 6 && is_number(fraction) && is_offset
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && is_number(text) && (text.starts_with("19") || text.starts_with("20"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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
        match digits >= least_digits(core, ends_in_letters(masked)) {
            true => masked.push_str(&mask_phone(core)),
            false => masked.push_str(core),
        }
        let (_, separators) = run.split_at(core.len());
        masked.push_str(separators);
        rest = behind;
    }
    masked.push_str(rest);
}

/// From how many digits on a number is a phone number, by how it begins. Letters before it make it a ticket's
/// (`INC0012345`, `CASE-2026-004711`), unless it has the one zero of a dialled number.
fn least_digits(number: &str, is_lettered: bool) -> usize {
    let mut digits = number.chars().filter(|c| c.is_numeric());
    let has_one_zero = digits.next() == Some('0') && digits.next() != Some('0');
    match number.starts_with('+') {
        true => 7,
        false if has_one_zero || number.starts_with('0') && !is_lettered => 9,
        false if is_lettered => 11,
        false => 10,
    }
}

/// Whether a number that follows belongs to letters: `INC`, `CASE-`.
fn ends_in_letters(text: &str) -> bool {
    let text = text.strip_suffix(['-', '_', '#']).unwrap_or(text);
    text.ends_with(char::is_alphabetic)
}

/// What people write between the digits of a phone number.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || "+-()./_:*\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}".contains(c)
}

#[cfg(test)]
mod tests;
