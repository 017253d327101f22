//! The settings of a profile, and their rules.

use serde_json::{Map, Value};

use crate::account::Invalid;
use crate::account::fields::{Fields, text};

/// The most bytes of a field that holds any JSON.
const MAX_JSON_BYTES: usize = 16 * 1024;
/// The most characters of all settings of a profile together, as JSON. `store::change_profile` checks it,
/// after merging.
pub const MAX_SETTINGS_CHARS: usize = 128 * 1024;
/// The field whose members are set one by one.
pub const MERGED: &str = "notification_settings";

enum Rule {
    /// A text of at most so many characters, which may be empty.
    Text(usize),
    /// A boolean or null.
    Flag,
    /// One of a few texts or null.
    Choice(&'static [&'static str]),
    /// An object.
    Object,
    /// Anything.
    Json,
}

/// Every setting, in the order of the full user.
const SETTINGS: [(&str, Rule); 15] = [
    ("first_name", Rule::Text(150)),
    ("last_name", Rule::Text(150)),
    (MERGED, Rule::Object),
    ("anonymize_data", Rule::Flag),
    ("allow_impersonation", Rule::Flag),
    ("toolbar_mode", Rule::Choice(&["disabled", "toolbar", ""])),
    ("theme_mode", Rule::Choice(&["light", "dark", "system", ""])),
    (
        "shortcut_position",
        Rule::Choice(&["above", "below", "hidden", ""]),
    ),
    ("events_column_config", Rule::Json),
    ("has_seen_product_intro_for", Rule::Json),
    ("hedgehog_config", Rule::Json),
    ("allow_sidebar_suggestions", Rule::Flag),
    (
        "role_at_organization",
        Rule::Choice(&[
            "engineering",
            "data",
            "product",
            "founder",
            "leadership",
            "marketing",
            "sales",
            "other",
        ]),
    ),
    ("hide_mcp_hints", Rule::Flag),
    ("passkeys_enabled_for_2fa", Rule::Flag),
];

/// Reads the settings that are given.
///
/// # Errors
///
/// The first one that breaks its rule.
pub fn read(fields: &Fields) -> Result<Map<String, Value>, Invalid> {
    let mut settings = Map::new();
    for (name, rule) in &SETTINGS {
        if let Some(given) = fields.get(name) {
            settings.insert((*name).to_owned(), rule.check(name, given)?);
        }
    }
    Ok(settings)
}

impl Rule {
    fn check(&self, attr: &'static str, given: &Value) -> Result<Value, Invalid> {
        match (self, given) {
            (Self::Text(most), _) => text(attr, given, *most).map(Value::from),
            (Self::Flag, Value::Bool(_) | Value::Null) => Ok(given.clone()),
            (Self::Flag, _) => Err(Invalid::input(attr, "Must be a valid boolean.")),
            (Self::Choice(_), Value::Null) => Ok(Value::Null),
            (Self::Choice(choices), Value::String(text)) if choices.contains(&text.as_str()) => {
                Ok(given.clone())
            }
            (Self::Choice(_), _) => Err(Invalid::choice(attr)),
            (Self::Object, Value::Null) => Err(Invalid::null(attr)),
            (Self::Object, Value::Object(_)) | (Self::Json, _) => bounded(attr, given),
            (Self::Object, _) => Err(Invalid::input(attr, "Expected a JSON object.")),
        }
    }

    fn default(&self) -> Value {
        match self {
            Self::Text(_) => Value::String(String::new()),
            Self::Flag | Self::Choice(_) | Self::Json => Value::Null,
            Self::Object => Value::Object(Map::new()),
        }
    }
}

fn bounded(attr: &'static str, given: &Value) -> Result<Value, Invalid> {
    if has_null_character(given) {
        // SQLite's JSON would take what comes before one for all there is.
        return Err(Invalid::input(attr, "Null characters are not allowed."));
    }
    if given.to_string().len() > MAX_JSON_BYTES {
        return Err(Invalid::too_long(attr, MAX_JSON_BYTES));
    }
    Ok(given.clone())
}

fn has_null_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_null_character),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_null_character(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// All settings: those that were set, and the defaults of the others.
pub fn with_defaults(mut set: Map<String, Value>) -> Map<String, Value> {
    SETTINGS
        .iter()
        .map(|(name, rule)| {
            let value = set.remove(*name).unwrap_or_else(|| rule.default());
            ((*name).to_owned(), value)
        })
        .collect()
}

/// The schema of all settings, for `openapi.json`.
#[cfg(test)]
pub(crate) struct Settings;

#[cfg(test)]
impl schemars::JsonSchema for Settings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Settings".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let properties: Map<String, Value> = SETTINGS
            .iter()
            .map(|(name, rule)| ((*name).to_owned(), rule.schema(name)))
            .collect();
        let mut schema = schemars::json_schema!({ "type": "object", "properties": properties });
        if generator.contract().is_serialize() {
            let names = SETTINGS.iter().map(|(name, _)| Value::from(*name));
            schema.insert("required".to_owned(), names.collect());
        }
        schema
    }
}

#[cfg(test)]
impl Rule {
    fn schema(&self, name: &str) -> Value {
        let mut schema = match self {
            Self::Text(most) => serde_json::json!({ "type": "string", "maxLength": most }),
            Self::Flag => serde_json::json!({ "type": ["boolean", "null"] }),
            Self::Choice(choices) => {
                let mut values: Vec<Value> =
                    choices.iter().map(|text| Value::from(*text)).collect();
                values.push(Value::Null);
                serde_json::json!({ "type": ["string", "null"], "enum": values })
            }
            Self::Object => serde_json::json!({ "type": "object" }),
            Self::Json => serde_json::json!({}),
        };
        schema["description"] = match (name, self) {
            ("first_name", _) => "The given name.",
            ("last_name", _) => "The family name.",
            (MERGED, _) => {
                "Which notifications are wanted. A change is merged into the present ones key by \
                 key; null removes a key. As JSON at most 16 KiB."
            }
            ("role_at_organization", _) => "What the person works as.",
            ("passkeys_enabled_for_2fa", _) => "Belongs to the client: there are no passkeys here.",
            (_, Self::Json) => "Any JSON of at most 16 KiB. Belongs to the client.",
            _ => "Belongs to the client.",
        }
        .into();
        schema
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_one(field: &str, value: &Value) -> Result<Value, Invalid> {
        let body = json!({ field: value });
        let settings = read(&body.as_object().unwrap().clone().into())?;
        assert_eq!(settings.len(), 1);
        Ok(settings[field].clone())
    }

    fn each_keeps_to_its_rule(fields: &[&str], good: Value, bad: Value) {
        for field in fields {
            for value in good.as_array().unwrap() {
                assert_eq!(read_one(field, value).unwrap(), *value, "{field}");
            }
            for value in bad.as_array().unwrap() {
                let fault = read_one(field, value).unwrap_err();
                assert_eq!(fault.attr, *field, "{value}");
            }
        }
    }

    #[test]
    fn each_setting_keeps_to_its_rule() {
        let check = each_keeps_to_its_rule;
        let texts = ["first_name", "last_name"];
        let long = "a".repeat(151);
        check(
            &texts,
            json!(["", "Ada"]),
            json!([null, 1, [], long, "a\u{0}"]),
        );
        let objects = ["notification_settings"];
        check(
            &objects,
            json!([{}, {"a": {"b": true}}]),
            json!([null, [], "x", 1]),
        );
        let flags = [
            "anonymize_data",
            "allow_impersonation",
            "allow_sidebar_suggestions",
            "hide_mcp_hints",
            "passkeys_enabled_for_2fa",
        ];
        check(
            &flags,
            json!([true, false, null]),
            json!(["true", "no", 0, 1, [], {}]),
        );
        let any = [
            "events_column_config",
            "has_seen_product_intro_for",
            "hedgehog_config",
        ];
        let long = "x".repeat(16_384);
        let nulls = json!([long, [long], "a\u{0}", [["\u{0}"]], {"a": {"\u{0}": 1}}]);
        check(&any, json!([null, [], {}, 1, "a", "\\u0000"]), nulls);
        let fault = read_one("hedgehog_config", &json!(["\u{0}"])).unwrap_err();
        assert_eq!(fault.code, "invalid_input");
        check(
            &["toolbar_mode"],
            json!(["toolbar", "", null]),
            json!(["Toolbar", 1, []]),
        );
        check(
            &["theme_mode"],
            json!(["system", "", null]),
            json!(["blue", true]),
        );
        check(
            &["shortcut_position"],
            json!(["hidden", "", null]),
            json!(["left"]),
        );
        check(
            &["role_at_organization"],
            json!(["sales", null]),
            json!(["", "boss", 1]),
        );
    }

    #[test]
    fn a_profile_begins_with_the_defaults() {
        let all = with_defaults(Map::new());
        assert_eq!(all.len(), SETTINGS.len());
        assert_eq!(all["first_name"], "");
        assert_eq!(all["notification_settings"], json!({}));
        assert_eq!(all["theme_mode"], Value::Null);
        let set = json!({"theme_mode": "dark", "gone": 1});
        let all = with_defaults(set.as_object().unwrap().clone());
        assert_eq!(all["theme_mode"], "dark");
        assert!(!all.contains_key("gone"));
    }
}
