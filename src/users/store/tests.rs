//! Every statement on D1 as on SQLite, over rows that hold anything.

use futures_executor::block_on;

use super::*;
use crate::db::differential::Mirror;
use crate::db::{Batch, Database, Statement};
use crate::kernel::audit::{Action, sample_entry};
use crate::kernel::{Timestamp, UserId};
use crate::users::query::Searched;

const ROWS: [&str; 8] = [
    "INSERT INTO users (uuid, email, phone_number, created_at, auth_subject)
     VALUES ('ann', 'Ann@example.com', '+491701234512', '2024-01-15', 'auth0|ann'),
            ('twin', ' ann@EXAMPLE.com', 491701234512, 7, x'00ff'),
            ('gone', 'gone@example.com', NULL, '', NULL)",
    "INSERT INTO users (uuid, email, created_at) VALUES (x'ff00', 'blob@example.com', x'ff')",
    "INSERT INTO users (uuid, email, created_at) VALUES (NULL, 'null@example.com', 1.5)",
    "INSERT INTO users (uuid, email, created_at) VALUES ('raw', x'ff40ff', '')",
    "INSERT INTO users (uuid, email, created_at) VALUES ('nul', 'a' || char(0) || '@example.com', '')",
    "INSERT INTO threedeye_users
       (user_id, state, email_key, password_sealed, threedeye_id, last_error, error_code, attempts, created_at, updated_at)
     VALUES ('ann', 'quarantined', 'ann@example.com', 'x', 'acc', 'why', 'orphan', 1, 1, 1),
            ('gone', 'complete', 'gone@example.com', 'x', 'acc-2', NULL, NULL, 0, 1, 1)",
    "DELETE FROM users WHERE uuid = 'gone'",
    "INSERT INTO second_factors (user_id, secret_sealed, totp_failures) VALUES ('ann', 'x', 100)",
];

async fn search(database: &Database, query: &str) -> usize {
    let lookups = Searched::parse(query).unwrap().anything();
    let Some(lookup) = find_first(database, lookups).await.unwrap() else {
        return 0;
    };
    let mut count = 0;
    let mut after = None;
    loop {
        let page = search_users(database, &lookup, after.as_ref(), 2).await;
        let page = page.unwrap();
        count += page.len();
        if page.len() < 2 {
            return count;
        }
        after = page.last().map(|found| found.place.clone());
    }
}

#[test]
#[ignore = "needs node and the npm packages; npm test runs it"]
fn every_read_is_on_d1_what_it_is_on_sqlite() {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let (database, _) = Mirror::database(now);
    block_on(async {
        for sql in ROWS {
            let mut batch = Batch::new();
            batch.execute(Statement::new(sql, []));
            database.run(batch).await.unwrap();
        }
        for (query, count) in [
            ("ann@example.com", 2),
            // The key of an e-mail ends at a NUL.
            ("@example.com", 4),
            ("+49 170", 1),
            ("491701234512", 1),
            ("ann", 1),
            ("gone", 1),
            ("acc-2", 1),
            ("auth0|ann", 1),
            ("null@", 1),
            ("nobody", 0),
        ] {
            assert_eq!(search(&database, query).await, count, "{query}");
        }
        let filters = [
            None,
            Some(UserFilter::Waiting),
            Some(UserFilter::Failing),
            Some(UserFilter::Attaching),
            Some(UserFilter::Quarantined),
            Some(UserFilter::SetAside),
            Some(UserFilter::Leaving),
            Some(UserFilter::LeftInPlace),
            Some(UserFilter::LockedOut),
        ];
        let mut listed = 0;
        for filter in filters {
            for reason in [None, Some("orphan")] {
                let first = Listing {
                    filter,
                    reason,
                    after: None,
                };
                let page = list_users(&database, first, 2, now).await.unwrap();
                listed += page.len();
                let after = page.last().map(|user| &user.place);
                let second = Listing { after, ..first };
                list_users(&database, second, 2, now).await.unwrap();
            }
        }
        assert_eq!(listed, 10);
        for user in ["ann", "gone", "raw", "nobody"] {
            let user = UserId::new(user);
            read_user(&database, &user, now).await.unwrap();
            let entry = sample_entry(Action::RevealUser, user.as_str());
            let revealed = reveal(&database, &user, &entry).await.unwrap();
            assert_eq!(revealed.is_some(), user.as_str() != "nobody");
        }
    });
}
