use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::{EmailKey, Timestamp};
use crate::operators::session::SESSION_IDLE;
use crate::operators::{Operator, Role, Session, SessionToken};

// ?1 hash, ?2 now, ?3 since when it may have idled
const SESSION: &str = "
SELECT s.id_hash, s.authenticated_at, s.second_factor, s.seen_at, s.ends_at,
  o.id, o.email_key, o.role, o.subject
FROM console_sessions AS s JOIN operators AS o ON o.id = s.operator_id
WHERE s.id_hash = ?1 AND s.ends_at > ?2 AND s.seen_at > ?3 AND o.disabled_at IS NULL";

db::row! {
    struct Row {
        id_hash: String,
        authenticated_at: Timestamp,
        second_factor: bool,
        seen_at: Timestamp,
        ends_at: Timestamp,
        id: String,
        email_key: String,
        role: Role,
        subject: Option<String>,
    }
}

/// The session of a token; `None`: there is none, it ended, or its operator was disabled. Reads 2 rows.
pub async fn find_session(
    database: &Database,
    token: &SessionToken,
    now: Timestamp,
) -> Result<Option<Session>, DatabaseError> {
    let args = [
        token.hash().as_str().into(),
        now.into(),
        now.minus(SESSION_IDLE).into(),
    ];
    let mut batch = Batch::new();
    let found = batch.push::<Row>(Statement::new(SESSION, args));
    let Some(row) = database.run(batch).await?.first(found)? else {
        return Ok(None);
    };
    let email = EmailKey::of(&row.email_key)
        .ok_or_else(|| DatabaseError::bad_value("operators", "email_key", &row.id))?;
    Ok(Some(Session {
        id_hash: row.id_hash,
        operator: Operator {
            id: row.id,
            email,
            role: row.role,
            subject: row.subject,
        },
        authenticated_at: row.authenticated_at,
        has_shown_second_factor: row.second_factor,
        seen_at: row.seen_at,
        ends_at: row.ends_at,
    }))
}
