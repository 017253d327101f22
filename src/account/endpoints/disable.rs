//! `POST /api/users/{uuid}/two_factor_disable`: turns the second factor off. Safe to repeat.

use crate::account::store::Disabling;
use crate::account::{Factor, Invalid, Notice, NoticeKind};
use crate::config::DisablePolicy;
use crate::kernel::Timestamp;
use crate::kernel::audit::Action;
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::caller::Admitted;
use crate::account::endpoints::proof::{MAX_CODE_CHARS, Proving};
use crate::account::endpoints::representation::success;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/two_factor_disable",
    "disableTwoFactor",
    handler!(handle: AccountCaller, Requirements::RECENT),
);

const TOKEN: &str = "token";

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let whose = call.caller.whose(call.uuid()?)?;
    let now = call.now();
    let database = call.services.database()?;
    let visit = database.factor(&whose, None).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    let fields = call.fields()?;
    let token = fields.optional_text(TOKEN, MAX_CODE_CHARS)?;
    let disabling = disabling(&call, &admitted, now);
    if !admitted.account.is_on() {
        // It may be turned on this very moment, and then nobody has proved anything.
        database.drop_set_up(admitted.user()).await?;
    } else if needs_proof(&call, &admitted) {
        let proving = Proving {
            call: &call,
            database: &database,
            admitted: &admitted,
            now,
            disabling: Some(&disabling),
        };
        proving
            .prove(token.ok_or_else(|| Invalid::required(TOKEN))?)
            .await?;
    } else {
        database
            .disable_two_factor(admitted.user(), &disabling)
            .await?;
    }
    Ok(success())
}

/// A sign-in of late is not enough to take the protection off by one call. Staff help those who
/// lost theirs, though not themselves.
fn needs_proof(call: &Call<AccountCaller>, admitted: &Admitted<Factor>) -> bool {
    admitted.is_own
        && call.services.config.two_factor_disable == DisablePolicy::SecondFactor
        && !call.caller.has_shown_second_factor()
}

fn disabling(call: &Call<AccountCaller>, admitted: &Admitted<Factor>, now: Timestamp) -> Disabling {
    let (kind, to) = (
        NoticeKind::TwoFactorDisabled,
        admitted.account.person.address(),
    );
    Disabling {
        entry: admitted.entry(call, Action::DisableTwoFactor, "off", now),
        notice: Notice::new(kind, admitted.user(), to, now, &call.services.random),
    }
}
