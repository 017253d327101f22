//! Lists: previewed by an administrator, thought over, and sent twice.

use std::rc::Rc;
use std::time::Duration;

use crate::kernel::Clock as _;
use crate::provisioning::backfill::{NotRun, RunOrder};
use crate::provisioning::bulk::{Act, BulkOrder, BulkPlan, Given, Started};
use crate::provisioning::fanout::RunQueue;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::simulation::actors::Kit;
use crate::provisioning::simulation::scene::user_id;
use crate::provisioning::simulation::stage::Theatre;
use crate::provisioning::store::bulk::find_planned;
use crate::provisioning::world::World;
use crate::testing::simulation::stage::Acting;

/// What an administrator wants done to whom.
#[derive(Debug, Clone, Copy)]
pub struct List {
    pub act: Act,
    /// A bit for each user's number.
    pub users: u64,
    /// How each is reset.
    pub order: ResetOrder,
    /// Whether consumers of the queue do it.
    pub queued: bool,
    pub replacements: u32,
    pub thought: Duration,
}

impl List {
    pub fn names(&self, user: usize) -> bool {
        self.users & (1 << user) != 0
    }
}

impl<'a> Theatre<'a> {
    pub fn list(&self, number: usize, list: List) -> Acting<'a> {
        let (world, risks, post) = (self.world, Rc::clone(self.risks), self.post);
        let kit = self.kit(number);
        let limits = self.order(false, list.replacements);
        let queue: Option<&dyn RunQueue> = if list.queued { Some(post) } else { None };
        Box::pin(async move {
            let numbers = (0..u64::BITS as usize).filter(|user| list.names(*user));
            let given: Vec<Given> = numbers
                .map(|user| Given::parse("users", &user_id(user)).unwrap())
                .collect();
            let tools = kit.tools(world);
            let order = BulkOrder {
                act: list.act,
                reset: list.order,
                may_lose_roles: false,
                reason: Some("asked for".to_owned()),
                list: tools.name_of_list(&given).unwrap(),
            };
            let seen = tools.preview_bulk(Some(&kit.client), &order, &given).await;
            risks
                .director
                .tell(|| format!("actor {number} has seen: {seen:?}"));
            let Ok(seen) = seen else {
                return;
            };
            let plan = tools.bulk_plan(&order, &seen).unwrap();
            let request = kit.origin.request_id.as_str();
            risks
                .oracle
                .borrow_mut()
                .list_was_shown(request, &order, &seen);
            world.time.sleep(list.thought).await;
            for _ in 0..2 {
                let started = send(&kit, world, &order, &plan, &given, queue, limits).await;
                risks
                    .director
                    .tell(|| format!("actor {number} ends: {started:?}"));
            }
        })
    }
}

/// As the endpoint does. `None`: the plan has a run, or is outdated.
async fn send(
    kit: &Kit,
    world: &World,
    order: &BulkOrder,
    plan: &BulkPlan,
    given: &[Given],
    queue: Option<&dyn RunQueue>,
    limits: RunOrder,
) -> Option<Result<Started, NotRun>> {
    let tools = kit.tools(world);
    let before = find_planned(&world.database, &plan.name()).await;
    if before.ok()?.is_some() {
        return None;
    }
    let users = tools.preview_bulk(Some(&kit.client), order, given).await;
    let mut users = users.ok()?;
    tools.check_bulk_plan(plan, order, &mut users).ok()?;
    let started = tools.start_bulk(Some(&kit.client), order, plan, &users, queue, limits);
    Some(started.await)
}
