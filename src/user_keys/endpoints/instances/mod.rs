//! Instances.

pub mod create;
pub mod list;

#[cfg(test)]
use schemars::JsonSchema;

use crate::user_keys::InstanceName;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, Parameter, any_text};
use crate::web::{ApiError, Call};

pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("Instance not found")
}

/// The path's `{name}`; 404 for a text that cannot be a name.
pub(crate) fn in_path<C, const READS_BODY: bool>(
    call: &Call<C, READS_BODY>,
) -> Result<InstanceName, ApiError> {
    InstanceName::parse(call.path("name")?).ok_or_else(unknown)
}

/// The name of an instance in a field called `field`, in either case.
///
/// # Errors
///
/// 400 that names the field.
pub(crate) fn name_in_field(field: &str, name: &str) -> Result<InstanceName, ApiError> {
    InstanceName::parse(name).ok_or_else(|| {
        ApiError::bad_request(format!(
            "{field}: must be 1 to 64 letters, digits, hyphens or underscores"
        ))
    })
}

/// The name of an instance, in either case.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(extend("pattern" = r"^[A-Za-z0-9_\-]{1,64}$", "examples" = ["Rivia"]))]
pub(crate) struct GivenInstanceName(#[expect(dead_code)] String);

#[cfg(test)]
pub(crate) fn openapi_name() -> Parameter {
    let description = "The name of an instance, in either case.";
    Parameter::path("InstanceName", "name", description, any_text("rivia"))
}

#[cfg(test)]
pub(crate) fn openapi_not_found() -> ErrorAnswer {
    ErrorAnswer::new(
        "InstanceNotFound",
        "No such instance.",
        [("unknown", unknown())],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_named_by_its_field_when_it_is_wrong() {
        let parsed = name_in_field("name", "Rivia").unwrap();
        assert_eq!(parsed.as_str(), "rivia");
        let refused = name_in_field("name", "a.b").unwrap_err();
        assert_eq!(
            refused.message,
            "name: must be 1 to 64 letters, digits, hyphens or underscores"
        );
    }
}
