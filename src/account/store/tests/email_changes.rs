//! E-mails that are asked for: by what they take effect, and what ends them.

use std::time::Duration;

use futures_executor::block_on;
use serde_json::json;

use crate::account::store::testing::{NOW, Store, entry, notice, user_id};
use crate::account::store::tests::profiles::{change, changed};
use crate::account::store::*;
use crate::account::{EmailToken, NoticeKind};
use crate::db::differential::mirrored_tests;
use crate::kernel::audit;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{EmailKey, Timestamp};

mirrored_tests! {
    Store:
    an_e_mail_is_asked_for_alone_or_with_settings,
    another_users_e_mail_is_not_granted,
    an_e_mail_takes_effect_by_its_token_once_and_in_time,
    an_e_mail_that_became_another_users_does_not_take_effect,
    a_cancelled_change_takes_its_verification_along,
    a_pending_e_mail_ends_with_the_address_it_was_asked_from,
    a_pending_e_mail_stays_while_a_service_writes_the_same_address,
    an_e_mail_asked_from_an_address_that_has_just_changed_is_void,
}

fn token(number: u32) -> EmailToken {
    EmailToken::generate(&Seeded::new(number.into()))
}

/// The `number`th request for another e-mail.
pub fn new_email(email: &str, number: u32) -> NewEmail<'_> {
    NewEmail {
        email,
        key: EmailKey::of(email).unwrap(),
        from: EmailKey::of("ann@example.com"),
        token: token(number),
        until: NOW.plus(Duration::from_secs(1)),
        entry: entry("ann"),
        warning: Some(notice(10 * number, NoticeKind::EmailChangeRequested)),
        verification: notice(10 * number + 1, NoticeKind::EmailChangeVerification),
    }
}

pub fn pending(store: &Store) -> Option<String> {
    store.one("SELECT max(pending_email) FROM profiles")
}

fn an_e_mail_is_asked_for_alone_or_with_settings(store: &Store) {
    store.add_users(&["ann"]);
    // The notices of a later request take the place of those of the one before.
    for (number, settings) in [
        (1, json!({})),
        (2, json!({ "first_name": "Ada" })),
        (3, json!({})),
    ] {
        let email = format!("new-{number}@example.com");
        let user = changed(change(store, settings, Some(new_email(&email, number))));
        assert_eq!(user.details.pending_email, Some(email));
        let kinds = ["email_change_requested", "email_change_verification"];
        assert_eq!(store.notices(), kinds);
        let ids: Vec<String> = store.column("SELECT id FROM notices ORDER BY id");
        assert_eq!(ids, [format!("ntc_0{number}0"), format!("ntc_0{number}1")]);
    }
}

fn another_users_e_mail_is_not_granted(store: &Store) {
    store.add_users(&["ann", "bob"]);
    let email = Some(new_email("Bob@Example.com", 1));
    let outcome = change(store, json!({}), email);
    assert!(matches!(outcome, ProfileChangeOutcome::EmailTaken));
    assert_eq!(pending(store), None);
    assert!(store.notices().is_empty() && store.audit_actions().is_empty());
}

fn confirm(store: &Store, number: u32, email: &str, at: Timestamp) -> EmailConfirmation {
    let entry = audit::Entry { at, ..entry("ann") };
    let (ann, token, key) = (user_id("ann"), token(number), EmailKey::of(email).unwrap());
    let notice = notice(99, NoticeKind::EmailChanged);
    let confirm = confirm_email(&store.database, &ann, &token, &key, &entry, &notice);
    block_on(confirm).unwrap()
}

fn an_e_mail_takes_effect_by_its_token_once_and_in_time(store: &Store) {
    store.add_users(&["ann"]);
    let email = "new@example.com";
    changed(change(store, json!({}), Some(new_email(email, 1))));
    let end = NOW.plus(Duration::from_secs(1));
    for (number, at) in [(2, NOW), (1, end)] {
        assert_eq!(
            confirm(store, number, email, at),
            EmailConfirmation::TokenInvalid
        );
    }
    let ann = user_id("ann");
    let read = block_on(read_pending_email(&store.database, &ann, &token(1), NOW)).unwrap();
    assert_eq!(read.unwrap().details.email, email);
    assert_eq!(confirm(store, 1, email, NOW), EmailConfirmation::Confirmed);
    assert_eq!(store.one::<String>("SELECT email FROM users"), email);
    assert_eq!(store.notices().last().unwrap(), "email_changed");
    let selector = AccountSelector::User(ann);
    let user = block_on(read_user(&store.database, &selector, NOW)).unwrap();
    let details = user.unwrap().details;
    assert!(details.is_email_verified && details.pending_email.is_none());
    // The e-mail has a holder by now, who is the user.
    assert_eq!(
        confirm(store, 1, email, NOW),
        EmailConfirmation::TokenInvalid
    );
}

fn an_e_mail_that_became_another_users_does_not_take_effect(store: &Store) {
    store.add_users(&["ann", "bob"]);
    let email = "new@example.com";
    changed(change(store, json!({}), Some(new_email(email, 1))));
    store.execute(
        "UPDATE users SET email = 'NEW@example.com' WHERE uuid = 'bob'",
        [],
    );
    assert_eq!(confirm(store, 1, email, NOW), EmailConfirmation::EmailTaken);
    assert_eq!(store.notices().len(), 2);
    let kept: String = store.one("SELECT email FROM users WHERE uuid = 'ann'");
    assert_eq!(kept, "ann@example.com");
}

fn a_cancelled_change_takes_its_verification_along(store: &Store) {
    store.add_users(&["ann"]);
    let (ann, entry) = (user_id("ann"), entry("ann"));
    let cancel = || block_on(cancel_email_change(&store.database, &ann, &entry)).unwrap();
    assert!(cancel().is_none());
    let email = Some(new_email("new@example.com", 1));
    changed(change(store, json!({}), email));
    assert_eq!(cancel().unwrap().details.pending_email, None);
    assert_eq!(store.notices(), ["email_change_requested"]);
    assert!(cancel().is_none());
    assert_eq!(store.audit_actions().len(), 2);
}

/// Whether ann's first token still puts `new@example.com` into effect.
fn is_alive(store: &Store) -> bool {
    let (ann, token) = (user_id("ann"), token(1));
    let selector = AccountSelector::User(ann.clone());
    let user = block_on(read_user(&store.database, &selector, NOW)).unwrap();
    let shown = user.unwrap().details.pending_email.is_some();
    let read = read_pending_email(&store.database, &ann, &token, NOW);
    assert_eq!(block_on(read).unwrap().is_some(), shown);
    let outcome = confirm(store, 1, "new@example.com", NOW);
    assert_eq!(outcome == EmailConfirmation::Confirmed, shown);
    shown
}

fn a_pending_e_mail_ends_with_the_address_it_was_asked_from(store: &Store) {
    for other in [
        "UPDATE users SET email = 'old@example.com' WHERE uuid = 'ann'",
        "UPDATE users SET email = NULL WHERE uuid = 'ann'",
        "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES ('ann', 'old@example.com', '')",
        "REPLACE INTO users (uuid, created_at) VALUES ('ann', '')",
        "INSERT INTO users (uuid, email, created_at) VALUES ('ann', 'old@example.com', '')
         ON CONFLICT (uuid) DO UPDATE SET email = excluded.email",
    ] {
        store.execute("DELETE FROM users", []);
        store.add_users(&["ann"]);
        changed(change(
            store,
            json!({}),
            Some(new_email("new@example.com", 1)),
        ));
        store.execute(other, []);
        assert_eq!(pending(store), None, "{other}");
        assert_eq!(store.notices(), ["email_change_requested"], "{other}");
        assert!(!is_alive(store), "{other}");
        // Nor does it come back with the address.
        store.execute("UPDATE users SET email = 'ann@example.com'", []);
        assert!(!is_alive(store), "{other}");
    }
}

fn a_pending_e_mail_stays_while_a_service_writes_the_same_address(store: &Store) {
    for same in [
        "UPDATE users SET email = 'ann@example.com', phone_number = '+41' WHERE uuid = 'ann'",
        "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES ('ann', 'ANN@example.com', '')",
        "INSERT OR IGNORE INTO users (uuid, email, created_at) VALUES ('ann', 'old@example.com', '')",
        "UPDATE users SET email = 'old@example.com' WHERE uuid = 'bob'",
    ] {
        store.execute("DELETE FROM users", []);
        store.add_users(&["ann", "bob"]);
        changed(change(
            store,
            json!({}),
            Some(new_email("new@example.com", 1)),
        ));
        store.execute(same, []);
        assert!(is_alive(store), "{same}");
    }
}

fn an_e_mail_asked_from_an_address_that_has_just_changed_is_void(store: &Store) {
    store.add_users(&["ann"]);
    store.execute("UPDATE users SET email = 'old@example.com'", []);
    change(store, json!({}), Some(new_email("new@example.com", 1)));
    assert!(!is_alive(store));
}
