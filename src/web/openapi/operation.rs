//! Operations: what an endpoint's `openapi` writes, and how the document shows it.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::parts::{Answer, Parameter, RequestBody};
use super::{ErrorAnswer, Json, Schemas};
use crate::auth::SignIn;
use crate::kernel::UserId;
use crate::web::ErrorFormat;
use crate::web::route::Route;

/// What an endpoint describes itself with.
pub struct Spec<'a> {
    pub route: &'a Route,
    pub schemas: &'a mut Schemas,
}

impl Spec<'_> {
    /// A body that is read into `T` and must be there.
    pub fn body<T: JsonSchema>(&mut self) -> RequestBody {
        RequestBody::new(true, self.schemas.request::<T>())
    }

    /// A body that may be left out.
    pub fn optional_body<T: JsonSchema>(&mut self) -> RequestBody {
        RequestBody::new(false, self.schemas.request::<T>())
    }

    /// An answer with a body that is written from `T`.
    pub fn json<T: JsonSchema>(&mut self, status: u16, description: &'static str) -> Answer {
        Answer::empty(status, description).with_schema(self.schemas.answer::<T>())
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
        if let Some((role, sign_in)) = caller.least_role {
            members.push(("x-least-role", role.as_str().into()));
            members.push(("x-step-up", (sign_in != SignIn::AnyTime).into()));
        }
        if !self.parameters.is_empty() {
            let parameters = self.parameters.into_iter();
            members.push((
                "parameters",
                Json::array(parameters.map(|one| one.render(components))),
            ));
        }
        let mut errors = caller.errors;
        if self.body.is_some() || route.refuses_unread_body() {
            errors.extend(caller.body_errors);
        }
        if let Some(body) = self.body {
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
        let parameters = self.parameters.iter().filter(|one| one.is_in_path());
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
