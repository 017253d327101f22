//! axum's router, built once an isolate from the table of routes.

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{MethodFilter, any, on};
use worker::send::SendFuture;

use crate::routes::ROUTES;
use crate::web::dispatch;
use crate::web::dispatch::dispatch;
use crate::web::route::Handler;
use crate::web::surface::Surface;
use crate::web::{ApiError, Route};

/// Builds the router.
pub fn build() -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = register(router, route);
    }
    router
        .fallback(|request: Request| {
            let surface = Surface::of_path(request.uri().path());
            refuse(request, surface.unknown_path())
        })
        .method_not_allowed_fallback(|request: Request| {
            let surface = Surface::of_path(request.uri().path());
            let error = surface.unknown_method(request.method());
            refuse(request, error)
        })
}

fn register(router: Router, route: &'static Route) -> Router {
    // A method without a filter would be a slip in the table; a test finds it.
    let Ok(filter) = MethodFilter::try_from(route.method.clone()) else {
        return router;
    };
    let handler = move |request: Request| SendFuture::new(dispatch(route, request));
    let methods = match route.handler {
        // This API looks at the keys first and at the method then.
        Handler::Instance(_) => any(handler),
        _ => on(filter, handler),
    };
    match route.surface {
        Surface::Account => router
            .route(&format!("{}/", route.path), methods.clone())
            .route(route.path, methods),
        _ => router.route(route.path, methods),
    }
}

fn refuse(request: Request, error: ApiError) -> std::future::Ready<Response> {
    std::future::ready(dispatch::refuse(&request, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_table_can_be_registered() {
        for route in ROUTES {
            assert!(MethodFilter::try_from(route.method.clone()).is_ok());
        }
        // Conflicting paths would panic here.
        let _ = build();
    }
}
