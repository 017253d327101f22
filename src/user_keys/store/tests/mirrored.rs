use super::*;
use crate::db::differential::Mirror;

/// Every operation, with and without effect. [`Mirror`] holds the answers and all tables of D1 to
/// those of SQLite after each.
#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn every_operation_does_on_d1_what_it_does_on_sqlite() {
    let now = entry(Action::CreateInstance, "").at;
    let store = Store::on(Mirror::database(now));
    assert!(store.create_instance("rivia").existed);
    for instance in ["rivia", "nilfgaard"] {
        let exists = instance == "rivia";
        let (ikey, akey) = (format!("ikey_{instance}"), format!("akey_{instance}"));
        assert_eq!(store.create_instance_key(&ikey, instance, FLAGS), exists);
        assert_eq!(
            store.create_account_key(&akey, instance, Role::Write),
            exists
        );
        assert_eq!(store.instance_keys(instance).is_some(), exists);
        assert_eq!(store.account_keys(Some(instance)).is_some(), exists);
        for account in [Some("bob"), Some("ann"), None] {
            let created = store.try_create_user(instance, "geralt", account);
            assert_eq!(created.is_ok(), exists && account == Some("ann"));
        }
        for username in [None, Username::parse("geralt").ok()] {
            for user_id in [None, Some(UserId::new("ann"))] {
                let (username, after) = (username.clone(), None);
                let filter = UserFilter {
                    after,
                    username,
                    user_id,
                };
                assert_eq!(store.users(instance, &filter).is_some(), exists);
            }
        }
    }
    assert_eq!(block_on(list_instances(&store.database)).unwrap().len(), 1);
    assert_eq!(store.account_keys(None).unwrap().len(), 1);

    let (api_key, user_key) = (key("ikey_rivia"), key("rivia geralt"));
    let found = store.access("rivia", Some(&api_key), Some(&user_key), None);
    let geralt = found.key_owner.unwrap().id;
    let by_itself = store.access("rivia", Some(&user_key), None, Some(geralt));
    assert!(by_itself.api_key_is_a_user_key);
    let elsewhere = store.access("nilfgaard", None, Some(&key("rivia geralt")), None);
    assert!(elsewhere.holds_a_key_elsewhere);
    let nothing = store.access("nilfgaard", None, None, None);
    assert!(!nothing.holds_a_key_elsewhere);

    let reset = |client_key, user_key| KeyReset {
        user: geralt,
        new_key: &api_key,
        client_key,
        user_key,
    };
    let (own, account) = (
        reset("ikey_rivia", Some(&user_key)),
        reset("akey_rivia", None),
    );
    assert_eq!(store.reset(&own), ResetOutcome::Reset);
    assert_eq!(store.reset(&own), ResetOutcome::KeyNotInForce);
    for instance in ["nilfgaard", "rivia", "rivia"] {
        store.delete_user(instance, Some(geralt));
    }
    assert_eq!(store.reset(&account), ResetOutcome::UserDeleted);
    for instance in ["nilfgaard", "rivia", "rivia"] {
        store.revoke_instance_key(instance, "ikey_rivia");
        store.revoke_account_key("akey_rivia");
    }
    assert_eq!(store.reset(&account), ResetOutcome::KeyNotInForce);
    assert_eq!(store.trail().len(), 7);
}
