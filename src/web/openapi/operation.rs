//! Operations: what an endpoint's `openapi` writes, and how the document shows it.

use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{ErrorAnswer, Json, Schemas};
use crate::kernel::UserId;
use crate::web::route::Route;
use crate::web::{ErrorFormat, Reply};

/// What an endpoint describes itself with.
pub struct Spec<'a> {
    pub route: &'a Route,
    pub schemas: &'a mut Schemas,
}

impl Spec<'_> {
    /// A body that is read into `T` and must be there.
    pub fn body<T: JsonSchema>(&mut self) -> RequestBody {
        RequestBody {
            is_required: true,
            description: None,
            schema: self.schemas.request::<T>(),
            examples: Vec::new(),
        }
    }

    /// A body that may be left out.
    pub fn optional_body<T: JsonSchema>(&mut self) -> RequestBody {
        RequestBody {
            is_required: false,
            ..self.body::<T>()
        }
    }

    /// An answer with a body that is written from `T`.
    pub fn json<T: JsonSchema>(&mut self, status: u16, description: &'static str) -> Answer {
        Answer {
            schema: Some(self.schemas.answer::<T>()),
            ..Answer::empty(status, description)
        }
    }

    /// The path's `{userId}`.
    pub fn user_id(&mut self) -> Parameter {
        let schema = self.schemas.request::<UserId>();
        let description = "The user's `users.uuid`, percent-encoded.";
        Parameter::path("UserId", "userId", description, schema)
    }

    /// A parameter of the query that is read into `T`.
    pub fn query<T: JsonSchema>(
        &mut self,
        name: &'static str,
        description: &'static str,
    ) -> Parameter {
        Parameter::query(name, description, self.schemas.request::<T>())
    }
}

/// One operation, without what follows from its route.
pub struct OperationDoc {
    tag: &'static str,
    summary: &'static str,
    description: String,
    parameters: Vec<Parameter>,
    body: Option<RequestBody>,
    answers: Vec<Answer>,
    errors: Vec<ErrorAnswer>,
}

impl OperationDoc {
    pub fn new(tag: &'static str, summary: &'static str, description: impl Into<String>) -> Self {
        Self {
            tag,
            summary,
            description: description.into(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            errors: Vec::new(),
        }
    }

    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    #[must_use]
    pub fn body(self, body: RequestBody) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// An error beyond those of the caller's kind, or in place of theirs.
    #[must_use]
    pub fn error(mut self, error: ErrorAnswer) -> Self {
        self.errors.push(error);
        self
    }

    /// As the document shows it; what is shared goes into `components`.
    pub fn render(self, route: &Route, components: &mut Components) -> Json {
        let format = ErrorFormat::of_path(route.path);
        let caller = (route.handler.caller)();
        components.tags.push(self.tag);
        self.check_path(route);
        let mut members: Vec<(&str, Json)> = vec![
            ("operationId", route.operation.into()),
            ("tags", Json::array([self.tag])),
            ("summary", self.summary.into()),
            ("description", self.description.into()),
            (
                "security",
                Json::array(caller.security.iter().map(|schemes| {
                    Json::object(schemes.iter().map(|name| (*name, Json::Array(Vec::new()))))
                })),
            ),
        ];
        if !self.parameters.is_empty() {
            let parameters = self.parameters.into_iter();
            members.push((
                "parameters",
                Json::array(parameters.map(|one| one.render(components))),
            ));
        }
        let mut errors = caller.errors;
        if let Some(body) = self.body {
            errors.extend(caller.body_errors);
            members.push(("requestBody", body.render()));
        }
        errors.extend(self.errors);
        // The last one of a status counts.
        let errors: BTreeMap<u16, ErrorAnswer> = errors
            .into_iter()
            .map(|error| (error.status().as_u16(), error))
            .collect();
        let mut responses: BTreeMap<u16, Json> = BTreeMap::new();
        for answer in self.answers {
            responses.insert(answer.status, answer.render(format));
        }
        for (status, error) in errors {
            responses.insert(status, Json::reference("responses", error.name));
            components.errors.push((error, format));
        }
        let responses = responses.into_iter();
        let responses = responses.map(|(status, answer)| (status.to_string(), answer));
        members.push(("responses", Json::object(responses)));
        Json::object(members)
    }

    fn check_path(&self, route: &Route) {
        let parameters = self.parameters.iter().filter(|one| one.place == "path");
        let described: Vec<&str> = parameters.map(|one| one.name).collect();
        let named: Vec<&str> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(described, named, "the parameters of {}", route.path);
    }
}

/// What several operations share.
#[derive(Default)]
pub struct Components {
    pub tags: Vec<&'static str>,
    pub parameters: BTreeMap<&'static str, Json>,
    pub errors: Vec<(ErrorAnswer, ErrorFormat)>,
}

/// A parameter of the path or the query.
pub struct Parameter {
    shared: Option<&'static str>,
    name: &'static str,
    place: &'static str,
    description: &'static str,
    schema: Value,
}

impl Parameter {
    /// A parameter of the path, which is called `shared` in `components/parameters`.
    pub const fn path(
        shared: &'static str,
        name: &'static str,
        description: &'static str,
        schema: Value,
    ) -> Self {
        Self {
            shared: Some(shared),
            name,
            place: "path",
            description,
            schema,
        }
    }

    /// A parameter of the query, which may be left out.
    pub const fn query(name: &'static str, description: &'static str, schema: Value) -> Self {
        Self {
            shared: None,
            name,
            place: "query",
            description,
            schema,
        }
    }

    /// A number from 1 to `max`, see [`Query::count`].
    ///
    /// [`Query::count`]: crate::web::query::Query::count
    pub fn count(name: &'static str, description: &'static str, default: u32, max: u32) -> Self {
        let schema = json!({ "type": "integer", "minimum": 1, "maximum": max, "default": default });
        Self::query(name, description, schema)
    }

    fn render(self, components: &mut Components) -> Json {
        let rendered = Json::object([
            ("name", self.name.into()),
            ("in", self.place.into()),
            ("required", Json::from(self.place == "path")),
            ("description", self.description.into()),
            ("schema", Json::schema(&self.schema)),
        ]);
        let Some(shared) = self.shared else {
            return rendered;
        };
        let other = components.parameters.insert(shared, rendered.clone());
        assert!(
            other.is_none_or(|other| other == rendered),
            "two parameters are called {shared}"
        );
        Json::reference("parameters", shared)
    }
}

/// The path's `{keyId}`.
pub fn key_id() -> Parameter {
    Parameter::path("KeyId", "keyId", "The id of an API key.", any_text())
}

/// A text of the path that is looked up as it is.
pub fn any_text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

/// The body of a request.
pub struct RequestBody {
    is_required: bool,
    description: Option<&'static str>,
    schema: Value,
    examples: Vec<(&'static str, Json)>,
}

impl RequestBody {
    #[must_use]
    pub fn described(self, description: &'static str) -> Self {
        Self {
            description: Some(description),
            ..self
        }
    }

    #[must_use]
    pub fn example(mut self, name: &'static str, value: Json) -> Self {
        self.examples.push((name, value));
        self
    }

    fn render(self) -> Json {
        let mut members = vec![("required", Json::from(self.is_required))];
        members.extend(self.description.map(|text| ("description", text.into())));
        members.push(("content", content(&self.schema, self.examples)));
        Json::object(members)
    }
}

/// An answer that is no error.
pub struct Answer {
    status: u16,
    description: &'static str,
    schema: Option<Value>,
    examples: Vec<(&'static str, Json)>,
    is_never_stored: bool,
    header: Option<(&'static str, &'static str)>,
    links: Vec<(&'static str, Json)>,
}

impl Answer {
    /// An answer without a body.
    pub const fn empty(status: u16, description: &'static str) -> Self {
        Self {
            status,
            description,
            schema: None,
            examples: Vec::new(),
            is_never_stored: false,
            header: None,
            links: Vec::new(),
        }
    }

    #[must_use]
    pub fn example(mut self, name: &'static str, value: Json) -> Self {
        self.examples.push((name, value));
        self
    }

    #[must_use]
    pub fn no_store(self) -> Self {
        Self {
            is_never_stored: true,
            ..self
        }
    }

    /// A header that is called `shared` in `components/headers`.
    #[must_use]
    pub fn header(self, name: &'static str, shared: &'static str) -> Self {
        Self {
            header: Some((name, shared)),
            ..self
        }
    }

    /// What may be asked next: another operation, and where its parameters come from.
    #[must_use]
    pub fn link<const N: usize>(
        mut self,
        operation: &'static str,
        parameters: [(&'static str, &'static str); N],
    ) -> Self {
        self.links.push((
            operation,
            Json::object([
                ("operationId", Json::from(operation)),
                ("parameters", Json::object(parameters)),
            ]),
        ));
        self
    }

    fn render(self, format: ErrorFormat) -> Json {
        let mut reply = format.finish(Reply::empty(StatusCode::OK));
        if self.is_never_stored {
            reply = reply.no_store();
        }
        let mut headers = headers_of(&[&reply.headers]);
        if let (Json::Object(members), Some((name, shared))) = (&mut headers, self.header) {
            members.push((name.to_owned(), Json::reference("headers", shared)));
        }
        let mut members = vec![
            ("description", self.description.into()),
            ("headers", headers),
        ];
        if let Some(schema) = &self.schema {
            members.push(("content", content(schema, self.examples)));
        }
        if !self.links.is_empty() {
            members.push(("links", Json::object(self.links)));
        }
        Json::object(members)
    }
}

fn content(schema: &Value, examples: Vec<(&'static str, Json)>) -> Json {
    let mut members = vec![("schema", Json::schema(schema))];
    if !examples.is_empty() {
        let examples = examples.into_iter();
        members.push((
            "examples",
            Json::object(examples.map(|(name, value)| (name, Json::object([("value", value)])))),
        ));
    }
    Json::object([("application/json", Json::object(members))])
}

/// Which of the described headers the replies of one answer have: all of them, or some.
pub fn headers_of(replies: &[&HeaderMap]) -> Json {
    let known = [
        (header::CACHE_CONTROL, "Cache-Control", "NoStore"),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            "Access-Control-Allow-Origin",
            "AnyOrigin",
        ),
        (header::WWW_AUTHENTICATE, "WWW-Authenticate", "Challenge"),
        (header::ALLOW, "Allow", "Allow"),
        (header::RETRY_AFTER, "Retry-After", "RetryAfter"),
    ];
    let mut headers = vec![("X-Request-Id", Json::reference("headers", "RequestId"))];
    for (name, spelling, shared) in known {
        let count = replies
            .iter()
            .filter(|headers| headers.contains_key(&name))
            .count();
        if count > 0 {
            // The only one that an answer has at times.
            let is_optional = name == header::RETRY_AFTER && count < replies.len();
            let shared = if is_optional {
                "RetryAfterAtTimes"
            } else {
                shared
            };
            headers.push((spelling, Json::reference("headers", shared)));
        }
    }
    Json::object(headers)
}
