//! A body's fields. No body is an empty one, as in the original API.

use serde_json::Value;

use crate::account::Fields;
use crate::web::body::check_media;
use crate::web::{ApiError, Call};

use crate::account::endpoints::error::{not_an_object, not_json, unsupported_media_type};

impl<C> Call<C> {
    /// The fields of a JSON object, whatever they hold.
    ///
    /// # Errors
    ///
    /// 415 for another media type, 400 for what is no JSON or no object.
    pub(crate) fn fields(&self) -> Result<Fields, ApiError> {
        if self.input.body.is_empty() {
            return Ok(Fields::default());
        }
        check_media(&self.input.headers).map_err(unsupported_media_type)?;
        match serde_json::from_slice(&self.input.body) {
            Ok(Value::Object(fields)) => Ok(fields.into()),
            Ok(_) => Err(not_an_object()),
            // What the parser says may quote the body.
            Err(_) => Err(not_json()),
        }
    }
}
