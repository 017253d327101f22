use super::*;

/// A store with the user `geralt`, who has the key `key("rivia geralt")`, and two client
/// keys.
fn store() -> (Store, InstanceUserId) {
    let store = Store::new();
    store.create_instance_key("ikey_1", "rivia", FLAGS);
    store.create_account_key("akey_1", "rivia", Role::Full);
    let geralt = store.create_user("geralt");
    (store, geralt)
}

fn resets(store: &Store) -> usize {
    let trail = store.trail();
    let resets = trail.iter().filter(|row| row.starts_with("user_key.reset"));
    resets.count()
}

#[test]
fn the_new_key_is_the_only_one() {
    let (store, user) = store();
    let (old, new) = (key("rivia geralt"), key("new"));
    for (client_key, user_key, old, new) in [
        ("ikey_1", Some(&old), &old, &new),
        ("akey_1", None, &new, &key("newer")),
    ] {
        let reset = KeyReset {
            user,
            new_key: new,
            client_key,
            user_key,
        };
        assert_eq!(store.reset(&reset), ResetOutcome::Reset);
        assert_eq!(store.owner(old), None);
        assert_eq!(store.owner(new).as_deref(), Some("geralt"));
    }
    assert_eq!(resets(&store), 2);
    let changed_at: Vec<i64> =
        store
            .sqlite
            .query("SELECT key_changed_at FROM instance_users", [], |row| {
                row.get(0)
            });
    let expected = entry(Action::ResetUserKey, "").at.as_millis();
    assert_eq!(changed_at, [expected]);
}

#[test]
fn of_two_resets_with_the_same_user_key_the_second_one_fails() {
    let (store, user) = store();
    let presented = key("rivia geralt");
    let (first, second) = (key("first"), key("second"));
    let reset = |new_key| KeyReset {
        user,
        new_key,
        client_key: "ikey_1",
        user_key: Some(&presented),
    };
    assert_eq!(store.reset(&reset(&first)), ResetOutcome::Reset);
    assert_eq!(store.reset(&reset(&second)), ResetOutcome::KeyNotInForce);
    assert_eq!(store.owner(&first).as_deref(), Some("geralt"));
    assert_eq!(store.owner(&second), None);
    assert_eq!(resets(&store), 1);
}

#[test]
fn of_two_resets_by_client_keys_the_last_one_counts() {
    let (store, user) = store();
    let (first, second) = (key("first"), key("second"));
    for (client_key, new_key) in [("ikey_1", &first), ("akey_1", &second)] {
        let reset = KeyReset {
            user,
            new_key,
            client_key,
            user_key: None,
        };
        assert_eq!(store.reset(&reset), ResetOutcome::Reset);
    }
    assert_eq!(store.owner(&first), None);
    assert_eq!(store.owner(&second).as_deref(), Some("geralt"));
    assert_eq!(resets(&store), 2);
}

#[test]
fn a_client_key_that_was_revoked_meanwhile_resets_nothing() {
    let (store, user) = store();
    let old = key("rivia geralt");
    store.revoke_instance_key("rivia", "ikey_1");
    store.revoke_account_key("akey_1");
    for (client_key, user_key) in [("ikey_1", Some(&old)), ("ikey_1", None), ("akey_1", None)] {
        let reset = KeyReset {
            user,
            new_key: &key("new"),
            client_key,
            user_key,
        };
        assert_eq!(store.reset(&reset), ResetOutcome::KeyNotInForce);
    }
    assert_eq!(store.owner(&old).as_deref(), Some("geralt"));
    assert_eq!(resets(&store), 0);
}

#[test]
fn a_user_that_was_deleted_meanwhile_gets_no_key() {
    let (store, user) = store();
    let old = key("rivia geralt");
    let new = key("new");
    store.delete_user("rivia", Some(user));
    let reset = |user_key| KeyReset {
        user,
        new_key: &new,
        client_key: "ikey_1",
        user_key,
    };
    assert_eq!(store.reset(&reset(None)), ResetOutcome::UserDeleted);
    // The key went with its user.
    assert_eq!(store.reset(&reset(Some(&old))), ResetOutcome::KeyNotInForce);
    assert_eq!(store.owner(&new), None);
    assert_eq!(resets(&store), 0);
}

#[test]
fn the_key_of_another_user_permits_no_reset() {
    let (store, user) = store();
    store.create_user("ciri");
    let reset = KeyReset {
        user,
        new_key: &key("new"),
        client_key: "ikey_1",
        user_key: Some(&key("rivia ciri")),
    };
    assert_eq!(store.reset(&reset), ResetOutcome::KeyNotInForce);
    let owner = store.owner(&key("rivia geralt"));
    assert_eq!(owner.as_deref(), Some("geralt"));
}
