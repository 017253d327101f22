// Guards of provisioning, broken for its simulation to notice.

/** @type {import("./list.mjs").Mutant[]} */
export const PROVISIONING = [
  {
    name: "reset-without-lease",
    breaks: "a reset acquires the lease of a user that another actor holds",
    edits: [{ file: "src/provisioning/store/lease.rs", find: "WHERE lease_until <= ?4\n", replace: "WHERE lease_until <= ?3\n" }],
  },
  {
    name: "claim-without-lease",
    breaks: "a run claims a user that another actor holds",
    edits: [{ file: "src/provisioning/store/claim.rs", find: "WHERE lease_until <= ?4 AND (", replace: "WHERE (" }],
  },
  {
    name: "renew-without-token",
    breaks: "an actor that lost its lease takes it back by renewing it",
    edits: [
      {
        file: "src/provisioning/store/lease.rs",
        find: "WHERE user_id IN (SELECT value FROM json_each(?3)) AND lease_token = ?1",
        replace: "WHERE user_id IN (SELECT value FROM json_each(?3)) AND ?1 IS NOT NULL",
      },
    ],
  },
  {
    name: "save-without-token",
    breaks: "an actor that lost its lease still saves roles and deletes the account",
    test: "provisioning::store::tests::removal::on_sqlite::roles_are_saved_with_their_trail",
    edits: [
      {
        file: "src/provisioning/store/removal.rs",
        find: "SELECT ?1, ?4, ?3, ?5\nWHERE EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)",
        replace: "SELECT ?1, ?4, ?3, ?5\nWHERE ?2 IS NOT NULL",
      },
    ],
  },
  {
    name: "lease-too-long",
    breaks: "a renewed lease lasts twice as long as is promised",
    edits: [
      {
        file: "src/provisioning/batch/leases.rs",
        find: "let until = now.plus(LEASE);",
        replace: "let until = now.plus(LEASE * 2);",
      },
    ],
  },
  {
    name: "another-password",
    breaks: "the create carries another password than the one that was recorded",
    edits: [
      {
        file: "src/provisioning/attempt/create.rs",
        find: ".create_account(&attempt.claimed.email, &password, deadline)",
        replace: ".create_account(&attempt.claimed.email, &crate::threedeye::password::generate(self.random), deadline)",
      },
    ],
  },
  {
    name: "adopted-unproved",
    breaks: "an account with the user's e-mail is adopted whether or not the password opens it",
    edits: [
      {
        file: "src/provisioning/attempt/replace.rs",
        find: "if attempt.claimed.fresh || !self.opens(attempt, pass.deadline).await? {",
        replace: "if attempt.claimed.fresh {",
      },
    ],
  },
  {
    name: "delete-before-roles-are-saved",
    breaks: "an account is deleted first and its roles are saved then",
    edits: [
      {
        file: "src/provisioning/attempt/replace.rs",
        find: "        let saved = store::save_recovery(\n",
        replace: "        self.remote.delete_account(&account.id, deadline).await?;\n        let saved = store::save_recovery(\n",
      },
      {
        file: "src/provisioning/attempt/replace.rs",
        find: "        claimed.removed_at = Some(entry.at);\n        self.remote.delete_account(&account.id, deadline).await?;\n",
        replace: "        claimed.removed_at = Some(entry.at);\n",
      },
    ],
  },
  {
    name: "roles-not-saved",
    breaks: "only the roles that waited before are saved, not those of the account to be deleted",
    edits: [
      {
        file: "src/provisioning/attempt/replace.rs",
        find: "let roles = union(waiting, &account.roles);",
        replace: "let roles = union(waiting, &[]);",
      },
    ],
  },
  {
    name: "done-without-roles",
    breaks: "a user whose roles were not attached counts as done",
    edits: [
      {
        file: "src/provisioning/attempt/create.rs",
        find: "        Step::Done(AttemptResult::RolesPending(id, UpstreamError::NotFound))",
        replace: "        Step::Done(AttemptResult::Ready(id, origin))",
      },
    ],
  },
  {
    name: "protected-replaced",
    breaks: "a protected account, such as the one that the service logs in with, is replaced",
    edits: [
      {
        file: "src/provisioning/attempt/replace.rs",
        find: "if self.remote.is_protected(account) {",
        replace: "if false {",
      },
    ],
  },
  {
    name: "taken-over-unmarked",
    breaks: "an account that existed before ours is taken over without a mark",
    test: "provisioning::endpoints::tests::take_overs::what_a_run_took_over_is_read_with_a_proof_of_its_email_by_support_and_by_a_service",
    edits: [
      {
        file: "src/provisioning/attempt/replace.rs",
        find: "let taken_over = (!is_own).then(|| attempt.claimed.email.clone());",
        replace: "let taken_over = (!is_own && false).then(|| attempt.claimed.email.clone());",
      },
    ],
  },
  {
    name: "taken-over-unproved",
    breaks: "a person without a proof of its e-mail takes an account over",
    test: "provisioning::endpoints::tests::take_overs::an_account_that_was_there_is_taken_over_with_a_proof_of_its_email_and_by_support",
    edits: [
      {
        file: "src/provisioning/attempt/replace.rs",
        find: "if !is_own && !pass.budget.may_take_over(account) {",
        replace: "if false {",
      },
    ],
  },
  {
    name: "empty-list-believed",
    breaks: "an empty list is believed although users have accounts",
    test: "provisioning::endpoints::tests::empty_lists::an_empty_list_while_accounts_are_known_ends_a_run_and_quarantines_no_one",
    edits: [
      {
        file: "src/provisioning/batch/mod.rs",
        find: "0 if self.has_accounts =>",
        replace: "0 if self.has_accounts && false =>",
      },
    ],
  },
  {
    name: "orphan-from-a-partial-list",
    breaks: "an e-mail is called an orphan although the list was not read whole",
    edits: [
      {
        file: "src/provisioning/attempt/create.rs",
        find: "        if !list_complete {\n",
        replace: "        if false && !list_complete {\n",
      },
    ],
  },
  {
    name: "no-removal-grace",
    breaks: "an e-mail that is still taken right after our own delete is called an orphan",
    edits: [
      {
        file: "src/provisioning/policy.rs",
        find: "pub const REMOVAL_GRACE: Duration = Duration::from_secs(15 * 60);",
        replace: "pub const REMOVAL_GRACE: Duration = Duration::ZERO;",
      },
    ],
  },
  {
    name: "two-holders-of-an-e-mail",
    breaks: "an idle row is claimed although its user's e-mail is another's",
    edits: [
      {
        file: "src/provisioning/store/claim.rs",
        find: "    WHERE o.email_key = excluded.email_key AND o.password_sealed IS NOT NULL\n",
        replace: "    WHERE o.email_key = excluded.email_key AND o.state = 'set_aside'\n",
      },
      {
        file: "src/provisioning/store/claim.rs",
        find: "              WHERE o.email_key = u.email_key AND o.password_sealed IS NOT NULL AND o.user_id <> u.uuid)",
        replace: "              WHERE o.email_key = u.email_key AND o.state = 'none' AND o.user_id <> u.uuid)",
      },
      {
        file: "migrations/0003_provisioning.sql",
        find: "CREATE UNIQUE INDEX threedeye_users_email_holder",
        replace: "CREATE INDEX threedeye_users_email_holder",
      },
    ],
  },
  {
    name: "clear-without-delete",
    breaks: "a reset clears the rows although the delete before it failed",
    edits: [
      {
        file: "src/provisioning/reset/removal.rs",
        find: "            deleted.await?;\n",
        replace: "            deleted.await.ok();\n",
      },
    ],
  },
  {
    name: "unannounced-delete",
    breaks: "a row is still complete while a reset deletes its account",
    edits: [
      {
        file: "src/provisioning/store/removal.rs",
        find: "SET state = CASE WHEN state IN ('complete', 'attaching') THEN 'pending' ELSE state END,",
        replace: "SET state = state,",
      },
    ],
  },
  {
    name: "reset-forgets",
    breaks: "a reset without a delete does not remember the account that it lets go of",
    edits: [
      {
        file: "src/provisioning/reset/mod.rs",
        find: "forgotten: memory.account,",
        replace: "forgotten: memory.account.filter(|_| false),",
      },
    ],
  },
  {
    name: "reset-deletes-others",
    breaks: "a reset deletes an account that is another user's",
    edits: [
      {
        file: "src/provisioning/reset/removal.rs",
        find: "found.leave_out(&set_of(of_others));",
        replace: "let _ = of_others;",
      },
    ],
  },
  {
    name: "reset-drops-roles",
    breaks: "a reset that is to preserve the roles does not",
    edits: [
      {
        file: "src/provisioning/reset/mod.rs",
        find: "(order.preserve_roles && worth_keeping).then(",
        replace: "(order.preserve_roles && worth_keeping && false).then(",
      },
    ],
  },
  {
    name: "lost-outcome-counted",
    breaks: "a run counts a user whose outcome it could not write down",
    edits: [{ file: "src/provisioning/batch/mod.rs", find: "if self.leases.was_lost(&user.user) {", replace: "if false {" }],
  },
  {
    name: "intent-after-create",
    breaks: "the password is recorded after the create that carries it",
    edits: [
      {
        file: "src/provisioning/attempt/create.rs",
        find: "        if deadline.passed(self.clock.now()) {\n            return Err(Failure::OutOfTime.into());\n        }\n        let answer = self",
        replace:
          "        let fresh = self.new_password(&attempt.claimed.user)?;\n        attempt.claimed.password = fresh.clone();\n        let password = self.password(attempt)?;\n        let answer = self",
      },
      {
        file: "src/provisioning/attempt/create.rs",
        find: "        attempt.claimed.fresh = false;\n",
        replace:
          "        attempt.claimed.fresh = false;\n        let (user, email) = (&attempt.claimed.user, &attempt.claimed.email);\n        let now = self.clock.now();\n        crate::provisioning::store::replace_intent(self.database, &attempt.token, user, email, &fresh, now).await?;\n",
      },
    ],
  },
  {
    name: "no-settling",
    breaks: "calls that were given up on count as over at once",
    test: "provisioning::endpoints::tests::lost_answers::an_account_whose_delete_may_still_take_effect_is_not_adopted",
    edits: [
      {
        file: "src/provisioning/policy.rs",
        find: "pub const SETTLING: Duration = Duration::from_secs(60);",
        replace: "pub const SETTLING: Duration = Duration::ZERO;",
      },
    ],
  },
  {
    name: "doomed-adopted",
    breaks: "an account is adopted although an earlier delete may still take it away",
    test: "provisioning::endpoints::tests::lost_answers::an_account_whose_delete_may_still_take_effect_is_not_adopted",
    edits: [
      {
        file: "src/provisioning/attempt/checks.rs",
        find: "!attempt.deleted && self.is_unsettled(attempt) && self.was_removed_lately(attempt)",
        replace: "!attempt.deleted && self.is_unsettled(attempt) && false",
      },
    ],
  },
  {
    name: "late-settlement",
    breaks: "an actor that lost its lease settles the user, and ends the lease of the next one",
    edits: [
      {
        file: "migrations/0003_provisioning.sql",
        find: "WHERE user_id = NEW.user_id AND lease_token = NEW.lease_token AND left_state IS NULL;",
        replace: "WHERE user_id = NEW.user_id AND NEW.lease_token IS NOT NULL AND left_state IS NULL;",
      },
    ],
  },
  {
    name: "removal-before-the-wait",
    breaks: "a run removes the account of a user that was deleted a moment ago",
    edits: [
      {
        file: "src/provisioning/store/leaving.rs",
        find: "WHERE state = 'leaving' AND leaving_since <= ?1 AND lease_until <= ?2",
        replace: "WHERE state = 'leaving' AND ?1 IS NOT NULL AND lease_until <= ?2",
      },
    ],
  },
  {
    name: "removal-of-the-returned",
    breaks: "an account is removed although its user has returned",
    test: "provisioning::store::tests::leaving::on_sqlite::a_removal_stops_where_the_user_has_returned",
    edits: [
      {
        file: "src/provisioning/store/removal.rs",
        find: "AND (NOT ?4 OR left_state IS NOT NULL)",
        replace: "AND ?4 IS NOT NULL",
      },
    ],
  },
  {
    name: "removal-without-proof",
    breaks: "any account with a deleted user's e-mail is removed",
    test: "provisioning::endpoints::tests::offboarding::an_account_that_the_stored_password_does_not_open_is_not_the_users",
    edits: [
      {
        file: "src/provisioning/offboarding/removal.rs",
        find: "                && by_id.is_none_or(|other| other.id != account.id)\n                && self.opens(&own, account).await?\n",
        replace: "                && by_id.is_none_or(|other| other.id != account.id)\n",
      },
    ],
  },
  {
    name: "keys-outlive-the-displaced",
    breaks: "a user that a REPLACE puts out keeps its account and its keys",
    test: "provisioning::store::tests::leaving::on_sqlite::a_user_that_a_replace_puts_out_has_left",
    edits: [
      {
        file: "migrations/0004_offboarding.sql",
        find: "CREATE TRIGGER users_insert_depart AFTER INSERT ON users\nWHEN EXISTS (SELECT 1 FROM users_displaced)",
        replace: "CREATE TRIGGER users_insert_depart AFTER INSERT ON users\nWHEN 0",
      },
    ],
  },
];
