//! The suite that the simulator in JavaScript passes, in two styles; and the faults.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use super::faults::{Fault, Planned};
use super::{Operation, Simulated, Style, response};
use crate::kernel::http_client::HttpResponse;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::unicode::Tables;
use crate::kernel::{Clock as _, EmailKey, Secret, Timestamp};
use crate::testing::transport::VirtualClock;
use crate::threedeye::client::{Client, TokenCache};
use crate::threedeye::conformance::{LOGIN, Remote, Seed, Subject, cases};
use crate::threedeye::{DirectoryScan, RemoteId, RoleId, ScanQuery, UpstreamError};

const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const ANN: &str = "ann@example.com";
const PASSWORD: &str = "Aa1-Aa1-Aa1-Aa1-Aa1-";

type Upstream = Simulated<Rc<VirtualClock>, Planned<Rc<VirtualClock>>>;

struct Wired {
    upstream: Upstream,
    clock: Rc<VirtualClock>,
    subject: Subject,
}

fn wired() -> Wired {
    let clock = Rc::new(VirtualClock::starting(START));
    let faults = Planned::new(Rc::clone(&clock));
    let upstream = Simulated::new(LOGIN, Rc::clone(&clock), faults);
    let client = Client::new(
        // So that a handful of accounts makes several pages.
        upstream.config(2),
        Rc::new(upstream.clone()),
        Rc::clone(&clock) as _,
        Rc::new(Seeded::new(3)),
        Rc::new(Tables),
        Rc::new(RefCell::new(TokenCache::default())),
    );
    Wired {
        subject: Subject {
            client,
            clock: Rc::clone(&clock) as _,
            remote: Box::new(upstream.clone()),
        },
        upstream,
        clock,
    }
}

fn check(case: impl AsyncFnOnce(&Subject)) {
    let wired = wired();
    wired.clock.run(case(&wired.subject));
}

cases::conformance! { check, [cfg(test)] }

/// The suite in the other style that `wire` reads.
mod style {
    use super::{Style, Subject, cases, wired};

    fn check(case: impl AsyncFnOnce(&Subject)) {
        let wired = wired();
        wired.upstream.speak(Style {
            pascal_case: true,
            enveloped: true,
            bare_roles: true,
            told_total: false,
            taken_in_words: true,
            ..Style::default()
        });
        wired.clock.run(case(&wired.subject));
    }

    cases::conformance! { check, [cfg(test)] }
}

fn ann() -> EmailKey {
    EmailKey::of(ANN).unwrap()
}

impl Wired {
    fn make(&self) -> Result<Option<RemoteId>, UpstreamError> {
        let (email, password) = (ann(), Secret::new(PASSWORD));
        let client = &self.subject.client;
        let created = client.create_account(&email, &password, self.subject.deadline());
        self.clock.run(created)
    }

    fn look(&self) -> Result<DirectoryScan, UpstreamError> {
        let query = ScanQuery {
            emails: BTreeSet::from([ann()]),
            count: true,
            ..ScanQuery::default()
        };
        let client = &self.subject.client;
        self.clock
            .run(client.scan(ready(query), self.subject.deadline()))
    }

    fn plan(&self, operation: Operation, fault: Fault) {
        self.upstream.faults().plan(operation, [fault]);
    }

    fn pass(&self, time: Duration) {
        self.clock.run(self.clock.sleep(time));
    }

    fn count(&self) -> usize {
        self.upstream.count(ANN)
    }
}

#[test]
fn an_expired_or_revoked_token_is_renewed() {
    let wired = wired();
    wired.look().unwrap();
    wired.upstream.revoke_tokens();
    wired.look().unwrap();
    assert_eq!(wired.upstream.calls(Operation::Token), 2);
    wired.pass(Duration::from_secs(700));
    wired.look().unwrap();
    assert_eq!(wired.upstream.calls(Operation::Token), 3);
    // A page that was refused was asked for again.
    assert_eq!(wired.upstream.calls(Operation::List), 4);
}

#[test]
fn a_refused_create_creates_nothing_and_is_not_repeated() {
    for (fault, expected) in [
        (
            Fault::Refused(response(429, "")),
            UpstreamError::RateLimited { retry_after: None },
        ),
        (
            Fault::Refused(response(503, "")),
            UpstreamError::UnknownOutcome,
        ),
        (
            Fault::Refused(response(403, "")),
            UpstreamError::Rejected { status: 403 },
        ),
        (Fault::Unreachable, UpstreamError::UnknownOutcome),
        (Fault::Hangs, UpstreamError::UnknownOutcome),
    ] {
        let wired = wired();
        wired.plan(Operation::Create, fault);
        assert_eq!(wired.make(), Err(expected));
        assert_eq!(wired.upstream.calls(Operation::Create), 1);
        assert_eq!(wired.count(), 0);
    }
}

#[test]
fn a_request_that_was_given_up_may_land_later() {
    let wired = wired();
    let after = Duration::from_secs(25);
    wired.plan(Operation::Create, Fault::Lands { after, actor: 7 });
    assert_eq!(wired.make(), Err(UpstreamError::UnknownOutcome));
    assert_eq!(wired.clock.now(), START.plus(Duration::from_secs(10)));
    assert_eq!(wired.upstream.next_landing(), Some(START.plus(after)));
    assert_eq!((wired.upstream.land(), wired.count()), (None, 0));
    wired.pass(Duration::from_secs(15));
    assert_eq!((wired.upstream.land(), wired.count()), (Some(7), 1));
    assert_eq!(wired.upstream.next_landing(), None);
}

#[test]
fn a_slowed_operation_takes_the_time_that_was_set() {
    let wired = wired();
    let faults = wired.upstream.faults();
    faults.slow_down(Operation::Attach, Duration::from_millis(10));
    wired.upstream.seed(&[Seed {
        id: "ours",
        email: ANN,
        password: PASSWORD,
        roles: &["r1"],
        ours: true,
    }]);
    let (role, id) = (RoleId("r1".to_owned()), RemoteId("ours".to_owned()));
    let attached = wired
        .subject
        .client
        .attach_role(&role, &id, wired.subject.deadline());
    wired.clock.run(attached).unwrap();
    assert_eq!(wired.clock.now(), START.plus(Duration::from_millis(10)));
}

#[test]
fn an_answer_can_be_lost_or_mangled() {
    let half = |mut answer: HttpResponse| {
        answer.body.truncate(answer.body.len() / 2);
        answer
    };
    for fault in [Fault::AnswerLost, Fault::Mangled(half)] {
        let wired = wired();
        wired.plan(Operation::Create, fault);
        assert_eq!(wired.make(), Err(UpstreamError::UnknownOutcome));
        assert_eq!(wired.count(), 1);
    }
    let wired = wired();
    wired.plan(Operation::List, Fault::Mangled(half));
    assert_eq!(wired.look().unwrap_err(), UpstreamError::Protocol);
}

impl Remote for Upstream {
    fn seed(&self, accounts: &[Seed]) {
        let mut directory = self.directory_mut();
        for one in accounts {
            directory.add(one.id, one.email, one.password, one.roles, one.ours);
        }
    }

    fn slow_down(&self, created: Duration, deleted: Duration) {
        let mut directory = self.directory_mut();
        (directory.create_delay, directory.delete_delay) = (created, deleted);
    }

    fn lose_the_next_create(&self) {
        self.faults().plan(Operation::Create, [Fault::AnswerLost]);
    }

    fn keep_ids_secret(&self) {
        let faults = self.faults();
        faults.plan(Operation::Create, [Fault::Mangled(without_id)]);
    }

    fn count(&self, email: &str) -> usize {
        self.directory().with_email(email).len()
    }
}

/// The answer to a create, empty.
fn without_id(answer: HttpResponse) -> HttpResponse {
    response(answer.status, "{}")
}
