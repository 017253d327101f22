//! A body's fields. No body is an empty one, as in the original API.

use crate::account::Fields;
use crate::account::fields::NoFields;
use crate::web::body::check_media;
use crate::web::{ApiError, Call};

use crate::account::endpoints::error::{
    not_an_object, not_json, number_out_of_range, unsupported_media_type,
};

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
        Fields::parse(&self.input.body).map_err(|wrong| match wrong {
            NoFields::NotJson => not_json(),
            NoFields::NumberOutOfRange => number_out_of_range(),
            NoFields::NotAnObject => not_an_object(),
        })
    }
}
