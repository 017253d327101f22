//! `POST /api/users/{uuid}/two_factor_backup_codes`: ten new codes; the old ones die.

use http::StatusCode;
use serde::Serialize;

use crate::account::BackupCode;
use crate::account::backup_code::BACKUP_CODES;
use crate::account::store::NewBackupCode;
use crate::kernel::Random;
use crate::kernel::audit::Action;
use crate::kernel::{Purpose, Sealer, UserId};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::problem::{denied, two_factor_is_off};
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_backup_codes",
    "generateBackupCodes",
    handler!(handle: AccountCaller, Requirements::RECENT),
);

#[derive(Serialize)]
struct Body {
    backup_codes: Vec<String>,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let whose = call.caller.whose(call.uuid()?)?;
    let now = call.now();
    let database = call.services.database()?;
    let visit = database.factor(&whose, None).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    if !admitted.is_own {
        // Support helps without ever seeing secrets: it turns a second factor off.
        return Err(denied("Backup codes are shown to their owner only."));
    }
    if !admitted.account.is_on() {
        return Err(two_factor_is_off());
    }
    let random = &call.services.random;
    let codes: Vec<BackupCode> = (0..BACKUP_CODES)
        .map(|_| BackupCode::generate(random))
        .collect();
    let user = admitted.user();
    let kept = keep(&codes, user, call.services.sealer()?, random)?;
    let entry = admitted.entry(&call, Action::GenerateBackupCodes, "ten codes", now);
    if !database.replace_backup_codes(user, &kept, &entry).await? {
        return Err(two_factor_is_off());
    }
    let body = Body {
        backup_codes: codes.iter().map(BackupCode::shown).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

fn keep(
    codes: &[BackupCode],
    user: &UserId,
    sealer: &Sealer,
    random: &dyn Random,
) -> Result<Vec<NewBackupCode>, ApiError> {
    let keep = |code: &BackupCode| {
        let sealed = sealer
            .seal(Purpose::BackupCode, user, code.secret(), random)
            .map_err(|cause| ApiError::internal(format!("a backup code: {cause}")))?;
        let hashes = sealer.keyed_hashes(Purpose::BackupCode, user, code.secret().expose());
        let hash = hashes.into_iter().next();
        Ok(NewBackupCode {
            hash: hash.ok_or_else(|| ApiError::internal("there is no key to hash with"))?,
            sealed: sealed.as_str().to_owned(),
        })
    };
    codes.iter().map(keep).collect()
}
