//! The transactions of provisioning in SQL.
//!
//! Atomicity comes from the batch, exclusion from the lease token in every
//! WHERE: an actor whose lease was taken over matches no row any more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::audit;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::record::{Claimed, Dossier, Mapping};
use crate::provisioning::store::{
    Bid, Busy, Candidate, Cleared, Clearing, Guarded, LeaseToken, RunClosing, RunOpening,
    Settlement, Store, StoreError, Terms, Verdict,
};
use crate::threedeye::{RemoteId, RoleId};

use super::rows::{CandidateRow, ClaimedRow, DossierRow, MappingColumns, RecoveryRow};
use super::{Arg, Database, Statement, json};

const DOSSIER: &str = "
SELECT q.id AS requested,
       u.uuid, u.email, u.email_key AS user_email_key, u.auth_subject,
       t.state, t.email_key AS intent_email, t.threedeye_id, t.password_sealed, t.attempts,
       t.last_error, t.next_attempt_at, t.lease_until, t.created_at AS mapped_at,
       r.role_ids,
       EXISTS (SELECT 1 FROM threedeye_users o
               WHERE o.email_key = u.email_key AND o.state <> 'set_aside'
                 AND o.user_id <> q.id) AS contested
FROM (SELECT ?1 AS id) q
LEFT JOIN users u ON u.uuid = q.id
LEFT JOIN threedeye_users t ON t.user_id = q.id
LEFT JOIN threedeye_recovery r ON r.user_id = q.id";

// A user under another actor's lease is passed over, so that two runs at once
// take up different users.
const DUE: &str = "
SELECT q.user_id, u.email_key,
       s.password_sealed IS NULL AND EXISTS (
         SELECT 1 FROM threedeye_users o
         WHERE o.email_key = u.email_key AND o.state <> 'set_aside' AND o.user_id <> u.uuid
       ) AS contested
FROM provisioning_queue q
JOIN users u ON u.uuid = q.user_id
LEFT JOIN threedeye_users s ON s.user_id = q.user_id
WHERE q.due_at <= ?1 AND u.email_key IS NOT NULL AND coalesce(s.lease_until, 0) <= ?1
ORDER BY q.due_at, q.user_id
LIMIT ?2";

// ?1 bids [{u, p}], ?2 token, ?3 until, ?4 now
const CLAIM: &str = "
INSERT OR IGNORE INTO threedeye_users
  (user_id, state, email_key, password_sealed, lease_token, lease_until, created_at, updated_at)
SELECT u.uuid, 'pending', u.email_key, b.value ->> 'p', ?2, ?3, ?4, ?4
FROM json_each(?1) b
JOIN users u ON u.uuid = (b.value ->> 'u')
WHERE u.email_key IS NOT NULL AND (
  NOT EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = u.email_key AND o.state <> 'set_aside' AND o.user_id <> u.uuid)
  OR EXISTS (SELECT 1 FROM threedeye_users s
             WHERE s.user_id = u.uuid AND s.password_sealed IS NOT NULL)
)
ON CONFLICT (user_id) DO UPDATE SET
  state = CASE state WHEN 'idle' THEN 'pending' ELSE state END,
  email_key = coalesce(email_key, excluded.email_key),
  password_sealed = coalesce(password_sealed, excluded.password_sealed),
  lease_token = excluded.lease_token,
  lease_until = excluded.lease_until,
  updated_at = excluded.updated_at
WHERE lease_until <= ?4 AND state IN ('idle', 'pending', 'attaching')
RETURNING user_id, (SELECT u.email_key FROM users u WHERE u.uuid = user_id) AS email,
          email_key AS intent_email, password_sealed, threedeye_id, state, attempts";

const RECOVERIES: &str = "
SELECT user_id, role_ids FROM threedeye_recovery
WHERE user_id IN (SELECT value ->> 'u' FROM json_each(?1))";

const SET_ASIDE: &str = "
INSERT INTO threedeye_users
  (user_id, state, email_key, attempts, last_error, created_at, updated_at)
SELECT u.uuid, 'set_aside', u.email_key, 1, ?2, ?3, ?3
FROM json_each(?1) b
JOIN users u ON u.uuid = b.value
WHERE EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = u.email_key AND o.state <> 'set_aside' AND o.user_id <> u.uuid)
ON CONFLICT (user_id) DO UPDATE SET
  state = excluded.state,
  email_key = excluded.email_key,
  attempts = attempts + 1,
  last_error = excluded.last_error,
  updated_at = excluded.updated_at
WHERE state = 'idle' AND lease_until <= ?3";

const RENEW: &str = "
UPDATE threedeye_users SET lease_until = ?2
WHERE user_id IN (SELECT value FROM json_each(?3)) AND lease_token = ?1
RETURNING user_id";

// ?1 user, ?2 token, ?3 account, ?4 roles, ?5 now
const SAVE_RECOVERY: &str = "
INSERT INTO threedeye_recovery (user_id, role_ids, removed_threedeye_id, created_at)
SELECT ?1, ?4, ?3, ?5
WHERE EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
  AND NOT EXISTS (SELECT 1 FROM threedeye_users WHERE threedeye_id = ?3 AND user_id <> ?1)
ON CONFLICT (user_id) DO UPDATE SET
  role_ids = excluded.role_ids, removed_threedeye_id = excluded.removed_threedeye_id
RETURNING user_id";

const LEASE_HELD: &str = "
SELECT user_id FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2";

const REPLACE_INTENT: &str = "
UPDATE OR IGNORE threedeye_users
SET state = 'pending', email_key = ?3, password_sealed = ?4, threedeye_id = NULL, updated_at = ?5
WHERE user_id = ?1 AND lease_token = ?2
RETURNING email_key = ?3 AS written";

// ?1 verdicts, ?2 token, ?3 now. OR IGNORE: an account id that another user is
// mapped to leaves this user as it was.
const SETTLE: &str = "
UPDATE OR IGNORE threedeye_users SET
  state = coalesce(v.state, threedeye_users.state),
  threedeye_id = CASE WHEN v.forget THEN NULL ELSE coalesce(v.id, threedeye_id) END,
  password_sealed = CASE WHEN v.forget THEN NULL ELSE password_sealed END,
  email_key = coalesce(v.email, email_key),
  attempts = CASE WHEN v.success THEN 0 ELSE attempts + v.attempt END,
  last_error = CASE WHEN v.success OR v.attempt THEN v.error ELSE last_error END,
  next_attempt_at = CASE WHEN v.success OR v.attempt THEN v.next ELSE next_attempt_at END,
  lease_token = NULL,
  lease_until = 0,
  updated_at = ?3
FROM (SELECT value ->> 'user' AS user, value ->> 'state' AS state, value ->> 'id' AS id,
             value ->> 'email' AS email, value ->> 'error' AS error, value ->> 'next' AS next,
             value ->> 'success' AS success, value ->> 'attempt' AS attempt,
             value ->> 'forget' AS forget
      FROM json_each(?1)) v
WHERE threedeye_users.user_id = v.user AND threedeye_users.lease_token = ?2";

const DROP_RECOVERIES: &str = "
DELETE FROM threedeye_recovery
WHERE user_id IN (SELECT value ->> 'user' FROM json_each(?1) WHERE value ->> 'success')
  AND EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = threedeye_recovery.user_id AND t.lease_token = ?2)";

const MOVE_IN_QUEUE: &str = "
UPDATE provisioning_queue SET due_at = v.due
FROM (SELECT value ->> 'user' AS user, value ->> 'due' AS due FROM json_each(?1)) v
WHERE provisioning_queue.user_id = v.user AND v.due IS NOT NULL";

// Only for rows that the token still holds; comes before the statement that
// gives the lease back.
const AUDIT_LEASED: &str = "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
SELECT value ->> 'at', value ->> 'actor', value ->> 'action', value ->> 'subject',
       value ->> 'outcome', value ->> 'request'
FROM json_each(?1)
WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.lease_token = ?2)";

const OPEN_RUN: &str = "
INSERT INTO provisioning_runs
  (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6)";

const CLOSE_RUN: &str = "
UPDATE provisioning_runs SET
  status = ?2, total = ?3, created = ?4, failed = ?5, skipped = ?6, quarantined = ?7,
  errors = ?8, finished_at = ?9,
  remaining = (SELECT value FROM provisioning_totals WHERE name = 'waiting')
WHERE run_id = ?1
RETURNING remaining AS waiting";

const WAITING: &str = "SELECT value AS waiting FROM provisioning_totals WHERE name = 'waiting'";

const MAPPING: &str = "
SELECT state, email_key AS intent_email, threedeye_id, password_sealed, attempts, last_error,
       next_attempt_at, lease_until, created_at AS mapped_at
FROM threedeye_users WHERE user_id = ?1";

const SEIZE: &str = "
INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at)
VALUES (?1, 'idle', ?2, ?3, ?4, ?4)
ON CONFLICT (user_id) DO UPDATE SET
  lease_token = excluded.lease_token, lease_until = excluded.lease_until,
  updated_at = excluded.updated_at
WHERE lease_until <= ?4
RETURNING user_id";

const MAPPED_TO_OTHERS: &str = "
SELECT threedeye_id FROM threedeye_users
WHERE threedeye_id IN (SELECT value FROM json_each(?2)) AND user_id <> ?1";

const CLEAR_RECOVERY: &str = "
DELETE FROM threedeye_recovery
WHERE user_id = ?1
  AND EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
RETURNING user_id";

const KEEP_RECOVERY: &str = "
INSERT INTO threedeye_recovery (user_id, role_ids, created_at)
SELECT ?1, ?3, ?4
WHERE EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
ON CONFLICT (user_id) DO UPDATE SET role_ids = excluded.role_ids";

const CLEAR_MAPPING: &str = "
DELETE FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2 RETURNING user_id";

// ?3 forget the account, ?4 now
const REOPEN_MAPPING: &str = "
UPDATE threedeye_users SET
  state = CASE
    WHEN state = 'set_aside' THEN 'idle'
    WHEN state = 'quarantined' OR (?3 AND state IN ('complete', 'attaching')) THEN 'pending'
    ELSE state
  END,
  email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END,
  threedeye_id = CASE WHEN ?3 THEN NULL ELSE threedeye_id END,
  attempts = 0, last_error = NULL, next_attempt_at = NULL,
  lease_token = NULL, lease_until = 0, updated_at = ?4
WHERE user_id = ?1 AND lease_token = ?2
RETURNING user_id";

const GIVE_BACK: &str = "
UPDATE threedeye_users SET lease_token = NULL, lease_until = 0
WHERE user_id = ?1 AND lease_token = ?2";

const DROP_IDLE: &str = "
DELETE FROM threedeye_users WHERE user_id = ?1 AND state = 'idle' AND lease_until = 0";

const DUE_NOW: &str = "UPDATE provisioning_queue SET due_at = ?2 WHERE user_id = ?1";

#[derive(Deserialize)]
struct WaitingRow {
    waiting: u64,
}

#[derive(Deserialize)]
struct WrittenRow {
    written: u8,
}

#[derive(Deserialize)]
struct UserIdRow {
    user_id: String,
}

#[derive(Deserialize)]
struct AccountRow {
    threedeye_id: String,
}

#[derive(Serialize)]
struct BidParameter<'a> {
    u: &'a str,
    p: &'a str,
}

/// One verdict as `SETTLE`, `DROP_RECOVERIES` and `MOVE_IN_QUEUE` read it.
#[derive(Serialize, Default)]
struct VerdictParameter<'a> {
    user: &'a str,
    state: Option<&'static str>,
    id: Option<&'a str>,
    email: Option<&'a str>,
    error: Option<&'a str>,
    next: Option<i64>,
    due: Option<i64>,
    success: u8,
    attempt: u8,
    forget: u8,
}

impl<'a> From<&'a Settlement> for VerdictParameter<'a> {
    fn from(settlement: &'a Settlement) -> Self {
        let base = Self {
            user: settlement.user.as_str(),
            ..Self::default()
        };
        match &settlement.verdict {
            Verdict::Complete { id } => Self {
                state: Some("complete"),
                id: Some(&id.0),
                success: 1,
                ..base
            },
            Verdict::Attaching {
                id,
                next_attempt_at,
                error,
            } => Self {
                state: Some("attaching"),
                id: Some(&id.0),
                next: Some(next_attempt_at.as_millis()),
                error: Some(error),
                attempt: 1,
                ..base
            },
            Verdict::Failed {
                next_attempt_at,
                error,
            } => Self {
                next: Some(next_attempt_at.as_millis()),
                error: Some(error),
                attempt: 1,
                ..base
            },
            Verdict::Quarantined { error } => Self {
                state: Some("quarantined"),
                error: Some(error),
                attempt: 1,
                ..base
            },
            Verdict::SetAside { email, error } => Self {
                state: Some("set_aside"),
                email: Some(email.as_str()),
                error: Some(error),
                attempt: 1,
                forget: 1,
                ..base
            },
            Verdict::Released { due_at } => Self {
                due: due_at.map(Timestamp::as_millis),
                ..base
            },
        }
    }
}

#[derive(Serialize)]
struct AuditParameter<'a> {
    at: i64,
    actor: &'a str,
    action: &'static str,
    subject: &'a str,
    outcome: &'a str,
    request: &'a str,
}

pub(super) fn audit_json<'a>(
    entries: impl IntoIterator<Item = &'a audit::Entry>,
) -> Result<Arg, StoreError> {
    let entries: Vec<AuditParameter> = entries
        .into_iter()
        .map(|entry| AuditParameter {
            at: entry.at.as_millis(),
            actor: entry.origin.actor.as_str(),
            action: entry.action.as_str(),
            subject: &entry.subject,
            outcome: &entry.outcome,
            request: entry.origin.request_id.as_str(),
        })
        .collect();
    json(&entries)
}

/// Audit rows that depend on no lease.
pub(super) const AUDIT: &str = "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
SELECT value ->> 'at', value ->> 'actor', value ->> 'action', value ->> 'subject',
       value ->> 'outcome', value ->> 'request'
FROM json_each(?1)";

pub(super) fn dossier_statement(user: &UserId) -> Statement {
    Statement::new(DOSSIER, [user.as_str().into()])
}

pub(super) fn read_dossier(row: Option<DossierRow>) -> Result<Dossier, StoreError> {
    row.map_or_else(|| Ok(Dossier::default()), DossierRow::into_dossier)
}

fn due_statement(now: Timestamp, limit: u32) -> Statement {
    Statement::new(DUE, [now.into(), limit.into()])
}

fn candidates(rows: Vec<CandidateRow>) -> Result<Vec<Candidate>, StoreError> {
    rows.into_iter().map(CandidateRow::into_candidate).collect()
}

fn role_texts(roles: &[RoleId]) -> Vec<&str> {
    roles.iter().map(|role| role.0.as_str()).collect()
}

fn leased(user: &UserId, token: &LeaseToken) -> [Arg; 2] {
    [user.as_str().into(), token.0.as_str().into()]
}

impl Store for Database {
    async fn dossier(&self, user: &UserId) -> Result<Dossier, StoreError> {
        let mut answers = self.batch(vec![dossier_statement(user)]).await?;
        read_dossier(answers.first()?)
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Candidate>, StoreError> {
        let mut answers = self.batch(vec![due_statement(now, limit)]).await?;
        candidates(answers.rows()?)
    }

    async fn open_run(
        &self,
        opening: &RunOpening,
        due_by: Timestamp,
    ) -> Result<Vec<Candidate>, StoreError> {
        let open = Statement::new(
            OPEN_RUN,
            [
                opening.run_id.as_str().into(),
                opening.trigger.as_str().into(),
                opening.origin.actor.as_str().into(),
                opening.origin.request_id.as_str().into(),
                opening.limit.into(),
                opening.started_at.into(),
            ],
        );
        let mut answers = self
            .batch(vec![open, due_statement(due_by, opening.limit)])
            .await?;
        answers.skip()?;
        candidates(answers.rows()?)
    }

    async fn claim(&self, bids: &[Bid], terms: &Terms) -> Result<Vec<Claimed>, StoreError> {
        let parameters: Vec<BidParameter> = bids
            .iter()
            .map(|bid| BidParameter {
                u: bid.user.as_str(),
                p: bid.password.as_str(),
            })
            .collect();
        let list = json(&parameters)?;
        let claim = Statement::new(
            CLAIM,
            [
                list.clone(),
                terms.token.0.as_str().into(),
                terms.until.into(),
                terms.now.into(),
            ],
        );
        let mut answers = self
            .batch(vec![claim, Statement::new(RECOVERIES, [list])])
            .await?;
        let rows: Vec<ClaimedRow> = answers.rows()?;
        let mut recoveries = BTreeMap::new();
        for row in answers.rows::<RecoveryRow>()? {
            recoveries.insert(row.user_id.clone(), row.recovery()?);
        }
        let offered: BTreeMap<&str, &Sealed> = bids
            .iter()
            .map(|bid| (bid.user.as_str(), &bid.password))
            .collect();
        rows.into_iter()
            .map(|row| {
                let recovery = recoveries.remove(&row.user_id);
                let offered = offered.get(row.user_id.as_str()).copied();
                row.into_claimed(offered, recovery)
            })
            .collect()
    }

    async fn set_aside(
        &self,
        users: &[UserId],
        error: &str,
        now: Timestamp,
        entries: &[audit::Entry],
    ) -> Result<(), StoreError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        self.batch(vec![
            Statement::new(SET_ASIDE, [json(&ids)?, error.into(), now.into()]),
            Statement::new(AUDIT, [audit_json(entries)?]),
        ])
        .await
        .map(|_| ())
    }

    async fn renew(
        &self,
        token: &LeaseToken,
        users: &[UserId],
        until: Timestamp,
    ) -> Result<Vec<UserId>, StoreError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let renew = Statement::new(RENEW, [token.0.as_str().into(), until.into(), json(&ids)?]);
        let rows: Vec<UserIdRow> = self.batch(vec![renew]).await?.rows()?;
        Ok(rows
            .into_iter()
            .map(|row| UserId::new(row.user_id))
            .collect())
    }

    async fn save_recovery(
        &self,
        token: &LeaseToken,
        user: &UserId,
        account: &RemoteId,
        roles: &[RoleId],
        entry: &audit::Entry,
    ) -> Result<Guarded, StoreError> {
        let save = Statement::new(
            SAVE_RECOVERY,
            [
                user.as_str().into(),
                token.0.as_str().into(),
                account.0.as_str().into(),
                json(&role_texts(roles))?,
                entry.at.into(),
            ],
        );
        let audit = Statement::new(
            AUDIT_LEASED,
            [audit_json([entry])?, token.0.as_str().into()],
        );
        let held = Statement::new(LEASE_HELD, leased(user, token));
        let mut answers = self.batch(vec![save, audit, held]).await?;
        let saved = answers.count()? > 0;
        answers.skip()?;
        let held = answers.count()? > 0;
        Ok(guarded(saved, held))
    }

    async fn replace_intent(
        &self,
        token: &LeaseToken,
        user: &UserId,
        email: &EmailKey,
        password: &Sealed,
        now: Timestamp,
    ) -> Result<Guarded, StoreError> {
        let [user_arg, token_arg] = leased(user, token);
        let replace = Statement::new(
            REPLACE_INTENT,
            [
                user_arg,
                token_arg,
                email.as_str().into(),
                password.as_str().into(),
                now.into(),
            ],
        );
        let held = Statement::new(LEASE_HELD, leased(user, token));
        let mut answers = self.batch(vec![replace, held]).await?;
        let written = answers
            .first::<WrittenRow>()?
            .is_some_and(|row| row.written != 0);
        let held = answers.count()? > 0;
        Ok(guarded(written, held))
    }

    async fn settle(
        &self,
        token: &LeaseToken,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let verdicts: Vec<VerdictParameter> = settlements.iter().map(Into::into).collect();
        let list = json(&verdicts)?;
        let token: Arg = token.0.as_str().into();
        let mut statements = Vec::with_capacity(4);
        let entries = settlements.iter().filter_map(|one| one.entry.as_ref());
        if settlements.iter().any(|one| one.entry.is_some()) {
            let audit = Statement::new(AUDIT_LEASED, [audit_json(entries)?, token.clone()]);
            statements.push(audit);
        }
        if verdicts.iter().any(|verdict| verdict.success != 0) {
            statements.push(Statement::new(
                DROP_RECOVERIES,
                [list.clone(), token.clone()],
            ));
        }
        if verdicts.iter().any(|verdict| verdict.due.is_some()) {
            statements.push(Statement::new(MOVE_IN_QUEUE, [list.clone()]));
        }
        statements.push(Statement::new(SETTLE, [list, token, now.into()]));
        self.batch(statements).await.map(|_| ())
    }

    async fn close_run(&self, closing: &RunClosing) -> Result<u64, StoreError> {
        let status = if closing.completed {
            "completed"
        } else {
            "ended_early"
        };
        let tally = &closing.tally;
        let close = Statement::new(
            CLOSE_RUN,
            [
                closing.run_id.as_str().into(),
                status.into(),
                tally.total.into(),
                tally.created.into(),
                tally.failed.into(),
                tally.skipped.into(),
                tally.quarantined.into(),
                json(&tally.errors)?,
                closing.finished_at.into(),
            ],
        );
        let row: Option<WaitingRow> = self.batch(vec![close]).await?.first()?;
        Ok(row.map_or(0, |row| row.waiting))
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        let mut answers = self.batch(vec![Statement::new(WAITING, [])]).await?;
        let row: Option<WaitingRow> = answers.first()?;
        Ok(row.map_or(0, |row| row.waiting))
    }

    async fn seize(
        &self,
        user: &UserId,
        terms: &Terms,
    ) -> Result<Result<Option<Mapping>, Busy>, StoreError> {
        let read = Statement::new(MAPPING, [user.as_str().into()]);
        let seize = Statement::new(
            SEIZE,
            [
                user.as_str().into(),
                terms.token.0.as_str().into(),
                terms.until.into(),
                terms.now.into(),
            ],
        );
        let mut answers = self.batch(vec![read, seize]).await?;
        let mapping = answers
            .first::<MappingColumns>()?
            .map(|columns| columns.into_mapping(user.as_str()))
            .transpose()?
            .flatten();
        if answers.count()? > 0 {
            return Ok(Ok(mapping));
        }
        let until = mapping.map_or(terms.now, |mapping| mapping.lease_until);
        Ok(Err(Busy { until }))
    }

    async fn mapped_to_others(
        &self,
        user: &UserId,
        accounts: &[RemoteId],
    ) -> Result<Vec<RemoteId>, StoreError> {
        let ids: Vec<&str> = accounts.iter().map(|id| id.0.as_str()).collect();
        let read = Statement::new(MAPPED_TO_OTHERS, [user.as_str().into(), json(&ids)?]);
        let rows: Vec<AccountRow> = self.batch(vec![read]).await?.rows()?;
        Ok(rows
            .into_iter()
            .map(|row| RemoteId(row.threedeye_id))
            .collect())
    }

    async fn clear(
        &self,
        token: &LeaseToken,
        user: &UserId,
        clearing: &Clearing,
        now: Timestamp,
        entry: &audit::Entry,
    ) -> Result<Option<Cleared>, StoreError> {
        let audit = Statement::new(
            AUDIT_LEASED,
            [audit_json([entry])?, token.0.as_str().into()],
        );
        let [user_arg, token_arg] = leased(user, token);
        // A recovery statement that neither keeps nor clears only reads.
        let recovery = match &clearing.keep_roles {
            Some(roles) => Statement::new(
                KEEP_RECOVERY,
                [user_arg, token_arg, json(&role_texts(roles))?, now.into()],
            ),
            None if clearing.clear_mapping => Statement::new(CLEAR_RECOVERY, [user_arg, token_arg]),
            None => Statement::new(LEASE_HELD, [user_arg, token_arg]),
        };
        let [user_arg, token_arg] = leased(user, token);
        let mapping = if clearing.clear_mapping {
            Statement::new(CLEAR_MAPPING, [user_arg, token_arg])
        } else {
            let forget = clearing.forget_remote.into();
            Statement::new(REOPEN_MAPPING, [user_arg, token_arg, forget, now.into()])
        };
        let mut answers = self
            .batch(vec![
                audit,
                recovery,
                mapping,
                Statement::new(DROP_IDLE, [user.as_str().into()]),
                Statement::new(DUE_NOW, [user.as_str().into(), now.into()]),
            ])
            .await?;
        answers.skip()?;
        let clears_recovery = clearing.clear_mapping && clearing.keep_roles.is_none();
        let recovery = answers.count()? > 0 && clears_recovery;
        if answers.count()? == 0 {
            return Ok(None);
        }
        Ok(Some(Cleared {
            mapping: clearing.clear_mapping,
            recovery,
        }))
    }

    async fn release(&self, token: &LeaseToken, user: &UserId) -> Result<(), StoreError> {
        self.batch(vec![
            Statement::new(GIVE_BACK, leased(user, token)),
            Statement::new(DROP_IDLE, [user.as_str().into()]),
        ])
        .await
        .map(|_| ())
    }
}

fn guarded(written: bool, held: bool) -> Guarded {
    match (written, held) {
        (true, _) => Guarded::Written,
        (false, true) => Guarded::Contested,
        (false, false) => Guarded::LeaseLost,
    }
}
