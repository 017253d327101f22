//! The real client in front of the simulated upstream, under the suite that
//! the simulator in JavaScript passes; and the faults.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::{pending, ready};
use std::rc::Rc;
use std::time::Duration;

use futures_executor::block_on;

use super::faults::{Fault, Planned};
use super::{Dialect, Operation, Simulated, response};
use crate::kernel::http_client::HttpResponse;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Clock, Deadline, EmailKey, Secret, Timestamp};
use crate::threedeye::client::{Client, TokenCache};
use crate::threedeye::conformance::{LOGIN, Seed, Subject, cases};
use crate::threedeye::{Deleted, RemoteId, RoleId, Survey, Upstream, UpstreamError, Wanted};

const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const ANN: &str = "ann@example.com";
const PASSWORD: &str = "Aa1-Aa1-Aa1-Aa1-Aa1-";

/// A clock that is turned by hand, but for sleeps that nothing interrupts.
#[derive(Clone)]
struct Turned {
    now: Rc<Cell<Timestamp>>,
    /// Whether sleeps end, at their moment.
    runs: Rc<Cell<bool>>,
}

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep(&self, duration: Duration) {
        if !self.runs.get() {
            pending::<()>().await;
        }
        self.now.set(self.now.get().plus(duration));
    }
}

type Inner = Simulated<Turned, Planned<Turned>>;

struct Wired {
    upstream: Inner,
    client: Client<Inner, Turned, Seeded>,
    clock: Turned,
}

fn wired() -> Box<Wired> {
    let clock = Turned {
        now: Rc::new(Cell::new(START)),
        runs: Rc::default(),
    };
    let upstream = Simulated::new(LOGIN, clock.clone(), Planned::new(clock.clone()));
    let tokens = Rc::new(RefCell::new(TokenCache::default()));
    // So that a handful of accounts makes several pages.
    let config = upstream.config(2);
    let transport = upstream.clone();
    let client = Client::new(config, transport, clock.clone(), Seeded::new(3), tokens);
    Box::new(Wired {
        upstream,
        client,
        clock,
    })
}

cases::conformance! { wired(), [cfg(test)] }

/// The suite in every dialect that `wire` reads.
mod dialects {
    use super::{Dialect, Wired, cases, wired};

    fn speaking() -> Box<Wired> {
        let wired = wired();
        wired.upstream.speak(Dialect {
            pascal_case: true,
            enveloped: true,
            bare_roles: true,
            told_total: false,
            taken_in_words: true,
            ..Dialect::default()
        });
        wired
    }

    cases::conformance! { speaking(), [cfg(test)] }
}

fn ann() -> EmailKey {
    EmailKey::of(ANN).unwrap()
}

impl Wired {
    fn make(&self) -> Result<Option<RemoteId>, UpstreamError> {
        block_on(self.create(&ann(), &Secret::new(PASSWORD), self.deadline()))
    }

    fn look(&self) -> Result<Survey, UpstreamError> {
        let wanted = Wanted {
            emails: BTreeSet::from([ann()]),
            count: true,
            ..Wanted::default()
        };
        block_on(self.survey(ready(wanted), self.deadline()))
    }

    fn plan(&self, operation: Operation, fault: Fault) {
        self.upstream.faults().plan(operation, [fault]);
        self.clock.runs.set(true);
    }
}

#[test]
fn an_expired_or_revoked_token_is_renewed() {
    let wired = wired();
    wired.look().unwrap();
    wired.upstream.revoke_tokens();
    wired.look().unwrap();
    assert_eq!(wired.upstream.calls(Operation::Token), 2);
    wired.wait(Duration::from_secs(700));
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
        assert_eq!(wired.count(ANN), 0);
    }
}

#[test]
fn a_read_is_repeated() {
    for fault in [
        Fault::Refused(response(429, "")),
        Fault::Refused(response(500, "")),
        Fault::Unreachable,
        Fault::Hangs,
    ] {
        let wired = wired();
        wired.plan(Operation::List, fault);
        wired.look().unwrap();
        assert_eq!(wired.upstream.calls(Operation::List), 2);
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
    assert_eq!((wired.upstream.land(), wired.count(ANN)), (None, 0));
    wired.wait(Duration::from_secs(15));
    assert_eq!((wired.upstream.land(), wired.count(ANN)), (Some(7), 1));
    assert_eq!(wired.upstream.next_landing(), None);
}

#[test]
fn an_exchange_takes_its_time() {
    let wired = wired();
    wired.clock.runs.set(true);
    let faults = wired.upstream.faults();
    faults.slow_down(Operation::Attach, Duration::from_millis(10));
    wired.seed(&[Seed {
        id: "ours",
        email: ANN,
        password: PASSWORD,
        roles: &["r1"],
        ours: true,
    }]);
    let (role, id) = (RoleId("r1".to_owned()), RemoteId("ours".to_owned()));
    block_on(wired.attach_role(&role, &id, wired.deadline())).unwrap();
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
        assert_eq!(wired.count(ANN), 1);
    }
    let wired = wired();
    wired.plan(Operation::List, Fault::Mangled(half));
    assert_eq!(wired.look().unwrap_err(), UpstreamError::Protocol);
}

impl Subject for Wired {
    fn seed(&self, accounts: &[Seed]) {
        let mut directory = self.upstream.directory_mut();
        for one in accounts {
            directory.add(one.id, one.email, one.password, one.roles, one.ours);
        }
    }

    fn slow_down(&self, created: Duration, deleted: Duration) {
        let mut directory = self.upstream.directory_mut();
        (directory.create_delay, directory.delete_delay) = (created, deleted);
    }

    fn lose_the_next_create(&self) {
        self.upstream
            .faults()
            .plan(Operation::Create, [Fault::AnswerLost]);
    }

    fn keep_ids_secret(&self) {
        let faults = self.upstream.faults();
        faults.plan(Operation::Create, [Fault::Mangled(without_id)]);
    }

    fn count(&self, email: &str) -> usize {
        self.upstream.directory().with_email(email).len()
    }

    fn wait(&self, time: Duration) {
        self.clock.now.set(self.clock.now().plus(time));
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(&self.clock, Duration::from_secs(60))
    }

    fn passed_deadline(&self) -> Deadline {
        Deadline::at(self.clock.now())
    }
}

/// The answer to a create, empty.
fn without_id(answer: HttpResponse) -> HttpResponse {
    response(answer.status, "{}")
}

impl Upstream for Wired {
    async fn survey(
        &self,
        wanted: impl Future<Output = Wanted>,
        deadline: Deadline,
    ) -> Result<Survey, UpstreamError> {
        self.client.survey(wanted, deadline).await
    }

    async fn create(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        self.client.create(email, password, deadline).await
    }

    async fn delete(&self, id: &RemoteId, deadline: Deadline) -> Result<Deleted, UpstreamError> {
        self.client.delete(id, deadline).await
    }

    async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        deadline: Deadline,
    ) -> Result<(), UpstreamError> {
        self.client.attach_role(role, user, deadline).await
    }

    async fn opens(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, UpstreamError> {
        self.client.opens(email, password, deadline).await
    }

    fn own_login(&self) -> Option<EmailKey> {
        self.client.own_login()
    }
}
