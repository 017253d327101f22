//! One case a promise of [`Client`](crate::threedeye::Client).

use std::collections::BTreeSet;
use std::future::ready;
use std::time::Duration;

use crate::kernel::{Deadline, EmailKey, Secret};
use crate::threedeye::conformance::{Seed, Subject};
use crate::threedeye::{
    Deleted, DirectoryScan, RemoteAccount, RemoteId, RoleId, ScanQuery, UpstreamError,
};

const ANN: &str = "ann@example.com";
const PASSWORD: &str = "Aa1-Aa1-Aa1-Aa1-Aa1-";
const OTHER_PASSWORD: &str = "Zz9_Zz9_Zz9_Zz9_Zz9_";

/// How late changes show: long enough that a slow machine looks before it is over.
const DELAY: Duration = Duration::from_secs(2);

/// Every case as a test with one more attribute. `$check` runs a case on a fresh subject.
macro_rules! conformance {
    ($check:expr, $attribute:tt) => {
        $crate::threedeye::conformance::cases::conformance! {
            $check, $attribute,
            a_created_account_is_listed_and_opens
            a_taken_email_is_refused_in_every_customer
            a_taken_email_is_refused_in_every_spelling
            an_account_is_deleted_once
            another_customers_account_is_out_of_reach
            a_role_is_attached_once
            an_unknown_role_or_user_is_not_found
            only_the_right_password_opens
            a_created_account_shows_after_a_while
            a_deleted_email_stays_taken_for_a_while
            a_lost_answer_leaves_an_account_that_opens
            an_account_without_an_id_is_found_in_the_list
            the_list_tells_what_is_wanted_and_masks_the_others
        }
    };
    ($check:expr, $attribute:tt, $($case:ident)+) => {
        $(
            #[test]
            #$attribute
            fn $case() {
                $check($crate::threedeye::conformance::cases::$case);
            }
        )+
    };
}
pub(crate) use conformance;

impl Subject {
    pub fn deadline(&self) -> Deadline {
        Deadline::after(&*self.clock, Duration::from_secs(60))
    }

    async fn create(&self, email: &str) -> Result<Option<RemoteId>, UpstreamError> {
        let password = Secret::new(PASSWORD);
        self.client
            .create_account(&key(email), &password, self.deadline())
            .await
    }

    async fn delete(&self, id: &str) -> Deleted {
        let id = id_of(id);
        let deleted = self.client.delete_account(&id, self.deadline());
        deleted.await.unwrap()
    }

    async fn attach(&self, role: &str, user: &RemoteId) -> Result<(), UpstreamError> {
        let role = RoleId(role.to_owned());
        self.client.attach_role(&role, user, self.deadline()).await
    }

    async fn opens(&self, email: &str, password: &str) -> bool {
        let password = Secret::new(password);
        self.client
            .verify_password(&key(email), &password, self.deadline())
            .await
            .unwrap()
    }

    async fn list(&self, query: ScanQuery) -> DirectoryScan {
        let scan = self.client.scan(ready(query), self.deadline());
        let scan = scan.await.unwrap();
        assert!(scan.complete);
        scan
    }

    async fn find(&self, email: &str) -> Option<RemoteAccount> {
        let query = ScanQuery {
            emails: BTreeSet::from([key(email)]),
            ..ScanQuery::default()
        };
        self.list(query).await.found.into_iter().next()
    }
}

fn key(email: &str) -> EmailKey {
    EmailKey::of(email).unwrap()
}

fn id_of(id: &str) -> RemoteId {
    RemoteId(id.to_owned())
}

const fn seed(id: &'static str, email: &'static str, ours: bool) -> Seed {
    Seed {
        id,
        email,
        password: OTHER_PASSWORD,
        roles: &["r1", "r2"],
        ours,
    }
}

pub async fn a_created_account_is_listed_and_opens(subject: &Subject) {
    let id = subject.create(ANN).await.unwrap().unwrap();
    let found = subject.find(ANN).await.unwrap();
    assert_eq!((&found.id, found.email_key()), (&id, Some(key(ANN))));
    assert!(found.roles.is_empty());
    assert!(subject.opens(ANN, PASSWORD).await);
    assert_eq!(subject.list(ScanQuery::default()).await.total, 1);
}

pub async fn a_taken_email_is_refused_in_every_customer(subject: &Subject) {
    subject.remote.seed(&[
        seed("ours", "Ann@Example.com", true),
        seed("theirs", "BOB@example.com", false),
    ]);
    for email in [ANN, "bob@example.com"] {
        let refused = subject.create(email).await;
        assert_eq!(refused.unwrap_err(), UpstreamError::EmailTaken, "{email}");
        assert_eq!(subject.remote.count(email), 1, "{email}");
        assert!(subject.opens(email, OTHER_PASSWORD).await, "{email}");
    }
}

pub async fn a_taken_email_is_refused_in_every_spelling(subject: &Subject) {
    subject
        .remote
        .seed(&[seed("ours", "J\u{d6}RG@example.com", true)]);
    let refused = subject.create("j\u{f6}rg@example.com").await;
    assert_eq!(refused.unwrap_err(), UpstreamError::EmailTaken);
    assert!(subject.create("jorg@example.com").await.is_ok());
}

pub async fn an_account_is_deleted_once(subject: &Subject) {
    subject.remote.seed(&[seed("ours", ANN, true)]);
    assert_eq!(subject.delete("ours").await, Deleted::Removed);
    assert_eq!(subject.find(ANN).await, None);
    assert!(!subject.opens(ANN, OTHER_PASSWORD).await);
    assert_eq!(subject.delete("ours").await, Deleted::AlreadyGone);
    assert_eq!(subject.delete("never").await, Deleted::AlreadyGone);
    assert!(subject.create(ANN).await.is_ok());
}

pub async fn another_customers_account_is_out_of_reach(subject: &Subject) {
    subject.remote.seed(&[
        seed("theirs", ANN, false),
        seed("ours", "b@example.com", true),
    ]);
    assert_eq!(subject.find(ANN).await, None);
    let query = ScanQuery {
        ids: BTreeSet::from([id_of("theirs")]),
        ..ScanQuery::default()
    };
    let scan = subject.list(query).await;
    assert_eq!((scan.total, scan.found), (1, Vec::new()));
    assert_eq!(subject.delete("theirs").await, Deleted::AlreadyGone);
    let refused = subject.attach("r1", &id_of("theirs")).await;
    assert_eq!(refused.unwrap_err(), UpstreamError::NotFound);
    assert_eq!(subject.remote.count(ANN), 1);
}

pub async fn a_role_is_attached_once(subject: &Subject) {
    subject.remote.seed(&[seed("ours", "b@example.com", true)]);
    let id = subject.create(ANN).await.unwrap().unwrap();
    for role in ["r2", "r2", "r1"] {
        subject.attach(role, &id).await.unwrap();
    }
    let roles = subject.find(ANN).await.unwrap().roles;
    assert_eq!(roles, ["r2", "r1"].map(|role| RoleId(role.to_owned())));
}

pub async fn an_unknown_role_or_user_is_not_found(subject: &Subject) {
    subject.remote.seed(&[seed("ours", ANN, true)]);
    for (role, user) in [("missing", "ours"), ("r1", "unknown")] {
        let refused = subject.attach(role, &id_of(user)).await;
        assert_eq!(
            refused.unwrap_err(),
            UpstreamError::NotFound,
            "{role} {user}"
        );
    }
    assert_eq!(subject.find(ANN).await.unwrap().roles.len(), 2);
}

pub async fn only_the_right_password_opens(subject: &Subject) {
    subject
        .remote
        .seed(&[seed("ours", "Ann@Example.com", true)]);
    assert!(subject.opens(ANN, OTHER_PASSWORD).await);
    assert!(!subject.opens(ANN, PASSWORD).await);
    assert!(!subject.opens("unknown@example.com", PASSWORD).await);
}

pub async fn a_created_account_shows_after_a_while(subject: &Subject) {
    subject.remote.slow_down(DELAY, Duration::ZERO);
    subject.create(ANN).await.unwrap();
    assert_eq!(subject.find(ANN).await, None);
    assert_eq!(subject.list(ScanQuery::default()).await.total, 0);
    assert_eq!(subject.create(ANN).await, Err(UpstreamError::EmailTaken));
    assert!(subject.opens(ANN, PASSWORD).await);
    subject.clock.sleep(DELAY).await;
    assert!(subject.find(ANN).await.is_some());
}

pub async fn a_deleted_email_stays_taken_for_a_while(subject: &Subject) {
    subject.remote.slow_down(Duration::ZERO, DELAY);
    subject
        .remote
        .seed(&[seed("ours", "Ann@Example.com", true)]);
    assert_eq!(subject.delete("ours").await, Deleted::Removed);
    assert_eq!(subject.find(ANN).await, None);
    assert_eq!(subject.create(ANN).await, Err(UpstreamError::EmailTaken));
    subject.clock.sleep(DELAY).await;
    assert!(subject.create(ANN).await.is_ok());
}

pub async fn a_lost_answer_leaves_an_account_that_opens(subject: &Subject) {
    subject.remote.lose_the_next_create();
    assert_eq!(
        subject.create(ANN).await,
        Err(UpstreamError::UnknownOutcome)
    );
    assert_eq!(subject.remote.count(ANN), 1);
    assert!(subject.find(ANN).await.is_some());
    assert!(subject.opens(ANN, PASSWORD).await);
    assert!(!subject.opens(ANN, OTHER_PASSWORD).await);
    assert!(subject.create("bob@example.com").await.unwrap().is_some());
}

pub async fn an_account_without_an_id_is_found_in_the_list(subject: &Subject) {
    subject.remote.keep_ids_secret();
    assert_eq!(subject.create(ANN).await, Ok(None));
    let found = subject.find(ANN).await.unwrap();
    assert!(!found.id.0.is_empty());
    assert_eq!(subject.delete(&found.id.0).await, Deleted::Removed);
}

pub async fn the_list_tells_what_is_wanted_and_masks_the_others(subject: &Subject) {
    subject.remote.seed(&[
        seed("1", "Ann@Example.com", true),
        seed("2", "bob@example.com", true),
        seed("3", "cyd@example.com", true),
        seed("4", "Dan@example.com", true),
        seed("5", "eve@example.com", true),
        seed("6", "theirs@example.com", false),
    ]);
    let query = ScanQuery {
        emails: BTreeSet::from([key(ANN), key("unknown@example.com")]),
        ids: BTreeSet::from([id_of("2"), id_of("6"), id_of("9")]),
        samples: 2,
        count: true,
        ..ScanQuery::default()
    };
    let scan = subject.list(query).await;
    let found: Vec<&str> = scan.found.iter().map(|user| user.id.0.as_str()).collect();
    assert_eq!((scan.total, found), (5, vec!["1", "2"]));
    assert_eq!(scan.found[0].email, "Ann@Example.com");
    assert_eq!(
        scan.found[0].roles,
        ["r1", "r2"].map(|role| RoleId(role.to_owned()))
    );
    assert_eq!(scan.samples, ["c***@example.com", "d***@example.com"]);
    let nothing = subject.list(ScanQuery::default()).await;
    assert!(nothing.found.is_empty() && nothing.samples.is_empty());
}
