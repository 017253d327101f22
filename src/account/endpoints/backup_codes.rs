//! `POST /api/users/{uuid}/two_factor_backup_codes`: replaces the backup codes by ten new ones.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::account::BackupCode;
use crate::account::backup_code::{BACKUP_CODES, SealedBackupCode};
#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::{read_second_factor, replace_backup_codes};
use crate::kernel::audit::Action;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::error::{denied, not_sealed, two_factor_is_off};
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_backup_codes",
    "generateBackupCodes",
    handler!(handle: PersonCaller, Access::Sensitive),
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

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.path("uuid")?)?;
    let now = call.now();
    let database = call.services.database()?;
    let lookup = read_second_factor(&database, &selector, None).await?;
    let account = call.caller.authorize(lookup.account)?;
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
    let (user, sealer) = (account.user(), call.services.sealer()?);
    let sealed: Vec<SealedBackupCode> = codes
        .iter()
        .map(|code| code.seal(user, sealer, random))
        .collect::<Result<_, _>>()
        .map_err(not_sealed("a backup code"))?;
    let entry = account
        .audit(&call, now)
        .entry(Action::GenerateBackupCodes, "ten codes");
    if !replace_backup_codes(&database, user, &sealed, &entry).await? {
        return Err(two_factor_is_off());
    }
    let body = Body {
        backup_codes: codes.iter().map(BackupCode::shown).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "Makes ten backup codes",
        "The codes before are dead. Without a second factor: 400 2fa_not_enabled. Needs a recent \
         authentication; support makes none for others (403). A body is ignored.",
    )
    .parameter(openapi::uuid())
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
    .error(openapi::bad_request())
}
