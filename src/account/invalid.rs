//! Why a field of a body is refused.

use std::borrow::Cow;

/// An error of a field. Never contains the value, which might be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The machine-readable code.
    pub code: &'static str,
    pub detail: Cow<'static, str>,
    /// The field; `None`: the body as a whole.
    pub attr: Option<&'static str>,
}

impl Invalid {
    pub fn new(
        attr: &'static str,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            detail: detail.into(),
            attr: Some(attr),
        }
    }

    pub fn required(attr: &'static str) -> Self {
        Self::new(attr, "required", "This field is required.")
    }

    pub fn null(attr: &'static str) -> Self {
        Self::new(attr, "null", "This field may not be null.")
    }

    /// The text is empty, trimmed.
    pub fn blank(attr: &'static str) -> Self {
        Self::new(attr, "blank", "This field may not be blank.")
    }

    pub fn too_long(attr: &'static str, most: usize) -> Self {
        let detail = format!("Ensure this field has no more than {most} characters.");
        Self::new(attr, "max_length", detail)
    }

    /// The value has another type, or its text has no meaning.
    pub fn input(attr: &'static str, detail: &'static str) -> Self {
        Self::new(attr, "invalid_input", detail)
    }

    /// The value is not one of those allowed.
    pub fn choice(attr: &'static str) -> Self {
        Self::new(attr, "invalid_choice", "Not a valid choice.")
    }
}
