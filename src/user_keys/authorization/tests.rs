use crate::kernel::random::seeded::Seeded;
use crate::user_keys::Parity;
use crate::user_keys::authorization::*;

const EVERY_OPERATION: [Operation; 4] = [
    Operation::ResetKey,
    Operation::ReadUser,
    Operation::ReadOwnUser,
    Operation::ReadProfileClass,
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

/// What a request presents and what is found of it. The path names user 9.
#[derive(Clone)]
struct Case {
    credentials: Credentials,
    record: AccessRecord,
}

impl Case {
    fn without_keys() -> Self {
        Self {
            credentials: Credentials {
                api_key: None,
                user_key: None,
            },
            record: AccessRecord {
                instance_created_at: Some(Timestamp::from_millis(1)),
                holds_a_key_elsewhere: false,
                client_key: None,
                api_key_is_a_user_key: false,
                key_owner: None,
                path_user: Some(user(9)),
            },
        }
    }

    fn with(mut self, change: impl FnOnce(&mut AccessRecord)) -> Self {
        change(&mut self.record);
        self
    }

    fn presents_api_key(mut self) -> Self {
        let key = Key::generate(Parity::Odd, &Seeded::new(1));
        self.credentials.api_key = Some(Presented::Key(key));
        self
    }

    fn presents_user_key(mut self) -> Self {
        let key = Key::generate(Parity::Even, &Seeded::new(2));
        self.credentials.user_key = Some(Presented::Key(key));
        self
    }

    fn with_grant(self, grant: Grant) -> Self {
        self.presents_api_key().with(|record| {
            record.client_key = Some(ClientKey {
                id: "key".to_owned(),
                grant,
            });
        })
    }

    fn with_user(self, number: u64) -> Self {
        self.presents_user_key()
            .with(|record| record.key_owner = Some(user(number)))
    }

    fn authorized(&self, operation: Operation) -> Result<AuthorizedClient, AccessDenied> {
        let instance = InstanceName::parse("rivia");
        authorize(operation, instance, &self.credentials, self.record.clone())
    }

    /// The user that each operation reaches.
    fn reach(&self) -> [Result<Option<u64>, AccessDenied>; 4] {
        EVERY_OPERATION.map(|operation| {
            let client = self.authorized(operation)?;
            Ok(client.user.map(|user| user.id.get()))
        })
    }
}

fn account_key(role: Role) -> Case {
    Case::without_keys().with_grant(Grant::Account(role))
}

fn instance_key(flags: Flags) -> Case {
    Case::without_keys().with_grant(Grant::Instance(flags))
}

const DENIED: Result<Option<u64>, AccessDenied> = Err(AccessDenied::NotPermitted);
const NO_KEY: Result<Option<u64>, AccessDenied> = Err(AccessDenied::MissingKey);
const UNKNOWN: Result<Option<u64>, AccessDenied> = Err(AccessDenied::UnknownKey);

#[test]
fn an_account_key_reaches_every_user_as_far_as_its_role_goes() {
    for role in [Role::Full, Role::Write] {
        assert_eq!(
            account_key(role).reach(),
            [Ok(Some(9)), Ok(Some(9)), DENIED, Ok(Some(9))]
        );
    }
    assert_eq!(
        account_key(Role::Read).reach(),
        [DENIED, Ok(Some(9)), DENIED, Ok(Some(9))]
    );
}

#[test]
fn a_user_key_beside_an_account_key_is_ignored_whatever_it_is() {
    for role in Role::ALL {
        let alone = account_key(role).reach();
        assert_eq!(account_key(role).with_user(9).reach(), alone, "{role:?}");
        assert_eq!(account_key(role).with_user(7).reach(), alone, "{role:?}");
        let unknown = account_key(role).presents_user_key();
        assert_eq!(unknown.reach(), alone, "{role:?}");
        let mut malformed = account_key(role);
        malformed.credentials.user_key = Some(Presented::Malformed);
        assert_eq!(malformed.reach(), alone, "{role:?}");
    }
}

#[test]
fn an_instance_key_alone_reaches_what_its_flags_allow() {
    assert_eq!(
        instance_key(IGNORE_ACL).reach(),
        [Ok(Some(9)), Ok(Some(9)), DENIED, Ok(Some(9))]
    );
    assert_eq!(instance_key(NO_FLAGS).reach(), [DENIED; 4]);
    for flags in [ANONYMOUS_READ, ALL_BUT_IGNORE_ACL] {
        assert_eq!(
            instance_key(flags).reach(),
            [DENIED, DENIED, DENIED, Ok(Some(9))]
        );
    }
}

#[test]
fn an_instance_key_with_a_user_key_reaches_only_that_user() {
    for flags in [NO_FLAGS, IGNORE_ACL, ANONYMOUS_READ] {
        let own = instance_key(flags).with_user(9);
        assert_eq!(own.reach(), [Ok(Some(9)); 4]);
        let of_another = instance_key(flags).with_user(7);
        assert_eq!(
            of_another.reach(),
            [Ok(None), Ok(None), Ok(Some(7)), Ok(None)]
        );
    }
}

#[test]
fn only_a_client_with_permission_learns_that_a_user_is_unknown() {
    let gone = |case: Case| case.with(|record| record.path_user = None);
    assert_eq!(
        gone(account_key(Role::Full)).reach(),
        [Ok(None), Ok(None), DENIED, Ok(None)]
    );
    assert_eq!(gone(instance_key(NO_FLAGS)).reach(), [DENIED; 4]);
    assert_eq!(gone(Case::without_keys()).reach(), [NO_KEY; 4]);
}

#[test]
fn a_request_without_an_api_key_is_refused() {
    assert_eq!(Case::without_keys().reach(), [NO_KEY; 4]);
    // Nor with a user key alone.
    assert_eq!(Case::without_keys().with_user(9).reach(), [NO_KEY; 4]);
}

#[test]
fn an_unknown_key_is_refused() {
    assert_eq!(
        Case::without_keys().presents_api_key().reach(),
        [UNKNOWN; 4]
    );
    assert_eq!(
        Case::without_keys().presents_api_key().with_user(9).reach(),
        [UNKNOWN; 4]
    );
    assert_eq!(
        Case::without_keys().presents_user_key().reach(),
        [UNKNOWN; 4]
    );
    for case in [instance_key(IGNORE_ACL), instance_key(NO_FLAGS)] {
        assert_eq!(case.presents_user_key().reach(), [UNKNOWN; 4]);
    }
}

#[test]
fn a_malformed_key_is_unknown() {
    let mut case = instance_key(IGNORE_ACL);
    case.credentials.user_key = Some(Presented::Malformed);
    assert_eq!(case.reach(), [UNKNOWN; 4]);
    let mut case = Case::without_keys();
    case.credentials.api_key = Some(Presented::Malformed);
    assert_eq!(case.reach(), [UNKNOWN; 4]);
}

#[test]
fn a_users_key_is_no_api_key() {
    let case = Case::without_keys()
        .presents_api_key()
        .with(|record| record.api_key_is_a_user_key = true);
    assert_eq!(case.reach(), [DENIED; 4]);
    assert_eq!(case.with_user(9).reach(), [DENIED; 4]);
}

#[test]
fn only_a_holder_of_a_key_learns_that_an_instance_is_unknown() {
    let nothing_presented = Case::without_keys();
    let user_key = Case::without_keys().presents_user_key();
    let api_key = Case::without_keys().presents_api_key();
    let both = api_key.clone().presents_user_key();
    let mut malformed = Case::without_keys();
    malformed.credentials.api_key = Some(Presented::Malformed);
    for case in [nothing_presented, user_key, api_key, both, malformed] {
        let unknown = case.clone().with(|record| {
            record.instance_created_at = None;
            record.path_user = None;
        });
        assert_eq!(unknown.reach(), case.reach());
        // A malformed name is one that no instance has.
        let malformed = authorize(
            Operation::ReadUser,
            None,
            &case.credentials,
            unknown.record.clone(),
        );
        assert_eq!(malformed.unwrap_err(), case.reach()[1].unwrap_err());
        let told = unknown.with(|record| record.holds_a_key_elsewhere = true);
        assert_eq!(told.reach(), [Err(AccessDenied::UnknownInstance); 4]);
    }
}

#[test]
fn the_audit_trail_names_the_key_and_the_user_it_acts_for() {
    let actor = |case: Case| case.authorized(Operation::ReadUser).unwrap().actor();
    assert_eq!(actor(account_key(Role::Full)).as_str(), "account-key:key");
    assert_eq!(
        actor(account_key(Role::Full).with_user(9)).as_str(),
        "account-key:key"
    );
    assert_eq!(actor(instance_key(IGNORE_ACL)).as_str(), "instance-key:key");
    assert_eq!(
        actor(instance_key(NO_FLAGS).with_user(9)).as_str(),
        "instance-key:key instance-user:9"
    );
}

#[test]
fn a_missing_permission_is_no_failed_authentication() {
    for refusal in [
        AccessDenied::UnknownInstance,
        AccessDenied::UnknownKey,
        AccessDenied::MissingKey,
    ] {
        assert!(refusal.is_failed_authentication(), "{refusal:?}");
    }
    assert!(!AccessDenied::NotPermitted.is_failed_authentication());
}

#[test]
fn an_account_key_counts_against_no_instance() {
    let counts = |case: Case| {
        let client = case.authorized(Operation::ReadUser).unwrap();
        client.throttled_instance().map(ToString::to_string)
    };
    assert_eq!(counts(account_key(Role::Full)), None);
    assert_eq!(counts(instance_key(IGNORE_ACL)).as_deref(), Some("rivia"));
    assert_eq!(
        counts(instance_key(NO_FLAGS).with_user(9)).as_deref(),
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
