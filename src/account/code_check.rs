//! Codes of the second factor: everything between the text that a caller presents and the outcome. Tested
//! through the router, in `endpoints::tests`.

use crate::account::store::{
    CheckedTotp, CodeAttempt, CodeKind, CodeOutcome, FollowUp, SetupValidation, try_backup_code,
    try_totp, validate_setup,
};
use crate::account::totp::BadSecret;
use crate::account::{BackupCode, Notice, NoticeKind, Person, SecondFactor, TotpCode, TotpSecret};
use crate::db::{Database, DatabaseError};
use crate::kernel::audit::Action;
use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer, Timestamp, UserId};

/// Why a code was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    #[error("the code is wrong, was used, or the second factor is off")]
    Rejected,
    /// The code of the second factor that a set-up is to replace.
    #[error("the code of the present second factor is wrong, or was used")]
    CurrentRejected,
    #[error("there is no set-up, or it has expired")]
    NoSetup,
    /// Codes of this kind are locked for so many seconds, right ones too.
    #[error("locked for {0} s")]
    Locked(u64),
    #[error("CREDENTIALS_KEY is missing or malformed")]
    NoKey,
    /// The column whose secret does not open.
    #[error("{0}: {1}")]
    BadSecret(&'static str, BadSecret),
    #[error("a secret: {0}")]
    Seal(SealError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What permits a change that needs the second factor.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// Nothing more than the request has shown already.
    Given,
    /// A code, which is still to be checked.
    Code(&'a str),
}

/// Checks the code that one request presents for one account.
pub struct CodeCheck<'a> {
    pub database: &'a Database,
    pub sealer: Option<&'a Sealer>,
    pub random: &'a dyn Random,
    pub person: &'a Person,
    pub factor: &'a SecondFactor,
    pub attempt: CodeAttempt<'a>,
}

impl CodeCheck<'_> {
    /// Accepts a typed code of the second factor, of either kind, once; and in the same batch changes what
    /// follows from it.
    ///
    /// # Errors
    ///
    /// [`CodeError`], but for `NoSetup` and `CurrentRejected`.
    pub async fn accept(&self, text: &str, follow_up: FollowUp<'_>) -> Result<CodeKind, CodeError> {
        let (outcome, kind) = self.attempt(text, follow_up).await?;
        match outcome {
            CodeOutcome::Accepted => Ok(kind),
            CodeOutcome::Rejected | CodeOutcome::SecretChanged => Err(CodeError::Rejected),
            CodeOutcome::Locked(seconds) => Err(CodeError::Locked(seconds)),
        }
    }

    async fn attempt(
        &self,
        text: &str,
        follow_up: FollowUp<'_>,
    ) -> Result<(CodeOutcome, CodeKind), CodeError> {
        let Some(secret) = &self.factor.secret else {
            // No code can be right, so there is nothing to count.
            return Ok((CodeOutcome::Rejected, CodeKind::Totp));
        };
        // What is neither kind of code counts as a wrong backup code, so that no attempt goes uncounted.
        Ok(match TotpCode::parse(text) {
            Some(code) => {
                let tried = self.try_totp(secret, &code, follow_up);
                (tried.await?, CodeKind::Totp)
            }
            None => (self.try_backup(text, follow_up).await?, CodeKind::Backup),
        })
    }

    /// Turns the second factor on by the first code of its set-up, in place of the one of which there is a
    /// proof.
    ///
    /// # Errors
    ///
    /// [`CodeError`], but for `Rejected` where it is the proof's code.
    pub async fn validate_setup(&self, text: &str, proof: Proof<'_>) -> Result<(), CodeError> {
        let now = self.now();
        let setup = self.factor.pending(self.person, now);
        let setup = setup.ok_or(CodeError::NoSetup)?;
        self.factor.totp.check(now).map_err(CodeError::Locked)?;
        let sealer = self.sealer()?;
        let bound_to = UserId::new(&setup.bound_to);
        let secret = TotpSecret::open(&setup.sealed, Purpose::PendingTotpSecret, &bound_to, sealer)
            .map_err(|cause| CodeError::BadSecret("second_factors.pending", cause))?;
        let resealed = self.seal(&secret)?;
        let step = TotpCode::parse(text).and_then(|code| secret.matching_step(&code, now));
        let is_replaced = self.factor.is_on();
        let outcome = if is_replaced { "replaced" } else { "on" };
        let validation = SetupValidation {
            setup: CheckedTotp {
                read: &setup.sealed,
                resealed: &resealed,
                step,
            },
            entry: self.attempt.audit.entry(Action::EnableTwoFactor, outcome),
            notice: self.notice(NoticeKind::TwoFactorEnabled),
        };
        let (outcome, rejected) = match proof {
            // With a wrong code of the set-up nothing would be replaced, so the proof is not used up.
            Proof::Code(code) if is_replaced && step.is_some() => {
                let replace = FollowUp::Replace(&validation);
                let (outcome, _) = self.attempt(code, replace).await?;
                (outcome, CodeError::CurrentRejected)
            }
            Proof::Code(_) | Proof::Given => {
                let (database, attempt) = (self.database, &self.attempt);
                let may_replace = is_replaced && matches!(proof, Proof::Given);
                let outcome = validate_setup(database, attempt, &validation, may_replace).await?;
                (outcome, CodeError::Rejected)
            }
        };
        match outcome {
            CodeOutcome::Accepted => Ok(()),
            CodeOutcome::Rejected => Err(rejected),
            CodeOutcome::SecretChanged => Err(CodeError::NoSetup),
            CodeOutcome::Locked(seconds) => Err(CodeError::Locked(seconds)),
        }
    }

    async fn try_totp(
        &self,
        sealed: &Sealed,
        code: &TotpCode,
        follow_up: FollowUp<'_>,
    ) -> Result<CodeOutcome, CodeError> {
        let now = self.now();
        self.factor.totp.check(now).map_err(CodeError::Locked)?;
        let (sealer, user) = (self.sealer()?, &self.person.id);
        let secret = TotpSecret::open(sealed, Purpose::TotpSecret, user, sealer)
            .map_err(|cause| CodeError::BadSecret("second_factors", cause))?;
        // After a rotation, secrets move to the current key as they are used.
        let resealed = if sealer.is_current(sealed) {
            sealed.clone()
        } else {
            self.seal(&secret)?
        };
        let checked = CheckedTotp {
            read: sealed,
            resealed: &resealed,
            step: secret.matching_step(code, now),
        };
        Ok(try_totp(self.database, &self.attempt, &checked, follow_up).await?)
    }

    async fn try_backup(
        &self,
        text: &str,
        follow_up: FollowUp<'_>,
    ) -> Result<CodeOutcome, CodeError> {
        let lock = self.factor.backup;
        lock.check(self.now()).map_err(CodeError::Locked)?;
        let sealer = self.sealer()?;
        let hashes = BackupCode::parse(text)
            .map(|code| code.hashes(&self.person.id, sealer))
            .unwrap_or_default();
        let notice = self.notice(NoticeKind::BackupCodeUsed);
        let tried = try_backup_code(self.database, &self.attempt, &hashes, &notice, follow_up);
        Ok(tried.await?)
    }

    fn seal(&self, secret: &TotpSecret) -> Result<Sealed, CodeError> {
        let (sealer, user) = (self.sealer()?, &self.person.id);
        let sealed = secret.seal(Purpose::TotpSecret, user, sealer, self.random);
        sealed.map_err(CodeError::Seal)
    }

    fn now(&self) -> Timestamp {
        self.attempt.audit.at
    }

    fn notice(&self, kind: NoticeKind) -> Notice {
        let (user, to) = (&self.person.id, self.person.address());
        Notice::new(kind, user, to, self.now(), self.random)
    }

    fn sealer(&self) -> Result<&Sealer, CodeError> {
        self.sealer.ok_or(CodeError::NoKey)
    }
}
