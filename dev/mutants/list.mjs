// Production code broken on purpose, a guard at a time. Those of the in-memory
// store stand for the SQL: the conformance tests hold D1 to the same rules.

/**
 * @typedef {object} Edit
 * @property {string} file below src/provisioning
 * @property {string} find occurs once in it
 * @property {string} replace
 *
 * @typedef {object} Mutant
 * @property {string} name
 * @property {string} breaks what is wrong with it
 * @property {Edit[]} edits
 */

/** @type {Mutant[]} */
export const MUTANTS = [
  {
    name: "reset-without-lease",
    breaks: "a reset seizes a user that another actor holds",
    edits: [{ file: "memory/store.rs", find: "if until > terms.now {", replace: "if until > terms.until {" }],
  },
  {
    name: "claim-without-lease",
    breaks: "a run claims a user that another actor holds",
    edits: [{ file: "memory/store.rs", find: "            || row.mapping.lease_until > terms.now\n", replace: "" }],
  },
  {
    name: "no-lease-token",
    breaks: "whoever has lost the lease still writes",
    edits: [
      {
        file: "memory/tables.rs",
        find: "(row.lease.as_ref() == Some(token)).then(|| row.clone())",
        replace: "(row.lease.as_ref() == Some(token) || row.lease.is_some()).then(|| row.clone())",
      },
    ],
  },
  {
    name: "lease-too-long",
    breaks: "a renewed lease lasts twice as long as is promised",
    edits: [{ file: "batch.rs", find: "let until = now.plus(LEASE);", replace: "let until = now.plus(LEASE * 2);" }],
  },
  {
    name: "another-password",
    breaks: "the create carries another password than the one that was recorded",
    edits: [
      {
        file: "account.rs",
        find: ".create(&case.claimed.email, &password, deadline)",
        replace: ".create(&case.claimed.email, &password::generate(self.random), deadline)",
      },
    ],
  },
  {
    name: "adopted-unproved",
    breaks: "an account with the user's e-mail is adopted whether or not the password opens it",
    edits: [
      {
        file: "account.rs",
        find: "                Ok(true) => {\n                    let id = account.id.clone();",
        replace: "                Ok(true | false) => {\n                    let id = account.id.clone();",
      },
      {
        file: "account.rs",
        find: "                Ok(false) => {}\n                Err(failure) => return Ok(failed(failure)),\n",
        replace: "                Err(failure) => return Ok(failed(failure)),\n",
      },
    ],
  },
  {
    name: "delete-before-roles-are-saved",
    breaks: "an account is deleted first and its roles are saved then",
    edits: [
      {
        file: "account.rs",
        find: "        let saved = self\n",
        replace:
          "        if let Err(error) = self.upstream.delete(&account.id, deadline).await {\n            return Ok(Some(failed(error.into())));\n        }\n        let saved = self\n",
      },
      {
        file: "account.rs",
        find: "        case.claimed.removed_at = Some(entry.at);\n        if let Err(error) = self.upstream.delete(&account.id, deadline).await {\n            return Ok(Some(failed(error.into())));\n        }\n",
        replace: "        case.claimed.removed_at = Some(entry.at);\n",
      },
    ],
  },
  {
    name: "roles-not-saved",
    breaks: "only the roles that waited before are saved, not those of the account to be deleted",
    edits: [
      { file: "account.rs", find: "let roles = union(waiting, &account.roles);", replace: "let roles = union(waiting, &[]);" },
    ],
  },
  {
    name: "done-without-roles",
    breaks: "a user whose roles were not attached counts as done",
    edits: [
      {
        file: "account.rs",
        find: "        Step::Done(End::RolesPending(id, UpstreamError::NotFound))",
        replace: "        Step::Done(End::Ready(id, how))",
      },
    ],
  },
  {
    name: "own-login-replaced",
    breaks: "the service takes over the account that it logs in with",
    edits: [
      { file: "account.rs", find: "if self.upstream.own_login().as_ref() == Some(&case.claimed.email) {", replace: "if false {" },
    ],
  },
  {
    name: "orphan-from-a-partial-list",
    breaks: "an e-mail is called an orphan although the list was not read whole",
    edits: [
      {
        file: "account.rs",
        find: "            (Ok(false), Doubt::Taken) if !list_complete => End::Failed(Failure::ListIncomplete),\n",
        replace: "            (Ok(false), Doubt::Taken) if !list_complete => End::Orphan,\n",
      },
    ],
  },
  {
    name: "no-removal-grace",
    breaks: "an e-mail that is still taken right after our own delete is called an orphan",
    edits: [
      {
        file: "policy.rs",
        find: "pub const REMOVAL_GRACE: Duration = Duration::from_secs(15 * 60);",
        replace: "pub const REMOVAL_GRACE: Duration = Duration::ZERO;",
      },
    ],
  },
  {
    name: "two-holders-of-an-e-mail",
    breaks: "a user is claimed although its e-mail is another's",
    edits: [{ file: "memory/store.rs", find: "            || (fresh && self.holder_of(&email, user))\n", replace: "" }],
  },
  {
    name: "clear-without-delete",
    breaks: "a reset clears the rows although the delete before it failed",
    edits: [
      {
        file: "reset.rs",
        find: "self.upstream.delete(&account.id, deadline).await?;",
        replace: "let _ = self.upstream.delete(&account.id, deadline).await;",
      },
    ],
  },
  {
    name: "unannounced-delete",
    breaks: "a row still calls itself complete while a reset deletes its account",
    edits: [
      {
        file: "memory/store.rs",
        find: "if matches!(row.mapping.state, State::Complete | State::Attaching) {\n                row.mapping.state = State::Pending;\n            }\n            tables.write",
        replace: "tables.write",
      },
    ],
  },
  {
    name: "reset-forgets",
    breaks: "a reset without a delete does not remember the account that it lets go of",
    edits: [
      { file: "reset.rs", find: "            forgotten,\n", replace: "            forgotten: forgotten.filter(|_| false),\n" },
    ],
  },
  {
    name: "reset-deletes-foreign",
    breaks: "a reset deletes an account that is another user's",
    edits: [
      { file: "reset.rs", find: "accounts.retain(|account| !foreign.contains(&account.id));", replace: "let _ = foreign;" },
    ],
  },
  {
    name: "reset-drops-roles",
    breaks: "a reset that is to preserve the roles does not",
    edits: [
      {
        file: "reset.rs",
        find: "(order.preserve_roles && worth_keeping).then_some(roles)",
        replace: "(order.preserve_roles && worth_keeping && false).then_some(roles)",
      },
    ],
  },
  {
    name: "lost-outcome-counted",
    breaks: "a run counts a user whose outcome it could not write down",
    edits: [{ file: "batch.rs", find: "if lost.contains(&report.user) {", replace: "if false {" }],
  },
  {
    name: "intent-after-create",
    breaks: "the password is recorded after the create that carries it",
    edits: [
      {
        file: "account.rs",
        find: "        if deadline.passed(self.clock.now()) {\n            return Ok(failed(Failure::OutOfTime));\n        }\n        let answer = self",
        replace:
          "        let Ok(fresh) = self.new_password(case) else {\n            return Ok(failed(Failure::Unsealable));\n        };\n        case.claimed.password = fresh.clone();\n        let Ok(password) = self.password(case) else {\n            return Ok(failed(Failure::Unsealable));\n        };\n        let answer = self",
      },
      {
        file: "account.rs",
        find: "        case.claimed.fresh = false;\n",
        replace:
          "        case.claimed.fresh = false;\n        let (user, email) = (&case.claimed.user, &case.claimed.email);\n        let now = self.clock.now();\n        self.store.replace_intent(&case.token, user, email, &fresh, now).await?;\n",
      },
    ],
  },
  {
    name: "no-settling",
    breaks: "calls that were given up on count as over at once",
    edits: [
      {
        file: "policy.rs",
        find: "pub const SETTLING: Duration = Duration::from_secs(60);",
        replace: "pub const SETTLING: Duration = Duration::ZERO;",
      },
    ],
  },
  {
    name: "doomed-adopted",
    breaks: "an account is adopted although an earlier delete may still take it away",
    edits: [
      {
        file: "account.rs",
        find: "!case.deleted && self.is_open(case) && self.removed_lately(case)",
        replace: "!case.deleted && self.is_open(case) && false",
      },
    ],
  },
];
