//! The code of the second factor that a request presents.

use crate::account::endpoints::caller::AuthorizedAccount;
use crate::account::store::CodeAttempt;
use crate::account::{AuditContext, CodeCheck, Notice, SecondFactor};
use crate::db::Database;
use crate::web::Call;

/// The most characters of a code, as it is typed.
pub const MAX_CODE_CHARS: usize = 128;

/// The check of the code that a request presents. `disable` is the notice of a second factor that it turns off.
pub fn code_check<'a, C>(
    call: &'a Call<C>,
    database: &'a Database,
    account: &'a AuthorizedAccount<SecondFactor>,
    audit: &'a AuditContext,
    disable: Option<&'a Notice>,
) -> CodeCheck<'a> {
    CodeCheck {
        database,
        sealer: call.services.config.sealer.as_ref(),
        random: &call.services.random,
        person: &account.person,
        factor: &account.details,
        attempt: CodeAttempt {
            audit,
            disable,
            api_key: account.api_key.as_ref(),
        },
    }
}
