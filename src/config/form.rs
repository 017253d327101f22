//! Forms that a setting's value may have to have.

use crate::kernel::text::is_invisible;

/// The parts of a list; a comma too many makes none.
pub(super) fn parts(list: &str) -> impl Iterator<Item = &str> {
    let parts = list.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty())
}

/// Whether a character is white space or cannot be seen, as what is pasted may hold it.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c)
}

/// Whether a header can carry the text.
pub(super) fn is_header_value(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// Whether a text is a domain as e-mails have them: dotted labels of letters, digits and hyphens. In
/// letters of other languages it could be written in two ways, and only one would match.
pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}
