// Guards of accounts, notices and user keys, broken for the simulation of the service to notice.

/** @type {import("./list.mjs").Mutant[]} */
export const SERVICE = [
  {
    name: "totp-code-twice",
    breaks: "a code of the authenticator is accepted again",
    edits: [
      {
        file: "src/account/store/try_totp.rs",
        find: "  last_step = iif(?4 > last_step, ?4, last_step),\n",
        replace: "",
      },
    ],
  },
  {
    name: "totp-lock-ignored",
    breaks: "codes of the authenticator are tried although they are locked",
    edits: [
      {
        file: "src/account/store/try_totp.rs",
        find: "AND totp_locked_until <= ?3 AND totp_failures < ?10",
        replace: "AND totp_failures < ?10",
      },
    ],
  },
  {
    name: "backup-code-twice",
    breaks: "a backup code is accepted again",
    edits: [
      {
        file: "src/account/store/try_backup_code.rs",
        find: "json_each(?2)) AND used_at IS NULL",
        replace: "json_each(?2))",
      },
    ],
  },
  {
    name: "used-backup-codes-stay",
    breaks: "new backup codes leave the used ones in place",
    edits: [
      {
        file: "src/account/store/replace_backup_codes.rs",
        find: "WHERE user_id = ?1 AND EXISTS (",
        replace: "WHERE user_id = ?1 AND used_at IS NULL AND EXISTS (",
      },
      {
        file: "src/account/store/replace_backup_codes.rs",
        find: "AND NOT EXISTS (SELECT 1 FROM backup_codes WHERE user_id = ?1)",
        replace: "",
      },
    ],
  },
  {
    name: "disabled-without-a-code",
    breaks: "the second factor is turned off although the code was rejected",
    edits: [
      {
        file: "src/account/store/disable_two_factor.rs",
        find: "AND secret_sealed IS NOT NULL AND accepted_by = ?2",
        replace: "AND secret_sealed IS NOT NULL AND ?2 IS NOT NULL",
      },
    ],
  },
  {
    name: "replaced-without-a-code",
    breaks: "a set-up replaces the second factor although the code of that was rejected",
    edits: [
      {
        file: "src/account/store/validate_setup.rs",
        find: "OR ?11 OR accepted_by = ?5)",
        replace: "OR ?11 OR ?5 IS NOT NULL)",
      },
    ],
  },
  {
    name: "code-used-up-for-nothing",
    breaks: "a code is used up for a set-up that has ended",
    edits: [
      {
        file: "src/account/store/code_attempt.rs",
        find: '" IS NULL OR pending_sealed = "',
        replace: '" IS NOT NULL OR TRUE OR pending_sealed = "',
      },
    ],
  },
  {
    name: "backup-codes-without-a-code",
    breaks: "backup codes are replaced although the code of the second factor was rejected",
    edits: [
      {
        file: "src/account/store/replace_backup_codes.rs",
        find: 'AND (?2 IS NULL OR accepted_by = ?2)\n)";',
        replace: 'AND (?2 IS NULL OR ?2 IS NOT NULL)\n)";',
      },
      {
        file: "src/account/store/replace_backup_codes.rs",
        find: "AND (?2 IS NULL OR accepted_by = ?2)\n) AND NOT EXISTS",
        replace: "AND (?2 IS NULL OR ?2 IS NOT NULL)\n) AND NOT EXISTS",
      },
    ],
  },
  {
    name: "first-codes-in-place-of-others",
    breaks: "the first backup codes, which need no proof, replace those that were made meanwhile",
    test: "account::endpoints::tests::proof::of_first_backup_codes_made_at_once_one_set_is_made",
    edits: [
      {
        file: "src/account/endpoints/backup_codes.rs",
        find: "replace_backup_codes(&database, user, &new, has_codes)",
        replace: "replace_backup_codes(&database, user, &new, true)",
      },
    ],
  },
  {
    name: "every-lock-told-of",
    breaks: "each lock in a row is told of",
    edits: [{ file: "src/account/store/code_attempt.rs", find: '" = ?8)"', replace: '" >= ?8)"' }],
  },
  {
    name: "email-of-another-user",
    breaks: "an e-mail takes effect that became another user's since it was asked for",
    edits: [
      {
        file: "src/account/store/confirm_email.rs",
        find: "AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_key = ?4 AND o.uuid <> ?1)",
        replace: "AND ?4 IS NOT NULL",
      },
    ],
  },
  {
    name: "reset-by-a-replaced-key",
    breaks: "a user key that was replaced since it was read resets the new one",
    edits: [
      {
        file: "src/user_keys/store/reset_user_key.rs",
        find: "AND (?5 IS NULL OR key_hash = ?5)",
        replace: "AND (?5 IS NULL OR ?5 IS NOT NULL)",
      },
    ],
  },
  {
    name: "notice-without-change",
    breaks: "a notice is written although nothing was changed",
    edits: [{ file: "src/account/store/change.rs", find: "?6 WHERE changes() > 0", replace: "?6 WHERE changes() >= 0" }],
  },
  {
    name: "notice-settled-before-sent",
    breaks: "a notice leaves the outbox before it is sent",
    edits: [
      {
        file: "src/account/outbox/dispatcher.rs",
        find: "        let sent = self.send_all(claim.notices).await;\n",
        replace:
          "        let ids: Vec<String> = claim.notices.iter().map(|notice| notice.id.clone()).collect();\n        settle_notices(self.database, now, &ids, &[]).await?;\n        let sent = self.send_all(claim.notices).await;\n",
      },
    ],
  },
  {
    name: "notice-claimed-twice",
    breaks: "a round claims a notice that another round is about to send",
    test: "account::store::tests::notices::on_sqlite::those_of_one_request_are_claimed_alone",
    edits: [
      {
        file: "src/account/store/deliveries.rs",
        find: "WHERE due_at <= ?1 AND (expires_at IS NULL OR expires_at > ?1) AND id IN (",
        replace: "WHERE (expires_at IS NULL OR expires_at > ?1) AND id IN (",
      },
    ],
  },
  {
    name: "notice-given-back-late",
    breaks: "a round gives back a notice that another round has claimed since",
    edits: [
      {
        file: "src/account/store/deliveries.rs",
        find: "WHERE (id, due_at) IN (SELECT value ->> 'id', value ->> 'due_again' FROM json_each(?1))",
        replace: "WHERE id IN (SELECT value ->> 'id' FROM json_each(?1))",
      },
    ],
  },
  {
    name: "own-second-factor",
    breaks: "an administrator takes off their own second factor without showing it",
    test: "account::endpoints::tests::support::a_second_factor_is_not_taken_off_by_its_owner_by_a_viewer_or_after_a_while",
    edits: [
      {
        file: "src/account/endpoints/support_disable.rs",
        find: "is_subject || (email.is_some()",
        replace: "is_subject && (email.is_some()",
      },
    ],
  },
];
