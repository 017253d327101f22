use std::rc::Rc;
use std::time::Duration;

use futures_executor::block_on;

use super::*;
use crate::auth::SignIn;
use crate::db::Database;
use crate::db::sqlite::Sqlite;
use crate::kernel::Timestamp;
use crate::kernel::random::seeded::Seeded;
use crate::operators::{Admin, Role, Session, SessionToken, Shortfall};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const MINUTE: Duration = Duration::from_secs(60);

struct Store {
    sqlite: Sqlite,
    database: Database,
    token: SessionToken,
}

impl Store {
    /// A session of an operator with this role, who signed in now.
    fn with(role: Role) -> Self {
        let sqlite = Sqlite::new(|| NOW);
        let database = Database::new(Rc::new(sqlite.clone()));
        let token = SessionToken::mint(&Seeded::new(1));
        sqlite.execute(
            "INSERT INTO operators (id, email_key, role, created_at, created_by)
             VALUES ('op_1', 'sue@smartphonekey.com', ?1, 1, 'test')",
            [role.as_str()],
        );
        sqlite.execute(
            "INSERT INTO console_sessions
               (id_hash, operator_id, created_at, authenticated_at, seen_at, ends_at)
             VALUES (?1, 'op_1', ?2, ?2, ?2, ?3)",
            (
                token.hash(),
                NOW.as_millis(),
                NOW.plus(480 * MINUTE).as_millis(),
            ),
        );
        Self {
            sqlite,
            database,
            token,
        }
    }

    fn find(&self, at: Timestamp) -> Option<Session> {
        block_on(find_session(&self.database, &self.token, at)).unwrap()
    }

    fn touch(&self, at: Timestamp) {
        let session = self.find(at).unwrap();
        if session.is_to_be_touched(at) {
            block_on(touch_session(&self.database, session.id_hash(), at)).unwrap();
        }
    }
}

#[test]
fn a_session_ends_after_an_hour_without_requests_and_after_eight_in_any_case() {
    let store = Store::with(Role::Support);
    assert!(store.find(NOW.plus(59 * MINUTE)).is_some());
    assert!(store.find(NOW.plus(60 * MINUTE)).is_none());
    for minutes in (0..480).step_by(30) {
        store.touch(NOW.plus(minutes * MINUTE));
    }
    assert!(store.find(NOW.plus(479 * MINUTE)).is_some());
    assert!(store.find(NOW.plus(480 * MINUTE)).is_none());
}

#[test]
fn use_is_noted_every_five_minutes_and_never_turned_back() {
    let store = Store::with(Role::Support);
    let session = store.find(NOW).unwrap();
    assert!(!session.is_to_be_touched(NOW.plus(4 * MINUTE)));
    assert!(session.is_to_be_touched(NOW.plus(5 * MINUTE)));
    store.touch(NOW.plus(10 * MINUTE));
    let late = NOW.plus(5 * MINUTE);
    block_on(touch_session(&store.database, session.id_hash(), late)).unwrap();
    let seen = store.find(NOW.plus(10 * MINUTE)).unwrap();
    assert_eq!(seen.idle_ends_at(), NOW.plus(70 * MINUTE));
}

#[test]
fn a_disabled_operator_has_no_session() {
    let store = Store::with(Role::Admin);
    store
        .sqlite
        .execute("UPDATE operators SET disabled_at = 1", []);
    assert!(store.find(NOW).is_none());
}

#[test]
fn another_token_opens_no_session() {
    let store = Store::with(Role::Admin);
    let other = SessionToken::mint(&Seeded::new(2));
    assert!(
        block_on(find_session(&store.database, &other, NOW))
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_role_too_low_is_told_before_a_sign_in_too_old() {
    let late = NOW.plus(15 * MINUTE);
    let require = |has: Role, needs: Role, sign_in: SignIn, at: Timestamp| {
        let session = Store::with(has).find(at).unwrap();
        Admin::Operator(session).require(needs, sign_in, at)
    };
    use Role::{Admin as Administrator, Support, Viewer};
    for (has, needs, sign_in, at, expected) in [
        (Viewer, Viewer, SignIn::AnyTime, late, Ok(())),
        (
            Viewer,
            Support,
            SignIn::AnyTime,
            NOW,
            Err(Shortfall::Role(Support)),
        ),
        (
            Viewer,
            Support,
            SignIn::Recently,
            late,
            Err(Shortfall::Role(Support)),
        ),
        (
            Support,
            Administrator,
            SignIn::AnyTime,
            NOW,
            Err(Shortfall::Role(Administrator)),
        ),
        (Support, Support, SignIn::Recently, NOW, Ok(())),
        (
            Support,
            Support,
            SignIn::Recently,
            late,
            Err(Shortfall::StepUp),
        ),
        (Administrator, Support, SignIn::AnyTime, late, Ok(())),
        (
            Administrator,
            Administrator,
            SignIn::Recently,
            late,
            Err(Shortfall::StepUp),
        ),
    ] {
        assert_eq!(
            require(has, needs, sign_in, at),
            expected,
            "{has:?} {needs:?}"
        );
    }
}
