//! The database engine on D1.

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::D1Database;

use crate::db::{DatabaseError, Engine, Statement};

#[wasm_bindgen(module = "/src/platform/d1.js")]
extern "C" {
    fn batch(database: &JsValue, statements: &str) -> Promise;

    fn size() -> f64;
}

/// The binding `DB`.
pub struct D1(pub D1Database);

impl Engine for D1 {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> LocalBoxFuture<'a, Result<Vec<String>, DatabaseError>> {
        async move {
            let statements = serde_json::to_string(statements).map_err(|error| {
                DatabaseError(format!("D1: the statements are not JSON: {error}"))
            })?;
            let answer = JsFuture::from(batch(self.0.as_ref(), &statements)).await;
            match answer {
                Ok(lines) => Ok(split(&lines.as_string().unwrap_or_default())),
                Err(reason) => {
                    let reason = reason.as_string().unwrap_or_default();
                    Err(DatabaseError(format!("D1: {reason}")))
                }
            }
        }
        .boxed_local()
    }

    fn size(&self) -> Option<u64> {
        let bytes = size();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number of bytes, below 2^53"
        )]
        (bytes > 0.0).then_some(bytes as u64)
    }
}

/// What `d1.js` answers, statement by statement.
pub fn split(lines: &str) -> Vec<String> {
    lines.lines().map(str::to_owned).collect()
}
