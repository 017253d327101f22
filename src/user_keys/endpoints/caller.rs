//! Authentication by the keys of an instance.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
#[cfg(test)]
use http::Method;

use crate::user_keys::authorization::{InstanceUser, authorize};
use crate::user_keys::endpoints::representation::{Links, Version};
use crate::user_keys::store::find_access;
use crate::user_keys::{
    AccessDenied, AuthorizedClient, Credentials, InstanceName, InstanceUserId, Operation,
};
use crate::web::body::MAX_DISCARDED_BYTES;
#[cfg(test)]
use crate::web::caller::CallerDescription;
#[cfg(test)]
use crate::web::openapi::ErrorAnswer;
use crate::web::request::Request;
use crate::web::{ApiError, Caller, ErrorFormat, Incoming};

/// A client whose keys permit the route's operation in the instance in the path.
#[derive(Debug)]
pub struct InstanceCaller {
    client: AuthorizedClient,
    version: Version,
}

impl Caller for InstanceCaller {
    type Requirements = Operation;

    /// The checks come in the order that published clients know: instance, keys, permission,
    /// throttle, and only then the method.
    fn authenticate(
        incoming: &mut Incoming,
        operation: Operation,
    ) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            discard_body(&mut incoming.request).await?;
            let caller = Self::of(incoming, operation).await?;
            let name = caller.client.actor().as_str().to_owned();
            incoming.log_caller(&name);
            let instance = caller.client.throttled_instance();
            incoming
                .services
                .throttle(instance, &name)
                .map_err(|seconds| ErrorFormat::UserKeys.throttled(seconds))?;
            let (route, method) = (incoming.route, &incoming.request.method);
            if route.answers(method) {
                Ok(caller)
            } else {
                Err(ErrorFormat::UserKeys.unknown_method(method, route.allowed()))
            }
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe(operation: Operation) -> CallerDescription {
        let with_user_key = [
            vec!["instanceKey", "userKey"],
            vec!["instanceKeyQuery", "userKeyQuery"],
            vec!["instanceKeyAuthorization", "userKey"],
        ];
        let mut security = Vec::new();
        if operation != Operation::ReadOwnUser {
            security.extend(with_user_key.iter().map(|schemes| vec![schemes[0]]));
        }
        security.extend(with_user_key);
        CallerDescription {
            least_role: None,
            security,
            errors: openapi_errors(),
            body_errors: Vec::new(),
        }
    }
}

#[cfg(test)]
fn openapi_errors() -> Vec<ErrorAnswer> {
    vec![
        ErrorAnswer::new(
            "BodyCutShort",
            "The body broke off. Nothing was changed.",
            [("cut", unreadable_body())],
        )
        .fixed(),
        ErrorAnswer::new(
            "KeyRefused",
            "A key is unknown, or opens another instance; or the keys are good, but not for this; \
             or none came at all. An unknown instance is refused in the same way, unless a key \
             opens another one.",
            [
                ("unknown", AccessDenied::UnknownKey.into()),
                ("denied", AccessDenied::NotPermitted.into()),
            ],
        )
        .fixed(),
        ErrorAnswer::new(
            "InstanceOrUserNotFound",
            "No such instance, told only to holders of a key of another one; or no such user of it, or \
             none that these keys reach; or no such path.",
            [
                ("instance", AccessDenied::UnknownInstance.into()),
                ("user", unknown_user()),
            ],
        )
        .fixed(),
        ErrorAnswer::new(
            "WrongMethod",
            "Not this method here. Told only to those who may use the path.",
            [("get", ErrorFormat::UserKeys.unknown_method(&Method::GET, "POST, OPTIONS"))],
        )
        .text_like("^Method \".+\" not allowed\\.$"),
        ErrorAnswer::new(
            "Throttled",
            "Too many requests in a second, by this caller or on this instance; or too many from \
             this address with unknown keys.",
            [("second", ErrorFormat::UserKeys.throttled(1))],
        )
        .text_like(
            "^Request was throttled\\. Expected available in [1-9][0-9]* second\\(s\\)\\.$",
        ),
        ErrorAnswer::new(
            "DetailInternal",
            "A fault of the service. Look for the request id in the log.",
            [("internal", ApiError::internal("example"))],
        )
        .fixed(),
    ]
}

impl InstanceCaller {
    /// One read of the database, which loads the user as well.
    async fn of(incoming: &Incoming, operation: Operation) -> Result<Self, ApiError> {
        let request = &incoming.request;
        let instance = incoming
            .params
            .get("instance")
            .and_then(InstanceName::parse);
        let credentials = Credentials::of(&request.headers, request.query.as_deref());
        let user = incoming.params.get("id").and_then(InstanceUserId::parse);
        let database = incoming.services.database()?;
        let record = find_access(&database, instance.as_ref(), &credentials, user).await?;
        let client = authorize(operation, instance, &credentials, record)?;
        Ok(Self {
            client,
            version: Version::of_path(incoming.route.path),
        })
    }

    pub const fn client(&self) -> &AuthorizedClient {
        &self.client
    }

    /// The user that the request is about.
    ///
    /// # Errors
    ///
    /// 404 when it does not exist, or is out of this caller's reach.
    pub fn user(&self) -> Result<&InstanceUser, ApiError> {
        self.client.user.as_ref().ok_or_else(unknown_user)
    }

    /// Links into the instance, in the version of the request.
    pub const fn links(&self) -> Links<'_> {
        Links {
            version: self.version,
            instance: &self.client.instance,
        }
    }
}

/// Reads the body to its end and drops it: clients send one with a GET as well, and to one that
/// is still sending, an early answer looks like a broken connection.
async fn discard_body(request: &mut Request) -> Result<(), ApiError> {
    if let Some(body) = request.body.take() {
        let read = body.read(0, MAX_DISCARDED_BYTES).await;
        read.map_err(|_| unreadable_body())?;
    }
    Ok(())
}

fn unreadable_body() -> ApiError {
    ApiError::bad_request("The request body could not be read.")
}

/// 404: the user does not exist, or is out of the caller's reach.
pub(crate) fn unknown_user() -> ApiError {
    ApiError::not_found("Not found").because("instance_user_unknown")
}

impl From<AccessDenied> for ApiError {
    fn from(denied: AccessDenied) -> Self {
        let error = match denied {
            AccessDenied::UnknownInstance => Self::not_found("Instance was not found."),
            AccessDenied::UnknownKey => Self::new(http::StatusCode::FORBIDDEN, "No such API Key."),
            AccessDenied::MissingKey | AccessDenied::NotPermitted => Self::new(
                http::StatusCode::FORBIDDEN,
                "You do not have permission to perform this action.",
            ),
        };
        let error = error.because(denied.code());
        if denied.is_failed_authentication() {
            error.counted_as_failed_authentication()
        } else {
            error
        }
    }
}
