//! A body's fields, read one by one. Unknown fields are ignored, as in the original API.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// An error of a field. Never contains the value, which might be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The machine-readable code.
    pub code: &'static str,
    pub detail: Cow<'static, str>,
    /// The field.
    pub attr: &'static str,
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
            attr,
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

/// The fields of a body, or none where there was no body.
#[derive(Debug, Clone, Default)]
pub struct Fields(Map<String, Value>);

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl Fields {
    /// A field; `null` is not the same as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
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
            Some(_) => return Err(Invalid::choice(attr)),
        };
        if given.trim().is_empty() {
            return Err(Invalid::blank(attr));
        }
        let choice = choices.iter().find(|choice| *choice == given);
        choice.copied().ok_or_else(|| Invalid::choice(attr))
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
            assert_eq!((fault.code, fault.attr), (code, "token"), "{body}");
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

    proptest! {
        #[test]
        fn no_fault_repeats_the_value(before in ".{0,9}", after in ".{0,9}") {
            let value = format!("{before}c0nfidential{after}");
            let fields = fields(json!({"token": value}));
            let fault = fields.text("token", 3).unwrap_err();
            let shown = format!("{fault:?}");
            prop_assert!(!shown.contains("c0nfidential"));
            let fault = fields.choice("token", &["ios"]).unwrap_err();
            let shown = format!("{fault:?}");
            prop_assert!(!shown.contains("c0nfidential"));
        }
    }
}
