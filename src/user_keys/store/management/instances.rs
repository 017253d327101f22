//! Instances.

use serde::Deserialize;

use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Database, Statement};
use crate::kernel::Timestamp;
use crate::kernel::audit;
use crate::user_keys::InstanceName;

const INSERT: &str = "
INSERT INTO instances (name, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING
RETURNING name";

const CREATED_AT: &str = "SELECT created_at FROM instances WHERE name = ?1";

const LIST: &str = "SELECT name, created_at FROM instances ORDER BY name";

/// One instance.
#[derive(Debug, Clone)]
pub struct InstanceRow {
    /// Its name.
    pub name: InstanceName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An instance that is there now.
#[derive(Debug, Clone)]
pub struct NewInstance {
    /// The instance.
    pub row: InstanceRow,
    /// Whether it was there before.
    pub existed: bool,
}

#[derive(Deserialize)]
struct Age {
    created_at: i64,
}

#[derive(Deserialize)]
struct Columns {
    name: String,
    created_at: i64,
}

impl Database {
    /// Makes an instance; one that is there already stays as it is.
    pub async fn insert_instance(
        &self,
        name: InstanceName,
        entry: &audit::Entry,
    ) -> Result<NewInstance, DatabaseError> {
        let insert = Statement::new(INSERT, [name.as_str().into(), entry.at.into()]);
        let created_at = Statement::new(CREATED_AT, [name.as_str().into()]);
        let batch = vec![insert, audit_change(entry)?, created_at];
        let mut answers = self.batch(batch).await?;
        let existed = answers.count()? == 0;
        answers.skip()?;
        let age: Option<Age> = answers.first()?;
        let age = age.ok_or_else(|| DatabaseError("a new instance is not there".to_owned()))?;
        Ok(NewInstance {
            row: InstanceRow {
                name,
                created_at: Timestamp::from_millis(age.created_at),
            },
            existed,
        })
    }

    /// Lists the instances by name.
    pub async fn instances(&self) -> Result<Vec<InstanceRow>, DatabaseError> {
        let mut answers = self.batch(vec![Statement::new(LIST, [])]).await?;
        let rows: Vec<Columns> = answers.rows()?;
        let row = |columns: Columns| InstanceRow {
            name: InstanceName::from_stored(columns.name),
            created_at: Timestamp::from_millis(columns.created_at),
        };
        Ok(rows.into_iter().map(row).collect())
    }
}
