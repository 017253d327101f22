//! The profile: what is shown can be sent back, and comes back as it was written.

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ADA, Accounts, assert_problem};
use crate::testing::service::TestAnswer;

impl Accounts {
    fn read(&self) -> TestAnswer {
        let person = self.person(ADA);
        self.service.get("/api/users/@me").bearer(&person).send()
    }

    /// Sends a body as it is.
    fn change(&self, body: impl Into<Vec<u8>>) -> TestAnswer {
        let request = self.service.request(Method::PATCH, "/api/users/@me");
        let request = request.header("content-type", "application/json");
        request.bearer(&self.person(ADA)).body(body.into()).send()
    }

    fn audit_rows(&self) -> u32 {
        let count = "SELECT count(*) FROM audit_log";
        self.service.database.query(count, [], |row| row.get(0))[0]
    }
}

fn text(answer: &TestAnswer) -> String {
    String::from_utf8(answer.0.reply.body.clone()).unwrap()
}

/// Numbers in all the ways in which clients write them.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_filter_map("JSON has no others", |number| {
            number.is_finite().then(|| format!("{number:?}"))
        }),
        (-200.0..200.0_f64).prop_map(|number| number.to_string()),
        "-?[1-9][0-9]{0,40}",
        "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,25}([eE][+-]?[0-9]{1,2})?",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn json_comes_back_as_it_was_written(numbers in prop::collection::vec(number(), 1..9)) {
        let accounts = Accounts::new();
        let numbers = numbers.join(",");
        let any = format!("\"hedgehog_config\":{{\"x\":[{numbers}]}}");
        let merged = format!("\"notification_settings\":{{\"x\":[{numbers}]}}");
        let changed = accounts.change(format!("{{ {any} , {merged} }}"));
        prop_assert_eq!(changed.status(), 200);
        for answer in [changed, accounts.read()] {
            let shown = text(&answer);
            prop_assert!(shown.contains(&any) && shown.contains(&merged), "{}", shown);
        }
    }

    #[test]
    fn what_get_answers_can_be_patched_back(
        email in prop::option::of("[ \t]?[a-zA-Z@.\u{200b}ü]{0,9}@?[a-z.]{0,9}\n?"),
        settings in prop::collection::btree_map(
            prop::sample::select(vec![
                "first_name", "last_name", "notification_settings", "anonymize_data", "toolbar_mode",
                "theme_mode", "events_column_config", "role_at_organization", "hide_mcp_hints",
            ]),
            prop::sample::select(vec![
                json!(null), json!(true), json!("sepia"), json!({"a": [1.5, null]}), json!("\u{202e}"), json!(7),
            ]),
            0..9,
        ),
    ) {
        let accounts = Accounts::new();
        let database = &accounts.service.database;
        database.execute("UPDATE users SET email = ?1 WHERE uuid = ?2", (email, ADA));
        let insert = "INSERT INTO profiles (user_id, settings, updated_at) VALUES (?1, ?2, 0)";
        database.execute(insert, (ADA, json!(settings).to_string()));
        let shown = accounts.read();
        let sent_back = accounts.change(text(&shown));
        prop_assert_eq!(sent_back.status(), 200, "{}", sent_back.json());
        prop_assert_eq!(text(&sent_back), text(&shown));
        // Nothing has changed.
        prop_assert_eq!(accounts.audit_rows(), 0);
        prop_assert!(accounts.service.told().is_empty());
    }
}

#[test]
fn one_double_in_ten_was_altered() {
    let accounts = Accounts::new();
    let changed = accounts.change("{\"hedgehog_config\":{\"x\":117.63331139400017}}");
    assert!(text(&changed).contains("{\"x\":117.63331139400017}"));
    assert!(text(&accounts.read()).contains("{\"x\":117.63331139400017}"));
}

#[test]
fn a_number_that_no_program_could_read_back_is_refused() {
    let accounts = Accounts::new();
    for number in ["1e400".to_owned(), "-1E+999".to_owned(), "9".repeat(400)] {
        let answer = accounts.change(format!("{{\"hedgehog_config\":[{number}]}}"));
        let detail = "A number in the request body is out of range.";
        let body = [
            Some("invalid_request"),
            Some("parse_error"),
            Some(detail),
            None,
        ];
        assert_problem(&answer, 400, &body);
    }
    assert_eq!(accounts.read().json()["hedgehog_config"], Value::Null);
}

#[test]
fn a_person_with_a_phone_only_saves_their_whole_profile() {
    let accounts = Accounts::new();
    let phone = "UPDATE users SET email = NULL, phone_number = '+41791234567' WHERE uuid = ?1";
    accounts.service.database.execute(phone, [ADA]);
    let mut profile = accounts.read().json();
    profile["first_name"] = json!("Ada");
    let saved = accounts.change(profile.to_string());
    assert_eq!(saved.status(), 200, "{}", saved.json());
    assert_eq!(saved.json()["first_name"], "Ada");
    let rows = "SELECT outcome FROM audit_log";
    let outcomes: Vec<String> = accounts.service.database.query(rows, [], |row| row.get(0));
    assert_eq!(outcomes, ["first_name"]);
}

#[test]
fn merged_settings_that_have_grown_beyond_the_limit_of_one_are_sent_back() {
    let accounts = Accounts::new();
    for name in ["a", "b", "c"] {
        let body = json!({ "notification_settings": { name: "x".repeat(12_000) } });
        assert_eq!(accounts.change(body.to_string()).status(), 200);
    }
    let shown = accounts.read();
    assert_eq!(text(&accounts.change(text(&shown))), text(&shown));
    let mut other = shown.json();
    other["notification_settings"]["d"] = json!(1);
    let refused = accounts.change(other.to_string());
    assert_eq!(refused.json()["attr"], "notification_settings");
}

#[test]
fn a_choice_that_is_not_valid_is_named() {
    let accounts = Accounts::new();
    let detail = "\"blackberry\" is not a valid choice.";
    let refused = |attr| {
        [
            Some("validation_error"),
            Some("invalid_choice"),
            Some(detail),
            Some(attr),
        ]
    };
    let answer = accounts.change("{\"theme_mode\": \"blackberry\"}");
    assert_problem(&answer, 400, &refused("theme_mode"));
    let body = json!({ "token": "t", "platform": "blackberry" });
    let answer = accounts.post(&accounts.person(ADA), "push_tokens", Some(&body));
    assert_problem(&answer, 400, &refused("platform"));
    // The log has the field only.
    assert_eq!(answer.0.cause.as_deref(), Some("platform: invalid_choice"));
}

#[test]
fn a_scene_or_dashboard_that_is_missing_is_put_down_to_no_field() {
    let accounts = Accounts::new();
    for (body, detail) in [
        (json!({}), "Dashboard must be provided."),
        (json!({ "scene": "Home" }), "Dashboard must be provided."),
        (json!({ "dashboard": 1 }), "Scene must be provided."),
    ] {
        let answer = accounts.post(&accounts.person(ADA), "scene_personalisation", Some(&body));
        let expected = [
            Some("validation_error"),
            Some("invalid_input"),
            Some(detail),
            None,
        ];
        assert_problem(&answer, 400, &expected);
    }
}
