//! Codes from their text to their outcome, on the shipped statements.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_executor::block_on;

use super::*;
use crate::account::AuditContext;
use crate::account::backup_code::{BACKUP_CODES, SealedBackupCode};
use crate::account::lockout::FAILURES_BEFORE_LOCK;
use crate::account::store::testing::{NOW, Store, audit, user_id};
use crate::account::store::{
    AccountSelector, read_second_factor, replace_backup_codes, start_setup,
};
use crate::account::totp::SETUP_TTL;
use crate::kernel::Secret;
use crate::kernel::random::seeded::Seeded;

/// A person, their authenticator and what they present, each in a request of its own.
struct Owner {
    store: Store,
    sealer: Sealer,
    random: Seeded,
    secret: TotpSecret,
    requests: std::cell::Cell<u64>,
}

fn key(byte: u8) -> Secret {
    Secret::new(STANDARD.encode([byte; 32]))
}

impl Owner {
    /// A person whose set-up has begun.
    fn setting_up() -> Self {
        let store = Store::on_sqlite();
        store.add_users(&["ann"]);
        let person = Self {
            store,
            sealer: Sealer::new(&key(1), None).unwrap(),
            random: Seeded::new(1),
            secret: TotpSecret::generate(&Seeded::new(2)),
            requests: std::cell::Cell::new(0),
        };
        let (purpose, ann) = (Purpose::PendingTotpSecret, user_id("ann"));
        let sealed = person
            .secret
            .seal(purpose, &ann, &person.sealer, &person.random);
        let (sealed, until) = (sealed.unwrap(), NOW.plus(SETUP_TTL));
        let selector = AccountSelector::Subject("ann".to_owned());
        let entry = person.audit(NOW).entry(Action::StartTwoFactor, "begun");
        let database = &person.store.database;
        block_on(start_setup(
            database, &selector, &sealed, until, true, &entry,
        ))
        .unwrap();
        person
    }

    /// A person whose second factor was turned on by a code of the step before this one.
    fn protected() -> Self {
        let person = Self::setting_up();
        person.validate(&person.code(-30), NOW).unwrap();
        person
    }

    fn audit(&self, at: Timestamp) -> AuditContext {
        self.requests.set(self.requests.get() + 1);
        audit(self.requests.get(), at)
    }

    /// What the authenticator shows so many seconds from now.
    fn code(&self, seconds: i64) -> String {
        let at = Timestamp::from_millis(NOW.as_millis() + seconds * 1000);
        self.secret.code_at(at)
    }

    fn check<T>(&self, at: Timestamp, check: impl AsyncFnOnce(CodeCheck<'_>) -> T) -> T {
        let selector = AccountSelector::User(user_id("ann"));
        let lookup = block_on(read_second_factor(&self.store.database, &selector, None)).unwrap();
        let account = lookup.account.unwrap();
        block_on(check(CodeCheck {
            database: &self.store.database,
            sealer: Some(&self.sealer),
            random: &self.random,
            person: &account.person,
            factor: &account.details,
            attempt: CodeAttempt {
                audit: &self.audit(at),
                disable: None,
                api_key: None,
            },
        }))
    }

    fn validate(&self, text: &str, at: Timestamp) -> Result<(), CodeError> {
        self.check(at, async |check| check.validate_setup(text).await)
    }

    fn accept(&self, text: &str, at: Timestamp) -> Result<CodeKind, CodeError> {
        self.check(at, async |check| check.accept(text).await)
    }
}

fn is_rejected(result: Result<CodeKind, CodeError>) -> bool {
    matches!(result, Err(CodeError::Rejected))
}

#[test]
fn the_code_that_turned_the_second_factor_on_is_not_accepted_again() {
    let person = Owner::setting_up();
    let code = person.code(0);
    person.validate(&code, NOW).unwrap();
    for at in [NOW, NOW.plus(Duration::from_secs(20))] {
        assert!(is_rejected(person.accept(&code, at)));
    }
}

#[test]
fn wrong_codes_lock_their_own_kind_only_and_right_ones_too() {
    let person = Owner::protected();
    let is_locked = |text: &str| matches!(person.accept(text, NOW), Err(CodeError::Locked(30)));
    for _ in 0..FAILURES_BEFORE_LOCK {
        // Neither kind of code, and so a wrong backup code.
        assert!(is_rejected(person.accept("?", NOW)));
    }
    assert!(is_locked("?"));
    let right = person.code(0);
    assert_eq!(person.accept(&right, NOW).unwrap(), CodeKind::Totp);
    for _ in 0..FAILURES_BEFORE_LOCK {
        assert!(is_rejected(person.accept(&right, NOW)));
    }
    assert!(is_locked(&person.code(30)));
    let later = NOW.plus(Duration::from_secs(30));
    assert!(person.accept(&person.code(30), later).is_ok());
}

#[test]
fn each_of_ten_backup_codes_is_accepted_once() {
    let person = Owner::protected();
    let user = user_id("ann");
    let codes: Vec<BackupCode> = (0..BACKUP_CODES)
        .map(|_| BackupCode::generate(&person.random))
        .collect();
    let seal = |code: &BackupCode| code.seal(&user, &person.sealer, &person.random).unwrap();
    let sealed: Vec<SealedBackupCode> = codes.iter().map(seal).collect();
    let entry = person.audit(NOW).entry(Action::GenerateBackupCodes, "");
    let replace = replace_backup_codes(&person.store.database, &user, &sealed, &entry);
    assert!(block_on(replace).unwrap());
    for code in codes {
        let typed = code.shown().to_uppercase();
        assert_eq!(person.accept(&typed, NOW).unwrap(), CodeKind::Backup);
        assert!(is_rejected(person.accept(&typed, NOW)));
    }
    let notices = person.store.notices();
    let uses = notices.iter().filter(|kind| *kind == "backup_code_used");
    assert_eq!(uses.count(), BACKUP_CODES);
}

#[test]
fn a_secret_moves_to_the_current_key_when_it_is_used() {
    let mut person = Owner::protected();
    person.sealer = Sealer::new(&key(2), Some(&key(1))).unwrap();
    let sealed = || -> Sealed {
        let read = "SELECT secret_sealed FROM second_factors";
        person.store.one(read)
    };
    assert!(!person.sealer.is_current(&sealed()));
    person.accept(&person.code(0), NOW).unwrap();
    assert!(person.sealer.is_current(&sealed()));
}

#[test]
fn no_code_is_accepted_where_the_second_factor_is_off() {
    let person = Owner::setting_up();
    for text in [person.code(0).as_str(), "aaaa-aaaa-aaaa-aaaa", "?"] {
        assert!(is_rejected(person.accept(text, NOW)));
    }
    let failures: u32 = person
        .store
        .one("SELECT totp_failures + backup_failures FROM second_factors");
    assert_eq!(failures, 0);
}

#[test]
fn without_a_key_no_code_is_checked_or_counted() {
    let person = Owner::protected();
    let refused = person.check(NOW, async |check| {
        let check = CodeCheck {
            sealer: None,
            ..check
        };
        check.accept(&person.code(0)).await
    });
    assert!(matches!(refused, Err(CodeError::NoKey)));
    person.accept(&person.code(0), NOW).unwrap();
}
