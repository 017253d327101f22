// Guards of what administrators order, broken for the simulation of provisioning to notice: plans, stops, pauses.

/** @type {import("./list.mjs").Mutant[]} */
export const ORDERS = [
  {
    name: "plan-unchecked",
    breaks: "a reset with a plan does whatever it finds",
    edits: [
      {
        file: "src/provisioning/reset/plan.rs",
        find: "if !self.sealer.is_tag(sight.user, &seen, &plan.tag) {",
        replace: "if !self.sealer.is_tag(sight.user, &seen, &plan.tag) && seen.is_empty() {",
      },
    ],
  },
  {
    name: "plan-without-accounts",
    breaks: "a plan holds although the accounts or their roles are others by now",
    test: "provisioning::endpoints::tests::plans::a_plan_is_outdated_by_whatever_changes_what_it_showed",
    edits: [
      {
        file: "src/provisioning/reset/plan.rs",
        find: "            accounts,\n        })",
        replace: "            accounts: BTreeSet::new(),\n        })",
      },
    ],
  },
  {
    name: "plan-done-twice",
    breaks: "a plan that changes no row is done as often as it is sent",
    test: "provisioning::endpoints::tests::plans::a_plan_that_finds_nothing_to_do_is_done_once_as_well",
    edits: [
      {
        file: "src/provisioning/reset/plan.rs",
        find: "            last_reset: self.last_reset,\n",
        replace: "            last_reset: None,\n",
      },
    ],
  },
  {
    name: "roles-at-stake",
    breaks: "a caller who may lose no camera role loses some",
    edits: [
      {
        file: "src/provisioning/reset/plan.rs",
        find: "match terms.may_lose_roles || sight.lost_roles().is_empty() {",
        replace: "match terms.may_lose_roles || sight.lost_roles().len() < usize::MAX {",
      },
    ],
  },
  {
    name: "run-in-a-pause",
    breaks: "a run begins while runs are paused",
    edits: [
      {
        file: "src/provisioning/store/run.rs",
        find: "SELECT ?1, ?2, ?3, ?4, 'running', ?5, ?6 WHERE \",\n    not_paused!()\n",
        replace: "SELECT ?1, ?2, ?3, ?4, 'running', ?5, ?6\"\n",
      },
    ],
  },
  {
    name: "stop-keeps-the-hold",
    breaks: "the users of a stopped run wait until its hold ends",
    edits: [
      {
        file: "src/provisioning/store/fanout/give_up.rs",
        find: "    batch.execute(Statement::new(LIFT_HOLD, [Arg::json(&chunks)?, now.into()]));\n",
        replace: "",
      },
    ],
  },
  {
    name: "stop-unnoticed",
    breaks: "a run that was stopped goes on to its end",
    test: "provisioning::endpoints::tests::stops::a_run_in_one_process_begins_no_further_user_once_it_is_stopped",
    edits: [
      {
        file: "src/provisioning/batch/watch.rs",
        find: "(true, _) => Some(Stop::ByOrder),",
        replace: "(true, _) => None,",
      },
    ],
  },
  {
    name: "stopped-run-delivered",
    breaks: "a consumer takes up users of a run that was stopped",
    test: "provisioning::endpoints::tests::stops::a_message_of_a_stopped_run_finds_no_user",
    edits: [
      {
        file: "src/provisioning/store/fanout/delivery.rs",
        find: " AND r.stopped_at IS NULL\n",
        replace: "\n",
      },
    ],
  },
  {
    name: "list-not-held-to-its-preview",
    breaks: "a user of a list is reset although another reset has changed it since the preview",
    test: "provisioning::endpoints::tests::bulk_runs::a_reset_user_that_was_reset_by_another_meanwhile_is_refused_alone",
    edits: [
      { file: "src/provisioning/bulk/work.rs", find: "plan: Some(&plan),", replace: "plan: Some(&plan).filter(|_| false)," },
    ],
  },
  {
    name: "list-forgets-what-was-done",
    breaks: "a user of a list whose first holder died is off-boarded a second time",
    test: "provisioning::endpoints::tests::bulk_runs::an_off_boarding_that_dies_at_any_step_deletes_no_one_who_comes_back",
    edits: [{ file: "src/provisioning/bulk/work.rs", find: "if claim.claims > 1", replace: "if claim.claims > 9" }],
  },
  {
    name: "list-carried-out-as-it-is-now",
    breaks: "a user of a list that has changed between preview and run is done all the same",
    test: "provisioning::endpoints::tests::bulk_plans::a_user_that_changes_after_the_preview_is_refused_alone",
    edits: [
      {
        file: "src/provisioning/bulk/plan.rs",
        find: "if plan.mark(planned.place) != Some(&*self.mark_of(planned)?) {",
        replace: "if plan.mark(planned.place) == Some(&*self.mark_of(planned)?) && planned.place == 0 {",
      },
    ],
  },
  {
    name: "list-of-a-dead-process-left-open",
    breaks: "a list whose process died is never closed",
    edits: [
      {
        file: "src/provisioning/store/fanout/abandoned.rs",
        find: "AND r.bulk IS NOT NULL AND r.advanced_at <= ?1 AND c.state = 'open'",
        replace: "AND r.bulk IS NULL AND r.advanced_at <= ?1 AND c.state = 'open'",
      },
    ],
  },
  {
    name: "list-stopped-before-its-chunks",
    breaks: "a list in one process counts as ended while a stop has yet to give its users up",
    edits: [
      {
        file: "src/provisioning/store/fanout/stop.rs",
        find: 'status = iif(",\n    has_chunks!(),',
        replace: 'status = iif(",\n    "mode = \'queue\'",',
      },
    ],
  },
  {
    name: "list-settled-by-anyone",
    breaks: "an actor whose claim on a user of a list was taken over writes how it ended",
    test: "provisioning::store::tests::bulk::on_sqlite::a_user_whose_holder_died_is_claimed_again_with_what_the_trail_tells",
    edits: [
      {
        file: "src/provisioning/store/bulk/next.rs",
        find: "AND n = ?3 AND claim = ?4",
        replace: "AND n = ?3 AND ?4 IS NOT NULL",
      },
    ],
  },
];
