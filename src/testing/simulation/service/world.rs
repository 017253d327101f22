//! The service between its walls: what goes wrong at its database and at the receiver of notices.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use http::HeaderMap;

use crate::auth::fake;
use crate::db::Statement;
use crate::db::faulty::{self, Ending, Faulty};
use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::kernel::{Clock as _, Timestamp};
use crate::testing::service::TestService;
use crate::testing::simulation::crew::Crew;
use crate::testing::simulation::director::Director;
use crate::testing::simulation::hazard::{Fate, Hazard};
use crate::testing::simulation::service::known::Known;
use crate::testing::simulation::service::oracle::Oracle;
use crate::testing::transport::VirtualClock;

/// How long an effect may take, in milliseconds; the last is longer than any claim of a notice.
const DELAYS: &[u64] = &[5, 400, 3_000, 12_000, 65_000, 700_000];

const FATES_OF_A_DELIVERY: &[Fate] = &[
    Fate::FailsBefore,
    Fate::FailsAfter,
    Fate::Hangs,
    Fate::DiesBefore,
    Fate::DiesAfter,
];

/// So long that several rounds of delivery pass.
const LATE: Duration = Duration::from_secs(40 * 60);

/// What an actor does to the world.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// A batch on the database.
    Database,
    /// A notice on its way to the receiver.
    Delivery,
}

pub struct World {
    pub service: TestService,
    pub clock: Rc<VirtualClock>,
    pub director: Director,
    pub crew: Crew,
    pub known: RefCell<Known>,
    pub oracle: RefCell<Oracle>,
    pub receiver_is_down: Cell<bool>,
    pub settles_late: Cell<bool>,
}

impl World {
    pub fn new(director: Director) -> Rc<Self> {
        Rc::new_cyclic(|world| {
            let clock = Rc::new(VirtualClock::starting(fake::at(0)));
            let remote = Rc::new(Wall(world.clone()));
            let service = TestService::with_remote(Rc::clone(&clock), Rc::<Wall>::clone(&remote))
                .receiver(remote)
                .engine(|sqlite| Faulty::new(sqlite, Wall(world.clone())));
            Self {
                service,
                clock,
                director,
                crew: Crew::default(),
                known: RefCell::default(),
                oracle: RefCell::default(),
                receiver_is_down: Cell::default(),
                settles_late: Cell::default(),
            }
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The oracle looks at what an effect has left.
    fn look(&self, effect: Effect) {
        let actor = self.crew.actor.get();
        self.director
            .tell(|| format!("  actor {actor}: {effect:?} is over"));
        let tables = &self.service.database;
        self.oracle.borrow_mut().look(tables, actor, self.now());
    }
}

/// A wall of the world that it stands in.
struct Wall(Weak<World>);

impl Wall {
    fn world(&self) -> Rc<World> {
        self.0.upgrade().unwrap()
    }
}

impl faulty::Faults for Wall {
    fn before<'a>(&'a self, batch: &'a [Statement]) -> LocalBoxFuture<'a, Ending> {
        async {
            let world = self.world();
            let actor = world.crew.actor.get();
            let settle = |hazard: &mut Hazard| {
                if world.settles_late.get() && is_settlement(batch) {
                    hazard.delay = LATE;
                }
            };
            let hazard = world
                .director
                .next(actor, Effect::Database, Fate::COMMON, DELAYS, settle);
            world.crew.approach(hazard, &world.clock).await;
            world.crew.light(hazard);
            hazard.fate.ending()
        }
        .boxed_local()
    }

    fn after(&self, _: Ending) -> LocalBoxFuture<'_, ()> {
        async {
            let world = self.world();
            world.look(Effect::Database);
            world.crew.leave().await;
        }
        .boxed_local()
    }
}

/// Whether a batch settles a round of delivery.
fn is_settlement(batch: &[Statement]) -> bool {
    let mut statements = batch.iter();
    statements.any(|statement| {
        statement
            .sql
            .trim_start()
            .starts_with("UPDATE notices SET attempts = attempts - 1")
    })
}

/// The receiver of notices. 3dEye is never called here.
impl HttpClient for Wall {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        _: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        async move {
            let world = self.world();
            let (actor, effect) = (world.crew.actor.get(), Effect::Delivery);
            let down = |hazard: &mut Hazard| {
                if world.receiver_is_down.get() {
                    hazard.fate = Fate::FailsBefore;
                }
            };
            let hazard = world
                .director
                .next(actor, effect, FATES_OF_A_DELIVERY, DELAYS, down);
            let is_late = hazard.delay >= timeout;
            let until_given_up = Hazard {
                delay: hazard.delay.min(timeout),
                ..hazard
            };
            world.crew.approach(until_given_up, &world.clock).await;
            world.crew.light(hazard);
            let arrives = match hazard.fate {
                Fate::FailsBefore | Fate::Hangs => false,
                // What takes long may have been taken nevertheless.
                _ => !is_late || hazard.flavour.is_multiple_of(2),
            };
            if arrives {
                let mut oracle = world.oracle.borrow_mut();
                oracle.notice_arrives(&request, &mut world.known.borrow_mut());
            }
            let answer = match hazard.fate {
                Fate::FailsBefore => refusal(hazard.flavour),
                Fate::FailsAfter => Err(HttpError::Connection),
                _ if is_late => Err(HttpError::TimedOut),
                Fate::Hangs => {
                    world.clock.sleep(timeout).await;
                    Err(HttpError::TimedOut)
                }
                _ => Ok(response(200)),
            };
            if matches!(&answer, Ok(response) if response.status == 200) {
                world.oracle.borrow_mut().notice_is_accepted(&request);
            }
            world.look(Effect::Delivery);
            world.crew.leave().await;
            answer
        }
        .boxed_local()
    }
}

fn refusal(flavour: u32) -> Result<HttpResponse, HttpError> {
    match flavour % 4 {
        0 => Err(HttpError::Connection),
        1 => Ok(response(404)),
        _ => Ok(response(503)),
    }
}

fn response(status: u16) -> HttpResponse {
    HttpResponse {
        status,
        headers: HeaderMap::new(),
        body: Vec::new(),
    }
}
