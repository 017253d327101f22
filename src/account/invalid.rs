//! Input that a field's rules refuse.

use std::borrow::Cow;

/// What is wrong with which field. Never repeats the value, which might be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The fault's name.
    pub code: &'static str,
    /// The fault in words.
    pub detail: Cow<'static, str>,
    /// The field; `None`: the body as a whole.
    pub attr: Option<&'static str>,
}

impl Invalid {
    /// A fault of a field.
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

    /// The field is not there.
    pub fn required(attr: &'static str) -> Self {
        Self::new(attr, "required", "This field is required.")
    }

    /// The field is `null`.
    pub fn null(attr: &'static str) -> Self {
        Self::new(attr, "null", "This field may not be null.")
    }

    /// Nothing is left of the field's text.
    pub fn blank(attr: &'static str) -> Self {
        Self::new(attr, "blank", "This field may not be blank.")
    }

    /// The field's text is too long.
    pub fn too_long(attr: &'static str, most: usize) -> Self {
        let detail = format!("Ensure this field has no more than {most} characters.");
        Self::new(attr, "max_length", detail)
    }

    /// The field is of another type, or its text means nothing.
    pub fn input(attr: &'static str, detail: &'static str) -> Self {
        Self::new(attr, "invalid_input", detail)
    }

    /// The field is none of the values it could be.
    pub fn choice(attr: &'static str) -> Self {
        Self::new(attr, "invalid_choice", "Not a valid choice.")
    }
}
