//! What a route is.
//!
//! A route names its caller by the type its handler takes, so a new route
//! cannot be written without saying who may call it.

use futures_util::future::LocalBoxFuture;
use http::Method;

use crate::user_keys::endpoints::Door;
use crate::web::caller::{Admin, Anyone, UserCaller};
use crate::web::surface::Surface;
use crate::web::{ApiError, Call, Reply};

/// What a handler answers.
pub type Answer = LocalBoxFuture<'static, Result<Reply, ApiError>>;

/// A handler, by the caller it takes.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Anybody.
    Public(fn(Call<Anyone>) -> Answer),
    /// The admin pair.
    Admin(fn(Call<Admin>) -> Answer),
    /// The user in the path, an API key, or the admin pair.
    User(fn(Call<UserCaller>) -> Answer),
    /// The keys of an instance.
    Instance(Door),
    /// A signed-in person, or a personal API key.
    Person(crate::account::endpoints::Door),
}

impl Handler {
    /// The name of the kind of caller.
    pub const fn access(&self) -> &'static str {
        match self {
            Self::Public(_) => "public",
            Self::Admin(_) => "admin",
            Self::User(_) => "user",
            Self::Instance(_) => "instance",
            Self::Person(_) => "person",
        }
    }
}

/// One route.
#[derive(Clone)]
pub struct Route {
    /// The method; GET serves HEAD as well.
    pub method: Method,
    /// The path as axum and OpenAPI write it.
    pub path: &'static str,
    /// The `operationId` in `openapi.json`.
    pub operation: &'static str,
    /// The API it belongs to.
    pub surface: Surface,
    /// Who may call it, and what then happens.
    pub handler: Handler,
}
