//! The settings of a profile, and their rules.

use serde_json::{Map, Value};

use crate::account::Invalid;
use crate::account::fields::{Fields, text};

/// Not a setting: another e-mail has to be confirmed.
const EMAIL: &str = "email";
/// RFC 5321, section 4.5.3.1.3, less the angle brackets.
const MAX_EMAIL_CHARS: usize = 254;
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

/// A valid change of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfilePatch {
    /// The settings that are given.
    pub settings: Map<String, Value>,
    /// Another e-mail, as spelt.
    pub email: Option<String>,
}

impl ProfilePatch {
    /// Reads the fields that are there; all others stay as they are.
    ///
    /// # Errors
    ///
    /// The first field that breaks its rule.
    pub fn read(fields: &Fields) -> Result<Self, Invalid> {
        let mut settings = Map::new();
        for (name, rule) in &SETTINGS {
            if let Some(given) = fields.get(name) {
                settings.insert((*name).to_owned(), rule.check(name, given)?);
            }
        }
        let email = fields.optional_text(EMAIL, MAX_EMAIL_CHARS)?;
        if email.is_some_and(|email| !is_email(email)) {
            return Err(Invalid::input(EMAIL, "Enter a valid email address."));
        }
        Ok(Self {
            settings,
            email: email.map(str::to_owned),
        })
    }
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

/// All settings of a profile: those that were set, and the defaults of the others.
pub fn settings(mut set: Map<String, Value>) -> Map<String, Value> {
    SETTINGS
        .iter()
        .map(|(name, rule)| {
            let value = set.remove(*name).unwrap_or_else(|| rule.default());
            ((*name).to_owned(), value)
        })
        .collect()
}

/// One `@`, text on both sides, a dot inside the domain, no space. Whether the address exists shows when
/// it is confirmed.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c);
    let labels = || domain.split('.');
    !local.is_empty()
        && !local.contains('@')
        && !text.contains(is_odd)
        && labels().count() >= 2
        && labels()
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
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
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<ProfilePatch, (&'static str, &'static str)> {
        let fields: Fields = body.as_object().unwrap().clone().into();
        ProfilePatch::read(&fields).map_err(|fault| (fault.attr, fault.code))
    }

    #[test]
    fn only_what_is_given_and_known_is_set() {
        let patch = read(json!({
            "first_name": " Ada ", "is_staff": true, "uuid": "x", "theme_mode": "dark",
        }));
        let patch = patch.unwrap();
        assert_eq!(
            json!(patch.settings),
            json!({"first_name": "Ada", "theme_mode": "dark"})
        );
        assert_eq!(patch.email, None);
        assert_eq!(read(json!({})).unwrap().settings.len(), 0);
    }

    #[test]
    fn each_setting_keeps_to_its_rule() {
        for (field, good, bad) in [
            (
                "first_name",
                json!(["", "Ada"]),
                json!([null, 1, "a".repeat(151), "a\u{0}"]),
            ),
            (
                "last_name",
                json!(["", "L"]),
                json!([null, [], "a".repeat(151)]),
            ),
            (
                "notification_settings",
                json!([{}, {"a": {"b": true}}]),
                json!([null, [], "x", 1]),
            ),
            (
                "anonymize_data",
                json!([true, false, null]),
                json!(["true", 1, {}]),
            ),
            ("allow_impersonation", json!([true, null]), json!([0, "no"])),
            (
                "toolbar_mode",
                json!(["toolbar", "", null]),
                json!(["Toolbar", 1, []]),
            ),
            (
                "theme_mode",
                json!(["system", "", null]),
                json!(["blue", true]),
            ),
            (
                "shortcut_position",
                json!(["hidden", "", null]),
                json!(["left"]),
            ),
            (
                "events_column_config",
                json!([null, [], {}, 1, "a"]),
                json!(["x".repeat(16_384)]),
            ),
            (
                "has_seen_product_intro_for",
                json!([null, {}]),
                json!([["x".repeat(16_384)]]),
            ),
            (
                "hedgehog_config",
                json!([null, {}]),
                json!([["x".repeat(16_384)]]),
            ),
            (
                "allow_sidebar_suggestions",
                json!([true, null]),
                json!([[]]),
            ),
            (
                "role_at_organization",
                json!(["sales", null]),
                json!(["", "boss", 1]),
            ),
            ("hide_mcp_hints", json!([true, null]), json!(["true"])),
            ("passkeys_enabled_for_2fa", json!([false, null]), json!([1])),
        ] {
            for value in good.as_array().unwrap() {
                let patch = read(json!({ field: value }));
                assert_eq!(patch.unwrap().settings[field], *value, "{field}");
            }
            for value in bad.as_array().unwrap() {
                let fault = read(json!({ field: value })).unwrap_err();
                assert_eq!(fault.0, field, "{value}");
            }
        }
    }

    #[test]
    fn no_setting_has_null_characters_anywhere() {
        for bad in [
            json!("a\u{0}"),
            json!([["\u{0}"]]),
            json!({"a": {"\u{0}": 1}}),
        ] {
            let fault = read(json!({ "hedgehog_config": bad })).unwrap_err();
            assert_eq!(fault, ("hedgehog_config", "invalid_input"), "{bad}");
        }
        assert!(read(json!({ "hedgehog_config": "\\u0000" })).is_ok());
    }

    #[test]
    fn an_email_is_an_address() {
        for good in [
            "ada@example.com",
            "a+b@sub.example.co",
            "ä@exämple.com",
            " ada@example.com ",
        ] {
            let patch = read(json!({ "email": good })).unwrap();
            assert_eq!(patch.email.as_deref(), Some(good.trim()));
        }
        for (bad, code) in [
            (json!(null), "null"),
            (json!(""), "blank"),
            (json!(7), "invalid_input"),
            (json!("ada"), "invalid_input"),
            (json!("@example.com"), "invalid_input"),
            (json!("ada@"), "invalid_input"),
            (json!("ada@localhost"), "invalid_input"),
            (json!("ada@example..com"), "invalid_input"),
            (json!("ada@-example.com"), "invalid_input"),
            (json!("a@b@example.com"), "invalid_input"),
            (json!("ada <ada@example.com>"), "invalid_input"),
            (json!("ada@example.com\nbcc: x"), "invalid_input"),
            (
                json!(format!("{}@example.com", "a".repeat(243))),
                "max_length",
            ),
        ] {
            assert_eq!(
                read(json!({ "email": bad })).unwrap_err(),
                ("email", code),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_profile_begins_with_the_defaults() {
        let all = settings(Map::new());
        assert_eq!(all.len(), SETTINGS.len());
        assert_eq!(all["first_name"], "");
        assert_eq!(all["notification_settings"], json!({}));
        assert_eq!(all["theme_mode"], Value::Null);
        let set = json!({"theme_mode": "dark", "gone": 1});
        let all = settings(set.as_object().unwrap().clone());
        assert_eq!(all["theme_mode"], "dark");
        assert!(!all.contains_key("gone"));
    }

    proptest! {
        #[test]
        fn no_address_panics_or_smuggles(text in ".{0,40}") {
            if let Ok(patch) = read(json!({ "email": text.clone() })) {
                let email = patch.email.unwrap();
                prop_assert!(email.contains('@') && !email.contains(['\n', '\r', ' ', '<', ',']));
            }
        }
    }
}
