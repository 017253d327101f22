//! Deletes a push token, if it is this user's.

use super::ApiKeyUse;
use crate::account::PushToken;
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

const UNREGISTER: &str = "DELETE FROM push_tokens WHERE token_hash = ?1 AND user_id = ?2";

pub async fn unregister_push_token(
    database: &Database,
    user: &UserId,
    token: &PushToken,
    entry: &audit::Entry,
    api_key: Option<&ApiKeyUse>,
) -> Result<(), DatabaseError> {
    let unregister = Statement::new(UNREGISTER, [token.hash().into(), user.into()]);
    let mut batch = Batch::new();
    batch.execute_audited(unregister, entry)?;
    batch.execute_all(api_key.map(ApiKeyUse::statement));
    database.run(batch).await.map(|_| ())
}
