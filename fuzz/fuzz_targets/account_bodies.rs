//! The fields that clients of the account API send, read as each action reads them.
//!
//! Input: a body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use spkey_edge::account::code_text::bare;
use spkey_edge::account::settings::Settings;
use spkey_edge::account::{
    BackupCode, EmailToken, Fields, Invalid, Platform, ProfilePatch, PushToken, TotpCode,
};
use spkey_edge::kernel::Unicode;
use spkey_edge_fuzz::CONFIDENTIAL;

const CODES: [&str; 6] = [
    "required",
    "null",
    "blank",
    "max_length",
    "invalid_input",
    "invalid_choice",
];
const TEXTS: [&str; 2] = ["first_name", "last_name"];
const FLAGS: [&str; 5] = [
    "anonymize_data",
    "allow_impersonation",
    "allow_sidebar_suggestions",
    "hide_mcp_hints",
    "passkeys_enabled_for_2fa",
];
const CHOICES: [&str; 4] = [
    "toolbar_mode",
    "theme_mode",
    "shortcut_position",
    "role_at_organization",
];
const ANY_JSON: [&str; 3] = [
    "events_column_config",
    "has_seen_product_intro_for",
    "hedgehog_config",
];

/// Knows no letters but those of ASCII.
struct Ascii;

impl Unicode for Ascii {
    fn fold(&self, text: &str) -> String {
        text.to_ascii_lowercase()
    }

    fn ascii_domain(&self, _: &str) -> Option<String> {
        None
    }
}

fuzz_target!(|input: &[u8]| {
    let Ok(Value::Object(body)) = serde_json::from_slice(input) else {
        return;
    };
    let fields = Fields::from(body.clone());
    profile(
        &body,
        ProfilePatch::read(&fields, None, &Settings::new(), &Ascii),
    );
    for most in [128, 512] {
        assert_eq!(
            told(fields.text("token", most)),
            expected_text(body.get("token"), most)
        );
    }
    push_token(&body, &fields);
    if let Ok(text) = fields.text("token", 128) {
        proof(text);
        let token = EmailToken::presented(text);
        assert_eq!(token.hash().len(), 64);
        assert!(!format!("{token:?}").contains(&token.hash()));
    }

    // The same with something confidential in every text: a fault names the field alone.
    let mut concealed = Value::Object(body);
    conceal(&mut concealed);
    if let Value::Object(body) = concealed {
        let fields = Fields::from(body);
        silent(ProfilePatch::read(&fields, None, &Settings::new(), &Ascii).err());
        silent(PushToken::read(&fields).err());
        silent(Platform::read(&fields).err());
        silent(fields.text("token", 3).err());
    }
});

/// A patch holds what was given and keeps its rule, and nothing else; a fault is of a field that was given.
fn profile(body: &Map<String, Value>, read: Result<ProfilePatch, Invalid>) {
    let patch = match read {
        Ok(patch) => patch,
        Err(fault) => {
            let attr = fault.attr.expect("a field");
            assert!(body.contains_key(attr), "{attr} was not given");
            assert!(CODES.contains(&fault.code), "{fault:?}");
            return;
        }
    };
    for (name, value) in &patch.settings {
        let name = name.as_str();
        let value: &Value = &serde_json::from_str(value.get()).expect("JSON");
        let given = &body[name];
        if TEXTS.contains(&name) {
            let text = value.as_str().expect("a text");
            assert_eq!(Some(text), given.as_str().map(str::trim));
            assert!(text.chars().count() <= 150 && !text.contains('\0'));
            continue;
        }
        assert_eq!(value, given);
        if FLAGS.contains(&name) {
            assert!(value.is_boolean() || value.is_null());
        } else if CHOICES.contains(&name) {
            assert!(value.is_null() || value.as_str().is_some_and(|text| text.len() <= 11));
        } else if name == "notification_settings" {
            assert!(value.is_object());
        } else {
            assert!(ANY_JSON.contains(&name), "{name} is no setting");
        }
        assert!(value.to_string().len() <= 16 * 1024);
    }
    // What is as it is by default is no change.
    let defaults = [
        (TEXTS.as_slice(), json!("")),
        (&FLAGS, Value::Null),
        (&CHOICES, Value::Null),
        (&ANY_JSON, Value::Null),
        (&["notification_settings"], json!({})),
    ];
    for (names, default) in defaults {
        for name in names {
            let is_changed = body.get(*name).is_some_and(|given| *given != default);
            assert_eq!(patch.settings.contains_key(*name), is_changed, "{name}");
        }
    }

    let is_given = body.get("email").is_some_and(|email| !email.is_null());
    assert_eq!(patch.email.is_some(), is_given);
    if let Some(email) = patch.email {
        assert_eq!(Some(email.as_str()), body["email"].as_str().map(str::trim));
        assert!(email.chars().count() <= 254);
        assert_eq!(email.matches('@').count(), 1);
        assert!(
            !email.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;".contains(c))
        );
    }
}

/// A required text, as the contract has it.
fn expected_text(given: Option<&Value>, most: usize) -> Result<String, &'static str> {
    match given {
        None => Err("required"),
        Some(Value::Null) => Err("null"),
        Some(Value::String(text)) => match text.trim() {
            "" => Err("blank"),
            text if text.contains('\0') => Err("invalid_input"),
            text if text.chars().count() > most => Err("max_length"),
            text => Ok(text.to_owned()),
        },
        Some(_) => Err("invalid_input"),
    }
}

/// What was read, or the fault's name.
fn told(read: Result<&str, Invalid>) -> Result<String, &'static str> {
    read.map(str::to_owned).map_err(|fault| {
        assert_eq!(fault.attr, Some("token"));
        fault.code
    })
}

fn push_token(body: &Map<String, Value>, fields: &Fields) {
    let token = PushToken::read(fields);
    assert_eq!(token.is_ok(), expected_text(body.get("token"), 512).is_ok());
    if let Ok(token) = token {
        assert_eq!(token.hash().len(), 64);
        let text = token.secret().expose();
        assert!(!format!("{token:?}").contains(text) || "PushToken(Secret(…))".contains(text));
    }
    let platform = Platform::read(fields).ok();
    let named = body.get("platform").and_then(Value::as_str);
    let known = named.filter(|name| ["ios", "android", "web"].contains(name));
    assert_eq!(platform.map(Platform::as_str), known);
}

/// Which kind of code a text is.
fn proof(text: &str) {
    let bare = bare(text).to_ascii_lowercase();
    let is_totp = bare.len() == 6 && bare.bytes().all(|byte| byte.is_ascii_digit());
    let is_backup = bare.chars().count() == 16
        && bare
            .chars()
            .all(|c| c.is_ascii_lowercase() || ('2'..='7').contains(&c));
    assert_eq!(TotpCode::parse(text).is_some(), is_totp);
    let code = BackupCode::parse(text);
    assert_eq!(code.is_some(), is_backup);
    if let Some(code) = code {
        assert_eq!(code.shown().replace('-', ""), bare);
        let again = BackupCode::parse(&code.shown()).expect("a code as it is shown");
        assert_eq!(again.shown(), code.shown());
    }
}

/// Puts something confidential at the end of every text.
fn conceal(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str(CONFIDENTIAL),
        Value::Array(values) => values.iter_mut().for_each(conceal),
        Value::Object(members) => members.values_mut().for_each(conceal),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A choice that is not valid is named, and is no secret.
fn silent(fault: Option<Invalid>) {
    let fault = fault.filter(|fault| fault.code != "invalid_choice");
    let shown = format!("{fault:?}");
    assert!(!shown.contains(CONFIDENTIAL), "{shown}");
}
