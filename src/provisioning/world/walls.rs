//! The hazards at both walls: before SQLite, and between 3dEye's client and 3dEye.

use std::rc::{Rc, Weak};

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use crate::db::Statement;
use crate::db::faulty::{self, Ending};
use crate::kernel::http_client::HttpResponse;
use crate::provisioning::world::{Effect, World};
use crate::testing::simulation::hazard::{Fate, Hazard};
use crate::threedeye::simulated::faults::{self, Fault};
use crate::threedeye::simulated::{Operation, response};

/// One wall of the world that it stands in.
#[derive(Clone)]
pub struct Wall(pub Weak<World>);

impl Wall {
    fn world(&self) -> Rc<World> {
        self.0.upgrade().unwrap()
    }
}

impl World {
    /// The way to an effect.
    async fn approach(&self, effect: Effect) -> Hazard {
        self.effects.set(self.effects.get() + 1);
        let hazards = Rc::clone(&self.hazards.borrow());
        let hazard = hazards.next(self.crew.actor.get(), effect);
        self.crew.approach(hazard, &self.time).await;
        hazard
    }

    /// The way back from an effect.
    async fn leave(&self, effect: Effect) {
        let hazards = Rc::clone(&self.hazards.borrow());
        hazards.observe(self, self.crew.actor.get(), effect);
        self.crew.leave().await;
    }
}

impl faulty::Faults for Wall {
    fn before<'a>(&'a self, batch: &'a [Statement]) -> LocalBoxFuture<'a, Ending> {
        async {
            let world = self.world();
            let settles = |statement: &Statement| statement.sql.contains("provisioning_bundles");
            let effect = match batch.iter().any(settles) {
                true => Effect::Settlement,
                false => Effect::Database,
            };
            let hazard = world.approach(effect).await;
            world.crew.light(hazard);
            hazard.fate.ending()
        }
        .boxed_local()
    }

    fn after(&self, _: Ending) -> LocalBoxFuture<'_, ()> {
        async { self.world().leave(Effect::Database).await }.boxed_local()
    }
}

impl faults::Faults for Wall {
    fn before(&self, operation: Operation) -> LocalBoxFuture<'_, Fault> {
        async move {
            let world = self.world();
            let actor = world.crew.actor.get();
            let hazard = world.approach(Effect::Request(operation)).await;
            let fault = match hazard.fate {
                Fate::FailsBefore => refusal(operation, hazard.flavour),
                Fate::FailsAfter => Fault::AnswerLost,
                Fate::Lands(after) => Fault::Lands { after, actor },
                Fate::Hangs => Fault::Hangs,
                Fate::Empty => Fault::Refused(response(200, r#"{"data":[],"total":0}"#)),
                Fate::IdUntold => Fault::Mangled(without_body),
                _ => world.planned.before(operation).await,
            };
            world.crew.light(hazard);
            fault
        }
        .boxed_local()
    }

    fn after(&self, operation: Operation) -> LocalBoxFuture<'_, ()> {
        async move { self.world().leave(Effect::Request(operation)).await }.boxed_local()
    }
}

/// How 3dEye, or the way to it, refuses.
fn refusal(operation: Operation, flavour: u32) -> Fault {
    match flavour % 6 {
        0 => Fault::Refused(response(429, "")),
        1 => Fault::Refused(response(503, "")),
        // To a login these would say that the password is wrong.
        2 if operation != Operation::Token => Fault::Refused(response(403, "")),
        3 if operation != Operation::Token => Fault::Refused(response(401, "")),
        _ => Fault::Unreachable,
    }
}

fn without_body(answer: HttpResponse) -> HttpResponse {
    if (200..300).contains(&answer.status) {
        return response(answer.status, "");
    }
    answer
}
