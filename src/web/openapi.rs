//! `GET /openapi.json`: the description of every route (OpenAPI 3.1).

use http::StatusCode;

use super::{Anyone, ApiError, Call, Reply, Route, handler};

/// The document, as checked in.
pub const DOCUMENT: &str = include_str!("../../openapi.json");

pub const ROUTE: Route = Route::get("/openapi.json", "getOpenApi", handler!(handle: Anyone));

async fn handle(_: Call<Anyone>) -> Result<Reply, ApiError> {
    Ok(Reply::text(
        StatusCode::OK,
        "application/json",
        DOCUMENT.into(),
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::DOCUMENT;
    use crate::app::ROUTES;
    use crate::web::Access;

    /// Whether the scheme, or one of several that are asked for together, is one of those `of` somebody.
    fn is_of(of: &str, security: &Value) -> bool {
        let names = security.as_object().unwrap().keys();
        names.into_iter().any(|name| name.starts_with(of))
    }

    #[test]
    fn the_document_and_the_table_name_the_same_routes() {
        let document: Value = serde_json::from_str(DOCUMENT).unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                if method == "parameters" {
                    continue;
                }
                let access = match operation["security"].as_array() {
                    Some(schemes) if schemes.is_empty() => Access::Public,
                    Some(schemes) if schemes.iter().all(|one| is_of("instance", one)) => {
                        Access::Instance
                    }
                    Some(schemes) if schemes.iter().all(|one| is_of("person", one)) => {
                        Access::Person
                    }
                    Some(schemes) if schemes.len() == 1 => Access::Admin,
                    _ => Access::User,
                };
                described.insert((
                    method.to_uppercase(),
                    path.clone(),
                    operation["operationId"].as_str().unwrap().to_owned(),
                    access,
                ));
            }
        }
        let routed: BTreeSet<_> = ROUTES
            .iter()
            .map(|route| {
                (
                    route.method.to_string(),
                    route.path.to_owned(),
                    route.operation.to_owned(),
                    route.handler.access,
                )
            })
            .collect();
        assert_eq!(routed.len(), ROUTES.len(), "two routes are the same");
        assert_eq!(described, routed);
    }
}
