use serde::de::IgnoredAny;

use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::user_keys::authorization::{Flags, Grant};
use crate::user_keys::store::KeyRow;

const INSERT: &str = "
INSERT INTO instance_keys (id, key_hash, instance, label, created_at, role, ignore_acl,
                           allow_user_create, allow_group_create, allow_anonymous_read)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
WHERE EXISTS (SELECT 1 FROM instances WHERE name = ?3)
RETURNING id";

#[derive(Debug, Clone)]
pub struct NewKey<G> {
    pub row: KeyRow<G>,
    /// SHA-256 of the key, lower-case hex.
    pub hash: String,
}

impl<G: Copy + Into<Grant>> NewKey<G> {
    fn insert_statement(&self) -> Statement {
        let row = &self.row;
        let (role, flags) = match row.grant.into() {
            Grant::Account(role) => (Some(role.as_str()), Flags::default()),
            Grant::Instance(flags) => (None, flags),
        };
        Statement::new(
            INSERT,
            [
                row.id.as_str().into(),
                self.hash.as_str().into(),
                (&row.instance).into(),
                row.label.as_deref().into(),
                row.created_at.into(),
                role.into(),
                flags.ignore_acl.into(),
                flags.allow_user_create.into(),
                flags.allow_group_create.into(),
                flags.allow_anonymous_read.into(),
            ],
        )
    }
}

/// Stores a new instance API key or account key; false when there is no such instance.
pub async fn create_key<G: Copy + Into<Grant>>(
    database: &Database,
    key: &NewKey<G>,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    let inserted = batch.push_audited::<IgnoredAny>(key.insert_statement(), entry)?;
    Ok(database.run(batch).await?.count(inserted)? > 0)
}
