//! A body's fields, read one by one. Unknown fields are ignored, as in the original API.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

/// How much of a choice that is not valid is repeated.
const MAX_ECHO_CHARS: usize = 64;

/// An error of a field. Never contains the value, which might be a secret, but for a choice that is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The machine-readable code.
    pub code: &'static str,
    pub detail: Cow<'static, str>,
    /// The field; `None`: the error is not put down to one.
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

    /// The same, not put down to its field.
    #[must_use]
    pub fn without_attr(mut self) -> Self {
        self.attr = None;
        self
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
    pub fn choice(attr: &'static str, given: &Value) -> Self {
        let given = match given {
            Value::String(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string()),
        };
        let shown: String = given.chars().take(MAX_ECHO_CHARS).collect();
        let detail = format!("\"{shown}\" is not a valid choice.");
        Self::new(attr, "invalid_choice", detail)
    }
}

/// The fields of a body, or none where there was no body.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    values: Map<String, Value>,
    /// The object as it was written.
    text: Box<RawValue>,
}

/// Why a body has no fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFields {
    NotJson,
    /// A number that no `f64` holds, such as 1e400: most programs could not read it back.
    NumberOutOfRange,
    NotAnObject,
}

impl From<Map<String, Value>> for Fields {
    fn from(values: Map<String, Value>) -> Self {
        let text = to_raw_value(&values).unwrap_or_default();
        Self { values, text }
    }
}

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// It is no JSON object. What the parser says is dropped: it may quote the body.
    pub fn parse(body: &[u8]) -> Result<Self, NoFields> {
        let values = serde_json::from_slice(body).map_err(|error| {
            let is_number = error.to_string().starts_with("number out of range");
            match is_number {
                true => NoFields::NumberOutOfRange,
                false => NoFields::NotJson,
            }
        })?;
        let Value::Object(values) = values else {
            return Err(NoFields::NotAnObject);
        };
        let text = serde_json::from_slice(body).map_err(|_| NoFields::NotJson)?;
        Ok(Self { values, text })
    }

    /// A field; `null` is not the same as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// All fields as they were written, numbers to the digit.
    pub fn as_written(&self) -> BTreeMap<Cow<'_, str>, &RawValue> {
        serde_json::from_str(self.text.get()).unwrap_or_default()
    }

    /// A required text: trimmed, 1 to `most` characters.
    pub fn text(&self, attr: &'static str, most: usize) -> Result<&str, Invalid> {
        let value = self.get(attr).ok_or_else(|| Invalid::required(attr))?;
        match text(attr, value, most)? {
            "" => Err(Invalid::blank(attr)),
            text => Ok(text),
        }
    }

    /// An optional text; where it is given, the rules of [`Fields::text`] hold.
    pub fn optional_text(&self, attr: &'static str, most: usize) -> Result<Option<&str>, Invalid> {
        match self.get(attr) {
            None => Ok(None),
            Some(_) => self.text(attr, most).map(Some),
        }
    }

    /// A required text that is one of `choices`.
    pub fn choice(
        &self,
        attr: &'static str,
        choices: &[&'static str],
    ) -> Result<&'static str, Invalid> {
        let given = match self.get(attr) {
            None => return Err(Invalid::required(attr)),
            Some(Value::Null) => return Err(Invalid::null(attr)),
            Some(Value::String(text)) => text,
            Some(other) => return Err(Invalid::choice(attr, other)),
        };
        if given.trim().is_empty() {
            return Err(Invalid::blank(attr));
        }
        let choice = choices.iter().find(|choice| *choice == given);
        choice
            .copied()
            .ok_or_else(|| Invalid::choice(attr, &Value::from(given.as_str())))
    }
}

/// A trimmed text of at most `most` characters. A number is no text: `012345` would lose its zero.
pub(super) fn text<'a>(
    attr: &'static str,
    value: &'a Value,
    most: usize,
) -> Result<&'a str, Invalid> {
    let text = match value {
        Value::Null => return Err(Invalid::null(attr)),
        Value::String(text) => text.trim(),
        _ => return Err(Invalid::input(attr, "Not a valid string.")),
    };
    if text.contains('\0') {
        return Err(Invalid::input(attr, "Null characters are not allowed."));
    }
    if text.chars().count() > most {
        return Err(Invalid::too_long(attr, most));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(map) => map.into(),
            _ => Fields::default(),
        }
    }

    #[test]
    fn every_fault_has_its_name() {
        for (body, code) in [
            (json!({}), "required"),
            (json!({"token": null}), "null"),
            (json!({"token": ""}), "blank"),
            (json!({"token": " \t\u{3000}"}), "blank"),
            (json!({"token": 123_456}), "invalid_input"),
            (json!({"token": true}), "invalid_input"),
            (json!({"token": ["a"]}), "invalid_input"),
            (json!({"token": {"a": 1}}), "invalid_input"),
            (json!({"token": "a\u{0}b"}), "invalid_input"),
            (json!({"token": "12345"}), "max_length"),
        ] {
            let fault = fields(body.clone()).text("token", 4).unwrap_err();
            assert_eq!((fault.code, fault.attr), (code, Some("token")), "{body}");
        }
        assert_eq!(
            fields(json!({"token": " äöüß "})).text("token", 4),
            Ok("äöüß")
        );
    }

    #[test]
    fn an_optional_text_may_only_be_left_out() {
        for (body, expected) in [
            (json!({}), Ok(None)),
            (json!({"token": "a"}), Ok(Some("a"))),
            (json!({"token": null}), Err("null")),
            (json!({"token": ""}), Err("blank")),
        ] {
            let fields = fields(body);
            let text = fields.optional_text("token", 4);
            assert_eq!(text.map_err(|fault| fault.code), expected);
        }
    }

    #[test]
    fn a_choice_is_taken_as_it_is_spelt() {
        let choose = |value: Value| {
            let chosen = fields(json!({"platform": value})).choice("platform", &["ios", "web"]);
            chosen.map_err(|fault| fault.code)
        };
        assert_eq!(choose(json!("ios")), Ok("ios"));
        assert_eq!(choose(json!("iOS")), Err("invalid_choice"));
        assert_eq!(choose(json!(" ios")), Err("invalid_choice"));
        assert_eq!(choose(json!(1)), Err("invalid_choice"));
        assert_eq!(choose(json!(null)), Err("null"));
        assert_eq!(choose(json!(" ")), Err("blank"));
        let absent = fields(json!({})).choice("platform", &["ios"]).unwrap_err();
        assert_eq!(absent.code, "required");
    }

    #[test]
    fn a_choice_that_is_not_valid_is_named_in_short() {
        let detail = |value: Value| {
            let fields = fields(json!({ "platform": value }));
            fields.choice("platform", &["ios"]).unwrap_err().detail
        };
        assert_eq!(
            detail(json!("blackberry")),
            "\"blackberry\" is not a valid choice."
        );
        assert_eq!(detail(json!(7)), "\"7\" is not a valid choice.");
        assert_eq!(detail(json!("é".repeat(99))).chars().count(), 64 + 25);
    }

    #[test]
    fn a_body_is_a_json_object_of_numbers_that_can_be_read_back() {
        for (body, wrong) in [
            ("{", NoFields::NotJson),
            ("{\"a\": 01}", NoFields::NotJson),
            ("[]", NoFields::NotAnObject),
            ("{\"a\": [1e400]}", NoFields::NumberOutOfRange),
            ("{\"a\": -1E999}", NoFields::NumberOutOfRange),
        ] {
            assert_eq!(Fields::parse(body.as_bytes()).unwrap_err(), wrong, "{body}");
        }
        let fields = Fields::parse(b" {\"a\": 1.50, \"a\\u0062\": 1e-400} ").unwrap();
        let written = fields.as_written();
        assert_eq!(written["a"].get(), "1.50");
        assert_eq!(written["ab"].get(), "1e-400");
    }

    proptest! {
        #[test]
        fn no_fault_repeats_the_value(before in ".{0,9}", after in ".{0,9}") {
            let value = format!("{before}c0nfidential{after}");
            let fields = fields(json!({"token": value}));
            let fault = fields.text("token", 3).unwrap_err();
            let shown = format!("{fault:?}");
            prop_assert!(!shown.contains("c0nfidential"));
        }
    }
}
