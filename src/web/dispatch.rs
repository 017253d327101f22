//! One request through its route: caller, body, handler, answer.

use std::rc::Rc;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, RawPathParams, Request};
use axum::response::Response;
use futures_util::StreamExt as _;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use worker::send::SendWrapper;

use crate::auth::admin_key::{ADMIN_KEY_HEADER, API_KEY_HEADER};
use crate::kernel::RequestId;
use crate::user_keys::credentials::USER_KEY_HEADER;

use crate::services::Services;
use crate::web::address::{CLIENT_ADDRESS_HEADER, client_address};
use crate::web::body::{MAX_BODY_BYTES, MAX_DISCARDED_BYTES, check_announced_length, too_large};
use crate::web::call::Input;
use crate::web::caller::{Admin, Anyone, UserCaller};
use crate::web::route::Handler;
use crate::web::surface::Surface;
use crate::web::{ApiError, Call, Reply, Route};

/// The header that carries the request's name, in every answer.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The request headers that somebody here reads. Nobody gets to see any other:
/// the platform adds a dozen, and each would be copied and parsed every time.
pub const READ_HEADERS: [HeaderName; 7] = [
    header::AUTHORIZATION,
    ADMIN_KEY_HEADER,
    API_KEY_HEADER,
    USER_KEY_HEADER,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    CLIENT_ADDRESS_HEADER,
];

/// What a request carries through axum besides itself.
#[derive(Clone)]
pub struct Context {
    /// The request's name.
    pub request_id: RequestId,
    /// What it works with.
    pub services: Rc<Services>,
}

/// What the log is told of a request; travels back as an extension of the answer.
#[derive(Clone, Default)]
pub struct Trace {
    /// The route's template, never the path itself.
    pub route: Option<&'static str>,
    /// Who called.
    pub caller: Option<String>,
    /// The log's face of an error.
    pub cause: Option<String>,
}

/// Takes a request through its route.
pub async fn dispatch(route: &'static Route, request: Request) -> Response {
    let Some(context) = context(&request) else {
        return respond(
            Reply::empty(StatusCode::INTERNAL_SERVER_ERROR),
            Trace::default(),
        );
    };
    let mut trace = Trace {
        route: Some(route.path),
        ..Trace::default()
    };
    let is_head = request.method() == Method::HEAD;
    let reply = match serve(route, request, &context, &mut trace).await {
        Ok(reply) => reply,
        Err(error) => {
            trace.cause = Some(error.cause.to_string());
            route.surface.render(&error, &context.request_id)
        }
    };
    let mut reply = route.surface.finish(reply);
    if is_head {
        // Of the routes that take every method, axum does not see to this.
        reply.body.clear();
    }
    respond(reply, trace)
}

/// Answers an error for a request that no route takes.
pub fn refuse(request: &Request, error: &ApiError) -> Response {
    let Some(context) = context(request) else {
        return respond(Reply::empty(error.status), Trace::default());
    };
    let trace = Trace {
        cause: Some(error.cause.to_string()),
        ..Trace::default()
    };
    let surface = Surface::of_path(request.uri().path());
    let reply = surface.render(error, &context.request_id);
    respond(surface.finish(reply), trace)
}

fn context(request: &Request) -> Option<Context> {
    request
        .extensions()
        .get::<SendWrapper<Context>>()
        .map(|wrapped| wrapped.0.clone())
}

async fn serve(
    route: &'static Route,
    request: Request,
    context: &Context,
    trace: &mut Trace,
) -> Result<Reply, ApiError> {
    let (mut parts, body) = request.into_parts();
    // The caller comes first: nobody else's body or path is even looked at. Only a
    // door reads a body before, and throws it away.
    match route.handler {
        Handler::Instance(door) => door.serve(route, parts, body, context, trace).await,
        Handler::Person(door) => door.serve(route, parts, body, context, trace).await,
        Handler::Public(handle) => {
            let call = call(Anyone::authenticate(), &mut parts, body, context).await?;
            handle(call).await
        }
        Handler::Admin(handle) => {
            let authenticated = Admin::authenticate(&parts.headers, &context.services).await;
            let admin = brake(authenticated, &parts.headers, context, route.surface).await?;
            let name = admin.actor().as_str().to_owned();
            let free = context.services.admin_within_limit(&name).await;
            trace.caller = Some(name);
            if !free {
                return Err(route.surface.too_many());
            }
            handle(call(admin, &mut parts, body, context).await?).await
        }
        Handler::User(handle) => {
            let authenticated = UserCaller::authenticate(&parts.headers, &context.services).await;
            let caller = brake(authenticated, &parts.headers, context, route.surface).await?;
            if let UserCaller::Admin(admin) = &caller {
                trace.caller = Some(admin.actor().as_str().to_owned());
            }
            handle(call(caller, &mut parts, body, context).await?).await
        }
    }
}

/// A failed authentication counts against the client's address.
async fn brake<C>(
    authenticated: Result<C, crate::auth::AuthError>,
    headers: &HeaderMap,
    context: &Context,
    surface: Surface,
) -> Result<C, ApiError> {
    let error = match authenticated {
        Ok(caller) => return Ok(caller),
        Err(error) => error,
    };
    let address = client_address(headers);
    let free = context.services.address_within_limit(address).await;
    Err(if free {
        error.into()
    } else {
        surface.too_many()
    })
}

pub(crate) async fn call<C>(
    caller: C,
    parts: &mut Parts,
    body: Body,
    context: &Context,
) -> Result<Call<C>, ApiError> {
    let path = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| ApiError::bad_request("path: not valid UTF-8 after percent-decoding"))?
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    check_announced_length(&parts.headers)?;
    let body = read(body).await?;
    Ok(Call {
        caller,
        services: Rc::clone(&context.services),
        request_id: context.request_id.clone(),
        input: Input {
            headers: std::mem::take(&mut parts.headers),
            path,
            query: parts.uri.query().map(str::to_owned),
            body,
        },
    })
}

/// Reads a body up to the cap, whatever length it announced. What is moderately
/// too large is read to its end and thrown away: to a client, or a proxy, that
/// is still sending, an early answer looks like a broken connection.
async fn read(body: Body) -> Result<Vec<u8>, ApiError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| ApiError::bad_request("body: could not be read"))?;
        length = length.saturating_add(chunk.len());
        if length > MAX_DISCARDED_BYTES {
            return Err(too_large());
        }
        if length <= MAX_BODY_BYTES {
            bytes.extend_from_slice(&chunk);
        }
    }
    if length > MAX_BODY_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Reads what somebody sends and nobody wants, up to where it is an abuse: to
/// a client that is still sending, an early answer looks like a broken connection.
///
/// # Errors
///
/// 400 for a request that did not arrive whole: its sender is not there for an answer.
pub(crate) async fn discard(body: Body) -> Result<(), ApiError> {
    let mut stream = body.into_data_stream();
    let mut length = 0_usize;
    while let Some(chunk) = stream.next().await {
        let chunk =
            chunk.map_err(|_| ApiError::bad_request("The request body could not be read."))?;
        length = length.saturating_add(chunk.len());
        if length > MAX_DISCARDED_BYTES {
            break;
        }
    }
    Ok(())
}

fn respond(reply: Reply, trace: Trace) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
        .headers_mut()
        .entry("x-content-type-options")
        .or_insert(HeaderValue::from_static("nosniff"));
    response.extensions_mut().insert(trace);
    response
}
