//! The promises of [`Upstream`], one case each.

use std::collections::BTreeSet;
use std::future::ready;
use std::time::Duration;

use crate::kernel::{EmailKey, Secret};
use crate::threedeye::{Deleted, RemoteId, RemoteUser, RoleId, Survey, UpstreamError, Wanted};

use crate::threedeye::conformance::{LOGIN, Seed, Subject};

const ANN: &str = "ann@example.com";
const PASSWORD: &str = "Aa1-Aa1-Aa1-Aa1-Aa1-";
const OTHER_PASSWORD: &str = "Zz9_Zz9_Zz9_Zz9_Zz9_";

/// How late changes show: a slow machine must get to look before it is over.
const A_WHILE: Duration = Duration::from_secs(2);

/// Every case as a test, on a fresh subject each, with one more attribute.
macro_rules! conformance {
    ($subject:expr, $attribute:tt) => {
        $crate::threedeye::conformance::cases::conformance! {
            $subject, $attribute,
            a_created_account_is_listed_and_opens
            a_taken_email_is_refused_whoever_has_it
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
            nothing_is_done_after_the_deadline
            our_own_login_is_known
        }
    };
    ($subject:expr, $attribute:tt, $($case:ident)+) => {
        $(
            #[test]
            #$attribute
            fn $case() {
                let subject = $subject;
                futures_executor::block_on(
                    $crate::threedeye::conformance::cases::$case(&*subject),
                );
            }
        )+
    };
}
pub(crate) use conformance;

trait Shorthand: Subject {
    async fn make(&self, email: &str) -> Result<Option<RemoteId>, UpstreamError> {
        let password = Secret::new(PASSWORD);
        self.create(&key(email), &password, self.deadline()).await
    }

    async fn drop_account(&self, id: &str) -> Deleted {
        self.delete(&id_of(id), self.deadline()).await.unwrap()
    }

    async fn attach(&self, role: &str, user: &RemoteId) -> Result<(), UpstreamError> {
        let role = RoleId(role.to_owned());
        self.attach_role(&role, user, self.deadline()).await
    }

    async fn does_open(&self, email: &str, password: &str) -> bool {
        let password = Secret::new(password);
        let opens = self.opens(&key(email), &password, self.deadline()).await;
        opens.unwrap()
    }

    async fn list(&self, wanted: Wanted) -> Survey {
        let survey = self.survey(ready(wanted), self.deadline()).await.unwrap();
        assert!(survey.complete);
        survey
    }

    async fn find(&self, email: &str) -> Option<RemoteUser> {
        let wanted = Wanted {
            emails: BTreeSet::from([key(email)]),
            ..Wanted::default()
        };
        self.list(wanted).await.found.into_iter().next()
    }
}

impl<S: Subject> Shorthand for S {}

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

pub async fn a_created_account_is_listed_and_opens<S: Subject>(upstream: &S) {
    let id = upstream.make(ANN).await.unwrap().unwrap();
    let found = upstream.find(ANN).await.unwrap();
    assert_eq!((&found.id, found.email_key()), (&id, Some(key(ANN))));
    assert!(found.roles.is_empty());
    assert!(upstream.does_open(ANN, PASSWORD).await);
    assert_eq!(upstream.list(Wanted::default()).await.total, 1);
}

pub async fn a_taken_email_is_refused_whoever_has_it<S: Subject>(upstream: &S) {
    upstream.seed(&[
        seed("ours", "Ann@Example.com", true),
        seed("theirs", "BOB@example.com", false),
    ]);
    for email in [ANN, "bob@example.com"] {
        let refused = upstream.make(email).await;
        assert_eq!(refused.unwrap_err(), UpstreamError::EmailTaken, "{email}");
        assert_eq!(upstream.count(email), 1, "{email}");
        assert!(upstream.does_open(email, OTHER_PASSWORD).await, "{email}");
    }
}

pub async fn an_account_is_deleted_once<S: Subject>(upstream: &S) {
    upstream.seed(&[seed("ours", ANN, true)]);
    assert_eq!(upstream.drop_account("ours").await, Deleted::Removed);
    assert_eq!(upstream.find(ANN).await, None);
    assert!(!upstream.does_open(ANN, OTHER_PASSWORD).await);
    assert_eq!(upstream.drop_account("ours").await, Deleted::AlreadyGone);
    assert_eq!(upstream.drop_account("never").await, Deleted::AlreadyGone);
    assert!(upstream.make(ANN).await.is_ok());
}

pub async fn another_customers_account_is_out_of_reach<S: Subject>(upstream: &S) {
    upstream.seed(&[
        seed("theirs", ANN, false),
        seed("ours", "b@example.com", true),
    ]);
    assert_eq!(upstream.find(ANN).await, None);
    let wanted = Wanted {
        ids: BTreeSet::from([id_of("theirs")]),
        ..Wanted::default()
    };
    let survey = upstream.list(wanted).await;
    assert_eq!((survey.total, survey.found), (1, Vec::new()));
    assert_eq!(upstream.drop_account("theirs").await, Deleted::AlreadyGone);
    let refused = upstream.attach("r1", &id_of("theirs")).await;
    assert_eq!(refused.unwrap_err(), UpstreamError::NotFound);
    assert_eq!(upstream.count(ANN), 1);
}

pub async fn a_role_is_attached_once<S: Subject>(upstream: &S) {
    upstream.seed(&[seed("ours", "b@example.com", true)]);
    let id = upstream.make(ANN).await.unwrap().unwrap();
    for role in ["r2", "r2", "r1"] {
        upstream.attach(role, &id).await.unwrap();
    }
    let roles = upstream.find(ANN).await.unwrap().roles;
    assert_eq!(roles, ["r2", "r1"].map(|role| RoleId(role.to_owned())));
}

pub async fn an_unknown_role_or_user_is_not_found<S: Subject>(upstream: &S) {
    upstream.seed(&[seed("ours", ANN, true)]);
    for (role, user) in [("missing", "ours"), ("r1", "nobody")] {
        let refused = upstream.attach(role, &id_of(user)).await;
        assert_eq!(
            refused.unwrap_err(),
            UpstreamError::NotFound,
            "{role} {user}"
        );
    }
    assert_eq!(upstream.find(ANN).await.unwrap().roles.len(), 2);
}

pub async fn only_the_right_password_opens<S: Subject>(upstream: &S) {
    upstream.seed(&[seed("ours", "Ann@Example.com", true)]);
    assert!(upstream.does_open(ANN, OTHER_PASSWORD).await);
    assert!(!upstream.does_open(ANN, PASSWORD).await);
    assert!(!upstream.does_open("nobody@example.com", PASSWORD).await);
}

pub async fn a_created_account_shows_after_a_while<S: Subject>(upstream: &S) {
    upstream.slow_down(A_WHILE, Duration::ZERO);
    upstream.make(ANN).await.unwrap();
    assert_eq!(upstream.find(ANN).await, None);
    assert_eq!(upstream.list(Wanted::default()).await.total, 0);
    assert_eq!(upstream.make(ANN).await, Err(UpstreamError::EmailTaken));
    assert!(upstream.does_open(ANN, PASSWORD).await);
    upstream.wait(A_WHILE);
    assert!(upstream.find(ANN).await.is_some());
}

pub async fn a_deleted_email_stays_taken_for_a_while<S: Subject>(upstream: &S) {
    upstream.slow_down(Duration::ZERO, A_WHILE);
    upstream.seed(&[seed("ours", "Ann@Example.com", true)]);
    assert_eq!(upstream.drop_account("ours").await, Deleted::Removed);
    assert_eq!(upstream.find(ANN).await, None);
    assert_eq!(upstream.make(ANN).await, Err(UpstreamError::EmailTaken));
    upstream.wait(A_WHILE);
    assert!(upstream.make(ANN).await.is_ok());
}

pub async fn a_lost_answer_leaves_an_account_that_opens<S: Subject>(upstream: &S) {
    upstream.lose_the_next_create();
    assert_eq!(upstream.make(ANN).await, Err(UpstreamError::UnknownOutcome));
    assert_eq!(upstream.count(ANN), 1);
    assert!(upstream.find(ANN).await.is_some());
    assert!(upstream.does_open(ANN, PASSWORD).await);
    assert!(!upstream.does_open(ANN, OTHER_PASSWORD).await);
    assert!(upstream.make("bob@example.com").await.unwrap().is_some());
}

pub async fn an_account_without_an_id_is_found_in_the_list<S: Subject>(upstream: &S) {
    upstream.keep_ids_secret();
    assert_eq!(upstream.make(ANN).await, Ok(None));
    let found = upstream.find(ANN).await.unwrap();
    assert!(!found.id.0.is_empty());
    assert_eq!(upstream.drop_account(&found.id.0).await, Deleted::Removed);
}

pub async fn the_list_tells_what_is_wanted_and_masks_the_others<S: Subject>(upstream: &S) {
    upstream.seed(&[
        seed("1", "Ann@Example.com", true),
        seed("2", "bob@example.com", true),
        seed("3", "cyd@example.com", true),
        seed("4", "Dan@example.com", true),
        seed("5", "eve@example.com", true),
        seed("6", "theirs@example.com", false),
    ]);
    let wanted = Wanted {
        emails: BTreeSet::from([key(ANN), key("nobody@example.com")]),
        ids: BTreeSet::from([id_of("2"), id_of("6"), id_of("9")]),
        samples: 2,
        count: true,
    };
    let survey = upstream.list(wanted).await;
    let found: Vec<&str> = survey.found.iter().map(|user| user.id.0.as_str()).collect();
    assert_eq!((survey.total, found), (5, vec!["1", "2"]));
    assert_eq!(survey.found[0].email, "Ann@Example.com");
    assert_eq!(
        survey.found[0].roles,
        ["r1", "r2"].map(|role| RoleId(role.to_owned()))
    );
    assert_eq!(survey.samples, ["c***@example.com", "d***@example.com"]);
    let nothing = upstream.list(Wanted::default()).await;
    assert!(nothing.found.is_empty() && nothing.samples.is_empty());
}

pub async fn nothing_is_done_after_the_deadline<S: Subject>(upstream: &S) {
    upstream.seed(&[seed("ours", "bob@example.com", true)]);
    let late = upstream.passed_deadline();
    let unavailable = UpstreamError::Transient;
    let password = Secret::new(PASSWORD);
    let created = upstream.create(&key(ANN), &password, late).await;
    assert_eq!(created.unwrap_err(), unavailable);
    let deleted = upstream.delete(&id_of("ours"), late).await;
    assert_eq!(deleted.unwrap_err(), unavailable);
    let opened = upstream
        .opens(&key("bob@example.com"), &password, late)
        .await;
    assert_eq!(opened.unwrap_err(), unavailable);
    let listed = upstream.survey(ready(Wanted::default()), late).await;
    assert_eq!(listed.unwrap_err(), unavailable);
    assert_eq!(
        (upstream.count(ANN), upstream.count("bob@example.com")),
        (0, 1)
    );
}

pub async fn our_own_login_is_known<S: Subject>(upstream: &S) {
    assert_eq!(upstream.own_login(), Some(key(LOGIN)));
}
