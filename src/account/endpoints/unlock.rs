//! `POST /admin/users/{userId}/two-factor/unlock`: lets a user try codes of the second factor again. Safe to
//! repeat.

use http::StatusCode;

use crate::account::store::{AccountSelector, read_person, unlock_two_factor};
use crate::account::{Notice, NoticeKind};
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, OperationDoc, Spec, errors};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/users/{userId}/two-factor/unlock",
    "unlockTwoFactor",
    handler!(handle: Admin, (Role::Support, SignIn::Recently)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let database = call.services.database()?;
    let selector = AccountSelector::User(user);
    let account = read_person(&database, &selector, None).await?.account;
    let person = account.ok_or_else(ApiError::unknown_user)?.person;
    let entry = call.entry(Action::UnlockTwoFactor, person.id.as_str(), "unlocked");
    let (kind, to) = (NoticeKind::TwoFactorUnlocked, person.address());
    let notice = Notice::new(kind, &person.id, to, entry.at, &call.services.random);
    unlock_two_factor(&database, &person.id, &entry, &notice).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "Unlocks a user's second factor",
        "Forgets the refused codes of either kind and ends the locks that followed from them, also the \
         one after 100; the second factor stays as it is. If there was anything to forget, the user gets \
         the notice two_factor_unlocked. Safe to repeat.",
    )
    .parameter(spec.user_id())
    .answer(Answer::empty(204, "No code is locked (any more)."))
    .error(errors::unknown_user())
}
