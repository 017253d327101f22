//! A notice's way into the outbox: with the change that it tells of.

use crate::account::Notice;
use crate::db::Statement;
use crate::kernel::Sealed;

// Comes right after the audit row of the change that it tells of, or after another
// notice of the same change, and only if there was one.
const NOTICE: &str = "
INSERT INTO notices (id, type, user_id, recipient, token_sealed, created_at, expires_at, due_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6 WHERE changes() > 0";

/// The notice of the change whose audit row the statement before this one writes, if it writes one.
pub fn notice_change(notice: &Notice) -> Statement {
    let token = notice.token.as_ref();
    Statement::new(
        NOTICE,
        [
            notice.id.as_str().into(),
            notice.kind.as_str().into(),
            notice.user.as_str().into(),
            notice.to.as_deref().into(),
            token.map(|(sealed, _)| Sealed::as_str(sealed)).into(),
            notice.at.into(),
            token.map(|(_, good_for)| notice.at.plus(*good_for)).into(),
        ],
    )
}
