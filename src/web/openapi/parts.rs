//! The parts of an operation: parameters, bodies, answers and their headers.

use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{Components, Json};
use crate::web::{ErrorFormat, Reply};

/// A parameter of the path or the query.
pub struct Parameter {
    shared: Option<&'static str>,
    pub name: &'static str,
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

    pub fn is_in_path(&self) -> bool {
        self.place == "path"
    }

    /// A number from 1 to `max`, see [`Query::count`].
    ///
    /// [`Query::count`]: crate::web::query::Query::count
    pub fn count(name: &'static str, description: &'static str, default: u32, max: u32) -> Self {
        let schema = json!({ "type": "integer", "minimum": 1, "maximum": max, "default": default });
        Self::query(name, description, schema)
    }

    pub fn render(self, components: &mut Components) -> Json {
        let rendered = Json::object([
            ("name", self.name.into()),
            ("in", self.place.into()),
            ("required", Json::from(self.is_in_path())),
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
    Parameter::path(
        "KeyId",
        "keyId",
        "The id of an API key.",
        any_text("key_01JZX0000000000000000000EX"),
    )
}

/// A text of the path that is looked up as it is.
pub fn any_text(example: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "examples": [example] })
}

/// The body of a request.
pub struct RequestBody {
    is_required: bool,
    description: Option<&'static str>,
    schema: Value,
    examples: Vec<(&'static str, Json)>,
}

impl RequestBody {
    pub const fn new(is_required: bool, schema: Value) -> Self {
        Self {
            is_required,
            description: None,
            schema,
            examples: Vec::new(),
        }
    }

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

    pub fn render(self) -> Json {
        let mut members = vec![("required", Json::from(self.is_required))];
        members.extend(self.description.map(|text| ("description", text.into())));
        members.push(("content", content(&self.schema, self.examples)));
        Json::object(members)
    }
}

/// An answer that is no error.
pub struct Answer {
    pub status: u16,
    description: &'static str,
    schema: Option<Value>,
    /// Of a body that is no JSON.
    media_types: &'static [&'static str],
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
            media_types: &[],
            examples: Vec::new(),
            is_never_stored: false,
            header: None,
            links: Vec::new(),
        }
    }

    /// An answer whose body is a text of one of these types.
    pub fn text(
        status: u16,
        description: &'static str,
        media_types: &'static [&'static str],
    ) -> Self {
        Self {
            media_types,
            ..Self::empty(status, description)
        }
    }

    #[must_use]
    pub fn example(mut self, name: &'static str, value: Json) -> Self {
        self.examples.push((name, value));
        self
    }

    #[must_use]
    pub fn with_schema(self, schema: Value) -> Self {
        Self {
            schema: Some(schema),
            ..self
        }
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
        let link = Json::object([
            ("operationId", Json::from(operation)),
            ("parameters", Json::object(parameters)),
        ]);
        self.links.push((operation, link));
        self
    }

    /// The same for an operation that needs a body.
    #[must_use]
    pub fn link_with_body<const N: usize>(
        mut self,
        operation: &'static str,
        parameters: [(&'static str, &'static str); N],
        body: Json,
    ) -> Self {
        let link = Json::object([
            ("operationId", Json::from(operation)),
            ("parameters", Json::object(parameters)),
            ("requestBody", body),
        ]);
        self.links.push((operation, link));
        self
    }

    pub fn render(self, format: ErrorFormat) -> Json {
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
        if !self.media_types.is_empty() {
            let text = Json::object([("schema", Json::object([("type", "string")]))]);
            let types = self.media_types.iter().map(|one| (*one, text.clone()));
            members.push(("content", Json::object(types)));
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
        (header::ACCEPT_ENCODING, "Accept-Encoding", "AcceptEncoding"),
    ];
    let mut headers = vec![("X-Request-Id", Json::reference("headers", "RequestId"))];
    for (name, spelling, shared) in known {
        let count = replies
            .iter()
            .filter(|headers| headers.contains_key(&name))
            .count();
        if count > 0 {
            // AcceptEncoding is described as one that an answer has at times.
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
