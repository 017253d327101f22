//! What runs the statements: the runtime's binding. It is a trait so that the
//! very same statements and row types also run natively, against a D1 at the
//! other end of a bridge (`provisioning::conformance`).

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::D1Database;

use crate::provisioning::StoreError;

use super::Statement;

/// Runs statements.
pub trait Engine {
    /// Runs the statements as one transaction in one round trip; answers for
    /// each its rows as a JSON list.
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<String>, StoreError>;
}

#[wasm_bindgen(module = "/src/platform/d1/engine.js")]
extern "C" {
    fn batch(database: &JsValue, statements: &str) -> Promise;
}

impl Engine for D1Database {
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<String>, StoreError> {
        let statements = serde_json::to_string(statements)
            .map_err(|error| StoreError(format!("D1: the statements are not JSON: {error}")))?;
        let answer = JsFuture::from(batch(self.as_ref(), &statements)).await;
        match answer {
            Ok(lines) => Ok(split(&lines.as_string().unwrap_or_default())),
            Err(reason) => {
                let reason = reason.as_string().unwrap_or_default();
                Err(StoreError(format!("D1: {reason}")))
            }
        }
    }
}

/// What `engine.js` answers, statement by statement.
pub fn split(lines: &str) -> Vec<String> {
    lines.lines().map(str::to_owned).collect()
}
