//! The use of an API key, noted in the batch that it is used for.

use crate::auth::store::TOUCH_KEY;
use crate::db::Statement;
use crate::kernel::Timestamp;

/// An API key whose use is to be noted, and since when it may have been noted already.
pub type Touch<'a> = Option<(&'a str, Timestamp)>;

/// Notes the use, if there is one to note.
pub fn touch(touch: Touch<'_>, now: Timestamp) -> Option<Statement> {
    touch.map(|(id, unless_after)| {
        Statement::new(TOUCH_KEY, [id.into(), now.into(), unless_after.into()])
    })
}
