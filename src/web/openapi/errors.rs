//! Error answers. Their examples are errors that the service makes, written down as the
//! error format of the path writes them.

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::parts::headers_of;
use super::{Json, Schemas};
use crate::auth::{AuthError, KeysError};
use crate::kernel::RequestId;
use crate::operators::{Role, Shortfall};
use crate::web::{ApiError, ErrorFormat, Reply, body, cross_site};

/// Errors of one status and one meaning.
pub struct ErrorAnswer {
    /// Its name in `components/responses`.
    pub name: &'static str,
    description: &'static str,
    examples: Vec<(&'static str, ApiError)>,
    /// Whether there are no other texts than those of the examples.
    is_fixed: bool,
    pattern: Option<&'static str>,
    narrowing: Option<Value>,
}

impl ErrorAnswer {
    pub fn new<const N: usize>(
        name: &'static str,
        description: &'static str,
        examples: [(&'static str, ApiError); N],
    ) -> Self {
        Self {
            name,
            description,
            examples: examples.into(),
            is_fixed: false,
            pattern: None,
            narrowing: None,
        }
    }

    /// There are no other texts than those of the examples.
    #[must_use]
    pub fn fixed(self) -> Self {
        Self {
            is_fixed: true,
            ..self
        }
    }

    /// The texts are all like this.
    #[must_use]
    pub fn text_like(self, pattern: &'static str) -> Self {
        Self {
            pattern: Some(pattern),
            ..self
        }
    }

    /// What the body has, beyond what all errors have; otherwise that is taken from the examples.
    #[must_use]
    pub fn narrowed(self, schema: Value) -> Self {
        Self {
            narrowing: Some(schema),
            ..self
        }
    }

    pub fn status(&self) -> StatusCode {
        let mut examples = self.examples.iter();
        let status = examples.next().unwrap().1.status;
        assert!(
            examples.all(|(_, error)| error.status == status),
            "{}",
            self.name
        );
        status
    }

    /// As `components/responses` has it.
    pub fn render(&self, format: ErrorFormat, schemas: &mut Schemas) -> Json {
        if format == ErrorFormat::SignIn {
            return self.render_page();
        }
        let id = RequestId::example();
        let examples = self.examples.iter();
        let replies: Vec<(&str, Reply)> = examples
            .map(|(name, error)| (*name, format.finish(format.render(error, &id))))
            .collect();
        let bodies: Vec<(&str, Value)> = replies
            .iter()
            .map(|(name, reply)| (*name, serde_json::from_slice(&reply.body).unwrap()))
            .collect();
        let narrowing = self
            .narrowing
            .clone()
            .unwrap_or_else(|| self.narrowing(&bodies));
        let schema = json!({ "allOf": [
            format.schema(schemas),
            narrowing,
        ] });
        let replies = replies.iter();
        let examples = replies.clone().map(|(name, reply)| {
            let text = std::str::from_utf8(&reply.body).unwrap();
            (*name, Json::object([("value", Json::parse(text))]))
        });
        let headers: Vec<&HeaderMap> = replies.clone().map(|(_, reply)| &reply.headers).collect();
        Json::object([
            ("description", self.description.into()),
            ("headers", headers_of(&headers)),
            (
                "content",
                Json::object([(
                    "application/json",
                    Json::object([
                        ("schema", Json::schema(&schema)),
                        ("examples", Json::object(examples)),
                    ]),
                )]),
            ),
        ])
    }

    /// The same as a page.
    fn render_page(&self) -> Json {
        let examples = self.examples.iter();
        let replies: Vec<Reply> = examples
            .map(|(_, error)| {
                let format = ErrorFormat::SignIn;
                format.finish(format.render(error, &RequestId::example()))
            })
            .collect();
        let headers: Vec<&HeaderMap> = replies.iter().map(|reply| &reply.headers).collect();
        Json::object([
            ("description", self.description.into()),
            ("headers", headers_of(&headers)),
            (
                "content",
                Json::object([(
                    "text/html",
                    Json::object([("schema", Json::schema(&json!({ "type": "string" })))]),
                )]),
            ),
        ])
    }

    /// What all examples say alike: members with one value are a `const`, names an `enum`.
    fn narrowing(&self, bodies: &[(&str, Value)]) -> Value {
        let mut properties = serde_json::Map::new();
        for member in ["code", "error", "type", "attr", "message", "detail"] {
            let is_text = matches!(member, "message" | "detail");
            let mut values: Vec<&Value> = Vec::new();
            for (_, body) in bodies {
                if let Some(value) = body.get(member)
                    && !values.contains(&value)
                {
                    values.push(value);
                }
            }
            match values.as_slice() {
                [_, ..] if is_text && self.pattern.is_some() => {
                    let schema = json!({ "type": "string", "pattern": self.pattern });
                    properties.insert(member.to_owned(), schema);
                }
                _ if is_text && !self.is_fixed => {}
                [] => {}
                [one] => {
                    properties.insert(member.to_owned(), json!({ "const": one }));
                }
                many => {
                    properties.insert(member.to_owned(), json!({ "enum": many }));
                }
            }
        }
        json!({ "type": "object", "properties": properties })
    }
}

/// 400 of [`ErrorFormat::Admin`].
pub fn bad_request() -> ErrorAnswer {
    ErrorAnswer::new(
        "BadRequest",
        "A parameter or a field of the body is unknown, missing or wrong. The message begins with its name and never repeats a value.",
        [
            (
                "parameter",
                ApiError::bad_request("limit: must be an integer from 1 to 500"),
            ),
            (
                "field",
                ApiError::bad_request("clearMapping: expected a boolean"),
            ),
        ],
    )
}

pub fn unauthorized() -> ErrorAnswer {
    ErrorAnswer::new(
        "Unauthorized",
        "A credential is missing or wrong. Which one, and why, is told to the log only.",
        [("unauthorized", ApiError::unauthorized("example"))],
    )
    .fixed()
}

pub fn forbidden() -> ErrorAnswer {
    ErrorAnswer::new(
        "Forbidden",
        "The credentials are right, but they do not reach this far.",
        [("forbidden", ApiError::forbidden("example"))],
    )
    .fixed()
}

/// 401 of administrators, whose session's sign-in may be too old.
pub fn admin_unauthorized() -> ErrorAnswer {
    ErrorAnswer::new(
        "AdminUnauthorized",
        "A credential is missing or wrong: which one, and why, is told to the log only. Or a session's sign-in is too old: then `WWW-Authenticate` asks for a new one (RFC 9470).",
        [
            ("unauthorized", ApiError::unauthorized("example")),
            ("stepUp", Shortfall::StepUp.into()),
        ],
    )
    .fixed()
}

/// 403 of administrators.
pub fn admin_forbidden() -> ErrorAnswer {
    ErrorAnswer::new(
        "AdminForbidden",
        "The credentials are right, but they do not reach this far.",
        [
            ("forbidden", ApiError::forbidden("example")),
            ("support", Shortfall::Role(Role::Support).into()),
            ("admin", Shortfall::Role(Role::Admin).into()),
            ("recentToken", Shortfall::RecentToken.into()),
            ("crossSite", cross_site::refused()),
        ],
    )
}

pub fn too_large() -> ErrorAnswer {
    ErrorAnswer::new(
        "TooLarge",
        "The request body is longer than 65536 bytes.",
        [("tooLarge", body::too_large())],
    )
}

pub fn not_json() -> ErrorAnswer {
    ErrorAnswer::new(
        "NotJson",
        "The request body is not declared as application/json, or it is compressed.",
        [
            ("notJson", body::check_media(&HeaderMap::new()).unwrap_err()),
            ("compressed", body::encoded()),
        ],
    )
}

pub fn too_many() -> ErrorAnswer {
    ErrorAnswer::new(
        "TooMany",
        "A rate limit was hit: of the caller, or of the address after failed authentication. Happens only where the rate-limit bindings are configured.",
        [("tooMany", ErrorFormat::Admin.too_many())],
    )
}

pub fn internal() -> ErrorAnswer {
    ErrorAnswer::new(
        "Internal",
        "A fault of this service. The request id leads to the log line that tells more.",
        [("internal", ApiError::internal("example"))],
    )
    .fixed()
}

/// 503 of a token that cannot be checked.
pub fn keys_unavailable() -> ErrorAnswer {
    ErrorAnswer::new(
        "KeysUnavailable",
        "The signing keys of the identity provider cannot be fetched, so no token can be checked.",
        [("keys", no_keys())],
    )
}

/// 503 of the console's own routes.
pub fn sign_in_not_configured() -> ErrorAnswer {
    ErrorAnswer::new(
        "SignInNotConfigured",
        "No one can sign in to the console.",
        [("sign_in", ApiError::sign_in_not_configured())],
    )
}

/// Errors of [`ErrorFormat::SignIn`], which are pages.
pub fn sign_in_refused() -> ErrorAnswer {
    ErrorAnswer::new(
        "SignInRefused",
        "A page that says what to do: a parameter is wrong, or what came back is no answer to a sign-in of this browser, or not a good one.",
        [("refused", ApiError::bad_request("example"))],
    )
}

pub fn sign_in_forbidden() -> ErrorAnswer {
    ErrorAnswer::new(
        "SignInForbidden",
        "A page that says what to do: the sign-in had no second factor, or was another operator's than the one whose session this browser has.",
        [("forbidden", ApiError::forbidden("example"))],
    )
}

pub fn sign_in_too_large() -> ErrorAnswer {
    ErrorAnswer::new(
        "SignInTooLarge",
        "A page: the request has a body of more than 65536 bytes.",
        [("tooLarge", body::too_large())],
    )
}

pub fn sign_in_too_many() -> ErrorAnswer {
    ErrorAnswer::new(
        "SignInTooMany",
        "A page: too many sign-ins came back from this address, or too many failed.",
        [("tooMany", ErrorFormat::SignIn.too_many())],
    )
}

pub fn sign_in_internal() -> ErrorAnswer {
    ErrorAnswer::new(
        "SignInInternal",
        "A page: a fault of this service. The request id leads to the log line that tells more.",
        [("internal", ApiError::internal("example"))],
    )
}

pub fn sign_in_unavailable() -> ErrorAnswer {
    let unavailable = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "example");
    ErrorAnswer::new(
        "SignInUnavailable",
        "A page: sign-in is not configured, or the identity provider cannot be used at the moment, which Retry-After tells.",
        [
            ("unconfigured", ApiError::sign_in_not_configured()),
            ("unavailable", unavailable.retry_after(1)),
        ],
    )
}

/// The error of a token that cannot be checked.
pub fn no_keys() -> ApiError {
    AuthError::KeysUnavailable(KeysError::TimedOut).into()
}

/// 404 of a user whom the path or the body names.
pub fn unknown_user() -> ErrorAnswer {
    ErrorAnswer::new(
        "UnknownUser",
        "No such user.",
        [("unknown", ApiError::unknown_user())],
    )
}

/// 405 and 501, which belong to no operation.
pub fn unrouted() -> [ErrorAnswer; 2] {
    [
        ErrorAnswer::new(
            "MethodNotAllowed",
            "The path exists, but not with this method. Not tied to a route.",
            [(
                "method",
                ErrorFormat::Admin.unknown_method(&http::Method::PUT, "GET, HEAD"),
            )],
        ),
        ErrorAnswer::new(
            "NotImplemented",
            "The method is not a valid name. Not tied to a route.",
            [(
                "method",
                ApiError::new(StatusCode::NOT_IMPLEMENTED, "The method is not known"),
            )],
        ),
    ]
}
