//! The read of the credentials endpoint: the user, and the API key that is presented.

use crate::auth::store::{ApiKeyRow, KeyColumns, find_api_key_statement};
use crate::db::{Batch, Database, DatabaseError};
use crate::kernel::UserId;
use crate::provisioning::record::Dossier;
use crate::provisioning::store::database::{dossier_statement, read_dossier};
use crate::provisioning::store::rows::DossierRow;

/// Reads a user's record and, where one is presented, the API key with this hash.
pub async fn user_and_key(
    database: &Database,
    user: &UserId,
    key_hash: Option<&str>,
) -> Result<(Dossier, Option<ApiKeyRow>), DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<DossierRow>(dossier_statement(user));
    let key = key_hash.map(|hash| batch.push::<KeyColumns>(find_api_key_statement(hash)));
    let results = database.run(batch).await?;
    let key = match key {
        Some(slot) => results.first(slot)?,
        None => None,
    };
    let record = read_dossier(results.first(record)?)?;
    Ok((record, key.map(KeyColumns::into_row).transpose()?))
}
