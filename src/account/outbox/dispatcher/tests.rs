//! Rounds of delivery, on the shipped statements.

mod interruptions;
mod rounds;

use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use crate::account::outbox::dispatcher::*;
use crate::account::store::testing::{self, NOW as START, Store};
use crate::account::{Notice, NoticeKind};
use crate::db::Statement;
use crate::db::faulty::{Ending, Faults, Faulty};
use crate::db::sqlite::Sqlite;
use crate::kernel::UserId;
use crate::kernel::http_client::HttpRequest;
use crate::kernel::random::seeded::Seeded;
use crate::testing::transport::{Reply, Script, VirtualClock};

const TICK: Duration = Duration::from_secs(15 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a call of the database takes, in either direction.
const LATENCY: Duration = Duration::from_millis(5);

/// The outbox: the shipped statements on the native engine, which takes its time and may fail.
struct Outbox {
    clock: Rc<VirtualClock>,
    /// The same without faults.
    store: Store,
    database: Database,
    /// How many calls succeed before all others fail.
    calls_left: Rc<Cell<u32>>,
    sealer: Option<Sealer>,
}

impl Outbox {
    /// An outbox with so many notices.
    fn with(count: u32) -> Self {
        let clock = Rc::new(VirtualClock::starting(START));
        let now = Rc::clone(&clock);
        let sqlite = Sqlite::new(move || now.now());
        let calls_left = Rc::new(Cell::new(u32::MAX));
        let network = Network {
            clock: Rc::clone(&clock),
            calls_left: Rc::clone(&calls_left),
        };
        let outbox = Self {
            clock,
            database: Database::new(Rc::new(Faulty::new(sqlite.clone(), network))),
            store: Store::on(Rc::new(sqlite)),
            calls_left,
            sealer: Some(sealer(1)),
        };
        for number in 1..=count {
            outbox.store.put(&notice(number));
        }
        outbox
    }

    async fn round(&self, receiver: &Script<'_>) -> Result<DeliveryReport, DatabaseError> {
        let dispatcher = WebhookDispatcher {
            database: &self.database,
            http: receiver,
            clock: &*self.clock,
            sealer: self.sealer.as_ref(),
            webhook: &webhook(),
        };
        dispatcher.deliver().await
    }

    /// One round.
    fn deliver(&self, receiver: &Script<'_>) -> DeliveryReport {
        self.clock.run(self.round(receiver)).unwrap()
    }

    fn pass(&self, time: Duration) {
        self.clock.run(self.clock.sleep(time));
    }

    /// A receiver that always answers this.
    fn answering(&self, status: u16) -> Script<'_> {
        Script::new(&self.clock, move |_| Reply::new(status, ""))
    }
}

struct Network {
    clock: Rc<VirtualClock>,
    calls_left: Rc<Cell<u32>>,
}

impl Faults for Network {
    fn before<'a>(&'a self, _: &'a [Statement]) -> LocalBoxFuture<'a, Ending> {
        async {
            self.clock.sleep(LATENCY).await;
            let Some(left) = self.calls_left.get().checked_sub(1) else {
                return Ending::Refused;
            };
            self.calls_left.set(left);
            Ending::Genuine
        }
        .boxed_local()
    }

    fn after(&self, _: Ending) -> LocalBoxFuture<'_, ()> {
        self.clock.sleep(LATENCY)
    }
}

fn sealer(byte: u8) -> Sealer {
    Sealer::new(&Secret::new(STANDARD.encode([byte; 32])), None).unwrap()
}

fn webhook() -> Webhook {
    Webhook {
        url: "https://notify.example/in".to_owned(),
        secret: Secret::new("an-example-of-a-secret"),
    }
}

/// A notice whose id is its number, about a user of its own: of one user's only so many are kept.
fn notice(number: u32) -> Notice {
    Notice {
        user: UserId::new(format!("user-{number}")),
        ..testing::notice(number, NoticeKind::TwoFactorEnabled)
    }
}

/// The same about ann, with a token, which only `sealer` opens.
fn verification(number: u32, sealer: &Sealer) -> Notice {
    let notice = testing::notice(number, NoticeKind::EmailChangeVerification);
    let token = Secret::new(format!("token-{number}"));
    let sealed = sealer.seal(Purpose::EmailToken, &notice.user, &token, &Seeded::new(2));
    notice.with_token(sealed.unwrap(), DAY)
}

/// Claimed, delivered, failed, deferred, expired.
fn counts(report: &DeliveryReport) -> [usize; 5] {
    [
        report.claimed,
        report.delivered,
        report.failed,
        report.deferred,
        report.expired,
    ]
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
}

fn id(request: &HttpRequest) -> String {
    body(request)["id"].as_str().unwrap().to_owned()
}

fn ids(receiver: &Script) -> Vec<String> {
    receiver.requests.borrow().iter().map(id).collect()
}
