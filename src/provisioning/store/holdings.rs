//! What goes with a user, counted.

use serde::Serialize;

use crate::db::{self, Batch, Database, DatabaseError, Slot, Statement, audit_json, audit_rows};
use crate::kernel::UserId;
use crate::kernel::audit::Entry;
use crate::provisioning::record::ProvisioningRecord;
use crate::provisioning::store::LeaseToken;
use crate::provisioning::store::lease::held_statement;
use crate::provisioning::store::load::{RecordRow, load_statement};

// ?1 user
const COUNT: &str = "
SELECT EXISTS (SELECT 1 FROM users WHERE uuid = ?1) AS user,
       (SELECT count(*) FROM api_keys WHERE user_id = ?1 AND revoked_at IS NULL) AS api_keys,
       (SELECT count(*) FROM instance_users WHERE user_id = ?1) AS instance_users,
       EXISTS (SELECT 1 FROM profiles WHERE user_id = ?1) AS profile,
       EXISTS (SELECT 1 FROM second_factors
               WHERE user_id = ?1 AND secret_sealed IS NOT NULL) AS second_factor,
       (SELECT count(*) FROM backup_codes WHERE user_id = ?1) AS backup_codes,
       (SELECT count(*) FROM push_tokens WHERE user_id = ?1) AS push_tokens,
       (SELECT count(*) FROM scene_personalisations WHERE user_id = ?1) AS scenes,
       (SELECT count(*) FROM notices WHERE user_id = ?1) AS notices";

// ?1 user, ?2 token
const DELETE_USER: &str = "
DELETE FROM users
WHERE uuid = ?1 AND EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)";

// ?1 user, ?2 token. For rows whose user was gone before; where one was deleted just now, it changes nothing.
const DEPART: &str = "
INSERT INTO user_departures (user_id, email_key)
SELECT user_id, NULL FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2";

// ?1 user, ?2 token. What was left in place is tried again.
const HURRY: &str = "
UPDATE threedeye_users SET state = 'leaving', leaving_since = 0
WHERE user_id = ?1 AND lease_token = ?2 AND left_state IS NOT NULL";

// ?1 entry, ?2 token
const AUDIT: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.lease_token = ?2)"
);

db::row! {
    /// What goes with a user at once. Keys that were revoked before are not counted.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline, rename_all = "camelCase"))]
    pub struct Holdings {
        /// Whether there is a row in `users`.
        pub user: bool,
        /// API keys that are valid.
        pub api_keys: u32,
        /// Users of instances, each with its key.
        pub instance_users: u32,
        /// Whether there is a profile.
        pub profile: bool,
        /// Whether a second factor is on.
        pub second_factor: bool,
        /// Backup codes, used ones included.
        pub backup_codes: u32,
        /// Devices registered for push messages.
        pub push_tokens: u32,
        /// Dashboards chosen for scenes.
        pub scenes: u32,
        /// Account notices that are not delivered yet.
        pub notices: u32,
    }
}

fn count(batch: &mut Batch, user: &UserId) -> Slot<Holdings> {
    batch.push(Statement::new(COUNT, [user.into()]))
}

/// Reads all that is known of one user, and counts what would go with it.
pub async fn load_holdings(
    database: &Database,
    user: &UserId,
) -> Result<(ProvisioningRecord, Holdings), DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    let holdings = count(&mut batch, user);
    let answers = database.run(batch).await?;
    Ok((answers.one(record)?.into_record()?, answers.one(holdings)?))
}

/// Deletes a user whose lease is held; tells what there was until then. The removal of its account is
/// due at once. Also where the user is gone already: the entry tells that it was asked for. `None`: the lease is lost,
/// and nothing was done.
pub async fn delete_user(
    database: &Database,
    user: &UserId,
    token: &LeaseToken,
    entry: &Entry,
) -> Result<Option<Holdings>, DatabaseError> {
    let mut batch = Batch::new();
    let holdings = count(&mut batch, user);
    batch.execute(Statement::new(AUDIT, [audit_json([entry])?, token.into()]));
    for sql in [DELETE_USER, DEPART, HURRY] {
        batch.execute(Statement::new(sql, [user.into(), token.into()]));
    }
    let held = batch.push::<()>(held_statement(user, token));
    let answers = database.run(batch).await?;
    match answers.first(held)? {
        Some(()) => answers.one(holdings).map(Some),
        None => Ok(None),
    }
}
