//! The transactions of provisioning in SQL.
//!
//! Atomicity comes from the batch, exclusion from the lease (`sql`).

use std::collections::{BTreeMap, BTreeSet};

use crate::db::DatabaseError;
use crate::kernel::audit;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::listing::{Candidate, Listed};
use crate::provisioning::policy::{REMOVAL_MEMORY, SETTLING};
use crate::provisioning::record::{Claimed, Dossier, Forgotten};
use crate::provisioning::store::{
    Bid, Busy, Cleared, Clearing, Guarded, LeaseToken, RunClosing, RunOpening, Settlement, Store,
    Terms,
};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use crate::db::{Arg, Database, Statement};
use crate::db::{audit_change, audit_json};
use crate::provisioning::store::rows::{CandidateRow, ClaimedRow, DossierRow};

use crate::provisioning::store::parameters::{
    AccountParameter, AccountRow, BidParameter, ListedParameter, RemovalRow, SettlementParameter,
    UserIdRow, WaitingRow, WrittenRow, role_list,
};

pub(crate) fn dossier_statement(user: &UserId) -> Statement {
    Statement::new(
        crate::provisioning::store::sql::DOSSIER,
        [user.as_str().into()],
    )
}

pub(crate) fn read_dossier(row: Option<DossierRow>) -> Result<Dossier, DatabaseError> {
    row.map_or_else(|| Ok(Dossier::default()), DossierRow::into_dossier)
}

pub(crate) fn due_statement(now: Timestamp, limit: u32) -> Statement {
    Statement::new(
        crate::provisioning::store::sql::DUE,
        [now.into(), limit.into()],
    )
}

pub(crate) fn candidates(rows: Vec<CandidateRow>) -> Result<Vec<Candidate>, DatabaseError> {
    rows.into_iter().map(CandidateRow::into_candidate).collect()
}

fn leased(user: &UserId, token: &LeaseToken) -> [Arg; 2] {
    [user.as_str().into(), token.0.as_str().into()]
}

fn keep_recovery(
    token: &LeaseToken,
    user: &UserId,
    roles: &[RoleId],
    now: Timestamp,
) -> Result<Statement, DatabaseError> {
    let [user, token] = leased(user, token);
    let roles = role_list(roles)?.into();
    Ok(Statement::new(
        crate::provisioning::store::sql::KEEP_RECOVERY,
        [user, token, roles, now.into()],
    ))
}

/// What follows a change: its audit row, the removals it announces, and the end
/// of what is too old to matter. Nothing but the last if nothing was changed.
fn note_removals(
    accounts: &[&RemoteUser],
    entry: &audit::Entry,
) -> Result<[Statement; 3], DatabaseError> {
    let emails: Vec<EmailKey> = accounts.iter().filter_map(|a| a.email_key()).collect();
    let emails: Vec<&str> = emails.iter().map(EmailKey::as_str).collect();
    let old = entry.at.minus(REMOVAL_MEMORY);
    Ok([
        audit_change(entry)?,
        Statement::new(
            crate::provisioning::store::sql::NOTE_REMOVALS,
            [Arg::json(&emails)?, entry.at.into()],
        ),
        Statement::new(
            crate::provisioning::store::sql::FORGET_REMOVALS,
            [old.into()],
        ),
    ])
}

/// Claims of users that were listed, each with what it finds if all is still so.
fn expected(bids: &[Bid]) -> impl Iterator<Item = (&Listed, Claimed)> {
    bids.iter().filter_map(|bid| {
        let listed = bid.listed.as_ref()?;
        Some((listed, listed.claimed(&bid.user, &bid.password)?))
    })
}

/// First all that are expected to be still as listed, then whoever is refused.
fn claim_statements(
    bids: &[Bid],
    expected: &[(&Listed, Claimed)],
    terms: &Terms,
) -> Result<Vec<Statement>, DatabaseError> {
    let as_listed: Result<Vec<ListedParameter>, DatabaseError> = expected
        .iter()
        .map(|(listed, claimed)| ListedParameter::new(listed, claimed))
        .collect();
    let count = Arg::from(u32::try_from(expected.len()).unwrap_or(u32::MAX));
    let by_name: BTreeSet<&UserId> = expected.iter().map(|(_, claimed)| &claimed.user).collect();
    let others = bids.iter().filter(|bid| !by_name.contains(&bid.user));
    let [all, others] = [bid_list(bids)?, bid_list(others)?];
    let terms_args = |list: Arg| {
        let token: Arg = terms.token.0.as_str().into();
        [
            list,
            token,
            terms.until.into(),
            terms.now.into(),
            settling(),
        ]
    };
    let mut claim = Statement::new(
        crate::provisioning::store::sql::CLAIM,
        terms_args(all.clone()),
    );
    claim.args.extend([count.clone(), others]);
    let token = terms.token.0.as_str().into();
    Ok(vec![
        Statement::new(
            crate::provisioning::store::sql::CLAIM_LISTED,
            terms_args(Arg::json(&as_listed?)?),
        ),
        Statement::new(
            crate::provisioning::store::sql::REFUSED_LISTED,
            [all, token, count],
        ),
        claim,
    ])
}

fn bid_list<'a>(bids: impl IntoIterator<Item = &'a Bid>) -> Result<Arg, DatabaseError> {
    let parameters: Vec<BidParameter> = bids.into_iter().map(Into::into).collect();
    Arg::json(&parameters)
}

impl Store for Database {
    async fn dossier(&self, user: &UserId) -> Result<Dossier, DatabaseError> {
        let mut answers = self.batch(vec![dossier_statement(user)]).await?;
        read_dossier(answers.first()?)
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Candidate>, DatabaseError> {
        let mut answers = self.batch(vec![due_statement(now, limit)]).await?;
        candidates(answers.rows()?)
    }

    async fn open_run(
        &self,
        opening: &RunOpening,
        due_by: Timestamp,
    ) -> Result<Vec<Candidate>, DatabaseError> {
        let open = Statement::new(
            crate::provisioning::store::sql::OPEN_RUN,
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

    async fn claim(&self, bids: &[Bid], terms: &Terms) -> Result<Vec<Claimed>, DatabaseError> {
        let expected: Vec<(&Listed, Claimed)> = expected(bids).collect();
        let mut answers = self
            .batch(claim_statements(bids, &expected, terms)?)
            .await?;
        answers.skip()?;
        let refused: Vec<UserIdRow> = answers.rows()?;
        let refused: BTreeSet<&str> = refused.iter().map(|row| row.user_id.as_str()).collect();
        let mut claimed: Vec<Claimed> = expected
            .into_iter()
            .map(|(_, claimed)| claimed)
            .filter(|claimed| !refused.contains(claimed.user.as_str()))
            .collect();
        let offered: BTreeMap<&str, &Sealed> = bids
            .iter()
            .map(|bid| (bid.user.as_str(), &bid.password))
            .collect();
        for row in answers.rows::<ClaimedRow>()? {
            let offered = offered.get(row.user_id.as_str()).copied();
            claimed.push(row.into_claimed(offered)?);
        }
        // Whoever was bid for first is taken up first, should a run end early.
        let turns: BTreeMap<&UserId, usize> = bids.iter().map(|bid| &bid.user).zip(0..).collect();
        claimed.sort_by_key(|claim| turns.get(&claim.user).copied());
        Ok(claimed)
    }

    async fn set_aside(
        &self,
        users: &[UserId],
        error: &str,
        now: Timestamp,
        entries: &[audit::Entry],
    ) -> Result<(), DatabaseError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        self.batch(vec![
            Statement::new(
                crate::provisioning::store::sql::SET_ASIDE,
                [Arg::json(&ids)?, error.into(), now.into()],
            ),
            Statement::new(
                crate::provisioning::store::sql::AUDIT_SET_ASIDE,
                [audit_json(entries)?],
            ),
        ])
        .await
        .map(|_| ())
    }

    async fn renew(
        &self,
        token: &LeaseToken,
        users: &[UserId],
        until: Timestamp,
    ) -> Result<Vec<UserId>, DatabaseError> {
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let renew = Statement::new(
            crate::provisioning::store::sql::RENEW,
            [token.0.as_str().into(), until.into(), Arg::json(&ids)?],
        );
        Ok(user_ids(self.batch(vec![renew]).await?.rows()?))
    }

    async fn save_recovery(
        &self,
        token: &LeaseToken,
        user: &UserId,
        account: &RemoteUser,
        roles: &[RoleId],
        entry: &audit::Entry,
    ) -> Result<Guarded, DatabaseError> {
        let save = Statement::new(
            crate::provisioning::store::sql::SAVE_RECOVERY,
            [
                user.as_str().into(),
                token.0.as_str().into(),
                account.id.0.as_str().into(),
                role_list(roles)?.into(),
                entry.at.into(),
            ],
        );
        let held = Statement::new(
            crate::provisioning::store::sql::LEASE_HELD,
            leased(user, token),
        );
        let mut statements = vec![save, held];
        statements.extend(note_removals(&[account], entry)?);
        let mut answers = self.batch(statements).await?;
        let saved = answers.count()? > 0;
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
    ) -> Result<Guarded, DatabaseError> {
        let [user_arg, token_arg] = leased(user, token);
        let replace = Statement::new(
            crate::provisioning::store::sql::REPLACE_INTENT,
            [
                user_arg,
                token_arg,
                email.as_str().into(),
                password.as_str().into(),
                now.into(),
            ],
        );
        let held = Statement::new(
            crate::provisioning::store::sql::LEASE_HELD,
            leased(user, token),
        );
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
    ) -> Result<Vec<UserId>, DatabaseError> {
        let settlements: Vec<SettlementParameter> = settlements.iter().map(Into::into).collect();
        let list = Arg::json(&settlements)?;
        let token: Arg = token.0.as_str().into();
        let mut answers = self
            .batch(vec![
                Statement::new(
                    crate::provisioning::store::sql::SETTLE,
                    [list, token.clone(), now.into()],
                ),
                Statement::new(crate::provisioning::store::sql::UNSETTLED, [token]),
            ])
            .await?;
        answers.skip()?;
        Ok(user_ids(answers.rows()?))
    }

    async fn close_run(&self, closing: &RunClosing) -> Result<u64, DatabaseError> {
        let status = if closing.completed {
            "completed"
        } else {
            "ended_early"
        };
        let tally = &closing.tally;
        let close = Statement::new(
            crate::provisioning::store::sql::CLOSE_RUN,
            [
                closing.run_id.as_str().into(),
                status.into(),
                tally.total.into(),
                tally.created.into(),
                tally.failed.into(),
                tally.skipped.into(),
                tally.quarantined.into(),
                Arg::json(&tally.errors)?,
                closing.finished_at.into(),
            ],
        );
        let row: Option<WaitingRow> = self.batch(vec![close]).await?.first()?;
        Ok(row.map_or(0, |row| row.waiting))
    }

    async fn waiting(&self) -> Result<u64, DatabaseError> {
        let mut answers = self
            .batch(vec![Statement::new(
                crate::provisioning::store::sql::WAITING,
                [],
            )])
            .await?;
        let row: Option<WaitingRow> = answers.first()?;
        Ok(row.map_or(0, |row| row.waiting))
    }

    async fn seize(
        &self,
        user: &UserId,
        terms: &Terms,
    ) -> Result<Result<Dossier, Busy>, DatabaseError> {
        let seize = Statement::new(
            crate::provisioning::store::sql::SEIZE,
            [
                user.as_str().into(),
                terms.token.0.as_str().into(),
                terms.until.into(),
                terms.now.into(),
                settling(),
            ],
        );
        let mut answers = self.batch(vec![dossier_statement(user), seize]).await?;
        let dossier = read_dossier(answers.first()?)?;
        if answers.count()? > 0 {
            return Ok(Ok(dossier));
        }
        let until = dossier.mapping.map_or(terms.now, |row| row.lease_until);
        Ok(Err(Busy { until }))
    }

    async fn removed_at(&self, email: &EmailKey) -> Result<Option<Timestamp>, DatabaseError> {
        let read = Statement::new(
            crate::provisioning::store::sql::REMOVED_AT,
            [email.as_str().into()],
        );
        let row: Option<RemovalRow> = self.batch(vec![read]).await?.first()?;
        Ok(row.map(|row| Timestamp::from_millis(row.removed_at)))
    }

    async fn foreign(
        &self,
        user: &UserId,
        accounts: &[&RemoteUser],
    ) -> Result<Vec<RemoteId>, DatabaseError> {
        let emails: Vec<Option<EmailKey>> = accounts.iter().map(|a| a.email_key()).collect();
        let parameters: Vec<AccountParameter> = accounts
            .iter()
            .zip(&emails)
            .map(|(account, email)| AccountParameter {
                id: &account.id.0,
                email: email.as_ref().map(EmailKey::as_str),
            })
            .collect();
        let read = Statement::new(
            crate::provisioning::store::sql::FOREIGN,
            [user.as_str().into(), Arg::json(&parameters)?],
        );
        let rows: Vec<AccountRow> = self.batch(vec![read]).await?.rows()?;
        Ok(rows
            .into_iter()
            .map(|row| RemoteId(row.threedeye_id))
            .collect())
    }

    async fn begin_removal(
        &self,
        token: &LeaseToken,
        user: &UserId,
        accounts: &[&RemoteUser],
        keep_roles: Option<&[RoleId]>,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        let [user_arg, token_arg] = leased(user, token);
        let open = Statement::new(
            crate::provisioning::store::sql::OPEN_FOR_REMOVAL,
            [user_arg, token_arg, entry.at.into()],
        );
        let mut statements = vec![open];
        statements.extend(note_removals(accounts, entry)?);
        if let Some(roles) = keep_roles {
            statements.push(keep_recovery(token, user, roles, entry.at)?);
        }
        Ok(self.batch(statements).await?.count()? > 0)
    }

    async fn reseal(&self, user: &UserId, old: &Sealed, new: &Sealed) -> Result<(), DatabaseError> {
        let args = [
            user.as_str().into(),
            old.as_str().into(),
            new.as_str().into(),
        ];
        self.batch(vec![Statement::new(
            crate::provisioning::store::sql::RESEAL,
            args,
        )])
        .await
        .map(|_| ())
    }

    async fn clear(
        &self,
        token: &LeaseToken,
        user: &UserId,
        clearing: &Clearing,
        now: Timestamp,
        entry: &audit::Entry,
    ) -> Result<Option<Cleared>, DatabaseError> {
        let audit = Statement::new(
            crate::provisioning::store::sql::AUDIT_LEASED,
            [audit_json([entry])?, token.0.as_str().into()],
        );
        let [user_arg, token_arg] = leased(user, token);
        // A recovery statement that neither keeps nor clears only reads.
        let recovery = match &clearing.keep_roles {
            Some(roles) => keep_recovery(token, user, roles, now)?,
            None if clearing.clear_mapping => Statement::new(
                crate::provisioning::store::sql::CLEAR_RECOVERY,
                [user_arg, token_arg],
            ),
            None => Statement::new(
                crate::provisioning::store::sql::LEASE_HELD,
                [user_arg, token_arg],
            ),
        };
        let [user_arg, token_arg] = leased(user, token);
        let due = Statement::new(
            crate::provisioning::store::sql::DUE_NOW,
            [user_arg, token_arg, now.into()],
        );
        let mut statements = vec![audit, due, recovery];
        if let (true, Some(account)) = (clearing.clear_mapping, &clearing.forgotten) {
            statements.extend(let_go(token, user, account, now)?);
        } else if clearing.clear_mapping {
            statements.push(Statement::new(
                crate::provisioning::store::sql::CLEAR_MAPPING,
                leased(user, token),
            ));
        } else {
            let [user_arg, token_arg] = leased(user, token);
            let forget = clearing.forget_remote.into();
            let args = [user_arg, token_arg, forget, now.into()];
            statements.push(Statement::new(
                crate::provisioning::store::sql::REOPEN_MAPPING,
                args,
            ));
            statements.extend(give_back(token, user, None));
        }
        let mut answers = self.batch(statements).await?;
        answers.skip()?;
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

    async fn release(
        &self,
        token: &LeaseToken,
        user: &UserId,
        settled_at: Option<Timestamp>,
    ) -> Result<(), DatabaseError> {
        let give_back = give_back(token, user, settled_at);
        self.batch(give_back.into()).await.map(|_| ())
    }
}

fn give_back(token: &LeaseToken, user: &UserId, settled_at: Option<Timestamp>) -> [Statement; 2] {
    let [user_arg, token_arg] = leased(user, token);
    let settled_at = settled_at.unwrap_or_default().into();
    [
        Statement::new(
            crate::provisioning::store::sql::DROP_IDLE,
            leased(user, token),
        ),
        Statement::new(
            crate::provisioning::store::sql::GIVE_BACK,
            [user_arg, token_arg, settled_at],
        ),
    ]
}

/// [`SETTLING`] in milliseconds.
fn settling() -> Arg {
    Arg::Int(i64::try_from(SETTLING.as_millis()).unwrap_or(i64::MAX))
}

/// The mapping goes; of its account only what leads to it stays.
fn let_go(
    token: &LeaseToken,
    user: &UserId,
    account: &Forgotten,
    now: Timestamp,
) -> Result<[Statement; 2], DatabaseError> {
    let [user_arg, token_arg] = leased(user, token);
    let id = account.id.as_ref().map(|id| id.0.as_str());
    let forget = [
        user_arg,
        token_arg,
        account.email.as_str().into(),
        id.into(),
        account.password.as_str().into(),
        now.into(),
    ];
    let removal = [Arg::json(&[account.email.as_str()])?, now.into()];
    Ok([
        Statement::new(crate::provisioning::store::sql::FORGET_MAPPING, forget),
        Statement::new(crate::provisioning::store::sql::NOTE_REMOVALS, removal),
    ])
}

fn user_ids(rows: Vec<UserIdRow>) -> Vec<UserId> {
    rows.into_iter()
        .map(|row| UserId::new(row.user_id))
        .collect()
}

fn guarded(written: bool, held: bool) -> Guarded {
    match (written, held) {
        (true, _) => Guarded::Written,
        (false, true) => Guarded::Contested,
        (false, false) => Guarded::LeaseLost,
    }
}
