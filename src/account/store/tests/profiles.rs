//! Profiles: settings, e-mails, push tokens, scenes, teams.

use std::time::Duration;

use futures_executor::block_on;
use serde_json::{Map, Value, json};

use crate::account::profile::MAX_SETTINGS_CHARS;
use crate::account::push_token::MAX_TOKENS_PER_USER;
use crate::account::store::testing::{NOW, Store, entry, user_id};
use crate::account::store::*;
use crate::account::user::MAX_SCENES;
use crate::account::{
    EmailToken, Fields, FullUser, Notice, NoticeKind, Platform, PushToken, TeamId,
};
use crate::kernel::audit;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{EmailKey, Sealed, Timestamp};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn notice(id: &str, kind: NoticeKind) -> Notice {
    Notice {
        id: id.to_owned(),
        ..Notice::new(kind, &user_id("ann"), None, NOW, &Seeded::new(1))
    }
}

fn token(number: u64) -> EmailToken {
    EmailToken::generate(&Seeded::new(number))
}

/// The `number`th request for another e-mail.
fn new_email(email: &str, number: u64) -> NewEmail<'_> {
    let verification = notice(
        &format!("ntc_{number}b"),
        NoticeKind::EmailChangeVerification,
    );
    NewEmail {
        email,
        key: EmailKey::of(email).unwrap(),
        token: token(number),
        until: NOW.plus(Duration::from_secs(1)),
        entry: entry("ann"),
        warning: Some(notice(
            &format!("ntc_{number}a"),
            NoticeKind::EmailChangeRequested,
        )),
        verification,
    }
}

fn change(store: &Store, settings: Value, email: Option<NewEmail<'_>>) -> ProfileChangeOutcome {
    let change = ProfileChange {
        settings: &map(settings),
        entry: entry("ann"),
        email,
    };
    block_on(change_profile(&store.database, &user_id("ann"), &change)).unwrap()
}

fn changed(outcome: ProfileChangeOutcome) -> FullUser {
    match outcome {
        ProfileChangeOutcome::Changed(user) => *user,
        other => panic!("{other:?}"),
    }
}

fn pending(store: &Store) -> Option<String> {
    store.one("SELECT max(pending_email) FROM profiles")
}

#[test]
fn settings_replace_what_there_was_and_notification_settings_are_merged() {
    let store = Store::with_users(&["ann"]);
    let first = json!({
        "first_name": "Ada", "theme_mode": null, "hedgehog_config": [1],
        "notification_settings": {"a": {"x": true, "y": false}, "b": 1},
    });
    changed(change(&store, first, None));
    let second = json!({
        "theme_mode": "dark", "hedgehog_config": {"n": 1},
        "notification_settings": {"a": {"y": true}, "b": null},
    });
    let user = changed(change(&store, second, None));
    let expected = json!({
        "first_name": "Ada", "theme_mode": "dark", "hedgehog_config": {"n": 1},
        "notification_settings": {"a": {"x": true, "y": true}},
    });
    assert_eq!(Value::Object(user.details.settings), expected);
    assert_eq!(store.audit_actions().len(), 2);
}

#[test]
fn settings_that_grow_too_large_are_refused_with_the_e_mail_beside_them() {
    let store = Store::with_users(&["ann"]);
    // {"events_column_config":"…"}
    let text = |chars: usize| json!({ "events_column_config": "x".repeat(chars - 27) });
    changed(change(&store, text(MAX_SETTINGS_CHARS), None));
    let email = Some(new_email("new@example.com", 1));
    let outcome = change(&store, json!({ "first_name": "A" }), email);
    assert!(matches!(outcome, ProfileChangeOutcome::SettingsTooLarge));
    assert_eq!(pending(&store), None);
    assert!(store.notices().is_empty());
    assert_eq!(store.audit_actions().len(), 1);
    changed(change(&store, text(MAX_SETTINGS_CHARS - 1), None));
}

#[test]
fn an_e_mail_is_asked_for_alone_or_with_settings() {
    for settings in [json!({}), json!({ "first_name": "Ada" })] {
        let store = Store::with_users(&["ann"]);
        let email = Some(new_email("new@example.com", 1));
        let user = changed(change(&store, settings.clone(), email));
        assert_eq!(
            user.details.pending_email.as_deref(),
            Some("new@example.com")
        );
        let kinds = ["email_change_requested", "email_change_verification"];
        assert_eq!(store.notices(), kinds);
        // Those of a second request take the place of those of the first.
        let email = Some(new_email("newer@example.com", 2));
        changed(change(&store, settings, email));
        assert_eq!(
            store.column::<String>("SELECT id FROM notices ORDER BY id"),
            ["ntc_2a", "ntc_2b"]
        );
    }
}

#[test]
fn another_users_e_mail_is_not_granted() {
    let store = Store::with_users(&["ann", "bob"]);
    let email = Some(new_email("Bob@Example.com", 1));
    let outcome = change(&store, json!({}), email);
    assert!(matches!(outcome, ProfileChangeOutcome::EmailTaken));
    assert_eq!(pending(&store), None);
    assert!(store.notices().is_empty() && store.audit_actions().is_empty());
}

#[test]
fn a_deleted_users_profile_is_not_changed() {
    let store = Store::with_users(&[]);
    let outcome = change(&store, json!({ "first_name": "Ada" }), None);
    assert!(matches!(outcome, ProfileChangeOutcome::UserGone));
    assert!(store.audit_actions().is_empty());
}

fn confirm(store: &Store, number: u64, email: &str, at: Timestamp) -> EmailConfirmation {
    let entry = audit::Entry { at, ..entry("ann") };
    let (key, notice) = (
        EmailKey::of(email).unwrap(),
        notice("ntc_9", NoticeKind::EmailChanged),
    );
    let ann = user_id("ann");
    let token = token(number);
    let confirm = confirm_email(&store.database, &ann, &token, &key, &entry, &notice);
    block_on(confirm).unwrap()
}

#[test]
fn an_e_mail_takes_effect_by_its_token_once_and_in_time() {
    let store = Store::with_users(&["ann"]);
    let email = "new@example.com";
    changed(change(&store, json!({}), Some(new_email(email, 1))));
    let end = NOW.plus(Duration::from_secs(1));
    for (number, at) in [(2, NOW), (1, end)] {
        assert_eq!(
            confirm(&store, number, email, at),
            EmailConfirmation::TokenInvalid
        );
    }
    let ann = user_id("ann");
    let read = block_on(read_pending_email(&store.database, &ann, &token(1), NOW)).unwrap();
    assert_eq!(read.unwrap().email, email);
    assert_eq!(confirm(&store, 1, email, NOW), EmailConfirmation::Confirmed);
    assert_eq!(store.one::<String>("SELECT email FROM users"), email);
    assert_eq!(store.notices().last().unwrap(), "email_changed");
    let selector = AccountSelector::User(ann);
    let user = block_on(read_user(&store.database, &selector, NOW)).unwrap();
    let details = user.account.unwrap().details;
    assert!(details.is_email_verified && details.pending_email.is_none());
    // The e-mail has a holder by now, who is the user.
    assert_eq!(
        confirm(&store, 1, email, NOW),
        EmailConfirmation::TokenInvalid
    );
}

#[test]
fn an_e_mail_that_became_another_users_does_not_take_effect() {
    let store = Store::with_users(&["ann", "bob"]);
    let email = "new@example.com";
    changed(change(&store, json!({}), Some(new_email(email, 1))));
    store.execute("UPDATE users SET email = 'NEW@example.com' WHERE uuid = 'bob'");
    assert_eq!(
        confirm(&store, 1, email, NOW),
        EmailConfirmation::EmailTaken
    );
    assert_eq!(store.notices().len(), 2);
    let kept: String = store.one("SELECT email FROM users WHERE uuid = 'ann'");
    assert_eq!(kept, "ann@example.com");
}

#[test]
fn a_cancelled_change_takes_its_verification_along() {
    let store = Store::with_users(&["ann"]);
    let cancel = || {
        block_on(cancel_email_change(
            &store.database,
            &user_id("ann"),
            &entry("ann"),
        ))
        .unwrap()
    };
    assert!(cancel().is_none());
    let email = Some(new_email("new@example.com", 1));
    changed(change(&store, json!({}), email));
    assert_eq!(cancel().unwrap().details.pending_email, None);
    assert_eq!(store.notices(), ["email_change_requested"]);
    assert!(cancel().is_none());
    assert_eq!(store.audit_actions().len(), 2);
}

#[test]
fn a_lookup_tells_whether_an_e_mail_is_another_users() {
    let store = Store::with_users(&["ann", "bob"]);
    let selector = AccountSelector::Subject("ann".to_owned());
    let is_taken = |email: Option<&str>| {
        let key = email.and_then(EmailKey::of);
        let read = read_user_and_email_holder(&store.database, &selector, key.as_ref(), NOW);
        let (lookup, is_taken) = block_on(read).unwrap();
        assert_eq!(lookup.account.unwrap().person.id, user_id("ann"));
        is_taken
    };
    assert!(is_taken(Some("BOB@example.com")));
    assert!(!is_taken(Some("ann@example.com")));
    assert!(!is_taken(None));
}

#[test]
fn a_subject_that_is_an_id_means_the_user_with_that_id() {
    let store = Store::with_users(&["ann", "bob"]);
    store.execute("UPDATE users SET auth_subject = 'ann' WHERE uuid = 'bob'");
    let person = |subject: &str| {
        let selector = AccountSelector::Subject(subject.to_owned());
        let lookup = block_on(read_person(&store.database, &selector, None)).unwrap();
        lookup.account.map(|account| account.person)
    };
    assert_eq!(person("ann").unwrap().id, user_id("ann"));
    // So it is not bob's subject, to the rules either.
    assert!(!person("bob").unwrap().is_subject("ann"));
    store.execute("UPDATE users SET auth_subject = 'auth0|1' WHERE uuid = 'bob'");
    let bob = person("auth0|1").unwrap();
    assert!(bob.id == user_id("bob") && bob.is_subject("auth0|1"));
    store.execute("UPDATE users SET auth_subject = '' WHERE uuid = 'bob'");
    assert_eq!(person(""), None);
}

fn register(store: &Store, user: &str, token: &str, at: Timestamp) -> Option<PushTokenRow> {
    let fields: Fields = map(json!({ "token": token, "platform": "ios" })).into();
    let token = PushToken::read(&fields).unwrap();
    let user = user_id(user);
    let new = NewPushToken {
        id: format!("push_{}_{}", user, at.as_millis()),
        token: &token,
        sealed: Sealed::from_stored("sealed"),
        user: &user,
        platform: Platform::read(&fields).unwrap(),
    };
    let entry = audit::Entry {
        at,
        ..entry(user.as_str())
    };
    block_on(register_push_token(&store.database, &new, &entry, None)).unwrap()
}

#[test]
fn a_token_is_registered_anew_by_a_new_owner_only() {
    let store = Store::with_users(&["ann", "bob"]);
    let later = NOW.plus(Duration::from_secs(1));
    let first = register(&store, "ann", "t", NOW).unwrap();
    let again = register(&store, "ann", "t", later).unwrap();
    assert_eq!((&again.id, again.created_at), (&first.id, NOW));
    assert_eq!(again.last_seen_at, later);
    assert_eq!(store.audit_actions().len(), 1);
    let moved = register(&store, "bob", "t", later).unwrap();
    assert_ne!(moved.id, first.id);
    assert_eq!(moved.created_at, later);
    assert_eq!(store.audit_actions().len(), 2);
    assert_eq!(
        store.one::<String>("SELECT user_id FROM push_tokens"),
        "bob"
    );
    assert!(register(&store, "zoe", "t", later).is_none());
}

#[test]
fn the_token_that_was_not_seen_for_longest_goes() {
    let store = Store::with_users(&["ann"]);
    for number in 0..=MAX_TOKENS_PER_USER {
        let at = NOW.plus(Duration::from_millis(u64::from(number)));
        register(&store, "ann", &format!("token-{number}"), at);
    }
    let seen: Vec<i64> = store.column("SELECT last_seen_at FROM push_tokens ORDER BY 1");
    assert_eq!(seen.len(), MAX_TOKENS_PER_USER as usize);
    assert_eq!(seen[0], NOW.as_millis() + 1);
}

#[test]
fn a_token_is_deleted_by_its_owner_only() {
    let store = Store::with_users(&["ann", "bob"]);
    register(&store, "ann", "t", NOW);
    let fields: Fields = map(json!({ "token": "t" })).into();
    let token = PushToken::read(&fields).unwrap();
    for (user, left, rows) in [("bob", 1, 1), ("ann", 0, 2), ("ann", 0, 2)] {
        let user = user_id(user);
        let entry = entry(user.as_str());
        block_on(unregister_push_token(
            &store.database,
            &user,
            &token,
            &entry,
            None,
        ))
        .unwrap();
        assert_eq!(store.one::<u32>("SELECT count(*) FROM push_tokens"), left);
        assert_eq!(store.audit_actions().len(), rows);
    }
}

fn personalise(store: &Store, scene: &str, dashboard: u64) -> SceneOutcome {
    let user = user_id("ann");
    let change = SceneChange {
        user: &user,
        scene,
        dashboard,
    };
    block_on(personalise_scene(&store.database, &change, &entry("ann"))).unwrap()
}

#[test]
fn scenes_take_dashboards_of_the_team_and_are_bounded() {
    let store = Store::with_users(&["ann"]);
    let team = |number| TeamId::new(number).unwrap();
    let assign = |number| {
        let ann = user_id("ann");
        block_on(assign_team(
            &store.database,
            &ann,
            team(number),
            &entry("ann"),
        ))
        .unwrap()
    };
    let dashboard = |number| {
        let entry = entry("dashboard:");
        let insert = insert_dashboard(&store.database, team(number), "name", &entry);
        block_on(insert).unwrap()
    };
    assert!(assign(7) && assign(7));
    let (own, other) = (dashboard(7), dashboard(8));
    // The repeated assignment was no change.
    assert_eq!(store.audit_actions().len(), 3);
    let subjects: Vec<String> = store.column("SELECT subject FROM audit_log ORDER BY id");
    assert_eq!(subjects[1], format!("dashboard:{own}"));
    for wrong in [other, 999] {
        assert!(matches!(
            personalise(&store, "s", wrong),
            SceneOutcome::OtherTeam
        ));
    }
    for number in 0..MAX_SCENES {
        let outcome = personalise(&store, &format!("scene-{number}"), own);
        assert!(matches!(outcome, SceneOutcome::Changed(_)));
    }
    let one_more = personalise(&store, "one more", own);
    assert!(matches!(one_more, SceneOutcome::TooMany));
    let second = dashboard(7);
    let SceneOutcome::Changed(user) = personalise(&store, "scene-0", second) else {
        panic!("a scene that is there already can be changed");
    };
    let scenes = &user.details.scenes;
    assert_eq!(scenes.len(), MAX_SCENES as usize);
    assert_eq!(
        (scenes[0].scene.as_str(), scenes[0].dashboard),
        ("scene-0", second)
    );
    store.execute("DELETE FROM users");
    assert!(matches!(
        personalise(&store, "s", own),
        SceneOutcome::UserGone
    ));
    assert!(!assign(7));
}
