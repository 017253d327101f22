//! The steps, and how they are taken.

use super::*;
use crate::db::DatabaseError;

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Step {
    PutUser(UserId, Option<String>),
    ChangeEmail(UserId, Option<String>),
    DeleteUser(UserId),
    Advance(Duration),
    OpenRun(u32),
    CloseRun(u32),
    Claim(LeaseToken, Vec<ClaimRequest>),
    SetAside(Vec<UserId>),
    RenewLeases(LeaseToken, Vec<UserId>),
    SaveRecovery(LeaseToken, UserId, RemoteAccount),
    ReplaceIntent(LeaseToken, UserId, EmailKey, Sealed),
    RecordOutcomes(LeaseToken, Vec<(UserId, Outcome)>),
    AcquireLease(LeaseToken, UserId),
    AccountsOfOthers(UserId, Vec<RemoteAccount>),
    BeginRemoval(LeaseToken, UserId, Vec<RemoteAccount>, Option<Vec<RoleId>>),
    Reseal(UserId, Sealed, Sealed),
    Clear(LeaseToken, UserId, Clearing),
    ReleaseLease(LeaseToken, UserId, Option<Timestamp>),
    Plan(PlanTerms),
    OpenDelivery(Vec<ChunkId>),
    CloseDelivery(Vec<ChunkId>, Vec<ReplacementAllowance>),
    GiveUp(Vec<ChunkId>),
}

/// What a plan leaves open.
#[derive(Debug, Clone)]
pub struct PlanTerms {
    pub number: u32,
    pub limit: u32,
    pub chunk_size: u32,
    pub hold: Duration,
    pub abandoned_after: Duration,
}

impl Step {
    /// The lease without which the step changes nothing.
    pub fn lease(&self) -> Option<&LeaseToken> {
        match self {
            Self::RenewLeases(token, _)
            | Self::SaveRecovery(token, ..)
            | Self::ReplaceIntent(token, ..)
            | Self::RecordOutcomes(token, _)
            | Self::BeginRemoval(token, ..)
            | Self::Clear(token, ..)
            | Self::ReleaseLease(token, ..) => Some(token),
            _ => None,
        }
    }
}

/// What later steps need of an answer.
pub enum Answer {
    Other,
    Claimed(Vec<Claimed>),
    Acquired,
    Planned(Vec<ChunkId>),
}

/// Takes the step.
pub fn perform(test: &StoreTest, step: &Step) -> Result<Answer, DatabaseError> {
    let answer = block_on(perform_store_step(test, step))?;
    match step {
        Step::PutUser(user, email) => test.put_user(user, email.as_deref()),
        Step::ChangeEmail(user, email) => test.change_email(user, email.as_deref()),
        Step::DeleteUser(user) => test.delete_user(user),
        Step::Advance(time) => test.advance(*time),
        _ => {}
    }
    Ok(answer)
}

async fn perform_store_step(test: &StoreTest, step: &Step) -> Result<Answer, DatabaseError> {
    let (database, now) = (&test.database, test.now());
    match step {
        Step::PutUser(..) | Step::ChangeEmail(..) | Step::DeleteUser(_) | Step::Advance(_) => {}
        Step::OpenRun(number) => {
            let opening = opening(format!("run-{number}"), 2, now);
            store::open_run(database, &opening, now).await?;
        }
        Step::CloseRun(number) => {
            store::close_run(database, &closing(*number, now)).await?;
        }
        Step::Claim(token, requests) => {
            let claimed = store::claim(database, requests, &test.terms(&token.0)).await?;
            return Ok(Answer::Claimed(claimed));
        }
        Step::SetAside(users) => {
            let entry = |user: &UserId| test.entry(user.as_str(), "aside");
            let entries: Vec<Entry> = users.iter().map(entry).collect();
            store::set_aside(database, users, "held", now, &entries).await?;
        }
        Step::RenewLeases(token, users) => {
            store::renew_leases(database, token, users, now.plus(LEASE)).await?;
        }
        Step::SaveRecovery(token, user, account) => {
            let entry = test.entry(user.as_str(), "saved");
            store::save_recovery(database, token, user, account, &account.roles, &entry).await?;
        }
        Step::ReplaceIntent(token, user, email, password) => {
            store::replace_intent(database, token, user, email, password, now).await?;
        }
        Step::RecordOutcomes(token, ended) => {
            let outcome = |(user, outcome): &(UserId, Outcome)| UserOutcome {
                user: user.clone(),
                outcome: outcome.clone(),
                entry: (!matches!(outcome, Outcome::Released { .. }))
                    .then(|| test.entry(user.as_str(), "settled")),
            };
            let outcomes: Vec<UserOutcome> = ended.iter().map(outcome).collect();
            store::record_outcomes(database, token, &outcomes, now).await?;
        }
        Step::AcquireLease(token, user) => {
            let acquired = store::acquire_lease(database, user, &test.terms(&token.0)).await?;
            if acquired.is_ok() {
                return Ok(Answer::Acquired);
            }
        }
        Step::AccountsOfOthers(user, accounts) => {
            let accounts: Vec<&RemoteAccount> = accounts.iter().collect();
            store::accounts_of_others(database, user, &accounts).await?;
        }
        Step::BeginRemoval(token, user, accounts, roles) => {
            let accounts: Vec<&RemoteAccount> = accounts.iter().collect();
            let entry = test.entry(user.as_str(), "removing");
            let roles = roles.as_deref();
            store::begin_removal(database, token, user, &accounts, roles, &entry).await?;
        }
        Step::Reseal(user, old, new) => store::reseal(database, user, old, new).await?,
        Step::Clear(token, user, clearing) => {
            let entry = test.entry(user.as_str(), "cleared");
            store::clear(database, token, user, clearing, now, &entry).await?;
        }
        Step::ReleaseLease(token, user, settled_at) => {
            store::release_lease(database, token, user, *settled_at).await?;
        }
        Step::Plan(terms) => {
            let planned = store::plan_run(database, &planning(terms, now)).await?;
            return Ok(Answer::Planned(planned.chunks));
        }
        Step::OpenDelivery(chunks) => {
            store::open_delivery(database, chunks, now).await?;
        }
        Step::CloseDelivery(chunks, unused) => {
            store::close_delivery(database, chunks, unused, now).await?;
        }
        Step::GiveUp(chunks) => store::give_up(database, chunks, "no consumer came", now).await?,
    }
    Ok(Answer::Other)
}

fn opening(run_id: String, limit: u32, started_at: Timestamp) -> RunOpening {
    RunOpening {
        run_id,
        trigger: Trigger::Cron,
        origin: origin(),
        limit,
        started_at,
    }
}

fn closing(number: u32, finished_at: Timestamp) -> RunClosing {
    RunClosing {
        run_id: format!("run-{number}"),
        completed: number.is_multiple_of(2),
        tally: Tally {
            total: 1,
            failed: 1,
            errors: vec!["it failed".to_owned()],
            ..Tally::default()
        },
        finished_at,
    }
}

/// Runs of their own, apart from those of [`Step::OpenRun`].
pub fn planned_run(number: u32) -> String {
    format!("plan-{number}")
}

fn planning(terms: &PlanTerms, now: Timestamp) -> Planning {
    Planning {
        opening: opening(planned_run(terms.number), terms.limit, now),
        max_replacements: 3,
        due_by: now,
        hold_until: now.plus(terms.hold),
        chunk_size: terms.chunk_size,
        abandoned_before: now.minus(terms.abandoned_after),
    }
}
