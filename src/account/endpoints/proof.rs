//! A code of the second factor, presented.

use crate::account::store::{Attempt, BackupAttempt, Disabling, TotpAttempt, Verdict};
use crate::account::{BackupCode, Factor, Notice, NoticeKind, Proof, TotpCode, factor};
use crate::auth::store::touch_api_key;
use crate::db::Database;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Purpose, Sealed, Timestamp};
use crate::web::{ApiError, Call, ErrorFormat};

use crate::account::endpoints::AccountCaller;
use crate::account::endpoints::caller::Admitted;
use crate::account::endpoints::problem::wrong_code;

/// The most characters a code may have, however it is typed.
pub const MAX_CODE_CHARS: usize = 128;

/// Which kind of code was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The authenticator's.
    Totp,
    /// A backup code.
    BackupCode,
}

/// Somebody proves a second factor, perhaps in order to turn it off.
pub struct Proving<'a> {
    pub call: &'a Call<AccountCaller>,
    pub database: &'a Database,
    pub admitted: &'a Admitted<Factor>,
    pub now: Timestamp,
    pub disabling: Option<&'a Disabling>,
}

impl Proving<'_> {
    /// Tries a code.
    ///
    /// # Errors
    ///
    /// 400 for a code that is not accepted, 429 while its kind is locked.
    pub async fn prove(&self, text: &str) -> Result<Method, ApiError> {
        let Some(secret) = &self.admitted.account.secret else {
            // There is nothing to guess, and nothing to write but that a key was used.
            if let Some((key, unless_after)) = self.admitted.touch(self.now) {
                touch_api_key(self.database, key, self.now, unless_after).await?;
            }
            return Err(wrong_code());
        };
        match Proof::parse(text) {
            Proof::Totp(code) => self.try_totp(secret, &code).await,
            Proof::Backup(code) => self.try_backup(Some(&code)).await,
            Proof::Neither => self.try_backup(None).await,
        }
    }

    async fn try_totp(&self, sealed: &Sealed, code: &TotpCode) -> Result<Method, ApiError> {
        self.admitted.account.totp.check(self.now).map_err(locked)?;
        let (sealer, user) = (self.call.services.sealer()?, self.admitted.user());
        let secret = factor::open(sealed, user, sealer)
            .map_err(|cause| ApiError::internal(format!("second_factors: {cause}")))?;
        // A rotation leaves secrets under the previous key; what is used moves to the current one.
        let resealed = if sealer.is_current(sealed) {
            sealed.clone()
        } else {
            factor::seal(&secret, user, sealer, &self.call.services.random)
                .map_err(|cause| ApiError::internal(format!("a secret: {cause}")))?
        };
        let code = TotpAttempt {
            sealed,
            resealed: &resealed,
            step: secret.matching_step(code, self.now),
        };
        let lock_entry = self.entry(Action::LockTwoFactor, "codes of the authenticator");
        let attempt = self.attempt(&lock_entry);
        let verdict = self.database.try_totp(&attempt, &code).await?;
        conclude(verdict, Method::Totp)
    }

    async fn try_backup(&self, code: Option<&BackupCode>) -> Result<Method, ApiError> {
        self.admitted
            .account
            .backup
            .check(self.now)
            .map_err(locked)?;
        let (sealer, user) = (self.call.services.sealer()?, self.admitted.user());
        let hashes =
            code.map(|code| sealer.keyed_hashes(Purpose::BackupCode, user, code.secret().expose()));
        let to = self.admitted.account.person.address();
        let random = &self.call.services.random;
        let code = BackupAttempt {
            hashes: hashes.as_deref().unwrap_or_default(),
            entry: &self.entry(Action::UseBackupCode, "used"),
            notice: &Notice::new(NoticeKind::BackupCodeUsed, user, to, self.now, random),
        };
        let lock_entry = self.entry(Action::LockTwoFactor, "backup codes");
        let attempt = self.attempt(&lock_entry);
        let verdict = self.database.try_backup_code(&attempt, &code).await?;
        conclude(verdict, Method::BackupCode)
    }

    fn attempt<'a>(&'a self, lock_entry: &'a Entry) -> Attempt<'a> {
        Attempt {
            user: self.admitted.user(),
            at: self.now,
            request: &self.call.request_id,
            lock_entry,
            disabling: self.disabling,
            key: self.admitted.touch(self.now),
        }
    }

    fn entry(&self, action: Action, outcome: &str) -> Entry {
        self.admitted.entry(self.call, action, outcome, self.now)
    }
}

fn conclude(verdict: Verdict, method: Method) -> Result<Method, ApiError> {
    match verdict {
        Verdict::Accepted => Ok(method),
        Verdict::Refused | Verdict::Gone => Err(wrong_code()),
        Verdict::Locked(seconds) => Err(locked(seconds)),
    }
}

/// 429, whether the code was right or not.
pub fn locked(seconds: u64) -> ApiError {
    ErrorFormat::Account
        .throttled(seconds)
        .because("second_factor_locked")
}
