//! One table of routes, and one request's way through it.

use std::borrow::Cow;
use std::rc::Rc;

use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;

use super::request::{Incoming, LogNames, PathParams, Request, client_address};
use super::route::Route;
use super::{ApiError, ErrorFormat, Reply, cors};
use crate::kernel::RequestId;
use crate::services::Services;

/// The header that carries the request's name, in every answer.
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer tells browsers (OWASP Secure Headers). No answer is a page, so none may load,
/// run or frame anything.
const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (
        STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    ),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// Finds the route of a path and method.
#[derive(Clone, Copy)]
pub struct Router {
    table: &'static [Route],
}

/// An answer, and what the log is told of it.
pub struct Answer {
    pub reply: Reply,
    /// The route's template, never the path itself; `None`: no route matched.
    pub route: Option<&'static str>,
    /// Who called.
    pub caller: Option<String>,
    /// Whose secret was asked for.
    pub user: Option<String>,
    /// What the log says of an error.
    pub cause: Option<String>,
}

impl Router {
    pub const fn new(table: &'static [Route]) -> Self {
        Self { table }
    }

    /// Answers one request. To HEAD the answer is GET's whole: the runtime sends its length and leaves
    /// the body out.
    pub async fn respond(
        &self,
        request: Request,
        services: Rc<Services>,
        request_id: RequestId,
    ) -> Answer {
        let format = ErrorFormat::of_path(&request.path);
        let is_user_keys = format == ErrorFormat::UserKeys;
        let address = client_address(&request.headers);
        let log_names = Rc::new(LogNames::default());
        let mut template = None;
        let result = match self.find(&request, format) {
            Err(error) => Err(error),
            // Pages of other origins may call the user-key API.
            Ok((route, _)) if is_user_keys && request.method == Method::OPTIONS => {
                template = Some(route.path);
                Ok(cors::preflight(route))
            }
            Ok((route, params)) => {
                template = Some(route.path);
                let incoming = Incoming {
                    request,
                    route,
                    params,
                    services: Rc::clone(&services),
                    request_id: request_id.clone(),
                    log_names: Rc::clone(&log_names),
                };
                match (route.handler.run)(incoming).await {
                    Err(error) if error.failed_authentication => {
                        // Guessing is braked by address.
                        let is_free = services.address_within_limit(address).await;
                        Err(if is_free { error } else { format.too_many() })
                    }
                    result => result,
                }
            }
        };
        // Pages are for people who follow links; what has no route is a program's mistake.
        let format = match template {
            None if format == ErrorFormat::SignIn => ErrorFormat::Admin,
            _ => format,
        };
        let mut answer = finish(result, format, &request_id);
        answer.route = template;
        answer.caller = log_names.caller.get().cloned();
        answer.user = log_names.user.get().cloned();
        answer
    }

    fn find(
        &self,
        request: &Request,
        format: ErrorFormat,
    ) -> Result<(&'static Route, PathParams), ApiError> {
        let mut path = request.path.as_str();
        // The account API knows every path with a slash at its end as well.
        if format == ErrorFormat::Account {
            path = path.strip_suffix('/').unwrap_or(path);
        }
        let mut found: Vec<&Route> = self.table.iter().filter(|it| it.covers(path)).collect();
        // What a template spells out goes before what it leaves open: a brace sorts behind all letters.
        let template = found.iter().map(|route| route.path).min();
        let template = template.ok_or_else(|| format.unknown_path())?;
        // A name may be an id as well. Of the account API, whose ids are uuids, clients expect 405.
        if format != ErrorFormat::Admin {
            found.retain(|route| route.path == template);
        }
        let route = match found.as_slice() {
            // The user-key API looks at the keys first and at the method then.
            [only] if format == ErrorFormat::UserKeys => Some(only),
            routes => {
                let answering = routes.iter().filter(|it| it.answers(&request.method));
                answering.min_by_key(|route| route.path)
            }
        };
        let route = *route.ok_or_else(|| {
            let allowed: Vec<String> = found.iter().map(|route| route.allowed()).collect();
            format.unknown_method(&request.method, allowed.join(", "))
        })?;
        Ok((route, params(route.path, &request.path)))
    }
}

/// Answers an error for a request that does not get as far as a route.
pub fn refuse(error: ApiError, request_id: &RequestId) -> Answer {
    finish(Err(error), ErrorFormat::Admin, request_id)
}

fn finish(result: Result<Reply, ApiError>, format: ErrorFormat, request_id: &RequestId) -> Answer {
    let (reply, cause) = match result {
        Ok(reply) => (reply, None),
        Err(error) => (format.render(&error, request_id), Some(error.into_cause())),
    };
    let mut reply = format.finish(reply);
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        reply.headers.insert(REQUEST_ID_HEADER, id);
    }
    for (name, value) in SECURITY_HEADERS {
        reply.headers.insert(name, HeaderValue::from_static(value));
    }
    Answer {
        reply,
        route: None,
        caller: None,
        user: None,
        cause,
    }
}

/// The parameters of `template` in a path that it matches.
fn params(template: &'static str, path: &str) -> PathParams {
    let segments = template.split('/').zip(path.split('/'));
    let params = segments.filter_map(|(expected, given)| {
        let name = expected.strip_prefix('{')?.strip_suffix('}')?;
        let decoded = percent_decode_str(given).decode_utf8();
        Some((name, decoded.ok().map(Cow::into_owned)))
    });
    PathParams(params.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ROUTES;

    #[test]
    fn no_two_routes_answer_the_same() {
        let filled = |route: &Route| {
            let segments = route.path.split('/');
            let filled = segments.map(|it| if it.starts_with('{') { "{}" } else { it });
            (route.method.clone(), filled.collect::<Vec<_>>())
        };
        for (index, route) in ROUTES.iter().enumerate() {
            let others = ROUTES.iter().skip(index + 1);
            let same = others.filter(|other| filled(other) == filled(route));
            assert_eq!(same.map(|other| other.path).next(), None, "{}", route.path);
        }
    }

    #[test]
    fn static_files_tell_browsers_the_same_as_answers_and_pages_let_more_load() {
        let files = include_str!("../../console/_headers");
        let (pages, files) = files.split_once("/openapi.json").unwrap();
        let (document, _) = files.split_once("/console/assets/*").unwrap();
        let of = |block: &'static str, wanted: &HeaderName| {
            let lines = block.lines().filter_map(|line| line.split_once(':'));
            let named = lines.filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted.as_str()));
            named.map(|(_, value)| value.trim()).collect::<Vec<_>>()
        };
        for (name, value) in SECURITY_HEADERS {
            assert_eq!(of(document, &name), [value], "{name}");
            let found = of(pages, &name);
            if name == CONTENT_SECURITY_POLICY {
                let directives: Vec<_> = found[0].split("; ").collect();
                assert!(value.split("; ").all(|one| directives.contains(&one)));
            } else {
                assert_eq!(found, [value], "{name}");
            }
        }
    }

    const TEMPLATE: &str = "/v1/instances/{instance}/users/{id}/";

    fn read(path: &str) -> [Option<String>; 2] {
        let PathParams(found) = params(TEMPLATE, path);
        let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["instance", "id"]);
        [found[0].1.clone(), found[1].1.clone()]
    }

    fn texts(first: &str, second: &str) -> [Option<String>; 2] {
        [first, second].map(|text| Some(text.to_owned()))
    }

    #[test]
    fn parameters_are_decoded_once() {
        for (path, decoded) in [
            ("/v1/instances/rivia/users/9/", texts("rivia", "9")),
            ("/v1/instances/%52ivia/users/%39/", texts("Rivia", "9")),
            ("/v1/instances/a%2Fb/users/%2531/", texts("a/b", "%31")),
            ("/v1/instances//users/%/", texts("", "%")),
            ("/v1/instances/a/users/%c3%a9/", texts("a", "é")),
        ] {
            assert_eq!(read(path), decoded, "{path}");
        }
    }

    #[test]
    fn a_parameter_that_is_not_utf_8_is_told_apart() {
        assert_eq!(read("/v1/instances/%ff/users/%c3/"), [None, None]);
    }
}
