//! The settings of a profile, and their rules.

use std::collections::BTreeMap;

#[cfg(test)]
use serde_json::Map;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::account::Invalid;
use crate::account::fields::{Fields, text};
use crate::kernel::text::is_misleading;
#[cfg(test)]
use crate::kernel::text::misleading_class;

/// Settings as they were written: what belongs to the client comes back to the digit.
pub type Settings = BTreeMap<String, Box<RawValue>>;

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

/// Reads the settings that are given and differ from `present`. What is there already may be given back whatever the
/// rule: it may be older than that, or merged of many.
///
/// # Errors
///
/// The first one that breaks its rule.
pub fn read(fields: &Fields, present: &Settings) -> Result<Settings, Invalid> {
    let mut settings = Settings::new();
    let written = fields.as_written();
    for (name, rule) in &SETTINGS {
        let (Some(given), Some(written)) = (fields.get(name), written.get(*name)) else {
            continue;
        };
        let written = compact(written);
        let present = present.get(*name);
        let present = present.map_or_else(|| rule.default(), |setting| setting.get().to_owned());
        if written == present {
            continue;
        }
        let is_equal = serde_json::from_str::<Value>(&present).is_ok_and(|value| value == *given);
        let setting = if is_equal {
            // Equal as far as numbers are told apart.
            RawValue::from_string(written).ok()
        } else {
            rule.check(name, given, written)?
        };
        settings.extend(setting.map(|setting| ((*name).to_owned(), setting)));
    }
    Ok(settings)
}

/// JSON without white space between its tokens, as SQLite writes it.
fn compact(json: &RawValue) -> String {
    let (mut in_text, mut is_escaped) = (false, false);
    let is_kept = |c: &char| {
        if is_escaped {
            is_escaped = false;
        } else if *c == '"' {
            in_text = !in_text;
        } else {
            is_escaped = in_text && *c == '\\';
        }
        in_text || !matches!(c, ' ' | '\t' | '\n' | '\r')
    };
    json.get().chars().filter(is_kept).collect()
}

impl Rule {
    /// The setting as it is stored, of a value and how it was written.
    fn check(
        &self,
        attr: &'static str,
        given: &Value,
        written: String,
    ) -> Result<Option<Box<RawValue>>, Invalid> {
        let stored = match (self, given) {
            (Self::Text(most), _) => return name(attr, given, *most),
            (Self::Flag, Value::Bool(_) | Value::Null) | (Self::Choice(_), Value::Null) => written,
            (Self::Flag, _) => return Err(Invalid::input(attr, "Must be a valid boolean.")),
            (Self::Choice(choices), Value::String(text)) if choices.contains(&text.as_str()) => {
                written
            }
            (Self::Choice(_), _) => return Err(Invalid::choice(attr, given)),
            (Self::Object, Value::Null) => return Err(Invalid::null(attr)),
            (Self::Object, Value::Object(_)) | (Self::Json, _) => bounded(attr, given, written)?,
            (Self::Object, _) => return Err(Invalid::input(attr, "Expected a JSON object.")),
        };
        Ok(RawValue::from_string(stored).ok())
    }

    /// As JSON.
    fn default(&self) -> String {
        let default = match self {
            Self::Text(_) => "\"\"",
            Self::Flag | Self::Choice(_) | Self::Json => "null",
            Self::Object => "{}",
        };
        default.to_owned()
    }
}

fn name(attr: &'static str, given: &Value, most: usize) -> Result<Option<Box<RawValue>>, Invalid> {
    let name = text(attr, given, most)?;
    if name.contains(is_misleading) {
        return Err(Invalid::input(
            attr,
            "Invisible characters are not allowed.",
        ));
    }
    Ok(to_raw_value(name).ok())
}

fn bounded(attr: &'static str, given: &Value, written: String) -> Result<String, Invalid> {
    if has_null_character(given) {
        // SQLite's JSON would take what comes before one for all there is.
        return Err(Invalid::input(attr, "Null characters are not allowed."));
    }
    if written.len() > MAX_JSON_BYTES {
        return Err(Invalid::too_long(attr, MAX_JSON_BYTES));
    }
    Ok(written)
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
pub fn with_defaults(mut set: Settings) -> Settings {
    let all = SETTINGS.iter().map(|(name, rule)| {
        let setting = set.remove(*name);
        let default = || RawValue::from_string(rule.default()).unwrap_or_default();
        ((*name).to_owned(), setting.unwrap_or_else(default))
    });
    all.collect()
}

/// The schema of all settings, for `openapi.json`.
#[cfg(test)]
pub(crate) struct SettingsSchema;

#[cfg(test)]
impl schemars::JsonSchema for SettingsSchema {
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
            Self::Text(most) => serde_json::json!({
                "type": "string", "maxLength": most, "pattern": format!("^[^{}]*$", misleading_class()),
            }),
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
        let fields: Fields = body.as_object().unwrap().clone().into();
        // Something else is there.
        let other = to_raw_value("another").unwrap();
        let settings = read(&fields, &Settings::from([(field.to_owned(), other)]))?;
        assert_eq!(settings.len(), 1);
        Ok(serde_json::from_str(settings[field].get()).unwrap())
    }

    fn each_keeps_to_its_rule(fields: &[&str], good: Value, bad: Value) {
        for field in fields {
            for value in good.as_array().unwrap() {
                assert_eq!(read_one(field, value).unwrap(), *value, "{field}");
            }
            for value in bad.as_array().unwrap() {
                let fault = read_one(field, value).unwrap_err();
                assert_eq!(fault.attr, Some(*field), "{value}");
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
            json!(["", "Ada", "علی\u{200c}رضا"]),
            json!([null, 1, [], long, "a\u{0}", "A\u{202e}da", "\u{2800}"]),
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
        let with_defaults = |set: &str| json!(with_defaults(serde_json::from_str(set).unwrap()));
        let all = with_defaults("{}");
        assert_eq!(all.as_object().unwrap().len(), SETTINGS.len());
        assert_eq!(all["first_name"], "");
        assert_eq!(all["notification_settings"], json!({}));
        assert_eq!(all["theme_mode"], Value::Null);
        let all = with_defaults("{\"theme_mode\": \"dark\", \"gone\": 1}");
        assert_eq!(all["theme_mode"], "dark");
        assert!(all.get("gone").is_none());
    }

    #[test]
    fn what_is_there_already_may_be_given_back_whatever_the_rule() {
        let long = "x".repeat(20_000);
        let present = json!({
            "first_name": "A\u{202e}da", "theme_mode": "sepia", "anonymize_data": "yes",
            "notification_settings": { "a": long }, "hedgehog_config": [7.5, long],
        });
        let present: Settings = serde_json::from_value(present).unwrap();
        let shown = json!(with_defaults(present.clone()));
        let shown: Fields = shown.as_object().unwrap().clone().into();
        assert!(read(&shown, &present).unwrap().is_empty());
        // What is equal but written otherwise is written, and not held to the rule either.
        let body =
            format!("{{\"hedgehog_config\": [7.50, \"{long}\"], \"theme_mode\": \"sepi\\u0061\"}}");
        let other = Fields::parse(body.as_bytes()).unwrap();
        assert_eq!(read(&other, &present).unwrap().len(), 2);
    }

    #[test]
    fn white_space_between_tokens_is_not_kept_and_all_else_is() {
        let json = " { \"a b\" : [ 1.0 ,\t1E5 , \"\\\" \\\\\" ] ,\r\n\"c\":\"\\u00e9 \" } ";
        let json: Box<RawValue> = serde_json::from_str(json).unwrap();
        let kept = "{\"a b\":[1.0,1E5,\"\\\" \\\\\"],\"c\":\"\\u00e9 \"}";
        assert_eq!(compact(&json), kept);
    }
}
