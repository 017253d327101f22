//! Who scrapes.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::auth::admin_key::{ADMIN_KEY_HEADER, API_KEY_HEADER};
use crate::auth::{ApiKey, bearer};
use crate::web::caller::presented_key;
#[cfg(test)]
use crate::web::caller::{ADMIN_PAIR, CallerDescription};
use crate::web::{ApiError, Caller, ErrorFormat, Incoming};

/// A caller who may ask for the metrics: a holder of the admin pair, or of an API key that is not yet looked up.
#[derive(Debug)]
pub struct Scraper {
    key: Option<ApiKey>,
}

impl Scraper {
    /// The API key, in `X-API-Key` or as a bearer token, which Prometheus sends more easily; `None`: the admin pair.
    pub const fn key(&self) -> Option<&ApiKey> {
        self.key.as_ref()
    }
}

impl Caller for Scraper {
    type Requirements = ();

    fn authenticate(incoming: &mut Incoming, (): ()) -> LocalBoxFuture<'_, Result<Self, ApiError>> {
        async move {
            let headers = &incoming.request.headers;
            let key = if headers.contains_key(ADMIN_KEY_HEADER) {
                None
            } else if headers.contains_key(API_KEY_HEADER) {
                presented_key(headers)
            } else {
                bearer(headers)
                    .ok()
                    .and_then(|text| ApiKey::parse(text).ok())
            };
            if key.is_some() {
                return Ok(Self { key });
            }
            let admin = incoming.services.authenticate_pair(headers).await?;
            incoming.log_caller(admin.actor().as_str());
            if incoming.services.admin_within_limit(admin.name()).await {
                Ok(Self { key: None })
            } else {
                Err(ErrorFormat::Admin.too_many())
            }
        }
        .boxed_local()
    }

    #[cfg(test)]
    fn describe((): ()) -> CallerDescription {
        CallerDescription::authenticated(&[&["apiKey"], &ADMIN_PAIR])
    }
}
