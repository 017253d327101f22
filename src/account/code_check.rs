//! Codes of the second factor: everything between the text that a caller presents and the outcome. Tested
//! through the router, in `endpoints::tests`.

use crate::account::store::{
    CheckedTotp, CodeAttempt, CodeKind, CodeOutcome, try_backup_code, try_totp, validate_setup,
};
use crate::account::totp::BadSecret;
use crate::account::{BackupCode, Notice, NoticeKind, Person, SecondFactor, TotpCode, TotpSecret};
use crate::auth::store::touch_api_key;
use crate::db::{Database, DatabaseError};
use crate::kernel::audit::Action;
use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer, Timestamp, UserId};

/// Why a code was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    #[error("the code is wrong, was used, or the second factor is off")]
    Rejected,
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
    /// Accepts a typed code of the second factor, of either kind, once.
    ///
    /// # Errors
    ///
    /// [`CodeError`], but for `NoSetup`.
    pub async fn accept(&self, text: &str) -> Result<CodeKind, CodeError> {
        let Some(secret) = &self.factor.secret else {
            // No code can be right, so there is nothing to count.
            if let Some(key) = self.attempt.api_key {
                touch_api_key(self.database, key, self.now()).await?;
            }
            return Err(CodeError::Rejected);
        };
        // What is neither kind of code counts as a wrong backup code, so that no attempt goes uncounted.
        let (outcome, kind) = match TotpCode::parse(text) {
            Some(code) => (self.try_totp(secret, &code).await?, CodeKind::Totp),
            None => (self.try_backup(text).await?, CodeKind::Backup),
        };
        match outcome {
            CodeOutcome::Accepted => Ok(kind),
            CodeOutcome::Rejected | CodeOutcome::SecretChanged => Err(CodeError::Rejected),
            CodeOutcome::Locked(seconds) => Err(CodeError::Locked(seconds)),
        }
    }

    /// Turns the second factor on by the first code of its set-up.
    ///
    /// # Errors
    ///
    /// [`CodeError`].
    pub async fn validate_setup(&self, text: &str) -> Result<(), CodeError> {
        let now = self.now();
        let setup = self.factor.pending(self.person, now);
        let setup = setup.ok_or(CodeError::NoSetup)?;
        self.factor.totp.check(now).map_err(CodeError::Locked)?;
        let sealer = self.sealer()?;
        let bound_to = UserId::new(&setup.bound_to);
        let secret = TotpSecret::open(&setup.sealed, Purpose::PendingTotpSecret, &bound_to, sealer)
            .map_err(|cause| CodeError::BadSecret("second_factors.pending", cause))?;
        let resealed = self.seal(&secret)?;
        let checked = CheckedTotp {
            read: &setup.sealed,
            resealed: &resealed,
            step: TotpCode::parse(text).and_then(|code| secret.matching_step(&code, now)),
        };
        let outcome = if self.factor.is_on() {
            "replaced"
        } else {
            "on"
        };
        let entry = self.attempt.audit.entry(Action::EnableTwoFactor, outcome);
        let notice = self.notice(NoticeKind::TwoFactorEnabled);
        match validate_setup(self.database, &self.attempt, &checked, &entry, &notice).await? {
            CodeOutcome::Accepted => Ok(()),
            CodeOutcome::Rejected => Err(CodeError::Rejected),
            CodeOutcome::SecretChanged => Err(CodeError::NoSetup),
            CodeOutcome::Locked(seconds) => Err(CodeError::Locked(seconds)),
        }
    }

    async fn try_totp(&self, sealed: &Sealed, code: &TotpCode) -> Result<CodeOutcome, CodeError> {
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
        Ok(try_totp(self.database, &self.attempt, &checked).await?)
    }

    async fn try_backup(&self, text: &str) -> Result<CodeOutcome, CodeError> {
        let lock = self.factor.backup;
        lock.check(self.now()).map_err(CodeError::Locked)?;
        let sealer = self.sealer()?;
        let hashes = BackupCode::parse(text)
            .map(|code| code.hashes(&self.person.id, sealer))
            .unwrap_or_default();
        let notice = self.notice(NoticeKind::BackupCodeUsed);
        Ok(try_backup_code(self.database, &self.attempt, &hashes, &notice).await?)
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
