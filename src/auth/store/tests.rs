use std::rc::Rc;
use std::time::Duration;

use futures_executor::block_on;

use super::*;
use crate::auth::PresentedKey;
use crate::db::differential::Mirror;
use crate::db::sqlite::Sqlite;
use crate::db::{Batch, Database, Statement};
use crate::kernel::audit::{Action, Entry, sample_entry};

const MADE: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// A database with one user, `ann`.
struct Store {
    sqlite: Sqlite,
    database: Database,
}

impl Store {
    fn new() -> Self {
        let sqlite = Sqlite::new(|| MADE);
        Self::on((Database::new(Rc::new(sqlite.clone())), sqlite))
    }

    fn on((database, sqlite): (Database, Sqlite)) -> Self {
        let mut batch = Batch::new();
        batch.execute(Statement::new(
            "INSERT INTO users (uuid, email, created_at) VALUES ('ann', 'ann@example.com', '')",
            [],
        ));
        block_on(database.run(batch)).unwrap();
        Self { sqlite, database }
    }

    fn insert(&self, row: &ApiKeyRow) -> bool {
        let entry = sample_entry(Action::CreateApiKey, &row.id);
        let hash = hash(&row.id);
        block_on(insert_api_key(&self.database, row, &hash, &entry)).unwrap()
    }

    fn list(&self) -> Vec<ApiKeyRow> {
        self.page(None, 500)
    }

    fn page(&self, after: Option<&str>, limit: u32) -> Vec<ApiKeyRow> {
        let filter = KeyFilter {
            after,
            ..KeyFilter::default()
        };
        block_on(list_api_keys(&self.database, filter, limit)).unwrap()
    }

    fn revoke(&self, id: &str) {
        let entry = revocation(id);
        block_on(revoke_api_key(&self.database, id, &entry)).unwrap();
    }

    fn find(&self, hash: &str) -> Option<ApiKeyRow> {
        self.find_at(hash, MADE)
    }

    fn find_at(&self, hash: &str, at: Timestamp) -> Option<ApiKeyRow> {
        let key = PresentedKey {
            hash: hash.to_owned(),
            at,
        };
        let mut batch = Batch::new();
        let key = batch.push::<KeyColumns>(find_api_key_statement(&key));
        let found = block_on(self.database.run(batch))
            .unwrap()
            .first(key)
            .unwrap();
        found.map(|columns| columns.into_row().unwrap())
    }

    fn touch(&self, key: &ApiKeyRow, now: Timestamp) {
        block_on(touch_api_key(&self.database, key, now)).unwrap();
    }

    fn trail(&self) -> Vec<String> {
        let read = "SELECT action || ' ' || subject FROM audit_log ORDER BY id";
        self.sqlite.query(read, [], |row| row.get(0))
    }
}

fn hash(id: &str) -> String {
    format!("hash of {id}")
}

fn revocation(id: &str) -> Entry {
    sample_entry(Action::RevokeApiKey, id)
}

fn row(id: &str, age_s: u64) -> ApiKeyRow {
    ApiKeyRow {
        id: id.to_owned(),
        scopes: vec!["threedeye:read".to_owned(), "user:write".to_owned()],
        user_id: Some(UserId::new("ann")),
        label: Some("phone \"1\"".to_owned()),
        created_at: MADE.minus(Duration::from_secs(age_s)),
        last_used_at: None,
        expires_at: None,
        revoked_at: None,
    }
}

#[test]
fn a_key_is_found_and_listed_as_it_was_inserted() {
    let store = Store::new();
    let bound = row("key_1", 2);
    let service = ApiKeyRow {
        user_id: None,
        label: None,
        ..row("key_2", 1)
    };
    assert!(store.insert(&bound));
    assert!(store.insert(&service));
    assert_eq!(store.list(), [service, bound.clone()]);
    assert_eq!(store.find(&hash("key_1")), Some(bound));
    assert_eq!(store.find("another hash"), None);
    assert_eq!(
        store.trail(),
        ["api_key.create key_1", "api_key.create key_2"]
    );
}

#[test]
fn a_key_of_an_unknown_user_is_not_inserted() {
    let store = Store::new();
    let key = ApiKeyRow {
        user_id: Some(UserId::new("bob")),
        ..row("key_1", 0)
    };
    assert!(!store.insert(&key));
    assert!(store.list().is_empty());
    assert!(store.trail().is_empty());
}

#[test]
fn a_key_is_revoked_once() {
    let store = Store::new();
    store.insert(&row("key_1", 0));
    store.insert(&row("key_2", 0));
    store.revoke("key_1");
    store.revoke("key_1");
    store.revoke("key_3");
    assert_eq!(store.find(&hash("key_1")), None);
    assert_eq!(store.list(), [row("key_2", 0)]);
    let revoked = store.trail().split_off(2);
    assert_eq!(revoked, ["api_key.revoke key_1"]);
    let revoked_at: Vec<i64> = store.sqlite.query(
        "SELECT revoked_at FROM api_keys WHERE id = 'key_1'",
        [],
        |row| row.get(0),
    );
    assert_eq!(revoked_at, [revocation("key_1").at.as_millis()]);
}

#[test]
fn keys_are_listed_a_page_at_a_time_by_id_from_the_newest() {
    let store = Store::new();
    for id in ["key_1", "key_4", "key_3", "key_2"] {
        store.insert(&row(id, 0));
    }
    store.revoke("key_3");
    let page = |after, limit| -> Vec<String> {
        let keys = store.page(after, limit).into_iter();
        keys.map(|key| key.id).collect()
    };
    assert_eq!(page(None, 2), ["key_4", "key_2"]);
    assert_eq!(page(Some("key_2"), 2), ["key_1"]);
    assert_eq!(page(Some("key_3"), 1), ["key_2"]);
    assert!(page(Some("key_1"), 2).is_empty());
}

#[test]
fn an_expired_key_is_not_found_but_listed() {
    let store = Store::new();
    let expires_at = MADE.plus(Duration::from_secs(60));
    let key = ApiKeyRow {
        expires_at: Some(expires_at),
        ..row("key_1", 0)
    };
    store.insert(&key);
    let found = |at| store.find_at(&hash("key_1"), at);
    let last_moment = expires_at.minus(Duration::from_millis(1));
    assert_eq!(found(last_moment), Some(key.clone()));
    assert_eq!(found(expires_at), None);
    assert_eq!(found(expires_at.plus(Duration::from_secs(1))), None);
    assert_eq!(store.list(), [key]);
}

#[test]
fn a_use_is_noted_at_most_once_an_hour() {
    let store = Store::new();
    store.insert(&row("key_1", 0));
    let find = || store.find(&hash("key_1")).unwrap();
    // As a request that read the key before others noted their use.
    let unused = find();
    let used = |after_s| {
        let now = MADE.plus(Duration::from_secs(after_s));
        let is_noted = touch_api_key_statement(&find(), now).is_none();
        store.touch(&unused, now);
        assert_eq!(is_noted, find().last_used_at != Some(now));
        find().last_used_at
    };
    assert_eq!(used(10), Some(MADE.plus(Duration::from_secs(10))));
    assert_eq!(used(3609), Some(MADE.plus(Duration::from_secs(10))));
    assert_eq!(used(3610), Some(MADE.plus(Duration::from_secs(3610))));
}

#[test]
fn scopes_that_cannot_be_read_name_the_row_and_not_the_value() {
    let store = Store::new();
    store.insert(&row("key_1", 0));
    store
        .sqlite
        .execute("UPDATE api_keys SET scopes = 'user:write'", []);
    let error = block_on(list_api_keys(&store.database, KeyFilter::default(), 500)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "api_keys.scopes of row key_1 is not readable"
    );
}

/// Every operation, with and without effect. [`Mirror`] holds the answers and all tables of D1 to
/// those of SQLite after each.
#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn every_operation_does_on_d1_what_it_does_on_sqlite() {
    let store = Store::on(Mirror::database(MADE));
    let unknown = ApiKeyRow {
        user_id: Some(UserId::new("bob")),
        ..row("key_2", 0)
    };
    let service = ApiKeyRow {
        user_id: None,
        label: None,
        ..row("key_3", 1)
    };
    assert!(store.insert(&row("key_1", 0)));
    assert!(!store.insert(&unknown));
    assert!(store.insert(&service));
    // The second time as a request that read the key before the first one noted its use.
    let unused = store.find(&hash("key_1")).unwrap();
    for _ in 0..2 {
        store.touch(&unused, MADE);
    }
    let used = store.find(&hash("key_1")).unwrap();
    assert_eq!(used.last_used_at, Some(MADE));
    assert_eq!(store.list(), [service, used]);
    assert_eq!(store.page(Some("key_3"), 1).len(), 1);
    for id in ["key_1", "key_1", "key_2"] {
        store.revoke(id);
    }
    assert_eq!(store.find(&hash("key_1")), None);
    assert_eq!(store.trail().len(), 3);
}
