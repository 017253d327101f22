mod access;
mod instances;
mod keys;
mod mirrored;
mod reset;
mod users;

use std::rc::Rc;

use futures_executor::block_on;

use super::*;
use crate::db::sqlite::Sqlite;
use crate::db::{Batch, Database};
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
        Self::on((Database::new(Rc::new(sqlite.clone())), sqlite))
    }

    fn on((database, sqlite): (Database, Sqlite)) -> Self {
        let mut batch = Batch::new();
        batch.execute(Statement::new(
            "INSERT INTO users (uuid, email, created_at) VALUES ('ann', 'ann@example.com', '')",
            [],
        ));
        block_on(database.run(batch)).unwrap();
        let store = Self { sqlite, database };
        store.create_instance("rivia");
        store
    }

    fn create_instance(&self, text: &str) -> CreatedInstance {
        let entry = entry(Action::CreateInstance, text);
        block_on(create_instance(&self.database, name(text), &entry)).unwrap()
    }

    fn create_instance_key(&self, id: &str, instance: &str, flags: Flags) -> bool {
        let row = instance_key(id, instance, flags);
        let entry = entry(Action::CreateInstanceApiKey, id);
        block_on(create_instance_key(&self.database, &row, &key(id), &entry)).unwrap()
    }

    fn create_account_key(&self, id: &str, instance: &str, role: Role) -> bool {
        let row = account_key(id, instance, role);
        let entry = entry(Action::CreateAccountKey, id);
        block_on(create_account_key(&self.database, &row, &key(id), &entry)).unwrap()
    }

    fn instance_keys(&self, instance: &str) -> Option<Vec<InstanceKeyRow>> {
        block_on(list_instance_keys(
            &self.database,
            &name(instance),
            KeyFilter::default(),
            500,
        ))
        .unwrap()
    }

    fn account_keys(&self, instance: Option<&str>) -> Option<Vec<AccountKeyRow>> {
        let instance = instance.map(name);
        block_on(list_account_keys(
            &self.database,
            instance.as_ref(),
            KeyFilter::default(),
            500,
        ))
        .unwrap()
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
    ) -> AccessRecord {
        let presented = |key: Option<&Key>| key.cloned().map(Presented::Key);
        let credentials = Credentials {
            api_key: presented(api_key),
            user_key: presented(user_key),
        };
        block_on(find_access(
            &self.database,
            InstanceName::parse(instance).as_ref(),
            &credentials,
            user,
        ))
        .unwrap()
    }

    /// The name of the user of `rivia` who has this key.
    fn owner(&self, key: &Key) -> Option<String> {
        let found = self.access("rivia", None, Some(key), None);
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
    let mix = |seed: u64, byte: u8| seed.wrapping_mul(131).wrapping_add(byte.into());
    let seed = text.bytes().fold(7, mix);
    Key::generate(Parity::Even, &Seeded::new(seed))
}

fn instance_key(id: &str, instance: &str, flags: Flags) -> InstanceKeyRow {
    InstanceKeyRow {
        id: id.to_owned(),
        instance: name(instance),
        flags,
        label: Some(format!("label of {id}")),
        created_at: entry(Action::CreateInstanceApiKey, id).at,
        revoked_at: None,
    }
}

fn account_key(id: &str, instance: &str, role: Role) -> AccountKeyRow {
    AccountKeyRow {
        id: id.to_owned(),
        instance: name(instance),
        role,
        label: Some(format!("label of {id}")),
        created_at: entry(Action::CreateAccountKey, id).at,
        revoked_at: None,
    }
}
