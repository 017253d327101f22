//! One request with the keys of an instance, up to its handler: preflight,
//! keys, permission, throttle, method, in this order.

use std::rc::Rc;

use axum::body::Body;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use crate::user_keys::Errand;
use crate::user_keys::representation::Version;
use crate::web::address::client_address;
use crate::web::call::Input;
use crate::web::dispatch::{Context, Trace, discard};
use crate::web::route::Answer;
use crate::web::surface::Surface;
use crate::web::{ApiError, Call, Reply, Route};

use crate::user_keys::endpoints::InstanceCaller;
use crate::user_keys::endpoints::caller::{Denied, Knock};

/// Where a request with the keys of an instance comes in.
#[derive(Clone, Copy)]
pub struct Door {
    /// The version of the API.
    pub version: Version,
    /// What the route is for, which decides who may use it.
    pub errand: Errand,
    /// What then happens.
    pub handle: fn(Call<InstanceCaller>) -> Answer,
}

impl Door {
    /// Takes a request through.
    pub(crate) async fn serve(
        self,
        route: &'static Route,
        parts: Parts,
        body: Body,
        context: &Context,
        trace: &mut Trace,
    ) -> Result<Reply, ApiError> {
        if parts.method == Method::OPTIONS {
            return Ok(preflight(route));
        }
        // Whatever it holds. Clients send one with a GET as well.
        discard(body).await?;
        let path = parameters(route.path, parts.uri.path());
        let knock = Knock {
            version: self.version,
            errand: self.errand,
            headers: &parts.headers,
            query: parts.uri.query(),
            path: &path,
        };
        let caller = match InstanceCaller::authenticate(&knock, &context.services).await {
            Ok(caller) => caller,
            Err(Denied::Failed(error)) => return Err(error),
            Err(Denied::Refused(refusal)) => {
                let address = client_address(&parts.headers);
                let may_knock_again = !refusal.is_failed_authentication()
                    || context.services.address_within_limit(address).await;
                return Err(if may_knock_again {
                    refusal.into()
                } else {
                    route.surface.too_many()
                });
            }
        };
        let name = caller.actor().as_str().to_owned();
        let instance = caller.visitor().counts_against();
        let throttled = context.services.throttle(instance, &name);
        trace.caller = Some(name);
        throttled.map_err(|seconds| Surface::UserKeys.throttled(seconds))?;
        if !answers(route, &parts.method) {
            let message = format!("Method \"{}\" not allowed.", parts.method);
            return Err(ApiError::method_not_allowed(message, methods(route)));
        }
        let call = Call {
            caller,
            services: Rc::clone(&context.services),
            request_id: context.request_id.clone(),
            input: Input {
                headers: parts.headers,
                path,
                query: parts.uri.query().map(str::to_owned),
                body: Vec::new(),
            },
        };
        (self.handle)(call).await
    }
}

/// The parameters of `template` in a path that it matches. What is no UTF-8 once
/// it is decoded becomes a text that is neither a name nor an id.
fn parameters(template: &str, path: &str) -> Vec<(String, String)> {
    let segments = template.split('/').zip(path.split('/'));
    segments
        .filter_map(|(expected, given)| {
            let name = expected.strip_prefix('{')?.strip_suffix('}')?;
            let value = percent_decode_str(given).decode_utf8_lossy();
            Some((name.to_owned(), value.into_owned()))
        })
        .collect()
}

fn answers(route: &Route, method: &Method) -> bool {
    route.method == *method || (route.method == Method::GET && *method == Method::HEAD)
}

/// Every path of this API has one method of its own.
fn methods(route: &Route) -> &'static str {
    if route.method == Method::GET {
        "GET, HEAD, OPTIONS"
    } else {
        "POST, OPTIONS"
    }
}

/// What a browser asks before it sends keys from a page of another origin
/// (Fetch standard, CORS protocol). Any page may: it needs keys, and none is
/// ever sent by a browser of its own accord.
fn preflight(route: &Route) -> Reply {
    let methods = HeaderValue::from_static(methods(route));
    Reply::empty(StatusCode::NO_CONTENT)
        .header(header::ALLOW, methods.clone())
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, methods)
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, x-api-key, x-user-key"),
        )
        .header(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("86400"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "/v1/instances/{instance}/users/{id}/";

    fn read(path: &str) -> [String; 2] {
        let found = parameters(TEMPLATE, path);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["instance", "id"]);
        [found[0].1.clone(), found[1].1.clone()]
    }

    #[test]
    fn parameters_are_decoded_once() {
        assert_eq!(read("/v1/instances/rivia/users/9/"), ["rivia", "9"]);
        assert_eq!(read("/v1/instances/%52ivia/users/%39/"), ["Rivia", "9"]);
        assert_eq!(read("/v1/instances/a%2Fb/users/%2531/"), ["a/b", "%31"]);
        assert_eq!(read("/v1/instances//users/%/"), ["", "%"]);
    }

    #[test]
    fn what_is_no_text_is_no_name() {
        let [instance, id] = read("/v1/instances/%ff/users/%c3/");
        assert_eq!([instance, id], ["\u{fffd}", "\u{fffd}"]);
    }
}
