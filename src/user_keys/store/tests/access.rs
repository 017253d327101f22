use super::*;

#[test]
fn keys_are_found_in_their_own_instance_only() {
    let store = Store::new();
    store.create_instance("novigrad");
    store.create_instance_key("ikey_1", "rivia", FLAGS);
    store.create_account_key("akey_1", "rivia", Role::Write);
    let geralt = store.create_user("geralt");
    let (client, account) = (key("ikey_1"), key("akey_1"));
    let user_key = key("rivia geralt");

    let found = store.access("rivia", Some(&client), Some(&user_key), Some(geralt));
    let expected = ClientKey {
        id: "ikey_1".to_owned(),
        grant: Grant::Instance(FLAGS),
    };
    assert_eq!(found.client_key, Some(expected));
    assert!(!found.api_key_is_a_user_key);
    assert_eq!(found.key_owner, found.path_user);
    assert_eq!(found.path_user.map(|user| user.id), Some(geralt));

    let found = store.access("rivia", Some(&account), None, None);
    let grant = found.client_key.map(|key| key.grant);
    assert_eq!(grant, Some(Grant::Account(Role::Write)));

    let elsewhere = store.access("novigrad", Some(&client), Some(&user_key), Some(geralt));
    assert_eq!(elsewhere.client_key, None);
    assert_eq!(elsewhere.key_owner, None);
    assert_eq!(elsewhere.path_user, None);
    assert!(!elsewhere.holds_a_key_elsewhere);
}

#[test]
fn where_there_is_no_instance_any_key_in_force_is_looked_for() {
    let store = Store::new();
    store.create_instance_key("ikey_1", "rivia", FLAGS);
    store.create_account_key("akey_1", "rivia", Role::Read);
    store.create_instance_key("ikey_2", "rivia", FLAGS);
    store.revoke_instance_key("rivia", "ikey_2");
    store.create_user("geralt");
    let user_key = key("rivia geralt");
    // The second of them is no name of an instance at all.
    for instance in ["nilfgaard", "a.b"] {
        let holds = |api_key: Option<&Key>, user_key: Option<&Key>| {
            let found = store.access(instance, api_key, user_key, None);
            assert_eq!(found.instance_created_at, None);
            assert_eq!((&found.client_key, &found.key_owner), (&None, &None));
            found.holds_a_key_elsewhere
        };
        assert!(holds(Some(&key("ikey_1")), None));
        assert!(holds(Some(&key("akey_1")), None));
        assert!(holds(Some(&user_key), None));
        assert!(holds(None, Some(&user_key)));
        assert!(holds(Some(&key("another")), Some(&user_key)));
        assert!(!holds(Some(&key("ikey_2")), None));
        assert!(!holds(Some(&key("another")), None));
        assert!(!holds(None, Some(&key("ikey_1"))));
        assert!(!holds(None, None));
    }
}

#[test]
fn a_user_key_presented_as_api_key_is_recognised() {
    let store = Store::new();
    store.create_instance("novigrad");
    store.create_user("geralt");
    let user_key = key("rivia geralt");
    let is_a_user_key = |instance, key: &Key| {
        let found = store.access(instance, Some(key), None, None);
        assert_eq!(found.client_key, None);
        found.api_key_is_a_user_key
    };
    assert!(is_a_user_key("rivia", &user_key));
    assert!(!is_a_user_key("novigrad", &user_key));
    assert!(!is_a_user_key("rivia", &key("another")));
}

#[test]
fn a_revoked_key_is_not_found() {
    let store = Store::new();
    store.create_instance_key("ikey_1", "rivia", FLAGS);
    store.create_account_key("akey_1", "rivia", Role::Full);
    store.revoke_instance_key("rivia", "ikey_1");
    store.revoke_account_key("akey_1");
    for id in ["ikey_1", "akey_1"] {
        let found = store.access("rivia", Some(&key(id)), None, None);
        assert_eq!(found.client_key, None, "{id}");
    }
}
