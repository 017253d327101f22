//! The second factor of a person from its set-up to its end; and who may use it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::FromSql;
use serde_json::json;

use super::{
    ADA, Accounts, STEP, WRONG_BACKUP_CODE, assert_fine, assert_problem, assert_verified,
    assert_wrong_code,
};
use crate::account::backup_code::BACKUP_CODES;
use crate::account::totp::SETUP_TTL;
use crate::testing::service::TestAnswer;

fn one<T: FromSql>(accounts: &Accounts, sql: &str) -> T {
    let database = &accounts.service.database;
    database.query(sql, [], |row| row.get(0)).pop().unwrap()
}

#[track_caller]
fn assert_setup_expired(answer: &TestAnswer) {
    let detail = "2FA setup session expired. Please start setup again.";
    let body = ["validation_error", "setup_expired", detail];
    let [kind, code, detail] = body.map(Some);
    assert_problem(answer, 400, &[kind, code, detail, None]);
}

#[test]
fn a_second_factor_from_its_set_up_to_its_end() {
    let accounts = Accounts::new();
    let secret = accounts.start(ADA);
    assert!(!accounts.is_on(ADA));
    let first = accounts.code(&secret);
    let success = json!({ "success": true });
    assert_fine(&accounts.validate(ADA, &first), &success);
    assert_setup_expired(&accounts.validate(ADA, &first));
    // The sign-in service shows the code of the set-up, then the next one twice.
    let key = accounts.api_key("user:verify", None);
    let verify = |code: &str| {
        let body = json!({ "token": code });
        accounts.post_for(&key, ADA, "two_factor_verify", Some(&body))
    };
    assert_wrong_code(&verify(&first));
    accounts.service.pass(STEP);
    let next = accounts.code(&secret);
    assert_verified(&verify(&next), "totp");
    assert_wrong_code(&verify(&next));
    let used: Option<i64> = one(&accounts, "SELECT last_used_at FROM api_keys");
    assert!(used.is_some());

    accounts.service.pass(STEP);
    let proof = json!({ "token": accounts.code(&secret) });
    let disabled = accounts.post(&accounts.person(ADA), "two_factor_disable", Some(&proof));
    assert_fine(&disabled, &success);
    assert!(!accounts.is_on(ADA));
    assert_eq!(
        accounts.service.told(),
        ["two_factor_enabled", "two_factor_disabled"]
    );
}

#[test]
fn a_set_up_expires() {
    let accounts = Accounts::new();
    let secret = accounts.start(ADA);
    accounts.service.pass(SETUP_TTL);
    assert_setup_expired(&accounts.validate(ADA, &accounts.code(&secret)));
}

#[test]
fn each_of_ten_backup_codes_is_accepted_once() {
    let accounts = Accounts::new();
    let codes = accounts.enrol(ADA).codes;
    assert_eq!(codes.len(), BACKUP_CODES);
    let status = || {
        let person = accounts.strong(ADA);
        accounts.get(&person, "two_factor_status").json()
    };
    assert_eq!(status()["backup_codes"], json!(codes));
    for code in codes {
        assert_verified(&accounts.verify(ADA, &code.to_uppercase()), "backup_code");
        assert_wrong_code(&accounts.verify(ADA, &code));
    }
    let told = accounts.service.told().into_iter();
    let used = told.filter(|kind| kind == "backup_code_used");
    assert_eq!(used.count(), BACKUP_CODES);
    assert_eq!(status()["backup_codes_remaining"], 0);
}

#[test]
fn a_code_is_accepted_as_authenticators_show_it_and_as_people_paste_it() {
    let accounts = Accounts::new();
    let factor = accounts.enrol(ADA);
    for separator in [" ", "-", "\u{2009}", "\u{2013}", "\u{200b}"] {
        let code = accounts.code(&factor.secret);
        let (left, right) = code.split_at(3);
        let typed = format!("{left}{separator}{right}");
        assert_verified(&accounts.verify(ADA, &typed), "totp");
        accounts.service.pass(STEP);
    }
    for (number, dash) in ["\u{2011}", "\u{2212}", "\u{2014}", "\u{feff}"]
        .iter()
        .enumerate()
    {
        let typed = factor.codes[number].replace('-', dash);
        assert_verified(&accounts.verify(ADA, &typed), "backup_code");
    }
    // A wrong code counts with its kind, however it is typed.
    let wrong = accounts.wrong_code(&factor.secret);
    assert_wrong_code(&accounts.verify(ADA, &format!(" {wrong}\u{2013}")));
    let counted = "SELECT totp_failures * 10 + backup_failures FROM second_factors";
    assert_eq!(one::<u32>(&accounts, counted), 10);
}

#[test]
fn no_code_is_accepted_or_counted_where_the_second_factor_is_off() {
    let accounts = Accounts::new();
    let secret = accounts.start(ADA);
    for text in [&accounts.code(&secret), WRONG_BACKUP_CODE, "?"] {
        assert_wrong_code(&accounts.verify(ADA, text));
    }
    let failures = "SELECT totp_failures + backup_failures FROM second_factors";
    assert_eq!(one::<u32>(&accounts, failures), 0);
}

#[test]
fn a_secret_moves_to_the_current_key_when_it_is_used_and_without_a_key_nothing_is_checked() {
    const SECRET: &str = "SELECT secret_sealed FROM second_factors";
    let mut accounts = Accounts::new();
    let factor = accounts.enrol(ADA);
    let before: String = one(&accounts, SECRET);
    let (old, new) = (STANDARD.encode([7; 32]), STANDARD.encode([8; 32]));
    let with_keys = |accounts: Accounts, current: &str, previous: &str| {
        let service = accounts.service.setting("CREDENTIALS_KEY", current);
        let service = service.setting("CREDENTIALS_KEY_PREVIOUS", previous);
        service.restart();
        Accounts { service }
    };
    let verify = |accounts: &Accounts| accounts.verify(ADA, &accounts.code(&factor.secret));
    accounts = with_keys(accounts, "", "");
    assert_eq!(verify(&accounts).status(), 500);
    assert_eq!(one::<String>(&accounts, SECRET), before);
    accounts = with_keys(accounts, &new, &old);
    assert_verified(&verify(&accounts), "totp");
    accounts = with_keys(accounts, &new, "");
    accounts.service.pass(STEP);
    assert_verified(&verify(&accounts), "totp");
}
