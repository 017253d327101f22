//! Who comes with the keys of an instance.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::kernel::audit::Actor;
use crate::user_keys::admission::{InstanceUser, admit};
use crate::user_keys::representation::{Links, Version};
use crate::user_keys::{
    Credentials, Errand, InstanceName, InstanceUserId, Key, Refusal, Visitor, credentials,
};
use crate::web::{Access, ApiError, Caller, ErrorFormat, Incoming, cors};

/// Somebody whose keys open the instance in the path, and permit what the
/// route is for. Only authentication makes one.
#[derive(Debug)]
pub struct InstanceCaller {
    visitor: Visitor,
    version: Version,
    credentials: Credentials,
}

/// What a route of the user-key API asks of its callers.
#[derive(Debug, Clone, Copy)]
pub struct Requirements {
    pub version: Version,
    /// What the route is for, which decides who may use it.
    pub errand: Errand,
}

impl Caller for InstanceCaller {
    const ACCESS: Access = Access::Instance;
    type Requirements = Requirements;

    /// The checks come in the order that published clients know: instance, keys, permission,
    /// throttle, and only then the method.
    fn authenticate(
        incoming: &mut Incoming,
        requirements: Requirements,
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            // Its content is ignored: clients send one with a GET as well.
            incoming.discard_body().await?;
            let caller = Self::of(incoming, requirements).await?;
            let name = caller.actor().as_str().to_owned();
            incoming.log_caller(&name);
            let instance = caller.visitor.counts_against();
            incoming
                .services
                .throttle(instance, &name)
                .map_err(|seconds| ErrorFormat::UserKeys.throttled(seconds))?;
            let (route, method) = (incoming.route, &incoming.request.method);
            if route.answers(method) {
                Ok(caller)
            } else {
                Err(ErrorFormat::UserKeys.unknown_method(method, cors::methods(route)))
            }
        }
        .boxed_local()
    }
}

impl InstanceCaller {
    /// Asks for keys that permit the errand: one read of the database, which loads the user
    /// as well.
    async fn of(incoming: &Incoming, requirements: Requirements) -> Result<Self, ApiError> {
        let request = &incoming.request;
        let instance = incoming
            .params
            .get("instance")
            .and_then(InstanceName::parse);
        let instance = instance.ok_or(Refusal::NoSuchInstance)?;
        let credentials = Credentials::of(&request.headers, request.query.as_deref());
        let user = incoming.params.get("id").and_then(InstanceUserId::parse);
        let database = incoming.services.database()?;
        let found = database.visit(&instance, &credentials, user).await?;
        let visitor = admit(requirements.errand, instance, &credentials, found)?;
        Ok(Self {
            visitor,
            version: requirements.version,
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
        let error = error.because(refusal.code());
        if refusal.is_failed_authentication() {
            error.counted_as_failed_authentication()
        } else {
            error
        }
    }
}
