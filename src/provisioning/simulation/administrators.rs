//! What people order: resets that they have looked at before, stops and pauses.

use std::rc::Rc;
use std::time::Duration;

use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock as _, UserId};
use crate::provisioning::reset::{ResetOrder, ResetTerms};
use crate::provisioning::simulation::scene::user_id;
use crate::provisioning::simulation::stage::Theatre;
use crate::provisioning::store::{self, RunFilter, RunStatus};
use crate::testing::simulation::stage::Acting;

impl<'a> Theatre<'a> {
    /// Looks, thinks it over, and sends it twice, as a person does who got no answer.
    pub fn planned_reset(
        &self,
        number: usize,
        user: usize,
        order: ResetOrder,
        may_lose_roles: bool,
        thought: Duration,
    ) -> Acting<'a> {
        let (world, risks) = (self.world, Rc::clone(self.risks));
        let kit = self.kit(number);
        let user = UserId::new(user_id(user));
        {
            let mut oracle = risks.oracle.borrow_mut();
            if may_lose_roles {
                oracle.will_reset(number, &user, order);
            } else if order.delete_remote {
                oracle.decides(&user);
            }
            if order.delete_remote || order.clear_mapping {
                oracle.on_purpose.insert(number);
            }
        }
        Box::pin(async move {
            let tools = kit.tools(world);
            let preview = tools.preview_reset(Some(&kit.client), &user, order).await;
            risks
                .director
                .tell(|| format!("actor {number} has seen: {preview:?}"));
            let Ok(preview) = preview else {
                return;
            };
            let request = kit.origin.request_id.as_str();
            let deletes = &preview.deletes;
            risks
                .oracle
                .borrow_mut()
                .was_shown(number, request, deletes);
            world.time.sleep(thought).await;
            let terms = ResetTerms {
                plan: Some(&preview.plan),
                may_lose_roles,
            };
            for _ in 0..2 {
                let ended = tools.reset(Some(&kit.client), &user, order, terms).await;
                risks
                    .director
                    .tell(|| format!("actor {number} ends: {ended:?}"));
            }
        })
    }

    /// Stops the newest run that has not ended.
    pub fn stop(&self, number: usize) -> Acting<'a> {
        let (world, risks) = (self.world, Rc::clone(self.risks));
        let kit = self.kit(number);
        Box::pin(async move {
            let running = RunFilter {
                status: Some(RunStatus::Running),
                ..RunFilter::default()
            };
            let Ok(runs) = store::list_runs(&world.database, running, 1).await else {
                return;
            };
            let Some(run) = runs.first().map(|row| row.run_id.as_str()) else {
                return;
            };
            let entry = Entry {
                at: world.now(),
                origin: kit.origin.clone(),
                action: Action::StopRun,
                subject: run.to_owned(),
                outcome: "stopped".to_owned(),
            };
            let ended = store::stop_run(&world.database, run, "stopped", entry.at, &entry).await;
            risks
                .director
                .tell(|| format!("actor {number} has stopped {run}: {ended:?}"));
            if ended.is_ok() {
                risks.oracle.borrow_mut().holds_no_user(world, run);
            }
        })
    }

    /// Pauses all runs, and lets them go on after a while, if nothing happens to them meanwhile.
    pub fn pause(&self, number: usize, time: Duration) -> Acting<'a> {
        let (world, risks) = (self.world, Rc::clone(self.risks));
        let kit = self.kit(number);
        Box::pin(async move {
            for paused in [true, false] {
                let entry = Entry {
                    at: world.now(),
                    origin: kit.origin.clone(),
                    action: Action::PauseRuns,
                    subject: "provisioning".to_owned(),
                    outcome: "decided".to_owned(),
                };
                let ended = store::set_pause(&world.database, paused, "maintenance", &entry).await;
                risks
                    .director
                    .tell(|| format!("actor {number} has paused: {ended:?}"));
                world.time.sleep(time).await;
            }
        })
    }
}
