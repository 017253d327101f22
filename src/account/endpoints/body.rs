//! A body's fields. No body is an empty one, as in the original API.

use serde_json::Value;

use crate::account::{Fields, Invalid};
use crate::web::body::require_json;
use crate::web::request::Input;
use crate::web::{ApiError, Call};

impl<C> Call<C> {
    /// The fields of a JSON object, whatever they hold.
    ///
    /// # Errors
    ///
    /// 415 for another media type, 400 for what is no JSON or no object.
    pub(crate) fn fields(&self) -> Result<Fields, ApiError> {
        fields(&self.input)
    }
}

fn fields(input: &Input) -> Result<Fields, ApiError> {
    if input.body.is_empty() {
        return Ok(Fields::default());
    }
    require_json(&input.headers).map_err(unsupported_media_type)?;
    match serde_json::from_slice(&input.body) {
        Ok(Value::Object(fields)) => Ok(fields.into()),
        Ok(_) => Err(not_an_object().into()),
        // What the parser says may quote the body.
        Err(_) => Err(not_json()),
    }
}

pub(crate) fn not_json() -> ApiError {
    ApiError::bad_request("The request body is not valid JSON.")
}

pub(crate) fn unsupported_media_type(error: ApiError) -> ApiError {
    ApiError {
        message: "Unsupported media type in request.".into(),
        ..error
    }
}

pub(crate) fn not_an_object() -> Invalid {
    Invalid {
        code: "invalid_input",
        detail: "Expected a JSON object.".into(),
        attr: None,
    }
}
