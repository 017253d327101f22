//! What runs the statements: the runtime's binding. It is a trait so that the
//! very same statements and row types also run natively, against a D1 at the
//! other end of a bridge (`provisioning::conformance`).

use js_sys::Promise;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::D1Database;

use crate::provisioning::StoreError;

use super::Statement;

/// Runs statements.
pub trait Engine {
    /// What it answers to one statement.
    type Rows: Rows;

    /// Runs the statements as one transaction in one round trip; one answer a statement.
    async fn batch(&self, statements: &[Statement]) -> Result<Vec<Self::Rows>, StoreError>;
}

/// The rows that one statement answered.
pub trait Rows {
    /// The rows as values; `None` when they are of another shape. The cause
    /// stays behind: it would quote the value that it stumbled over.
    fn decode<T: DeserializeOwned>(self) -> Option<Vec<T>>;
}

#[wasm_bindgen(module = "/src/platform/d1/engine.js")]
extern "C" {
    fn batch(database: &JsValue, statements: &str) -> Promise;
}

impl Engine for D1Database {
    type Rows = String;

    async fn batch(&self, statements: &[Statement]) -> Result<Vec<String>, StoreError> {
        let statements = serde_json::to_string(statements)
            .map_err(|error| StoreError(format!("D1: the statements are not JSON: {error}")))?;
        let answer = JsFuture::from(batch(self.as_ref(), &statements)).await;
        match answer.map(|lines| lines.as_string()) {
            Ok(Some(lines)) => Ok(lines.lines().map(str::to_owned).collect()),
            Ok(None) => Err(StoreError("D1: the answer is no text".to_owned())),
            Err(reason) => Err(StoreError(format!(
                "D1: {}",
                reason.as_string().unwrap_or_default()
            ))),
        }
    }
}

/// Rows as a JSON list.
impl Rows for String {
    fn decode<T: DeserializeOwned>(self) -> Option<Vec<T>> {
        serde_json::from_str(&self).ok()
    }
}
