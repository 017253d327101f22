use crate::kernel::random::seeded::Seeded;
use crate::user_keys::admission::*;
use crate::user_keys::credentials::Presented;
use crate::user_keys::{Key, Parity};

const EVERY_ERRAND: [Errand; 4] = [
    Errand::ResetKey,
    Errand::ReadUser,
    Errand::ReadOwnUser,
    Errand::ReadProfileClass,
];

const NO_FLAGS: Flags = Flags {
    ignore_acl: false,
    allow_user_create: false,
    allow_group_create: false,
    allow_anonymous_read: false,
};
const IGNORE_ACL: Flags = Flags {
    ignore_acl: true,
    ..NO_FLAGS
};
const ANONYMOUS_READ: Flags = Flags {
    allow_anonymous_read: true,
    ..NO_FLAGS
};
const ALL_BUT_IGNORE_ACL: Flags = Flags {
    ignore_acl: false,
    allow_user_create: true,
    allow_group_create: true,
    allow_anonymous_read: true,
};

fn id(number: u64) -> InstanceUserId {
    InstanceUserId::parse(&number.to_string()).unwrap()
}

fn user(number: u64) -> InstanceUser {
    InstanceUser {
        id: id(number),
        username: format!("user {number}"),
        created_at: Timestamp::from_millis(1),
    }
}

/// What a request shows and what is found of it. The path names user 9.
#[derive(Clone)]
struct Case {
    credentials: Credentials,
    found: Option<Found>,
}

impl Case {
    /// Without any key.
    fn stranger() -> Self {
        Self {
            credentials: Credentials {
                api_key: None,
                user_key: None,
            },
            found: Some(Found {
                created_at: Timestamp::from_millis(1),
                key: None,
                key_is_a_users: false,
                owner: None,
                target: Some(user(9)),
            }),
        }
    }

    fn found(mut self, change: impl FnOnce(&mut Found)) -> Self {
        change(self.found.as_mut().unwrap());
        self
    }

    fn shows_api_key(mut self) -> Self {
        let key = Key::generate(Parity::Odd, &Seeded::new(1));
        self.credentials.api_key = Some(Presented::Key(key));
        self
    }

    fn shows_user_key(mut self) -> Self {
        let key = Key::generate(Parity::Even, &Seeded::new(2));
        self.credentials.user_key = Some(Presented::Key(key));
        self
    }

    fn holds(self, grant: Grant) -> Self {
        self.shows_api_key().found(|found| {
            found.key = Some(KeyHolder {
                id: "key".to_owned(),
                grant,
            });
        })
    }

    fn with_user(self, number: u64) -> Self {
        self.shows_user_key()
            .found(|found| found.owner = Some(user(number)))
    }

    fn verdict(&self, errand: Errand) -> Result<Visitor, Refusal> {
        let instance = InstanceName::parse("rivia").unwrap();
        admit(errand, instance, &self.credentials, self.found.clone())
    }

    /// The user that each errand reaches.
    fn reach(&self) -> [Result<Option<u64>, Refusal>; 4] {
        EVERY_ERRAND.map(|errand| {
            let visitor = self.verdict(errand)?;
            Ok(visitor.user.map(|user| user.id.get()))
        })
    }
}

fn account(role: Role) -> Case {
    Case::stranger().holds(Grant::Account(role))
}

fn program(flags: Flags) -> Case {
    Case::stranger().holds(Grant::Instance(flags))
}

const DENIED: Result<Option<u64>, Refusal> = Err(Refusal::NotPermitted);
const NO_KEY: Result<Option<u64>, Refusal> = Err(Refusal::NoKey);
const UNKNOWN: Result<Option<u64>, Refusal> = Err(Refusal::NoSuchKey);

#[test]
fn an_account_key_reaches_every_user_as_far_as_its_role_goes() {
    for role in [Role::Full, Role::Write] {
        assert_eq!(
            account(role).reach(),
            [Ok(Some(9)), Ok(Some(9)), DENIED, Ok(Some(9))]
        );
    }
    assert_eq!(
        account(Role::Read).reach(),
        [DENIED, Ok(Some(9)), DENIED, Ok(Some(9))]
    );
    // A good user key beside it changes nothing.
    assert_eq!(
        account(Role::Full).with_user(7).reach(),
        account(Role::Full).reach()
    );
}

#[test]
fn a_program_alone_reaches_what_its_flags_allow() {
    assert_eq!(
        program(IGNORE_ACL).reach(),
        [Ok(Some(9)), Ok(Some(9)), DENIED, Ok(Some(9))]
    );
    assert_eq!(program(NO_FLAGS).reach(), [DENIED; 4]);
    for flags in [ANONYMOUS_READ, ALL_BUT_IGNORE_ACL] {
        assert_eq!(
            program(flags).reach(),
            [DENIED, DENIED, DENIED, Ok(Some(9))]
        );
    }
}

#[test]
fn a_program_with_a_users_key_reaches_that_user_and_nobody_else() {
    for flags in [NO_FLAGS, IGNORE_ACL, ANONYMOUS_READ] {
        let own = program(flags).with_user(9);
        assert_eq!(own.reach(), [Ok(Some(9)); 4]);
        let of_another = program(flags).with_user(7);
        assert_eq!(
            of_another.reach(),
            [Ok(None), Ok(None), Ok(Some(7)), Ok(None)]
        );
    }
}

#[test]
fn an_unknown_user_is_found_out_only_by_those_who_may_ask() {
    let gone = |case: Case| case.found(|found| found.target = None);
    assert_eq!(
        gone(account(Role::Full)).reach(),
        [Ok(None), Ok(None), DENIED, Ok(None)]
    );
    assert_eq!(gone(program(NO_FLAGS)).reach(), [DENIED; 4]);
    assert_eq!(gone(Case::stranger()).reach(), [NO_KEY; 4]);
}

#[test]
fn nobody_comes_in_without_a_key() {
    assert_eq!(Case::stranger().reach(), [NO_KEY; 4]);
    // Nor with a user key alone.
    assert_eq!(Case::stranger().with_user(9).reach(), [NO_KEY; 4]);
}

#[test]
fn a_key_that_is_nobodys_is_told_so() {
    assert_eq!(Case::stranger().shows_api_key().reach(), [UNKNOWN; 4]);
    assert_eq!(
        Case::stranger().shows_api_key().with_user(9).reach(),
        [UNKNOWN; 4]
    );
    assert_eq!(Case::stranger().shows_user_key().reach(), [UNKNOWN; 4]);
    for case in [account(Role::Full), program(IGNORE_ACL), program(NO_FLAGS)] {
        assert_eq!(case.shows_user_key().reach(), [UNKNOWN; 4]);
    }
}

#[test]
fn a_malformed_key_is_nobodys() {
    let mut case = program(IGNORE_ACL);
    case.credentials.user_key = Some(Presented::Malformed);
    assert_eq!(case.reach(), [UNKNOWN; 4]);
    let mut case = Case::stranger();
    case.credentials.api_key = Some(Presented::Malformed);
    assert_eq!(case.reach(), [UNKNOWN; 4]);
}

#[test]
fn a_users_key_is_no_api_key() {
    let case = Case::stranger()
        .shows_api_key()
        .found(|found| found.key_is_a_users = true);
    assert_eq!(case.reach(), [DENIED; 4]);
    assert_eq!(case.with_user(9).reach(), [DENIED; 4]);
}

#[test]
fn an_unknown_instance_comes_first() {
    for mut case in [
        Case::stranger(),
        account(Role::Full),
        Case::stranger().shows_api_key(),
    ] {
        case.found = None;
        assert_eq!(case.reach(), [Err(Refusal::NoSuchInstance); 4]);
    }
}

#[test]
fn the_audit_trail_names_the_key_and_the_user_it_acts_for() {
    let actor = |case: Case| case.verdict(Errand::ReadUser).unwrap().actor();
    assert_eq!(actor(account(Role::Full)).as_str(), "account-key:key");
    assert_eq!(
        actor(account(Role::Full).with_user(9)).as_str(),
        "account-key:key"
    );
    assert_eq!(actor(program(IGNORE_ACL)).as_str(), "instance-key:key");
    assert_eq!(
        actor(program(NO_FLAGS).with_user(9)).as_str(),
        "instance-key:key instance-user:9"
    );
}

#[test]
fn whoever_was_recognised_has_authenticated() {
    for refusal in [Refusal::NoSuchInstance, Refusal::NoSuchKey, Refusal::NoKey] {
        assert!(refusal.is_failed_authentication(), "{refusal:?}");
    }
    assert!(!Refusal::NotPermitted.is_failed_authentication());
}

#[test]
fn an_account_counts_against_no_instance() {
    let counts = |case: Case| {
        let visitor = case.verdict(Errand::ReadUser).unwrap();
        visitor.counts_against().map(ToString::to_string)
    };
    assert_eq!(counts(account(Role::Full)), None);
    assert_eq!(counts(program(IGNORE_ACL)).as_deref(), Some("rivia"));
    assert_eq!(
        counts(program(NO_FLAGS).with_user(9)).as_deref(),
        Some("rivia")
    );
}

#[test]
fn roles_have_one_spelling() {
    for role in Role::ALL {
        assert_eq!(Role::from_name(role.as_str()), Some(role));
    }
    assert_eq!(Role::from_name("Full"), None);
}
