use super::*;

#[test]
fn keys_are_listed_as_they_were_created() {
    let store = Store::new();
    store.create_instance("novigrad");
    assert!(store.create_instance_key("ikey_1", "rivia", FLAGS));
    assert!(store.create_instance_key("ikey_2", "rivia", Flags::default()));
    for (id, role) in [
        ("akey_1", Role::Full),
        ("akey_2", Role::Write),
        ("akey_3", Role::Read),
    ] {
        assert!(store.create_account_key(id, "rivia", role));
    }
    assert!(store.create_account_key("akey_4", "novigrad", Role::Read));

    let listed = store.instance_keys("rivia").unwrap();
    let expected = [
        instance_key("ikey_2", "rivia", Flags::default()),
        instance_key("ikey_1", "rivia", FLAGS),
    ];
    assert_eq!(listed, expected);
    assert_eq!(store.instance_keys("novigrad"), Some(vec![]));
    let of_rivia = [
        account_key("akey_3", "rivia", Role::Read),
        account_key("akey_2", "rivia", Role::Write),
        account_key("akey_1", "rivia", Role::Full),
    ];
    assert_eq!(store.account_keys(Some("rivia")).unwrap(), of_rivia);
    assert_eq!(store.account_keys(None).unwrap().len(), 4);
}

#[test]
fn an_unknown_instance_has_no_keys_and_gets_none() {
    let store = Store::new();
    assert!(!store.create_instance_key("ikey_1", "nilfgaard", FLAGS));
    assert!(!store.create_account_key("akey_1", "nilfgaard", Role::Full));
    assert_eq!(store.instance_keys("nilfgaard"), None);
    assert_eq!(store.account_keys(Some("nilfgaard")), None);
    assert_eq!(store.account_keys(None), Some(vec![]));
    assert!(!store.revoke_instance_key("nilfgaard", "ikey_1"));
    assert!(store.trail().is_empty());
}

#[test]
fn a_key_is_revoked_once_and_only_as_what_it_is() {
    let store = Store::new();
    store.create_instance("novigrad");
    store.create_instance_key("ikey_1", "rivia", FLAGS);
    store.create_account_key("akey_1", "rivia", Role::Full);
    let created = store.trail().len();
    assert!(store.revoke_instance_key("novigrad", "ikey_1"));
    assert!(store.revoke_instance_key("rivia", "akey_1"));
    assert!(store.revoke_instance_key("rivia", "ikey_9"));
    store.revoke_account_key("ikey_1");
    store.revoke_account_key("akey_9");
    assert_eq!(store.trail().len(), created);

    for _ in 0..2 {
        assert!(store.revoke_instance_key("rivia", "ikey_1"));
        store.revoke_account_key("akey_1");
    }
    assert_eq!(
        store.trail().split_off(created),
        [
            "instance_api_key.revoke ikey_1",
            "account_key.revoke akey_1"
        ]
    );
    assert_eq!(store.instance_keys("rivia"), Some(vec![]));
    assert_eq!(store.account_keys(None), Some(vec![]));
}
