//! `GET /users/{userId}/3deye-credentials`: the user's 3dEye login; makes the
//! account on the first call.
//!
//! One D1 round trip authorises the caller, loads the user and notes who reads. Only a user
//! without an account costs more. What this isolate noted within the hour is not asked of D1 again,
//! where an INSERT costs more than all reads even if it finds nothing to do.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::store::touch_api_key;
use crate::auth::subject::is_subject_of;
use crate::auth::{ApiKey, Scope};
use crate::db::Database;
use crate::kernel::audit::{Action, Actor, Entry};
use crate::kernel::{Clock as _, ContentHash, EmailKey, Timestamp, UserId};
#[cfg(test)]
use crate::provisioning::endpoints::error_answers;
use crate::provisioning::policy::READ_NOTED_FOR;
use crate::provisioning::record::ProvisioningRecord;
use crate::provisioning::single::Proof;
use crate::provisioning::store::{self, LoadedFor};
#[cfg(test)]
use crate::provisioning::{Failure, ProvisioningError};
#[cfg(test)]
use crate::threedeye::RemoteId;
use crate::web::caller::UserCaller;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get_only(
    "/users/{userId}/3deye-credentials",
    "getThreeDeyeCredentials",
    handler!(handle: UserCaller),
);

/// A user's 3dEye login.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Credentials"))]
struct Body<'a> {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: &'a str,
    /// The e-mail that the password opens the account with; normalised, and still the earlier one
    /// after the e-mail of the user was changed.
    #[cfg_attr(test, schemars(length(min = 1)))]
    email: &'a str,
    #[cfg_attr(test, schemars(with = "RemoteId"))]
    three_deye_user_id: &'a str,
    /// The account's password.
    #[cfg_attr(
        test,
        schemars(length(equal = 20), regex(pattern = r"^[A-Za-z0-9._!\-]+$"))
    )]
    password: &'a str,
}

async fn handle(call: Call<UserCaller>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let database = call.services.database()?;
    let asked = load(&call, &database, &user).await?;
    call.log_access(&asked.actor, &user);
    match &asked.record.user {
        None => return Err(ApiError::unknown_user()),
        Some(row) if row.email_key.is_none() => {
            return Err(ApiError::not_found("The user has no e-mail"));
        }
        Some(_) => {}
    }
    let remote = call.services.remote();
    let origin = call.origin(asked.actor);
    let credentials = call
        .services
        .provisioning(&database, &origin)?
        .credentials(remote.as_ref(), &user, asked.record, &asked.proof)
        .await?;
    let body = Body {
        user_id: user.as_str(),
        email: credentials.email.as_str(),
        three_deye_user_id: &credentials.id.0,
        password: credentials.password.expose(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

/// A request that may be answered.
struct Asked {
    record: ProvisioningRecord,
    actor: Actor,
    proof: Proof,
}

/// Loads the user and settles whether this caller may see it. A person or a
/// bound key learns nothing of other users, not even whether they exist.
async fn load(
    call: &Call<UserCaller>,
    database: &Database,
    user: &UserId,
) -> Result<Asked, ApiError> {
    match &call.caller {
        UserCaller::Admin(admin) => {
            let actor = admin.actor();
            let read = Read::new(call, user, actor.as_str());
            let entry = read.entry(call, user, admin.actor());
            let loaded = store::load_for_support(database, user, entry.as_ref()).await?;
            read.remember(call, &loaded);
            Ok(Asked {
                record: loaded.record,
                actor,
                proof: Proof::Support,
            })
        }
        UserCaller::Person(identity) => {
            let record = store::load(database, user).await?;
            let subject = identity
                .subject
                .as_deref()
                .ok_or_else(|| ApiError::unauthorized("subject_missing"))?;
            let linked = record
                .user
                .as_ref()
                .and_then(|row| row.auth_subject.as_deref());
            if !is_subject_of(subject, user, linked) {
                return Err(ApiError::forbidden("another_user"));
            }
            // A program's token is no proof of a person's e-mail.
            let proved = identity.verified_email().filter(|_| !identity.is_machine);
            Ok(Asked {
                record,
                actor: Actor::person(user.as_str()),
                proof: proved
                    .and_then(EmailKey::of)
                    .map_or(Proof::Nothing, Proof::Email),
            })
        }
        UserCaller::Key(key) => load_by_key(call, database, user, key).await,
    }
}

async fn load_by_key(
    call: &Call<UserCaller>,
    database: &Database,
    user: &UserId,
    key: &ApiKey,
) -> Result<Asked, ApiError> {
    let key = key.presented(call.now());
    // The database completes the name by the key's id.
    let read = Read::new(call, user, &key.hash);
    let entry = read.entry(call, user, Actor::api_key(""));
    let loaded = store::load_with_key(database, user, &key, entry.as_ref()).await?;
    read.remember(call, &loaded);
    let row = loaded
        .key
        .ok_or_else(|| ApiError::unauthorized("api_key_unknown"))?;
    if !row
        .scopes
        .iter()
        .any(|s| s == Scope::ThreedeyeRead.as_str())
    {
        return Err(ApiError::forbidden("api_key_scope"));
    }
    if row.user_id.as_ref().is_some_and(|bound| bound != user) {
        return Err(ApiError::forbidden("api_key_of_another_user"));
    }
    touch_api_key(database, &row, call.services.clock.now()).await?;
    Ok(Asked {
        record: loaded.record,
        actor: Actor::api_key(&row.id),
        // A bound key stands for its person.
        proof: match row.user_id {
            Some(_) => Proof::Nothing,
            None => Proof::Service,
        },
    })
}

/// A read of a user's login by a program or by support, which is noted once an hour.
struct Read {
    hash: ContentHash,
    at: Timestamp,
    is_remembered: bool,
}

impl Read {
    fn new(call: &Call<UserCaller>, user: &UserId, reader: &str) -> Self {
        let (hash, at) = (ContentHash::of(&[reader, user.as_str()]), call.now());
        Self {
            hash,
            at,
            is_remembered: call.services.noted_reads().contains(hash, at),
        }
    }

    /// The audit row, unless this isolate wrote one.
    fn entry(&self, call: &Call<UserCaller>, user: &UserId, actor: Actor) -> Option<Entry> {
        (!self.is_remembered).then(|| Entry {
            at: self.at,
            origin: call.origin(actor),
            action: Action::ReadCredentials,
            subject: user.to_string(),
            outcome: "asked".to_owned(),
        })
    }

    fn remember(&self, call: &Call<UserCaller>, loaded: &LoadedFor) {
        if loaded.is_noted {
            let until = self.at.plus(READ_NOTED_FOR);
            call.services
                .noted_reads()
                .insert(self.hash, until, self.at);
        }
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "users",
        "A user's 3dEye login",
        "Makes the account on the first call. A person sees only their own (`sub` is the user's id \
         or `users.auth_subject`); an API key needs the scope threedeye:read and, if bound to a \
         user, that user; the admin pair sees every user's. An account that existed before ours is \
         taken over, and its password answered, for a person whose token proves the account's \
         e-mail (verified claim), and for the admin pair; a key not bound to a user reads what a run \
         or support took over. Anyone else gets 409. Reads by keys and by the admin pair are \
         audited, once an hour for each of them and each user.",
    )
    .parameter(spec.user_id())
    .answer(spec.json::<Body>(200, "The login.").no_store().example(
        "credentials",
        example!({
            "userId": "00000000-0000-4000-8000-000000000001",
            "email": "jane@example.com",
            "threeDeyeUserId": "11111111-1111-4111-8111-111111111111",
            "password": "Example-Password-0.!"
        }),
    ))
    .error(ErrorAnswer::new(
        "UserNotFound",
        "No such user, or one without an e-mail.",
        [
            ("unknown", ProvisioningError::NoUser.into()),
            ("noEmail", ProvisioningError::NoEmail.into()),
        ],
    ))
    .error(ErrorAnswer::new(
        "Conflict",
        "The account cannot be made. With Retry-After: another actor is provisioning this user \
         right now. Without: it takes a human, as the message says.",
        [
            ("busy", ProvisioningError::Busy { retry_after_s: 1 }.into()),
            ("orphan", Failure::Orphan.into()),
            ("otherSpelling", Failure::OtherSpelling(RemoteId(String::new())).into()),
            ("protected", Failure::Protected.into()),
            ("takeOverUnproved", Failure::TakeOverUnproved.into()),
            ("duplicate", Failure::Duplicate.into()),
        ],
    ))
    .error(error_answers::upstream())
    .error(error_answers::not_configured())
}
