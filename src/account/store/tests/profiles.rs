//! Profiles: settings, e-mails, push tokens, scenes, teams.

use std::time::Duration;

use futures_executor::block_on;
use serde_json::{Map, Value, json};

use crate::account::push_token::MAX_TOKENS_PER_USER;
use crate::account::scene::MAX_SCENES;
use crate::account::settings::MAX_SETTINGS_CHARS;
use crate::account::store::testing::{NOW, Store, entry, notice, user_id};
use crate::account::store::*;
use crate::account::{EmailToken, Fields, NoticeKind, Platform, PushToken, TeamId};
use crate::db::differential::mirrored_tests;
use crate::kernel::audit;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{EmailKey, Sealed, Timestamp};

mirrored_tests! {
    Store:
    settings_replace_what_there_was_and_notification_settings_are_merged,
    settings_that_grow_too_large_are_refused_with_the_e_mail_beside_them,
    an_e_mail_is_asked_for_alone_or_with_settings,
    another_users_e_mail_is_not_granted,
    a_deleted_users_profile_is_not_changed,
    an_e_mail_takes_effect_by_its_token_once_and_in_time,
    an_e_mail_that_became_another_users_does_not_take_effect,
    a_cancelled_change_takes_its_verification_along,
    a_lookup_tells_whether_an_e_mail_is_another_users,
    a_subject_means_the_user_with_that_id_or_that_subject,
    a_token_is_registered_anew_by_a_new_owner_only,
    the_token_that_was_not_seen_for_longest_goes,
    a_token_is_deleted_by_its_owner_only,
    scenes_take_dashboards_of_the_team_and_are_bounded,
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn token(number: u32) -> EmailToken {
    EmailToken::generate(&Seeded::new(number.into()))
}

/// The `number`th request for another e-mail.
fn new_email(email: &str, number: u32) -> NewEmail<'_> {
    NewEmail {
        email,
        key: EmailKey::of(email).unwrap(),
        token: token(number),
        until: NOW.plus(Duration::from_secs(1)),
        entry: entry("ann"),
        warning: Some(notice(10 * number, NoticeKind::EmailChangeRequested)),
        verification: notice(10 * number + 1, NoticeKind::EmailChangeVerification),
    }
}

fn change(store: &Store, settings: Value, email: Option<NewEmail<'_>>) -> ProfileChangeOutcome {
    let (ann, settings, entry) = (user_id("ann"), map(settings), entry("ann"));
    let change = change_profile(&store.database, &ann, &settings, &entry, email.as_ref());
    block_on(change).unwrap()
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

fn settings_replace_what_there_was_and_notification_settings_are_merged(store: &Store) {
    store.add_users(&["ann"]);
    let first = json!({
        "first_name": "Ada", "theme_mode": null, "hedgehog_config": [1],
        "notification_settings": {"a": {"x": true, "y": false}, "b": 1},
    });
    changed(change(store, first, None));
    let second = json!({
        "theme_mode": "dark", "hedgehog_config": {"n": 1},
        "notification_settings": {"a": {"y": true}, "b": null},
    });
    let user = changed(change(store, second, None));
    let expected = json!({
        "first_name": "Ada", "theme_mode": "dark", "hedgehog_config": {"n": 1},
        "notification_settings": {"a": {"x": true, "y": true}},
    });
    assert_eq!(Value::Object(user.details.settings), expected);
    assert_eq!(store.audit_actions().len(), 2);
}

fn settings_that_grow_too_large_are_refused_with_the_e_mail_beside_them(store: &Store) {
    store.add_users(&["ann"]);
    // {"events_column_config":"…"}
    let text = |chars: usize| json!({ "events_column_config": "x".repeat(chars - 27) });
    changed(change(store, text(MAX_SETTINGS_CHARS), None));
    let email = Some(new_email("new@example.com", 1));
    let outcome = change(store, json!({ "first_name": "A" }), email);
    assert!(matches!(outcome, ProfileChangeOutcome::SettingsTooLarge));
    assert_eq!(pending(store), None);
    assert!(store.notices().is_empty());
    assert_eq!(store.audit_actions().len(), 1);
    changed(change(store, text(MAX_SETTINGS_CHARS - 1), None));
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

fn a_deleted_users_profile_is_not_changed(store: &Store) {
    let outcome = change(store, json!({ "first_name": "Ada" }), None);
    assert!(matches!(outcome, ProfileChangeOutcome::UserGone));
    assert!(store.audit_actions().is_empty());
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

fn a_lookup_tells_whether_an_e_mail_is_another_users(store: &Store) {
    store.add_users(&["ann", "bob"]);
    let selector = AccountSelector::Subject("ann".to_owned());
    let is_taken = |email: Option<&str>| {
        let key = email.and_then(EmailKey::of);
        let read = read_user_and_email_holder(&store.database, &selector, key.as_ref(), NOW);
        let (user, is_taken) = block_on(read).unwrap();
        assert_eq!(user.unwrap().person.id, user_id("ann"));
        is_taken
    };
    assert!(is_taken(Some("BOB@example.com")));
    assert!(!is_taken(Some("ann@example.com")));
    assert!(!is_taken(None));
}

fn a_subject_means_the_user_with_that_id_or_that_subject(store: &Store) {
    store.add_users(&["ann", "bob"]);
    let person = |subject: &str| {
        let selector = AccountSelector::Subject(subject.to_owned());
        let lookup = block_on(read_person(&store.database, &selector, None)).unwrap();
        lookup.account.map(|account| account.person)
    };
    assert_eq!(person("ann").unwrap().id, user_id("ann"));
    assert!(!person("bob").unwrap().is_subject("ann"));
    store.execute(
        "UPDATE users SET auth_subject = 'auth0|1' WHERE uuid = 'bob'",
        [],
    );
    let bob = person("auth0|1").unwrap();
    assert!(bob.id == user_id("bob") && bob.is_subject("auth0|1"));
    store.execute("UPDATE users SET auth_subject = '' WHERE uuid = 'bob'", []);
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

fn a_token_is_registered_anew_by_a_new_owner_only(store: &Store) {
    store.add_users(&["ann", "bob"]);
    let later = NOW.plus(Duration::from_secs(1));
    let first = register(store, "ann", "t", NOW).unwrap();
    let again = register(store, "ann", "t", later).unwrap();
    assert_eq!((&again.id, again.created_at), (&first.id, NOW));
    assert_eq!(again.last_seen_at, later);
    assert_eq!(store.audit_actions().len(), 1);
    let moved = register(store, "bob", "t", later).unwrap();
    assert_ne!(moved.id, first.id);
    assert_eq!(moved.created_at, later);
    assert_eq!(store.audit_actions().len(), 2);
    assert_eq!(
        store.one::<String>("SELECT user_id FROM push_tokens"),
        "bob"
    );
    assert!(register(store, "zoe", "t", later).is_none());
}

fn the_token_that_was_not_seen_for_longest_goes(store: &Store) {
    store.add_users(&["ann"]);
    for number in 0..=MAX_TOKENS_PER_USER {
        let at = NOW.plus(Duration::from_millis(u64::from(number)));
        register(store, "ann", &format!("token-{number}"), at);
    }
    let seen: Vec<i64> = store.column("SELECT last_seen_at FROM push_tokens ORDER BY 1");
    assert_eq!(seen.len(), MAX_TOKENS_PER_USER as usize);
    assert_eq!(seen[0], NOW.as_millis() + 1);
}

fn a_token_is_deleted_by_its_owner_only(store: &Store) {
    store.add_users(&["ann", "bob"]);
    register(store, "ann", "t", NOW);
    let fields: Fields = map(json!({ "token": "t" })).into();
    let token = PushToken::read(&fields).unwrap();
    for (user, left, rows) in [("bob", 1, 1), ("ann", 0, 2), ("ann", 0, 2)] {
        let user = user_id(user);
        let entry = entry(user.as_str());
        let unregister = unregister_push_token(&store.database, &user, &token, &entry, None);
        block_on(unregister).unwrap();
        assert_eq!(store.one::<u32>("SELECT count(*) FROM push_tokens"), left);
        assert_eq!(store.audit_actions().len(), rows);
    }
}

fn personalise(store: &Store, scene: &str, dashboard: i64) -> SceneOutcome {
    let (ann, entry) = (user_id("ann"), entry("ann"));
    let personalise = personalise_scene(&store.database, &ann, scene, dashboard, &entry);
    block_on(personalise).unwrap()
}

fn scenes_take_dashboards_of_the_team_and_are_bounded(store: &Store) {
    store.add_users(&["ann"]);
    let team = |number| TeamId::new(number).unwrap();
    let (ann, by_ann) = (user_id("ann"), entry("ann"));
    let assign =
        |number| block_on(assign_team(&store.database, &ann, team(number), &by_ann)).unwrap();
    let dashboard = |number| {
        let entry = entry("dashboard:");
        let insert = insert_dashboard(&store.database, team(number), "name", &entry);
        i64::try_from(block_on(insert).unwrap()).unwrap()
    };
    assert!(assign(7) && assign(7));
    let (own, other) = (dashboard(7), dashboard(8));
    // The repeated assignment was no change.
    assert_eq!(store.audit_actions().len(), 3);
    let subjects: Vec<String> = store.column("SELECT subject FROM audit_log ORDER BY id");
    assert_eq!(subjects[1], format!("dashboard:{own}"));
    for wrong in [other, 999] {
        assert!(matches!(
            personalise(store, "s", wrong),
            SceneOutcome::OtherTeam
        ));
    }
    let fill = "INSERT INTO scene_personalisations (user_id, team_id, scene, dashboard_id)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        SELECT 'ann', 7, 'scene-' || i, ?2 FROM n";
    store.execute(fill, [(MAX_SCENES - 1).into(), own.into()]);
    let last = personalise(store, "scene-0", own);
    assert!(matches!(last, SceneOutcome::Changed(_)));
    let one_more = personalise(store, "one more", own);
    assert!(matches!(one_more, SceneOutcome::TooMany));
    let second = dashboard(7);
    let SceneOutcome::Changed(user) = personalise(store, "scene-1", second) else {
        panic!("a scene that is there already can be changed");
    };
    let scenes = &user.details.scenes;
    assert_eq!(scenes.len(), MAX_SCENES as usize);
    assert_eq!(
        (scenes[0].scene.as_str(), scenes[0].dashboard),
        ("scene-1", second)
    );
    store.execute("DELETE FROM users", []);
    assert!(matches!(
        personalise(store, "s", own),
        SceneOutcome::UserGone
    ));
    assert!(!assign(7));
}
