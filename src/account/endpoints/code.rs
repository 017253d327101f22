//! The code of the second factor that a request presents, and what is a proof instead of one.

use crate::account::endpoints::PersonCaller;
use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::store::CodeAttempt;
use crate::account::{
    AuditContext, CodeCheck, Fields, Invalid, Notice, NoticeKind, Proof, SecondFactor,
};
use crate::config::FactorProof;
use crate::db::Database;
use crate::web::Call;

/// The most characters of a code, as it is typed.
pub const MAX_CODE_CHARS: usize = 128;

/// The field that holds a code.
pub const TOKEN: &str = "token";

/// The check of the code that a request presents for an account with this second factor.
pub fn code_check<'a, C, T>(
    call: &'a Call<C>,
    database: &'a Database,
    account: &'a AuthorizedAccount<T>,
    factor: &'a SecondFactor,
    audit: &'a AuditContext,
) -> CodeCheck<'a> {
    let (person, random) = (&account.person, &call.services.random);
    let (user, to) = (&person.id, person.address());
    CodeCheck {
        database,
        sealer: call.services.config.sealer.as_ref(),
        random,
        person,
        factor,
        attempt: CodeAttempt {
            audit,
            api_key: account.api_key.as_ref(),
            locked: Notice::new(NoticeKind::TwoFactorLocked, user, to, audit.at, random),
        },
    }
}

/// The proof for a change of an account that takes its second factor: a code in the field `attr`, where
/// nothing else [proves it](is_proved).
///
/// # Errors
///
/// 400 for a code that is missing or no text.
pub fn proof<'a, T>(
    call: &Call<PersonCaller>,
    account: &AuthorizedAccount<T>,
    fields: &'a Fields,
    attr: &'static str,
) -> Result<Proof<'a>, Invalid> {
    let code = fields.optional_text(attr, MAX_CODE_CHARS)?;
    if is_proved(&call.caller, account, call.services.config.factor_proof) {
        return Ok(Proof::Given);
    }
    code.map(Proof::Code).ok_or_else(|| Invalid::required(attr))
}

/// Whether a recent sign-in is enough to change, or to show, what the second factor protects. Staff may help
/// people who lost theirs, but do nothing with their own without it.
pub fn is_proved<T>(
    caller: &PersonCaller,
    account: &AuthorizedAccount<T>,
    policy: FactorProof,
) -> bool {
    !account.is_own || policy == FactorProof::Recent || caller.has_shown_second_factor()
}
