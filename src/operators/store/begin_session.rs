use crate::db::{Batch, Database, DatabaseError, Statement, audit_change};
use crate::kernel::audit::{Action, Entry};
use crate::operators::SessionToken;
use crate::operators::oidc::SignedIn;
use crate::operators::session::{MAX_SESSIONS, SESSION_IDLE, SESSION_LIFETIME};

// The provider's name of the person is bound at the first sign-in, and only the first one.
const BIND: &str = "
UPDATE operators SET subject = ?2
WHERE id = ?1 AND subject IS NULL AND disabled_at IS NULL";

// Guarded: meanwhile the operator may have been disabled or bound to another person, and a session that
// is replaced may have become another operator's only by a forged cookie.
// ?1 hash, ?2 operator, ?3 subject, ?4 now, ?5 authenticated at, ?6 end, ?7 address, ?8 agent,
// ?9 hash of the session that is replaced, ?10 since when that may have idled, ?11 whether a second factor
// was shown
const INSERT: &str = "
INSERT INTO console_sessions
  (id_hash, operator_id, created_at, authenticated_at, second_factor, seen_at, ends_at, address, agent)
SELECT ?1, id, ?4, ?5, ?11, ?4, ?6, ?7, ?8 FROM operators
WHERE id = ?2 AND subject = ?3 AND disabled_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM console_sessions
    WHERE id_hash = ?9 AND operator_id <> ?2 AND ends_at > ?4 AND seen_at > ?10)
RETURNING id_hash";

const SEEN: &str = "
UPDATE operators SET last_seen_at = ?2
WHERE id = ?1 AND EXISTS (SELECT 1 FROM console_sessions WHERE id_hash = ?3)";

const REPLACE: &str = "
DELETE FROM console_sessions
WHERE id_hash = ?1 AND operator_id = ?3
  AND EXISTS (SELECT 1 FROM console_sessions WHERE id_hash = ?2)";

// The new one is kept, whatever the clocks of other isolates say.
// ?1 operator, ?2 hash of the new one, ?3 how many stay
const PRUNE: &str = "
DELETE FROM console_sessions WHERE id_hash IN (
  SELECT id_hash FROM console_sessions WHERE operator_id = ?1
  ORDER BY id_hash = ?2 DESC, created_at DESC LIMIT -1 OFFSET ?3)";

/// A session that is about to begin.
pub struct Beginning<'a> {
    pub token: &'a SessionToken,
    pub operator_id: &'a str,
    pub person: &'a SignedIn,
    pub agent: Option<&'a str>,
    /// The hash of the session that the browser had before.
    pub replaces: Option<&'a str>,
}

/// Begins a session at `entry.at`. False: the operator is disabled or bound to another person, or the
/// session that it would replace is another operator's.
pub async fn begin_session(
    database: &Database,
    beginning: &Beginning<'_>,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let (now, hash) = (entry.at, beginning.token.hash());
    let mut batch = Batch::new();
    batch.execute(Statement::new(
        BIND,
        [
            beginning.operator_id.into(),
            beginning.person.subject.as_str().into(),
        ],
    ));
    let inserted = batch.push::<()>(Statement::new(
        INSERT,
        [
            hash.as_str().into(),
            beginning.operator_id.into(),
            beginning.person.subject.as_str().into(),
            now.into(),
            beginning.person.authenticated_at.into(),
            now.plus(SESSION_LIFETIME).into(),
            entry.origin.address.as_deref().into(),
            beginning.agent.into(),
            beginning.replaces.into(),
            now.minus(SESSION_IDLE).into(),
            beginning.person.has_shown_second_factor.into(),
        ],
    ));
    batch.execute(audit_change(entry)?);
    batch.execute(Statement::new(
        SEEN,
        [
            beginning.operator_id.into(),
            now.into(),
            hash.as_str().into(),
        ],
    ));
    if let Some(replaced) = beginning.replaces {
        let replace = Statement::new(
            REPLACE,
            [
                replaced.into(),
                hash.as_str().into(),
                beginning.operator_id.into(),
            ],
        );
        batch.execute_audited(replace, &ended(entry, "replaced by a new sign-in"))?;
    }
    let prune = Statement::new(
        PRUNE,
        [
            beginning.operator_id.into(),
            hash.as_str().into(),
            MAX_SESSIONS.into(),
        ],
    );
    batch.execute_audited(prune, &ended(entry, "the oldest made room for a new one"))?;
    Ok(database.run(batch).await?.count(inserted)? > 0)
}

/// The row of a session of the same operator that ends with the sign-in.
fn ended(sign_in: &Entry, why: &str) -> Entry {
    Entry {
        action: Action::EndSession,
        outcome: why.to_owned(),
        ..sign_in.clone()
    }
}
