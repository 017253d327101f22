//! Instance API keys and account keys. They share a table, and differ in what
//! they grant: flags, or a role.

use serde::Deserialize;

use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Arg, Database, Statement};
use crate::kernel::Timestamp;
use crate::kernel::audit;
use crate::user_keys::InstanceName;
use crate::user_keys::admission::{Flags, Grant, Role};

use crate::user_keys::store::management::{is_there, whether_there_is};

const INSERT: &str = "
INSERT INTO instance_keys (id, key_hash, instance, label, created_at, role, ignore_acl,
                           allow_user_create, allow_group_create, allow_anonymous_read)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
WHERE EXISTS (SELECT 1 FROM instances WHERE name = ?3)
RETURNING id";

const LIST_INSTANCE_KEYS: &str = "
SELECT id, instance, label, created_at,
       ignore_acl, allow_user_create, allow_group_create, allow_anonymous_read
FROM instance_keys
WHERE instance = ?1 AND role IS NULL AND revoked_at IS NULL
ORDER BY created_at DESC, id DESC";

const LIST_ACCOUNT_KEYS: &str = "
SELECT id, instance, label, created_at, role
FROM instance_keys
WHERE role IS NOT NULL AND revoked_at IS NULL
ORDER BY created_at DESC, id DESC";

const LIST_ACCOUNT_KEYS_OF_INSTANCE: &str = "
SELECT id, instance, label, created_at, role
FROM instance_keys
WHERE instance = ?1 AND role IS NOT NULL AND revoked_at IS NULL
ORDER BY created_at DESC, id DESC";

const REVOKE_INSTANCE_KEY: &str = "
UPDATE instance_keys SET revoked_at = ?3
WHERE id = ?1 AND instance = ?2 AND role IS NULL AND revoked_at IS NULL";

const REVOKE_ACCOUNT_KEY: &str = "
UPDATE instance_keys SET revoked_at = ?2
WHERE id = ?1 AND role IS NOT NULL AND revoked_at IS NULL";

/// One key of a program, without the key. `G` is what it grants: [`Flags`] of
/// an instance API key, the [`Role`] of an account key.
#[derive(Debug, Clone)]
pub struct KeyRow<G> {
    /// `ikey_` or `akey_`, and a ULID.
    pub id: String,
    /// The instance that it opens.
    pub instance: InstanceName,
    /// What it is good for there.
    pub grant: G,
    /// What its maker called it.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key to be kept.
#[derive(Debug, Clone)]
pub struct NewKey<G> {
    /// Everything but the hash.
    pub row: KeyRow<G>,
    /// SHA-256 of the key, lower-case hex.
    pub hash: String,
}

#[derive(Deserialize)]
struct Columns<G> {
    id: String,
    instance: String,
    label: Option<String>,
    created_at: i64,
    #[serde(flatten)]
    grant: G,
}

impl<G> Columns<G> {
    /// `read` finds the grant in its columns; `None`: they are not readable.
    fn into_row<T>(self, read: impl FnOnce(&G) -> Option<T>) -> Result<KeyRow<T>, DatabaseError> {
        let grant = read(&self.grant)
            .ok_or_else(|| DatabaseError::bad_value("instance_keys", "role", &self.id))?;
        Ok(KeyRow {
            id: self.id,
            instance: InstanceName::from_stored(self.instance),
            grant,
            label: self.label,
            created_at: Timestamp::from_millis(self.created_at),
        })
    }
}

#[derive(Deserialize)]
struct FlagColumns {
    ignore_acl: u8,
    allow_user_create: u8,
    allow_group_create: u8,
    allow_anonymous_read: u8,
}

impl FlagColumns {
    const fn flags(&self) -> Option<Flags> {
        Some(Flags {
            ignore_acl: self.ignore_acl != 0,
            allow_user_create: self.allow_user_create != 0,
            allow_group_create: self.allow_group_create != 0,
            allow_anonymous_read: self.allow_anonymous_read != 0,
        })
    }
}

#[derive(Deserialize)]
struct RoleColumn {
    role: String,
}

impl RoleColumn {
    fn role(&self) -> Option<Role> {
        Role::from_name(&self.role)
    }
}

/// The last five parameters of `INSERT`.
fn grant_columns(grant: Grant) -> [Arg; 5] {
    let (role, flags) = match grant {
        Grant::Account(role) => (Some(role.as_str()), Flags::default()),
        Grant::Instance(flags) => (None, flags),
    };
    [
        role.into(),
        flags.ignore_acl.into(),
        flags.allow_user_create.into(),
        flags.allow_group_create.into(),
        flags.allow_anonymous_read.into(),
    ]
}

impl Database {
    /// Keeps a new key; false when there is no such instance.
    pub async fn insert_instance_key<G: Copy + Into<Grant>>(
        &self,
        key: &NewKey<G>,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        let row = &key.row;
        let common: [Arg; 5] = [
            row.id.as_str().into(),
            key.hash.as_str().into(),
            row.instance.as_str().into(),
            row.label.as_deref().into(),
            row.created_at.into(),
        ];
        let args = common.into_iter().chain(grant_columns(row.grant.into()));
        let insert = Statement::new(INSERT, args);
        let mut answers = self.batch(vec![insert, audit_change(entry)?]).await?;
        Ok(answers.count()? > 0)
    }

    /// Lists an instance's API keys that are not revoked, newest first; `None`:
    /// there is no such instance.
    pub async fn instance_api_keys(
        &self,
        instance: &InstanceName,
    ) -> Result<Option<Vec<KeyRow<Flags>>>, DatabaseError> {
        let list = Statement::new(LIST_INSTANCE_KEYS, [instance.as_str().into()]);
        let mut answers = self.batch(vec![whether_there_is(instance), list]).await?;
        if !is_there(&mut answers)? {
            return Ok(None);
        }
        let rows: Vec<Columns<FlagColumns>> = answers.rows()?;
        let rows = rows.into_iter().map(|row| row.into_row(FlagColumns::flags));
        rows.collect::<Result<_, _>>().map(Some)
    }

    /// Lists the account keys that are not revoked, of all instances or of one,
    /// newest first; `None`: there is no such instance.
    pub async fn account_keys(
        &self,
        instance: Option<&InstanceName>,
    ) -> Result<Option<Vec<KeyRow<Role>>>, DatabaseError> {
        let batch = match instance {
            None => vec![Statement::new(LIST_ACCOUNT_KEYS, [])],
            Some(name) => vec![
                whether_there_is(name),
                Statement::new(LIST_ACCOUNT_KEYS_OF_INSTANCE, [name.as_str().into()]),
            ],
        };
        let mut answers = self.batch(batch).await?;
        if instance.is_some() && !is_there(&mut answers)? {
            return Ok(None);
        }
        let rows: Vec<Columns<RoleColumn>> = answers.rows()?;
        let rows = rows.into_iter().map(|row| row.into_row(RoleColumn::role));
        rows.collect::<Result<_, _>>().map(Some)
    }

    /// Revokes an instance API key; revoking it again, or one that never was of
    /// this instance, changes nothing. False when there is no such instance.
    pub async fn revoke_instance_api_key(
        &self,
        instance: &InstanceName,
        id: &str,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        let revoke = Statement::new(
            REVOKE_INSTANCE_KEY,
            [id.into(), instance.as_str().into(), entry.at.into()],
        );
        let batch = vec![revoke, audit_change(entry)?, whether_there_is(instance)];
        let mut answers = self.batch(batch).await?;
        answers.skip()?;
        answers.skip()?;
        is_there(&mut answers)
    }

    /// Revokes an account key; revoking it again, or one that never was, changes
    /// nothing.
    pub async fn revoke_account_key(
        &self,
        id: &str,
        entry: &audit::Entry,
    ) -> Result<(), DatabaseError> {
        let revoke = Statement::new(REVOKE_ACCOUNT_KEY, [id.into(), entry.at.into()]);
        let batch = vec![revoke, audit_change(entry)?];
        self.batch(batch).await.map(|_| ())
    }
}
