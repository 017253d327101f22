use std::rc::Rc;

use futures_executor::block_on;

use super::*;
use crate::db::Database;
use crate::db::sqlite::Sqlite;
use crate::kernel::UserId;
use crate::kernel::audit::{Action, Entry, sample_entry};
use crate::kernel::random::seeded::Seeded;
use crate::user_keys::authorization::{AccessRecord, ClientKey, Flags, Grant, Role};
use crate::user_keys::credentials::Presented;
use crate::user_keys::{Credentials, Key, Parity, Username};

const FLAGS: Flags = Flags {
    ignore_acl: true,
    allow_user_create: false,
    allow_group_create: true,
    allow_anonymous_read: false,
};

/// A database with the instance `rivia` and the account `ann`.
struct Store {
    sqlite: Sqlite,
    database: Database,
}

impl Store {
    fn new() -> Self {
        let sqlite = Sqlite::new(|| entry(Action::CreateInstance, "").at);
        sqlite.execute(
            "INSERT INTO users (uuid, email, created_at) VALUES ('ann', 'ann@example.com', '')",
            [],
        );
        let database = Database::new(Rc::new(sqlite.clone()));
        let store = Self { sqlite, database };
        store.create_instance("rivia");
        store
    }

    fn create_instance(&self, text: &str) -> CreatedInstance {
        let entry = entry(Action::CreateInstance, text);
        block_on(create_instance(&self.database, name(text), &entry)).unwrap()
    }

    fn create_key<G: Copy + Into<Grant>>(&self, id: &str, instance: &str, grant: G) -> bool {
        let new = NewKey {
            row: key_row(id, instance, grant),
            hash: key(id).hash(),
        };
        let entry = entry(Action::CreateInstanceApiKey, id);
        block_on(create_key(&self.database, &new, &entry)).unwrap()
    }

    fn instance_keys(&self, instance: &str) -> Option<Vec<KeyRow<Flags>>> {
        block_on(list_instance_keys(&self.database, &name(instance))).unwrap()
    }

    fn account_keys(&self, instance: Option<&str>) -> Option<Vec<KeyRow<Role>>> {
        let instance = instance.map(name);
        block_on(list_account_keys(&self.database, instance.as_ref())).unwrap()
    }

    fn revoke_instance_key(&self, instance: &str, id: &str) -> bool {
        let entry = entry(Action::RevokeInstanceApiKey, id);
        let instance = name(instance);
        block_on(revoke_instance_key(&self.database, &instance, id, &entry)).unwrap()
    }

    fn revoke_account_key(&self, id: &str) {
        let entry = entry(Action::RevokeAccountKey, id);
        block_on(revoke_account_key(&self.database, id, &entry)).unwrap();
    }

    fn try_create_user(
        &self,
        instance: &str,
        username: &str,
        account: Option<&str>,
    ) -> Result<InstanceUserId, UserNotCreated> {
        let user = NewUser {
            instance: name(instance),
            username: Username::parse(username).unwrap(),
            user_id: account.map(UserId::new),
            key_hash: key(&format!("{instance} {username}")).hash(),
        };
        let entry = entry(Action::CreateInstanceUser, "instance-user:");
        block_on(create_user(&self.database, &user, &entry)).unwrap()
    }

    /// A user of `rivia`, whose key is `key("rivia <username>")`.
    fn create_user(&self, username: &str) -> InstanceUserId {
        self.try_create_user("rivia", username, None).unwrap()
    }

    fn users(&self, instance: &str, filter: &UserFilter) -> Option<Vec<String>> {
        let users = block_on(list_users(&self.database, &name(instance), filter, 10)).unwrap();
        users.map(|users| users.into_iter().map(|user| user.username).collect())
    }

    fn delete_user(&self, instance: &str, id: Option<InstanceUserId>) -> bool {
        let entry = entry(Action::DeleteInstanceUser, "geralt");
        block_on(delete_user(&self.database, &name(instance), id, &entry)).unwrap()
    }

    fn reset(&self, reset: &KeyReset<'_>) -> ResetOutcome {
        let entry = entry(Action::ResetUserKey, "geralt");
        block_on(reset_user_key(&self.database, reset, &entry)).unwrap()
    }

    fn access(
        &self,
        instance: &str,
        api_key: Option<&Key>,
        user_key: Option<&Key>,
        user: Option<InstanceUserId>,
    ) -> Option<AccessRecord> {
        let presented = |key: Option<&Key>| key.cloned().map(Presented::Key);
        let credentials = Credentials {
            api_key: presented(api_key),
            user_key: presented(user_key),
        };
        block_on(find_access(
            &self.database,
            &name(instance),
            &credentials,
            user,
        ))
        .unwrap()
    }

    /// The name of the user of `rivia` who has this key.
    fn owner(&self, key: &Key) -> Option<String> {
        let found = self.access("rivia", None, Some(key), None).unwrap();
        found.key_owner.map(|owner| owner.username)
    }

    /// The audit trail, without the instance that every test begins with.
    fn trail(&self) -> Vec<String> {
        let read = "SELECT action || ' ' || subject FROM audit_log ORDER BY id";
        let rows = self.sqlite.query(read, [], |row| row.get(0));
        rows.into_iter().skip(1).collect()
    }
}

fn name(text: &str) -> InstanceName {
    InstanceName::parse(text).unwrap()
}

fn entry(action: Action, subject: &str) -> Entry {
    sample_entry(action, subject)
}

/// A key of its own for every text.
fn key(text: &str) -> Key {
    let seed = text
        .bytes()
        .fold(7_u64, |seed, byte| seed * 131 + u64::from(byte));
    Key::generate(Parity::Even, &Seeded::new(seed))
}

fn key_row<G>(id: &str, instance: &str, grant: G) -> KeyRow<G> {
    KeyRow {
        id: id.to_owned(),
        instance: name(instance),
        grant,
        label: Some(format!("label of {id}")),
        created_at: entry(Action::CreateInstanceApiKey, id).at,
    }
}

mod instances {
    use super::*;

    #[test]
    fn an_instance_is_created_once_and_keeps_its_age() {
        let store = Store::new();
        let first = store.create_instance("novigrad");
        assert!(!first.existed);
        let later = Timestamp::from_millis(first.row.created_at.as_millis() + 1);
        let again = Entry {
            at: later,
            ..entry(Action::CreateInstance, "novigrad")
        };
        let again = block_on(create_instance(&store.database, name("novigrad"), &again)).unwrap();
        assert!(again.existed);
        assert_eq!(again.row, first.row);
        assert_eq!(store.trail(), ["instance.create novigrad"]);
        let names: Vec<String> = block_on(list_instances(&store.database))
            .unwrap()
            .into_iter()
            .map(|row| row.name.to_string())
            .collect();
        assert_eq!(names, ["novigrad", "rivia"]);
    }
}

mod keys {
    use super::*;

    #[test]
    fn keys_are_listed_as_they_were_created() {
        let store = Store::new();
        store.create_instance("novigrad");
        assert!(store.create_key("ikey_1", "rivia", FLAGS));
        assert!(store.create_key("ikey_2", "rivia", Flags::default()));
        for (id, role) in [
            ("akey_1", Role::Full),
            ("akey_2", Role::Write),
            ("akey_3", Role::Read),
        ] {
            assert!(store.create_key(id, "rivia", role));
        }
        assert!(store.create_key("akey_4", "novigrad", Role::Read));

        let listed = store.instance_keys("rivia").unwrap();
        let expected = [
            key_row("ikey_2", "rivia", Flags::default()),
            key_row("ikey_1", "rivia", FLAGS),
        ];
        assert_eq!(listed, expected);
        assert_eq!(store.instance_keys("novigrad"), Some(vec![]));
        let of_rivia = [
            key_row("akey_3", "rivia", Role::Read),
            key_row("akey_2", "rivia", Role::Write),
            key_row("akey_1", "rivia", Role::Full),
        ];
        assert_eq!(store.account_keys(Some("rivia")).unwrap(), of_rivia);
        assert_eq!(store.account_keys(None).unwrap().len(), 4);
    }

    #[test]
    fn an_unknown_instance_has_no_keys_and_gets_none() {
        let store = Store::new();
        assert!(!store.create_key("ikey_1", "nilfgaard", FLAGS));
        assert!(!store.create_key("akey_1", "nilfgaard", Role::Full));
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
        store.create_key("ikey_1", "rivia", FLAGS);
        store.create_key("akey_1", "rivia", Role::Full);
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
}

mod users {
    use super::*;

    #[test]
    fn a_user_is_created_and_its_id_is_in_the_trail() {
        let store = Store::new();
        let id = store
            .try_create_user("rivia", "geralt", Some("ann"))
            .unwrap();
        let entry = entry(Action::CreateInstanceUser, "");
        let filter = UserFilter::default();
        let listed = block_on(list_users(&store.database, &name("rivia"), &filter, 10));
        assert_eq!(
            listed.unwrap().unwrap(),
            [UserRow {
                id,
                username: "geralt".to_owned(),
                user_id: Some(UserId::new("ann")),
                created_at: entry.at,
                key_changed_at: entry.at,
            }]
        );
        assert_eq!(
            store.trail(),
            [format!("instance_user.create instance-user:{id}")]
        );
    }

    #[test]
    fn what_keeps_a_user_from_being_created_is_told_in_order() {
        let store = Store::new();
        store.create_user("geralt");
        let created = store.trail().len();
        let create = |instance, username, account| {
            store
                .try_create_user(instance, username, account)
                .unwrap_err()
        };
        for account in [None, Some("ann"), Some("bob")] {
            assert_eq!(
                create("nilfgaard", "geralt", account),
                UserNotCreated::UnknownInstance
            );
        }
        for username in ["geralt", "ciri"] {
            assert_eq!(
                create("rivia", username, Some("bob")),
                UserNotCreated::UnknownAccount
            );
        }
        for account in [None, Some("ann")] {
            assert_eq!(
                create("rivia", "geralt", account),
                UserNotCreated::UsernameTaken
            );
        }
        assert_eq!(store.trail().len(), created);
    }

    #[test]
    fn a_name_is_unique_within_its_instance_only() {
        let store = Store::new();
        store.create_instance("novigrad");
        let here = store.create_user("geralt");
        let there = store.try_create_user("novigrad", "geralt", None).unwrap();
        assert_ne!(here, there);
        // Names differ by case.
        store.create_user("Geralt");
    }

    #[test]
    fn an_id_is_never_given_twice() {
        let store = Store::new();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let id = store.create_user("geralt");
            assert!(store.delete_user("rivia", Some(id)));
            ids.push(id.get());
        }
        // A conflict and an unknown account give no id away.
        ids.push(store.create_user("geralt").get());
        store
            .try_create_user("rivia", "geralt", None)
            .expect_err("the name is taken");
        store
            .try_create_user("rivia", "ciri", Some("bob"))
            .expect_err("the account is unknown");
        ids.push(store.create_user("ciri").get());
        let ascending = ids.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(ascending, "{ids:?}");
    }

    #[test]
    fn a_user_is_deleted_once_and_only_in_its_instance() {
        let store = Store::new();
        store.create_instance("novigrad");
        let id = store.create_user("geralt");
        let created = store.trail().len();
        assert!(!store.delete_user("nilfgaard", Some(id)));
        assert!(store.delete_user("novigrad", Some(id)));
        assert!(store.delete_user("rivia", None));
        assert_eq!(store.trail().len(), created);
        assert!(store.delete_user("rivia", Some(id)));
        assert!(store.delete_user("rivia", Some(id)));
        assert_eq!(
            store.trail().split_off(created),
            ["instance_user.delete geralt"]
        );
        assert_eq!(store.owner(&key("rivia geralt")), None);
    }

    #[test]
    fn users_are_listed_by_every_filter() {
        let store = Store::new();
        store.create_instance("novigrad");
        let geralt = store
            .try_create_user("rivia", "geralt", Some("ann"))
            .unwrap();
        store.create_user("ciri");
        store
            .try_create_user("rivia", "triss", Some("ann"))
            .unwrap();
        store
            .try_create_user("novigrad", "geralt", Some("ann"))
            .unwrap();
        let all = UserFilter::default();
        let of_ann = UserFilter {
            user_id: Some(UserId::new("ann")),
            ..UserFilter::default()
        };
        let named = UserFilter {
            username: Username::parse("geralt").ok(),
            ..UserFilter::default()
        };
        let both = UserFilter {
            username: Username::parse("ciri").ok(),
            ..of_ann.clone()
        };
        let after = UserFilter {
            after: Some(geralt),
            ..of_ann.clone()
        };
        let users = |filter| store.users("rivia", filter).unwrap();
        assert_eq!(users(&all), ["geralt", "ciri", "triss"]);
        assert_eq!(users(&of_ann), ["geralt", "triss"]);
        assert_eq!(users(&named), ["geralt"]);
        assert!(users(&both).is_empty());
        assert_eq!(users(&after), ["triss"]);
        assert_eq!(store.users("nilfgaard", &all), None);
        let one = block_on(list_users(&store.database, &name("rivia"), &all, 1)).unwrap();
        assert_eq!(one.unwrap().len(), 1);
    }
}

mod access {
    use super::*;

    #[test]
    fn keys_are_found_in_their_own_instance_only() {
        let store = Store::new();
        store.create_instance("novigrad");
        store.create_key("ikey_1", "rivia", FLAGS);
        store.create_key("akey_1", "rivia", Role::Write);
        let geralt = store.create_user("geralt");
        let (client, account) = (key("ikey_1"), key("akey_1"));
        let user_key = key("rivia geralt");

        let found = store
            .access("rivia", Some(&client), Some(&user_key), Some(geralt))
            .unwrap();
        let expected = ClientKey {
            id: "ikey_1".to_owned(),
            grant: Grant::Instance(FLAGS),
        };
        assert_eq!(found.client_key, Some(expected));
        assert!(!found.api_key_is_a_user_key);
        assert_eq!(found.key_owner, found.path_user);
        assert_eq!(found.path_user.map(|user| user.id), Some(geralt));

        let found = store.access("rivia", Some(&account), None, None).unwrap();
        let grant = found.client_key.map(|key| key.grant);
        assert_eq!(grant, Some(Grant::Account(Role::Write)));

        let elsewhere = store
            .access("novigrad", Some(&client), Some(&user_key), Some(geralt))
            .unwrap();
        assert_eq!(elsewhere.client_key, None);
        assert_eq!(elsewhere.key_owner, None);
        assert_eq!(elsewhere.path_user, None);
        assert_eq!(store.access("nilfgaard", Some(&client), None, None), None);
    }

    #[test]
    fn a_user_key_presented_as_api_key_is_recognised() {
        let store = Store::new();
        store.create_instance("novigrad");
        store.create_user("geralt");
        let user_key = key("rivia geralt");
        let is_a_user_key = |instance, key: &Key| {
            let found = store.access(instance, Some(key), None, None).unwrap();
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
        store.create_key("ikey_1", "rivia", FLAGS);
        store.create_key("akey_1", "rivia", Role::Full);
        store.revoke_instance_key("rivia", "ikey_1");
        store.revoke_account_key("akey_1");
        for id in ["ikey_1", "akey_1"] {
            let found = store.access("rivia", Some(&key(id)), None, None).unwrap();
            assert_eq!(found.client_key, None, "{id}");
        }
    }
}

mod reset {
    use super::*;

    /// A store with the user `geralt`, who has the key `key("rivia geralt")`, and two client
    /// keys.
    fn store() -> (Store, InstanceUserId) {
        let store = Store::new();
        store.create_key("ikey_1", "rivia", FLAGS);
        store.create_key("akey_1", "rivia", Role::Full);
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
}
