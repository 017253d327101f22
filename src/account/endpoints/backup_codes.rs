//! `POST /api/users/{uuid}/two_factor_backup_codes`: replaces the backup codes by ten new ones.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::account::backup_code::{BACKUP_CODES, SealedBackupCode};
#[cfg(test)]
use crate::account::endpoints::openapi;
use crate::account::store::{
    BackupCodesOutcome, FollowUp, NewBackupCodes, read_protected_codes, replace_backup_codes,
};
use crate::account::{BackupCode, Invalid, Notice, NoticeKind, Proof};
use crate::kernel::audit::Action;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::code::{MAX_CODE_CHARS, TOKEN, code_check, proof};
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
    let account = read_protected_codes(&database, &selector).await?;
    let account = call.caller.authorize(account)?;
    if !account.is_own {
        // Staff never see secrets; they help by turning a second factor off.
        return Err(denied("Backup codes are shown to their owner only."));
    }
    let fields = call.fields()?;
    fields.optional_text(TOKEN, MAX_CODE_CHARS)?;
    let (factor, has_codes) = (&account.details.factor, account.details.codes.exist);
    if !factor.is_on() {
        return Err(two_factor_is_off());
    }
    // The first codes need no proof: the person has just shown a code of the authenticator.
    let proof = if has_codes {
        proof(&call, &account, &fields, TOKEN)?
    } else {
        Proof::Given
    };
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
    let audit = account.audit(&call, now);
    let (kind, to) = (NoticeKind::BackupCodesCreated, account.person.address());
    let new = NewBackupCodes {
        codes: sealed,
        entry: audit.entry(Action::GenerateBackupCodes, "ten codes"),
        notice: Notice::new(kind, user, to, now, random),
    };
    match proof {
        Proof::Given => match replace_backup_codes(&database, user, &new, has_codes).await? {
            BackupCodesOutcome::Created => {}
            // Made since they were read, so that these would not be the first ones.
            BackupCodesOutcome::Kept => return Err(Invalid::required(TOKEN).into()),
            BackupCodesOutcome::Off => return Err(two_factor_is_off()),
        },
        Proof::Code(code) => {
            let check = code_check(&call, &database, &account, factor, &audit);
            check.accept(code, FollowUp::BackupCodes(&new)).await?;
        }
    }
    let body = Body {
        backup_codes: codes.iter().map(BackupCode::shown).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// A proof of the second factor, where one is asked for.
    #[derive(JsonSchema)]
    #[expect(dead_code)]
    struct GenerateBackupCodes {
        /// Six digits of the authenticator, or a backup code. Blanks, dashes and characters without a
        /// width do not matter, nor does the case of a backup code.
        #[schemars(extend("type" = "string", "minLength" = 1, "maxLength" = MAX_CODE_CHARS))]
        token: Option<String>,
    }

    OperationDoc::new(
        "Account security",
        "Makes ten backup codes",
        "The codes before are dead. Without a second factor: 400 2fa_not_enabled. Needs a recent \
         authentication; support makes none for others (403). The first ten after turning the second \
         factor on need nothing else. Others need a proof as disableTwoFactor does: token, or an `amr` claim with `mfa`. No proof: 400 required; a wrong one: 400 \
         token_invalid, and five in a row lock (429).",
    )
    .parameter(openapi::uuid())
    .body(
        spec.optional_body::<GenerateBackupCodes>()
            .example("first", example!({}))
            .example("code", example!({ "token": "123456" })),
    )
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
