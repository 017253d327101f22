//! What a route is. It names its caller by the type that its handler takes, so a new route
//! cannot be written without saying who may call it.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::Method;

use super::caller::Caller;
#[cfg(test)]
use super::caller::CallerDescription;
#[cfg(test)]
use super::openapi::{OperationDoc, Spec};
use super::request::{Call, Incoming};
use super::{ApiError, ErrorFormat, Reply, body};

/// What a handler answers.
pub type Handled = LocalBoxFuture<'static, Result<Reply, ApiError>>;

/// A handler behind the authentication of its caller; made by [`handler!`](crate::web::handler).
#[derive(Clone, Copy)]
pub struct Handler {
    pub run: fn(Incoming) -> Handled,
    /// What follows from the kind of caller, for `openapi.json`.
    #[cfg(test)]
    pub caller: fn() -> CallerDescription,
    #[cfg(test)]
    pub openapi: fn(&mut Spec) -> OperationDoc,
}

/// `handler!(handle: Caller)` or `handler!(handle: Caller, requirements)`. In tests, the `openapi`
/// of the same file belongs to it, so that there is no route without a description.
macro_rules! handler {
    ($handle:ident: $caller:ty) => {
        $crate::web::handler!($handle: $caller, ())
    };
    ($handle:ident: $caller:ty, $requirements:expr) => {
        $crate::web::route::Handler {
            run: |incoming| {
                $crate::web::route::serve::<$caller, _>(incoming, $requirements, |call| {
                    ::std::boxed::Box::pin($handle(call))
                })
            },
            #[cfg(test)]
            caller: || <$caller as $crate::web::Caller>::describe($requirements),
            #[cfg(test)]
            openapi,
        }
    };
}
pub(crate) use handler;

/// Authenticates the caller, reads the body, runs the handler. Nothing but the head of the
/// request is looked at before its caller is known. The handler's future is boxed, so that all routes
/// of a kind of caller share this code.
pub fn serve<C: Caller, const READS_BODY: bool>(
    mut incoming: Incoming,
    requirements: C::Requirements,
    handle: fn(Call<C, READS_BODY>) -> Handled,
) -> Handled {
    async move {
        let caller = C::authenticate(&mut incoming, requirements).await?;
        let input = incoming.input().boxed_local().await?;
        if !READS_BODY && incoming.route.refuses_unread_body() {
            body::refuse_unread(&input.headers, &input.body)?;
        }
        let call = Call {
            caller,
            services: incoming.services,
            request_id: incoming.request_id,
            input,
            log_names: incoming.log_names,
        };
        handle(call).await
    }
    .boxed_local()
}

/// One route.
#[derive(Clone)]
pub struct Route {
    pub method: Method,
    /// As OpenAPI writes it: `/users/{userId}`.
    pub path: &'static str,
    /// The `operationId` in `openapi.json`.
    pub operation: &'static str,
    pub handler: Handler,
    /// Whether HEAD is answered as well: every GET that writes nothing.
    pub has_head: bool,
    /// The path up to its first parameter: most routes are told apart by that alone.
    fixed: &'static str,
}

impl Route {
    pub const fn get(path: &'static str, operation: &'static str, handler: Handler) -> Self {
        Self::of(Method::GET, path, operation, handler, true)
    }

    /// A GET that writes something, be it a row of the audit trail, so that no HEAD of a prefetch may do it.
    pub const fn get_only(path: &'static str, operation: &'static str, handler: Handler) -> Self {
        Self::of(Method::GET, path, operation, handler, false)
    }

    pub const fn post(path: &'static str, operation: &'static str, handler: Handler) -> Self {
        Self::of(Method::POST, path, operation, handler, false)
    }

    pub const fn put(path: &'static str, operation: &'static str, handler: Handler) -> Self {
        Self::of(Method::PUT, path, operation, handler, false)
    }

    pub const fn patch(path: &'static str, operation: &'static str, handler: Handler) -> Self {
        Self::of(Method::PATCH, path, operation, handler, false)
    }

    pub const fn delete(path: &'static str, operation: &'static str, handler: Handler) -> Self {
        Self::of(Method::DELETE, path, operation, handler, false)
    }

    const fn of(
        method: Method,
        path: &'static str,
        operation: &'static str,
        handler: Handler,
        has_head: bool,
    ) -> Self {
        Self {
            method,
            path,
            operation,
            handler,
            has_head,
            fixed: fixed_part(path),
        }
    }

    /// The methods that the route answers, for `Allow`.
    pub fn allowed(&self) -> String {
        let mut methods = self.method.to_string();
        if self.has_head {
            methods.push_str(", HEAD");
        }
        if ErrorFormat::of_path(self.path) == ErrorFormat::UserKeys {
            methods.push_str(", OPTIONS");
        }
        methods
    }

    /// Whether a body that the handler does not read is an error. Administrators' changes may be
    /// sweeping, so none of their words may be lost; the clients of the other APIs were published long
    /// ago, and send bodies that mean nothing.
    pub fn refuses_unread_body(&self) -> bool {
        self.path.starts_with("/admin/") && self.method != Method::GET
    }

    /// Whether a path is one of those that the route's template stands for. It does not end where a parameter
    /// should be; of an empty one before that the handler says what is wrong.
    pub fn covers(&self, path: &str) -> bool {
        let ends_early = path.ends_with('/') && !self.path.ends_with('/');
        if ends_early || !path.starts_with(self.fixed) {
            return false;
        }
        let mut given = path.split('/');
        let is_covered = self.path.split('/').all(|expected| {
            let segment = given.next();
            segment.is_some_and(|segment| segment == expected || expected.starts_with('{'))
        });
        is_covered && given.next().is_none()
    }

    /// Whether the route answers this method.
    pub fn answers(&self, method: &Method) -> bool {
        self.method == *method || (self.has_head && *method == Method::HEAD)
    }
}

const fn fixed_part(path: &'static str) -> &'static str {
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        if *first == b'{' {
            break;
        }
        rest = behind;
    }
    path.split_at(path.len() - rest.len()).0
}
