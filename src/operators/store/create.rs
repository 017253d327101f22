use crate::db::{self, Batch, Database, DatabaseError, Slot, Statement};
use crate::kernel::EmailKey;
use crate::kernel::audit::Entry;
use crate::operators::Role;

// ?6: whether there may be an enabled admin already.
const INSERT: &str = "
INSERT INTO operators (id, email_key, role, created_at, created_by)
SELECT ?1, ?2, ?3, ?4, ?5
WHERE ?6 = 1 OR NOT EXISTS (SELECT 1 FROM operators WHERE role = 'admin' AND disabled_at IS NULL)
ON CONFLICT (email_key) DO NOTHING
RETURNING id";

// The person behind an address may have changed since, so that the provider's name of them is bound anew.
const ENABLE: &str = "
UPDATE operators SET role = ?2, subject = NULL, disabled_at = NULL
WHERE id = ?1 AND disabled_at IS NOT NULL
  AND (?3 = 1 OR NOT EXISTS (SELECT 1 FROM operators WHERE role = 'admin' AND disabled_at IS NULL))
RETURNING id";

const HAS_ADMIN: &str = "
SELECT EXISTS (SELECT 1 FROM operators WHERE role = 'admin' AND disabled_at IS NULL) AS has_admin";

/// What became of a new operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    Done,
    /// Another request has made the operator meanwhile.
    Exists,
    /// There is an admin already, and only the first one may be made so.
    HasAdmin,
}

db::row! {
    struct AdminRow {
        has_admin: bool,
    }
}

/// Adds an operator, whose id is the entry's subject. `only_first`: only if there is no enabled admin.
pub async fn create_operator(
    database: &Database,
    email: &EmailKey,
    role: Role,
    only_first: bool,
    entry: &Entry,
) -> Result<Created, DatabaseError> {
    let insert = Statement::new(
        INSERT,
        [
            entry.subject.as_str().into(),
            email.as_str().into(),
            role.as_str().into(),
            entry.at.into(),
            entry.origin.actor.as_str().into(),
            (!only_first).into(),
        ],
    );
    run(database, insert, only_first, entry).await
}

/// Lets a disabled operator, the entry's subject, sign in again with this role.
pub async fn enable_operator(
    database: &Database,
    role: Role,
    only_first: bool,
    entry: &Entry,
) -> Result<Created, DatabaseError> {
    let enable = Statement::new(
        ENABLE,
        [
            entry.subject.as_str().into(),
            role.as_str().into(),
            (!only_first).into(),
        ],
    );
    run(database, enable, only_first, entry).await
}

async fn run(
    database: &Database,
    change: Statement,
    only_first: bool,
    entry: &Entry,
) -> Result<Created, DatabaseError> {
    let mut batch = Batch::new();
    // Before the change, which may make an admin.
    let admin: Slot<AdminRow> = batch.push(Statement::new(HAS_ADMIN, []));
    let changed = batch.push_audited::<()>(change, entry)?;
    let results = database.run(batch).await?;
    Ok(match results.count(changed)? {
        0 if only_first && results.one(admin)?.has_admin => Created::HasAdmin,
        0 => Created::Exists,
        _ => Created::Done,
    })
}
