//! Codes of the second factor: everything between the text that a caller presents and the outcome.

use crate::account::store::{
    ApiKeyUse, CheckedSetup, CheckedTotp, CodeAttempt, CodeKind, CodeOutcome, Disable,
    HashedBackupCode, note_api_key_use, try_backup_code, try_totp, validate_setup,
};
use crate::account::{
    AuditContext, BackupCode, Notice, NoticeKind, Person, PresentedCode, SecondFactor, TotpCode,
    second_factor,
};
use crate::db::{Database, DatabaseError};
use crate::kernel::audit::Action;
use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer};

use crate::account::second_factor::BadSecret;

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

/// Checks the codes that one request presents for one account.
pub struct CodeCheck<'a> {
    pub database: &'a Database,
    pub sealer: Option<&'a Sealer>,
    pub random: &'a dyn Random,
    pub person: &'a Person,
    pub factor: &'a SecondFactor,
    pub audit: &'a AuditContext,
    /// The API key by which the code came, where its use is to be noted.
    pub api_key: Option<&'a ApiKeyUse>,
    /// Turns the second factor off, in the transaction that accepts the code.
    pub disable: Option<&'a Disable>,
}

impl CodeCheck<'_> {
    /// Accepts a code of the second factor, of either kind, once.
    ///
    /// # Errors
    ///
    /// [`CodeError`], but for `NoSetup`.
    pub async fn accept(&self, text: &str) -> Result<CodeKind, CodeError> {
        let Some(secret) = &self.factor.secret else {
            // No code can be right, so there is nothing to count.
            if let Some(key) = self.api_key {
                note_api_key_use(self.database, key).await?;
            }
            return Err(CodeError::Rejected);
        };
        let (outcome, kind) = match PresentedCode::parse(text) {
            PresentedCode::Totp(code) => (self.try_totp(secret, &code).await?, CodeKind::Totp),
            PresentedCode::Backup(code) => (self.try_backup(Some(&code)).await?, CodeKind::Backup),
            PresentedCode::Malformed => (self.try_backup(None).await?, CodeKind::Backup),
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
        let at = self.audit.at;
        let setup = self.factor.pending(self.person, at);
        let setup = setup.ok_or(CodeError::NoSetup)?;
        self.factor.totp.check(at).map_err(CodeError::Locked)?;
        let sealer = self.sealer()?;
        let secret = setup
            .open(sealer)
            .map_err(|cause| CodeError::BadSecret("second_factors.pending", cause))?;
        let sealed = second_factor::seal(&secret, &self.person.id, sealer, self.random)
            .map_err(CodeError::Seal)?;
        let outcome = if self.factor.is_on() {
            "replaced"
        } else {
            "on"
        };
        let checked = CheckedSetup {
            pending: &setup.sealed,
            sealed: &sealed,
            step: TotpCode::parse(text).and_then(|code| secret.matching_step(&code, at)),
            entry: &self.audit.entry(Action::EnableTwoFactor, outcome),
            notice: &self.notice(NoticeKind::TwoFactorEnabled),
        };
        let attempt = self.attempt("codes of a set-up");
        match validate_setup(self.database, &attempt, &checked).await? {
            CodeOutcome::Accepted => Ok(()),
            CodeOutcome::Rejected => Err(CodeError::Rejected),
            CodeOutcome::SecretChanged => Err(CodeError::NoSetup),
            CodeOutcome::Locked(seconds) => Err(CodeError::Locked(seconds)),
        }
    }

    async fn try_totp(&self, sealed: &Sealed, code: &TotpCode) -> Result<CodeOutcome, CodeError> {
        let at = self.audit.at;
        self.factor.totp.check(at).map_err(CodeError::Locked)?;
        let (sealer, user) = (self.sealer()?, &self.person.id);
        let secret = second_factor::open(sealed, user, sealer)
            .map_err(|cause| CodeError::BadSecret("second_factors", cause))?;
        // After a rotation, secrets move to the current key as they are used.
        let resealed = if sealer.is_current(sealed) {
            sealed.clone()
        } else {
            second_factor::seal(&secret, user, sealer, self.random).map_err(CodeError::Seal)?
        };
        let checked = CheckedTotp {
            sealed,
            resealed: &resealed,
            step: secret.matching_step(code, at),
        };
        let attempt = self.attempt("codes of the authenticator");
        Ok(try_totp(self.database, &attempt, &checked).await?)
    }

    /// `None` is a text that cannot be a code.
    async fn try_backup(&self, code: Option<&BackupCode>) -> Result<CodeOutcome, CodeError> {
        let lock = self.factor.backup;
        lock.check(self.audit.at).map_err(CodeError::Locked)?;
        let (sealer, user) = (self.sealer()?, &self.person.id);
        let hashes =
            code.map(|code| sealer.keyed_hashes(Purpose::BackupCode, user, code.secret().expose()));
        let hashed = HashedBackupCode {
            hashes: hashes.as_deref().unwrap_or_default(),
            entry: &self.audit.entry(Action::UseBackupCode, "used"),
            notice: &self.notice(NoticeKind::BackupCodeUsed),
        };
        let attempt = self.attempt("backup codes");
        Ok(try_backup_code(self.database, &attempt, &hashed).await?)
    }

    /// `what` is locked, should the attempt bring a lock about.
    fn attempt(&self, what: &str) -> CodeAttempt<'_> {
        CodeAttempt {
            user: &self.person.id,
            at: self.audit.at,
            request: self.audit.request_id(),
            lock_entry: self.audit.entry(Action::LockTwoFactor, what),
            disable: self.disable,
            api_key: self.api_key,
        }
    }

    fn notice(&self, kind: NoticeKind) -> Notice {
        let (user, to) = (&self.person.id, self.person.address());
        Notice::new(kind, user, to, self.audit.at, self.random)
    }

    fn sealer(&self) -> Result<&Sealer, CodeError> {
        self.sealer.ok_or(CodeError::NoKey)
    }
}

#[cfg(test)]
mod tests;
