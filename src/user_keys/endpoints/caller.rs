//! Who comes with the keys of an instance.

use http::HeaderMap;

use crate::kernel::audit::Actor;
use crate::services::Services;
use crate::user_keys::admission::{InstanceUser, admit};
use crate::user_keys::representation::{Links, Version};
use crate::user_keys::{
    Credentials, Errand, InstanceName, InstanceUserId, Key, Refusal, Visitor, credentials,
};
use crate::web::ApiError;

/// Somebody whose keys open the instance in the path, and permit what the
/// route is for. Only authentication makes one.
#[derive(Debug)]
pub struct InstanceCaller {
    visitor: Visitor,
    version: Version,
    credentials: Credentials,
}

/// What a request says that bears on who may come in.
pub(crate) struct Knock<'a> {
    pub version: Version,
    pub errand: Errand,
    pub headers: &'a HeaderMap,
    pub query: Option<&'a str>,
    /// The path's parameters, percent-decoded.
    pub path: &'a [(String, String)],
}

impl Knock<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.path.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Why nobody comes in.
pub(crate) enum Denied {
    /// The keys do not do.
    Refused(Refusal),
    /// It could not be found out.
    Failed(ApiError),
}

impl InstanceCaller {
    /// Asks for keys that permit the errand: one read of D1, which loads the
    /// user as well.
    pub(crate) async fn authenticate(
        knock: &Knock<'_>,
        services: &Services,
    ) -> Result<Self, Denied> {
        let unknown = Denied::Refused(Refusal::NoSuchInstance);
        let instance = knock.parameter("instance").and_then(InstanceName::parse);
        let instance = instance.ok_or(unknown)?;
        let credentials = Credentials::of(knock.headers, knock.query);
        let user = knock.parameter("id").and_then(InstanceUserId::parse);
        let database = services.database().map_err(Denied::Failed)?;
        let found = database
            .visit(&instance, &credentials, user)
            .await
            .map_err(|error| Denied::Failed(error.into()))?;
        let visitor =
            admit(knock.errand, instance, &credentials, found).map_err(Denied::Refused)?;
        Ok(Self {
            visitor,
            version: knock.version,
            credentials,
        })
    }

    /// Who it is, what for.
    pub const fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// Names the caller in the audit trail and for the throttle.
    pub fn actor(&self) -> Actor {
        self.visitor.actor()
    }

    /// The user that the request is about.
    ///
    /// # Errors
    ///
    /// 404 when there is none that this caller could reach.
    pub fn user(&self) -> Result<&InstanceUser, ApiError> {
        self.visitor.user.as_ref().ok_or_else(unknown_user)
    }

    /// The user key, where that is what permits the errand.
    pub fn key_in_person(&self) -> Option<&Key> {
        let presented = self.credentials.user_key.as_ref();
        let key = presented.and_then(credentials::Presented::key);
        key.filter(|_| self.visitor.acts_for.is_some())
    }

    /// Links into the instance, in the version of the request.
    pub const fn links(&self) -> Links<'_> {
        Links {
            version: self.version,
            instance: &self.visitor.instance,
        }
    }
}

/// 404: there is no such user, or none that the caller could reach.
pub(crate) fn unknown_user() -> ApiError {
    ApiError::not_found("Not found").because("instance_user_unknown")
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let error = match refusal {
            Refusal::NoSuchInstance => Self::not_found("Instance was not found."),
            Refusal::NoSuchKey => Self::new(http::StatusCode::FORBIDDEN, "No such API Key."),
            Refusal::NoKey | Refusal::NotPermitted => Self::new(
                http::StatusCode::FORBIDDEN,
                "You do not have permission to perform this action.",
            ),
        };
        error.because(refusal.code())
    }
}
