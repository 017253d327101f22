//! Reading a credential's header field.

use http::{HeaderMap, HeaderName};

use crate::auth::Refusal;

/// The text of a field that may occur once and must be printable ASCII.
///
/// The runtime joins repeated fields with `, `. The joined text is refused as well, for another
/// cause.
pub(super) fn sole<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    repeated: Refusal,
    malformed: Refusal,
) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(repeated);
    }
    value.to_str().map(Some).map_err(|_| malformed)
}
