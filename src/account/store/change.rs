//! A change with its audit row and its notices, which are written only if it changed something.
//!
//! As with `Batch::push_audited`: `changes()` is the number of rows that the statement right before wrote,
//! so the order within `push_notified` ties the rows to their change.

use crate::account::Notice;
use crate::db::{Arg, Batch, DatabaseError, FromRow, Slot, Statement};
use crate::kernel::{Sealed, audit};

/// A notice, written if the statement right before wrote a row: the audit row of the change, or another notice
/// of it; the argument adds a condition. The parameters are `notice_args`. It leaves after the answer of the request.
macro_rules! notice_row {
    ($condition:expr) => {
        concat!(
            "
INSERT INTO notices (id, type, user_id, recipient, token_sealed, created_at, expires_at, due_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6 WHERE changes() > 0",
            $condition,
            "
RETURNING id"
        )
    };
}
pub(crate) use notice_row;

/// Adds a change, its audit row and its notices.
pub(super) fn push_notified<'a, T: FromRow>(
    batch: &mut Batch,
    change: Statement,
    entry: &audit::Entry,
    notices: impl IntoIterator<Item = &'a Notice>,
) -> Result<Slot<T>, DatabaseError> {
    let slot = batch.push_audited(change, entry)?;
    batch.execute_all(notices.into_iter().map(insert_notice));
    Ok(slot)
}

/// The same for a change whose rows are not looked at.
pub(super) fn execute_notified<'a>(
    batch: &mut Batch,
    change: Statement,
    entry: &audit::Entry,
    notices: impl IntoIterator<Item = &'a Notice>,
) -> Result<(), DatabaseError> {
    push_notified::<()>(batch, change, entry, notices).map(|_| ())
}

/// A notice of the change whose audit row the statement right before writes, if it writes one.
pub(super) fn insert_notice(notice: &Notice) -> Statement {
    Statement::new(notice_row!(""), notice_args(notice)).noted()
}

pub(super) fn notice_args(notice: &Notice) -> [Arg; 7] {
    let token = notice.token.as_ref();
    [
        notice.id.as_str().into(),
        notice.kind.as_str().into(),
        (&notice.user).into(),
        notice.to.as_deref().into(),
        token.map(|(sealed, _)| Sealed::as_str(sealed)).into(),
        notice.at.into(),
        token
            .map(|(_, valid_for)| notice.at.plus(*valid_for))
            .into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::NoticeKind;
    use crate::account::store::testing::{Store, entry, notice};

    const RENAME: &str = "UPDATE users SET email = ?2 WHERE uuid = ?1";

    fn push(batch: &mut Batch, user: &str, notices: &[Notice]) {
        let rename = Statement::new(RENAME, [user.into(), "new@example.com".into()]);
        execute_notified(batch, rename, &entry("ann"), notices).unwrap();
    }

    #[test]
    fn a_change_leaves_an_audit_row_and_all_its_notices_and_a_change_of_nothing_neither() {
        let store = Store::on_sqlite();
        store.add_users(&["ann"]);
        let kinds = [NoticeKind::EmailChanged, NoticeKind::TwoFactorEnabled];
        let mut batch = Batch::new();
        push(
            &mut batch,
            "ann",
            &[notice(1, kinds[0]), notice(2, kinds[1])],
        );
        // Right after a statement that wrote a row, so that `changes()` is not 0 by chance.
        push(&mut batch, "bob", &[notice(3, kinds[0])]);
        store.run(batch);
        assert_eq!(store.audit_actions().len(), 1);
        assert_eq!(store.notices(), ["email_changed", "two_factor_enabled"]);
    }
}
