//! What runs the statements: the runtime's binding. It is a trait so that the
//! very same statements and row types also run natively, against a D1 at the
//! other end of a bridge (`provisioning::conformance`).

use js_sys::Array;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::{D1Database, D1Result};

use crate::provisioning::StoreError;

use super::{Arg, Statement};

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

impl Engine for D1Database {
    type Rows = D1Result;

    async fn batch(&self, statements: &[Statement]) -> Result<Vec<D1Result>, StoreError> {
        let mut prepared = Vec::with_capacity(statements.len());
        for statement in statements {
            let args: Vec<JsValue> = statement.args.iter().map(JsValue::from).collect();
            let bound = self.prepare(statement.sql).bind(&args);
            prepared.push(bound.map_err(classify)?);
        }
        D1Database::batch(self, prepared).await.map_err(classify)
    }
}

impl Rows for D1Result {
    fn decode<T: DeserializeOwned>(self) -> Option<Vec<T>> {
        let rows: Array = self
            .results::<Raw>()
            .ok()?
            .into_iter()
            .map(|Raw(row)| row)
            .collect();
        // As one text: two calls into JavaScript, where field by field takes half a dozen for each.
        let text = js_sys::JSON::stringify(&rows).ok()?;
        serde_json::from_str(&String::from(text)).ok()
    }
}

/// A row as D1's binding gives it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Raw(#[serde(with = "serde_wasm_bindgen::preserve")] JsValue);

impl From<&Arg> for JsValue {
    fn from(arg: &Arg) -> Self {
        match arg {
            Arg::Null => Self::NULL,
            Arg::Text(text) => Self::from_str(text),
            Arg::Int(number) => Self::from_f64(*number as f64),
        }
    }
}

/// Every D1 error becomes ours here and nowhere else. `Display` of the
/// runtime's own `D1Error` panics, so its cause is read instead.
fn classify(error: worker::Error) -> StoreError {
    StoreError(match error {
        worker::Error::D1(error) => format!("D1: {}", error.cause()),
        worker::Error::JsError(message) => format!("D1: {message}"),
        _ => "D1: the call failed".to_owned(),
    })
}
