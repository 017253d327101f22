//! What the actors do.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::kernel::audit::{Actor, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Clock as _, RequestId, Sealer, Timestamp, UserId};
use crate::provisioning::backfill::RunOrder;
use crate::provisioning::fanout::{ChunkId, QueueError, Receipt, RunQueue};
use crate::provisioning::reset::{ResetOrder, ResetTerms};
use crate::provisioning::simulation::oracle::sealer;
use crate::provisioning::simulation::scene::{Asker, Script, user_id};
use crate::provisioning::simulation::stage::Theatre;
use crate::provisioning::single::Proof;
use crate::provisioning::store::{self, Trigger};
use crate::provisioning::world::World;
use crate::provisioning::{Context as Tools, Provisioner};
use crate::testing::simulation::dice::Topic;
use crate::testing::simulation::stage::Acting;
use crate::threedeye::Client;

/// A queue that loses nothing and delivers everything again and again.
#[derive(Default)]
pub struct Post(RefCell<Vec<ChunkId>>);

impl RunQueue for Post {
    fn send<'a>(&'a self, chunks: &'a [ChunkId]) -> LocalBoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            self.0.borrow_mut().extend_from_slice(chunks);
            Ok(())
        })
    }
}

/// How often a consumer takes what is not done with.
const DELIVERIES: u32 = 3;

impl<'a> Theatre<'a> {
    pub fn act(&self, number: usize, script: Script) -> Acting<'a> {
        match script {
            Script::Backfill { cron, replacements } => self.backfill(number, cron, replacements),
            Script::Plan { cron } => self.plan(number, cron),
            Script::Consume => self.consume(number),
            Script::Credentials { user, asker } => self.credentials(number, user, asker),
            Script::Reset { user, order } => self.reset(number, &user_id(user), order),
            Script::Offboard { user } => self.offboard(number, &user_id(user)),
            Script::PlannedReset {
                user,
                order,
                may_lose_roles,
                thought,
            } => self.planned_reset(number, user, order, may_lose_roles, thought),
            Script::List(list) => self.list(number, list),
            Script::Stop => self.stop(number),
            Script::Pause { time } => self.pause(number, time),
        }
    }

    pub fn kit(&self, number: usize) -> Kit {
        let random = Rc::new(
            self.risks
                .director
                .dice
                .stream(Topic::Random, number as u64)
                .0,
        );
        let request_id = RequestId::mint(Timestamp::from_millis(1), &*random);
        let tokens = Rc::clone(&self.isolates[number % self.isolates.len()]);
        Kit {
            client: self.world.client(Rc::<Seeded>::clone(&random), tokens),
            random,
            sealer: sealer(self.rotated.get()),
            origin: Origin::event(Actor::cron(), request_id),
        }
    }

    pub fn backfill(&self, number: usize, cron: bool, replacements: u32) -> Acting<'a> {
        let (world, risks) = (self.world, Rc::clone(self.risks));
        let kit = self.kit(number);
        let order = self.order(cron, replacements);
        Box::pin(async move {
            let ended = kit.provisioner(world).backfill(order).await;
            risks
                .director
                .tell(|| format!("actor {number} ends: {ended:?}"));
            if let Ok(finished) = ended {
                let request = kit.origin.request_id.as_str().to_owned();
                risks.oracle.borrow_mut().runs.push((request, finished));
            }
        })
    }

    pub fn plan(&self, number: usize, cron: bool) -> Acting<'a> {
        let (world, risks, post) = (self.world, Rc::clone(self.risks), self.post);
        let kit = self.kit(number);
        let order = self.order(cron, 20);
        Box::pin(async move {
            let ended = kit.provisioner(world).fan_out(order, post).await;
            risks
                .director
                .tell(|| format!("actor {number} ends: {ended:?}"));
        })
    }

    pub fn consume(&self, number: usize) -> Acting<'a> {
        let (world, risks, post) = (self.world, Rc::clone(self.risks), self.post);
        let kit = self.kit(number);
        let removals = self.scene.removals;
        Box::pin(async move {
            for _ in 0..DELIVERIES {
                let chunks = post.0.borrow().clone();
                let ended = kit.provisioner(world).consume(&chunks, removals).await;
                risks
                    .director
                    .tell(|| format!("actor {number} has consumed: {ended:?}"));
                let Ok(delivery) = ended else {
                    return;
                };
                let waits = delivery
                    .receipts
                    .iter()
                    .filter_map(|(_, receipt)| match receipt {
                        Receipt::Done => None,
                        Receipt::Retry { after } => Some(*after),
                    });
                let Some(wait) = waits.min() else {
                    return;
                };
                world.time.sleep(wait).await;
            }
        })
    }

    fn credentials(&self, number: usize, user: usize, asker: Asker) -> Acting<'a> {
        let (world, risks) = (self.world, Rc::clone(self.risks));
        let kit = self.kit(number);
        Box::pin(async move {
            let user = UserId::new(user_id(user));
            let Ok(record) = store::load(&world.database, &user).await else {
                return;
            };
            let email = record.user.as_ref().and_then(|row| row.email_key.clone());
            let proof = match asker {
                Asker::Verified => email.map_or(Proof::Nothing, Proof::Email),
                Asker::Unverified => Proof::Nothing,
                Asker::Service => Proof::Service,
                Asker::Support => Proof::Support,
            };
            let ended = kit
                .tools(world)
                .credentials(Some(&kit.client), &user, record, &proof)
                .await;
            if ended.is_ok() {
                risks.oracle.borrow_mut().was_answered(&user, &proof);
            }
            risks
                .director
                .tell(|| format!("actor {number} ends: {:?}", ended.map(|account| account.id)));
        })
    }

    pub fn order(&self, cron: bool, max_replacements: u32) -> RunOrder {
        RunOrder {
            trigger: if cron { Trigger::Cron } else { Trigger::Manual },
            limit: 50,
            max_replacements,
            removals: self.scene.removals,
        }
    }

    fn offboard(&self, number: usize, user: &str) -> Acting<'a> {
        let (world, risks) = (self.world, Rc::clone(self.risks));
        let kit = self.kit(number);
        let user = UserId::new(user);
        let removals = self.scene.removals;
        {
            let mut oracle = risks.oracle.borrow_mut();
            oracle.on_purpose.insert(number);
            oracle.hurried.insert(user.clone());
        }
        Box::pin(async move {
            let ended = kit
                .tools(world)
                .delete_user(Some(&kit.client), &user, "moved out", removals)
                .await;
            risks
                .director
                .tell(|| format!("actor {number} ends: {ended:?}"));
        })
    }

    pub fn reset(&self, number: usize, user: &str, order: ResetOrder) -> Acting<'a> {
        let (world, risks) = (self.world, Rc::clone(self.risks));
        let kit = self.kit(number);
        let user = UserId::new(user);
        risks.oracle.borrow_mut().will_reset(number, &user, order);
        if order.delete_remote || order.clear_mapping {
            risks.oracle.borrow_mut().on_purpose.insert(number);
        }
        Box::pin(async move {
            let ended = kit
                .tools(world)
                .reset(Some(&kit.client), &user, order, ResetTerms::ANY)
                .await;
            risks
                .director
                .tell(|| format!("actor {number} ends: {ended:?}"));
        })
    }
}

/// What one actor brings along.
pub struct Kit {
    random: Rc<Seeded>,
    sealer: Sealer,
    pub origin: Origin,
    pub client: Client,
}

impl Kit {
    pub fn tools<'b>(&'b self, world: &'b World) -> Tools<'b> {
        Tools {
            random: &*self.random,
            ..world.context(&self.sealer, &self.origin)
        }
    }

    fn provisioner<'b>(&'b self, world: &'b World) -> Provisioner<'b> {
        self.tools(world).with(&self.client)
    }
}
