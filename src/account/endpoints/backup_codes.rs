//! `POST /api/users/{uuid}/two_factor_backup_codes`: replaces the backup codes by ten new ones.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::account::BackupCode;
use crate::account::backup_code::BACKUP_CODES;
#[cfg(test)]
use crate::account::endpoints::{self, error_answers};
use crate::account::store::{NewBackupCode, read_second_factor, replace_backup_codes};
use crate::kernel::Random;
use crate::kernel::audit::Action;
use crate::kernel::{Purpose, Sealer, UserId};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::problem::{denied, two_factor_is_off};
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_backup_codes",
    "generateBackupCodes",
    handler!(handle: AccountCaller, Requirements::RECENT),
);

/// New backup codes. Those before are dead.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "BackupCodes"))]
struct Body {
    #[cfg_attr(test, schemars(with = "Vec<BackupCode>", extend(
        "minItems" = BACKUP_CODES,
        "maxItems" = BACKUP_CODES,
        "uniqueItems" = true,
    )))]
    backup_codes: Vec<String>,
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.uuid()?)?;
    let now = call.now();
    let database = call.services.database()?;
    let lookup = read_second_factor(&database, &selector, None).await?;
    let account = call.caller.authorize(&selector, lookup, now)?;
    if !account.is_own {
        // Staff never see secrets; they help by turning a second factor off.
        return Err(denied("Backup codes are shown to their owner only."));
    }
    if !account.details.is_on() {
        return Err(two_factor_is_off());
    }
    let random = &call.services.random;
    let codes: Vec<BackupCode> = (0..BACKUP_CODES)
        .map(|_| BackupCode::generate(random))
        .collect();
    let user = account.user();
    let stored = seal(&codes, user, call.services.sealer()?, random)?;
    let entry = account
        .audit(&call, now)
        .entry(Action::GenerateBackupCodes, "ten codes");
    if !replace_backup_codes(&database, user, &stored, &entry).await? {
        return Err(two_factor_is_off());
    }
    let body = Body {
        backup_codes: codes.iter().map(BackupCode::shown).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

fn seal(
    codes: &[BackupCode],
    user: &UserId,
    sealer: &Sealer,
    random: &dyn Random,
) -> Result<Vec<NewBackupCode>, ApiError> {
    let seal = |code: &BackupCode| {
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
    codes.iter().map(seal).collect()
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "Makes ten backup codes",
        "The codes before are dead. Without a second factor: 400 2fa_not_enabled. Needs a recent \
         authentication; support makes none for others (403). A body is ignored.",
    )
    .parameter(endpoints::openapi_uuid())
    .answer(
        spec.json::<Body>(200, "The codes.")
            .link_with_body(
                "verifyTwoFactor",
                [("uuid", "$request.path.uuid")],
                example!({ "token": "$response.body#/backup_codes/0" }),
            )
            .example(
                "codes",
                example!({
                    "backup_codes": [
                        "aaaa-bbbb-cccc-ddda",
                        "aaaa-bbbb-cccc-dddb",
                        "aaaa-bbbb-cccc-dddc",
                        "aaaa-bbbb-cccc-dddd",
                        "aaaa-bbbb-cccc-ddde",
                        "aaaa-bbbb-cccc-dddf",
                        "aaaa-bbbb-cccc-dddg",
                        "aaaa-bbbb-cccc-dddh",
                        "aaaa-bbbb-cccc-dddi",
                        "aaaa-bbbb-cccc-dddj"
                    ]
                }),
            ),
    )
    .error(error_answers::bad_request())
}
