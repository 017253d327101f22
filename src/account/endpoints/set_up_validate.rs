//! `POST /api/users/{uuid}/two_factor_validate`: turns the second factor on by its first code. As
//! with its start, the set-up is the caller's, whomever staff name in the path.

use crate::account::store::{Attempt, Verdict};
use crate::account::{Notice, NoticeKind, TotpCode, factor};
use crate::kernel::audit::Action;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::problem::{no_account, no_set_up, wrong_code};
use crate::account::endpoints::proof::{MAX_CODE_CHARS, locked};
use crate::account::endpoints::representation::success;
use crate::account::endpoints::{AccountCaller, Requirements};

/// The route.
pub const ROUTE: Route = route("/api/users/{uuid}/two_factor_validate", "validateTwoFactor");

/// The same under its earlier name.
pub const ALIAS: Route = route("/api/users/{uuid}/validate_2fa", "validateTwoFactorAlias");

const fn route(path: &'static str, operation: &'static str) -> Route {
    Route::post(
        path,
        operation,
        handler!(handle: AccountCaller, Requirements::RECENT),
    )
}

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let named = call.caller.whose(call.uuid()?)?;
    let whose = call.caller.own();
    let now = call.now();
    let database = call.services.database()?;
    let (visit, is_somebody) = database.factor_beside(&whose, &named).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    if !is_somebody {
        return Err(no_account());
    }
    let fields = call.fields()?;
    let text = fields.text("token", MAX_CODE_CHARS)?;
    let pending = admitted.account.pending(now).ok_or_else(no_set_up)?;
    admitted.account.totp.check(now).map_err(locked)?;
    let (sealer, user) = (call.services.sealer()?, admitted.user());
    let random = &call.services.random;
    let secret = pending
        .open(sealer)
        .map_err(|cause| ApiError::internal(format!("second_factors.pending: {cause}")))?;
    let sealed = factor::seal(&secret, user, sealer, random)
        .map_err(|cause| ApiError::internal(format!("a secret: {cause}")))?;
    let step = TotpCode::parse(text).and_then(|code| secret.matching_step(&code, now));
    let was = if admitted.account.is_on() {
        "replaced"
    } else {
        "on"
    };
    let attempt = Attempt {
        user,
        at: now,
        request: &call.request_id,
        lock_entry: &admitted.entry(&call, Action::LockTwoFactor, "codes of a set-up", now),
        disabling: None,
        key: None,
    };
    let entry = admitted.entry(&call, Action::EnableTwoFactor, was, now);
    let to = admitted.account.person.address();
    let notice = Notice::new(NoticeKind::TwoFactorEnabled, user, to, now, random);
    let verdict = database
        .validate_set_up(&attempt, &pending.sealed, step, &sealed, &entry, &notice)
        .await?;
    match verdict {
        Verdict::Accepted => Ok(success()),
        Verdict::Refused => Err(wrong_code()),
        Verdict::Gone => Err(no_set_up()),
        Verdict::Locked(seconds) => Err(locked(seconds)),
    }
}
