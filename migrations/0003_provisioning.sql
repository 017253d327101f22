-- Provisioning of 3dEye accounts: each user's state, and the queue of users to provision.
--
-- States are compared by "a = 'x' OR a = 'y'". SQLite makes a table of an IN list of three or more
-- values, and D1 bills a row read for each look into it.

-- One row for each user that was ever claimed.
CREATE TABLE threedeye_users (
  user_id         TEXT PRIMARY KEY,
  -- provisioning::record::State::ALL. idle: holds a lease, or remembers an account. pending: an intent
  -- (e-mail and password) is recorded, the account may or may not exist. attaching: the account
  -- exists, saved roles are to be attached. complete: done. quarantined: the e-mail belongs to an
  -- account outside our customer, or to one of it in another spelling. set_aside: another user holds
  -- the same e-mail. leaving: the user is deleted, and so will be its account. left_in_place: the user
  -- is deleted, its account must not be.
  state           TEXT NOT NULL CHECK (
    state = 'idle' OR state = 'pending' OR state = 'attaching'
    OR state = 'complete' OR state = 'quarantined' OR state = 'set_aside'
    OR state = 'leaving' OR state = 'left_in_place'
  ),
  email_key       TEXT,
  threedeye_id    TEXT,
  password_sealed TEXT, -- of the intent: a row with an e-mail has it, unless it waits for the e-mail
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT,
  error_code      TEXT, -- provisioning::Reason of last_error
  next_attempt_at INTEGER,
  lease_token     TEXT,
  lease_until     INTEGER NOT NULL DEFAULT 0,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  -- Until then a call to 3dEye whose answer was lost may still take effect.
  settled_at      INTEGER NOT NULL DEFAULT 0,
  -- The account of a mapping that was cleared; it may still exist.
  forgotten_email        TEXT,
  forgotten_threedeye_id TEXT,
  forgotten_password     TEXT,
  -- The e-mail of the account that this user's took the place of although we had not made it: a
  -- person gets the password only by proving it. Empty if there were accounts with several e-mails.
  taken_over_email TEXT,
  -- quarantined: the account of our customer whose e-mail is this one in another spelling; NULL if the
  -- e-mail is taken outside it.
  respelled_id     TEXT,
  -- Of a user that left (0004_offboarding.sql): the state to go back to if it returns with this
  -- users.email_key, when it left, and since when its removal waits, which a failure moves on.
  left_state    TEXT,
  left_email    TEXT,
  left_at       INTEGER,
  leaving_since INTEGER,
  CHECK ((password_sealed IS NULL) = (email_key IS NULL OR state = 'set_aside')),
  CHECK ((left_state IS NOT NULL) = (state = 'leaving' OR state = 'left_in_place'))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX threedeye_users_account
  ON threedeye_users (threedeye_id) WHERE threedeye_id IS NOT NULL;
-- An e-mail belongs to one user at a time; users set aside, who have no password, wait for it. By the
-- password and not by the state, so that a row whose state changes leaves the index as it is.
CREATE UNIQUE INDEX threedeye_users_email_holder
  ON threedeye_users (email_key) WHERE password_sealed IS NOT NULL;
-- Runs look out for the accounts of those quarantined last.
CREATE INDEX threedeye_users_quarantined
  ON threedeye_users (updated_at) WHERE state = 'quarantined';
CREATE INDEX threedeye_users_email_waiter
  ON threedeye_users (email_key) WHERE state = 'set_aside';
-- What support has to look at, by state and by reason. A user that is complete, or was never tried, is
-- in neither.
CREATE INDEX threedeye_users_attention ON threedeye_users (state, updated_at, user_id)
  WHERE state = 'quarantined' OR state = 'set_aside' OR state = 'attaching' OR last_error IS NOT NULL;
CREATE INDEX threedeye_users_reason ON threedeye_users (error_code, state, updated_at, user_id)
  WHERE error_code IS NOT NULL;

-- The roles of an account that was or will be deleted, to be attached to the next one. The CHECK
-- and the two triggers keep out what the Worker could not read, because one unreadable list would
-- fail the batch that its user is in: it is a JSON array, of strings only, without what SQLite
-- accepts as JSON and serde_json does not, which is anything behind a NUL and half a surrogate
-- pair. Escaped surrogates are refused in pairs too; the Worker writes none.
CREATE TABLE threedeye_recovery (
  user_id              TEXT PRIMARY KEY,
  role_ids             TEXT NOT NULL CHECK (
    json_valid(role_ids) AND json_type(role_ids) = 'array' AND instr(role_ids, char(0)) = 0
    -- A backslash that is itself escaped begins no escape.
    AND replace(role_ids, '\\', '') NOT GLOB '*\u[dD][89a-fA-F]*'
  ),
  removed_threedeye_id TEXT,
  created_at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A CHECK cannot look at the elements of an array.
CREATE TRIGGER threedeye_recovery_insert_strings BEFORE INSERT ON threedeye_recovery
WHEN EXISTS (SELECT 1 FROM json_each(NEW.role_ids) WHERE type <> 'text')
BEGIN
  SELECT RAISE(ABORT, 'role_ids must be a JSON array of strings');
END;

CREATE TRIGGER threedeye_recovery_update_strings BEFORE UPDATE OF role_ids ON threedeye_recovery
WHEN EXISTS (SELECT 1 FROM json_each(NEW.role_ids) WHERE type <> 'text')
BEGIN
  SELECT RAISE(ABORT, 'role_ids must be a JSON array of strings');
END;

-- E-mails whose account we deleted recently. For a while 3dEye may still report such an e-mail as
-- taken, which then does not mean that it belongs to an account outside our customer.
CREATE TABLE threedeye_removals (
  email_key  TEXT PRIMARY KEY,
  removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX threedeye_removals_by_time ON threedeye_removals (removed_at);

-- The users to provision, maintained by the triggers below, so that finding a batch costs what the
-- batch costs, however many users there are. A user is queued if and only if it has an e-mail, its
-- row in threedeye_users is absent, idle, pending or attaching, and it is within the limits below.
-- The e-mail is copied so that listing what is due reads one index entry a user.
--
-- The foreign key removes the users that no trigger would: a REPLACE deletes the rows it collides
-- with and fires no DELETE trigger. Through it user_id takes any value that another service gives
-- to users.uuid, which is why this table is not STRICT: that statement would fail.
CREATE TABLE provisioning_queue (
  user_id    TEXT PRIMARY KEY REFERENCES users (uuid) ON DELETE CASCADE ON UPDATE CASCADE,
  email_key  TEXT NOT NULL, -- always equal to users.email_key
  due_at     INTEGER NOT NULL,
  entered_at INTEGER NOT NULL -- since when the user waits, for the time to provision
) WITHOUT ROWID;
CREATE INDEX provisioning_queue_due ON provisioning_queue (due_at, user_id, email_key, entered_at);

-- The length of the queue, so that it need not be counted.
CREATE TABLE provisioning_totals (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO provisioning_totals (name, value) VALUES ('waiting', 0);

-- There is always one row. It is called 'settling' while a bundle of outcomes is written, within that
-- statement: the bundle counts those that it takes out of the queue, all at once.
CREATE TRIGGER provisioning_queue_insert_count AFTER INSERT ON provisioning_queue
BEGIN
  UPDATE provisioning_totals SET value = value + 1;
END;

CREATE TRIGGER provisioning_queue_delete_count AFTER DELETE ON provisioning_queue
BEGIN
  UPDATE provisioning_totals SET value = value - 1 WHERE name = 'waiting';
END;

-- The limits of the queue. Runs pass their users on as JSON, which can hold no blob, and within one
-- parameter, which a few values of 2 MB fill: one such user would fail every run it is due in. An
-- id has at most UserId::MAX_CHARS characters, which is 512 bytes; an e-mail at most 320 bytes (RFC
-- 5321: 64 before the @ and 255 behind it). CAST, because the length of a text ends at a NUL.
CREATE TRIGGER provisioning_queue_insert_limits BEFORE INSERT ON provisioning_queue
WHEN typeof(NEW.user_id) <> 'text' OR length(CAST(NEW.user_id AS BLOB)) > 512
  OR length(CAST(NEW.email_key AS BLOB)) > 320
BEGIN
  -- Skips this row; the statement on users that led to it goes through.
  SELECT RAISE(IGNORE);
END;

CREATE TRIGGER provisioning_queue_update_limits AFTER UPDATE OF user_id, email_key ON provisioning_queue
WHEN typeof(NEW.user_id) <> 'text' OR length(CAST(NEW.user_id AS BLOB)) > 512
  OR length(CAST(NEW.email_key AS BLOB)) > 320
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

-- All triggers below insert with "WHERE NOT EXISTS" instead of "INSERT OR ...", because the conflict
-- clause of the statement that fires a trigger overrides those inside it.

-- After a REPLACE the user's old row is gone from the queue, but its row in threedeye_users is not.
-- If the e-mail is still the one that was tried, the wait for the next attempt still applies.
CREATE TRIGGER users_insert_enqueue AFTER INSERT ON users
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'set_aside' AND email_key IS NOT NEW.email_key;
  UPDATE threedeye_users
  SET state = 'pending', attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'quarantined' AND email_key IS NOT NEW.email_key;
  INSERT INTO provisioning_queue (user_id, email_key, due_at, entered_at)
  SELECT NEW.uuid, NEW.email_key, coalesce(
    (SELECT next_attempt_at FROM threedeye_users
     WHERE user_id = NEW.uuid AND email_key = NEW.email_key),
    unixepoch() * 1000), unixepoch() * 1000
  WHERE NEW.email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.uuid)
    AND NOT EXISTS (
      SELECT 1 FROM threedeye_users
      WHERE user_id = NEW.uuid AND state <> 'idle' AND state <> 'pending' AND state <> 'attaching'
    );
END;

-- Quarantine and setting aside concern one e-mail and end when it changes. With another id the row
-- is another user.
CREATE TRIGGER users_update_requeue AFTER UPDATE OF email, uuid ON users
WHEN NEW.email_key IS NOT OLD.email_key OR NEW.uuid <> OLD.uuid
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'set_aside';
  UPDATE threedeye_users
  SET state = 'pending', attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'quarantined';
  DELETE FROM provisioning_queue
  WHERE user_id = NEW.uuid AND (NEW.email_key IS NULL OR EXISTS (
    SELECT 1 FROM threedeye_users
    WHERE user_id = NEW.uuid AND state <> 'idle' AND state <> 'pending' AND state <> 'attaching'
  ));
  UPDATE provisioning_queue SET email_key = NEW.email_key, due_at = unixepoch() * 1000
  WHERE user_id = NEW.uuid;
  INSERT INTO provisioning_queue (user_id, email_key, due_at, entered_at)
  SELECT NEW.uuid, NEW.email_key, unixepoch() * 1000, unixepoch() * 1000
  WHERE NEW.email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.uuid)
    AND NOT EXISTS (
      SELECT 1 FROM threedeye_users
      WHERE user_id = NEW.uuid AND state <> 'idle' AND state <> 'pending' AND state <> 'attaching'
    );
END;

CREATE TRIGGER threedeye_users_insert_dequeue AFTER INSERT ON threedeye_users
WHEN NEW.state <> 'idle' AND NEW.state <> 'pending' AND NEW.state <> 'attaching'
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

-- A bundle of outcomes takes its users out itself.
CREATE TRIGGER threedeye_users_update_dequeue AFTER UPDATE OF state ON threedeye_users
WHEN NEW.state <> OLD.state
  AND NEW.state <> 'idle' AND NEW.state <> 'pending' AND NEW.state <> 'attaching'
  AND EXISTS (SELECT 1 FROM provisioning_totals WHERE name = 'waiting')
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

CREATE TRIGGER threedeye_users_update_enqueue AFTER UPDATE OF state ON threedeye_users
WHEN (NEW.state = 'idle' OR NEW.state = 'pending' OR NEW.state = 'attaching')
  AND OLD.state <> 'idle' AND OLD.state <> 'pending' AND OLD.state <> 'attaching'
BEGIN
  INSERT INTO provisioning_queue (user_id, email_key, due_at, entered_at)
  SELECT uuid, email_key, unixepoch() * 1000, unixepoch() * 1000 FROM users
  WHERE uuid = NEW.user_id AND email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.user_id);
END;

CREATE TRIGGER threedeye_users_delete_enqueue AFTER DELETE ON threedeye_users
BEGIN
  UPDATE provisioning_queue SET due_at = unixepoch() * 1000 WHERE user_id = OLD.user_id;
  INSERT INTO provisioning_queue (user_id, email_key, due_at, entered_at)
  SELECT uuid, email_key, unixepoch() * 1000, unixepoch() * 1000 FROM users
  WHERE uuid = OLD.user_id AND email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = OLD.user_id);
END;

CREATE TRIGGER threedeye_users_update_due AFTER UPDATE OF next_attempt_at ON threedeye_users
WHEN NEW.next_attempt_at IS NOT NULL AND NEW.next_attempt_at IS NOT OLD.next_attempt_at
BEGIN
  UPDATE provisioning_queue SET due_at = NEW.next_attempt_at WHERE user_id = NEW.user_id;
END;

-- Users set aside for an e-mail are tried again when its holder gives it up.
CREATE TRIGGER threedeye_users_delete_free_email AFTER DELETE ON threedeye_users
WHEN OLD.email_key IS NOT NULL AND OLD.state <> 'set_aside'
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE state = 'set_aside' AND email_key = OLD.email_key;
END;

CREATE TRIGGER threedeye_users_update_free_email AFTER UPDATE OF email_key ON threedeye_users
WHEN OLD.email_key IS NOT NULL AND OLD.state <> 'set_aside'
  AND NEW.email_key IS NOT OLD.email_key
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE state = 'set_aside' AND email_key = OLD.email_key;
END;

-- The users whose outcome was not written, because the lease was lost or another user has the
-- account or the e-mail. Filled and emptied within the batch that settles.
CREATE TABLE provisioning_unsettled (
  lease_token TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  PRIMARY KEY (lease_token, user_id)
) STRICT, WITHOUT ROWID;

-- The outcome of provisioning one user. An insert stores nothing: the trigger below writes the
-- user's row, the audit trail, the saved roles and the queue, all of them or none.
CREATE VIEW provisioning_outcomes AS
SELECT NULL AS user_id, NULL AS lease_token, NULL AS at,
       NULL AS state,           -- NULL: unchanged, and so are the next two
       NULL AS threedeye_id,
       NULL AS email_key,       -- set_aside: the contested one
       NULL AS respelled_id,
       NULL AS error, NULL AS error_code, NULL AS next_attempt_at,
       NULL AS settled_at,      -- NULL: unchanged
       NULL AS due_at,          -- NULL: unchanged
       NULL AS success,         -- 0 or 1, and so are the next three
       NULL AS attempt,         -- a failed attempt, to be counted
       NULL AS closes,          -- no later run takes the user up unless something changes
       NULL AS actor, NULL AS action, NULL AS request_id,
       NULL AS outcome,         -- NULL: no audit row
       NULL AS reason           -- what an administrator typed
WHERE 0;

CREATE TRIGGER provisioning_settle INSTEAD OF INSERT ON provisioning_outcomes
BEGIN
  -- A user that is set aside. One that left meanwhile stays as it is: as after a crash, the removal
  -- finds out from the intent what became of it.
  UPDATE threedeye_users SET
    state = NEW.state, email_key = NEW.email_key, threedeye_id = NULL, password_sealed = NULL
  WHERE NEW.state = 'set_aside'
    AND user_id = NEW.user_id AND lease_token = NEW.lease_token AND left_state IS NULL;

  -- OR IGNORE: an account that another user has leaves the row unchanged.
  UPDATE OR IGNORE threedeye_users SET
    state = coalesce(NEW.state, state),
    threedeye_id = coalesce(NEW.threedeye_id, threedeye_id),
    respelled_id = NEW.respelled_id,
    attempts = CASE WHEN NEW.success THEN 0 ELSE attempts + NEW.attempt END,
    last_error = CASE WHEN NEW.success OR NEW.attempt THEN NEW.error ELSE last_error END,
    error_code = CASE WHEN NEW.success OR NEW.attempt THEN NEW.error_code ELSE error_code END,
    next_attempt_at =
      CASE WHEN NEW.success OR NEW.attempt THEN NEW.next_attempt_at ELSE next_attempt_at END,
    lease_token = NULL,
    lease_until = 0,
    settled_at = max(settled_at, coalesce(NEW.settled_at, 0)),
    forgotten_email = iif(NEW.success, NULL, forgotten_email),
    forgotten_threedeye_id = iif(NEW.success, NULL, forgotten_threedeye_id),
    forgotten_password = iif(NEW.success, NULL, forgotten_password),
    updated_at = NEW.at
  WHERE user_id = NEW.user_id AND lease_token = NEW.lease_token AND left_state IS NULL;

  INSERT INTO provisioning_unsettled (lease_token, user_id)
  SELECT NEW.lease_token, NEW.user_id WHERE changes() = 0;

  INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, reason)
  SELECT NEW.at, NEW.actor, NEW.action, NEW.user_id, NEW.outcome, NEW.request_id, NEW.reason
  WHERE NEW.outcome IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);

  DELETE FROM threedeye_recovery
  WHERE NEW.success AND user_id = NEW.user_id AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);

  -- Within a bundle: the user was counted out already, which is taken back if it was not in the queue
  -- or stays there. Looked up by a name that may be NULL, because D1 would bill a row for each user.
  DELETE FROM provisioning_queue
  WHERE (NEW.success OR NEW.closes) AND user_id = NEW.user_id AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);
  UPDATE provisioning_totals SET value = value + 1
  WHERE name = iif((NEW.success OR NEW.closes) AND changes() = 0, 'settling', NULL);

  -- The row was closed because of the e-mail that was claimed. If the user has another one by now,
  -- or if the holder of a contested one is gone, no later change would reopen the row.
  UPDATE threedeye_users SET
    state = CASE state WHEN 'set_aside' THEN 'idle' ELSE 'pending' END,
    email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END
  WHERE NEW.closes AND user_id = NEW.user_id AND state IN ('set_aside', 'quarantined')
    AND (
      email_key IS NOT (SELECT u.email_key FROM users u WHERE u.uuid = NEW.user_id)
      OR (state = 'set_aside' AND NOT EXISTS (
        SELECT 1 FROM threedeye_users o
        WHERE o.email_key = threedeye_users.email_key AND o.password_sealed IS NOT NULL
      ))
    )
    AND NOT EXISTS (
      SELECT 1 FROM provisioning_unsettled
      WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);

  UPDATE provisioning_queue SET due_at = NEW.due_at
  WHERE NEW.due_at IS NOT NULL AND user_id = NEW.user_id AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);
END;

-- The outcomes of several users, a JSON array of objects, of which so many leave the queue if all are
-- written. An insert stores nothing: the trigger below settles each user. Those who leave are counted
-- with one write; where one leaves, the triggers of the queue do that too.
CREATE VIEW provisioning_bundles AS
SELECT NULL AS outcomes, NULL AS lease_token, NULL AS at, NULL AS leaving WHERE 0;

CREATE TRIGGER provisioning_settle_bundle INSTEAD OF INSERT ON provisioning_bundles
BEGIN
  UPDATE provisioning_totals SET name = 'settling', value = value - NEW.leaving WHERE NEW.leaving > 1;
  -- A failure and a release have no state of their own; an error counts as an attempt.
  INSERT INTO provisioning_outcomes
    (user_id, lease_token, at, state, threedeye_id, email_key, respelled_id, error, error_code, next_attempt_at,
     settled_at, due_at, success, attempt, closes, actor, action, outcome, request_id, reason)
  SELECT value ->> 'user', NEW.lease_token, NEW.at,
         iif(value ->> 'state' IN ('failed', 'released'), NULL, value ->> 'state'),
         value ->> 'id', value ->> 'email', value ->> 'respelled', value ->> 'error', value ->> 'error_code',
         value ->> 'next_attempt_at', value ->> 'settled_at', value ->> 'due_at',
         value ->> 'state' = 'complete', value ->> 'error' IS NOT NULL, value ->> 'state' IN ('quarantined', 'set_aside'),
         value ->> 'actor', value ->> 'action', value ->> 'outcome', value ->> 'request', value ->> 'reason'
  FROM json_each(NEW.outcomes);
  UPDATE provisioning_totals SET name = 'waiting' WHERE name = 'settling';
END;

UPDATE schema_version SET version = 3;
