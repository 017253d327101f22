-- Makes the finding, claiming and settling of a batch read no more rows than it must.
--
-- Both tables are written anew, so their triggers go first and come back below.
-- Conditions say "a = 'x' OR a = 'y'" and not "a IN (...)": to SQLite a list of
-- three or more is a table of its own, and looking into it is one more row read.

DROP TRIGGER users_enter;
DROP TRIGGER users_change_email;
DROP TRIGGER users_leave;
DROP TRIGGER threedeye_users_settle_new;
DROP TRIGGER threedeye_users_settle;
DROP TRIGGER threedeye_users_reopen;
DROP TRIGGER threedeye_users_forget;
DROP TRIGGER threedeye_users_reschedule;
DROP TRIGGER threedeye_users_release_email;
DROP TRIGGER threedeye_users_exchange_email;

-- As before, but for how the state is checked, that a user without an account
-- takes no room in the index of accounts, and for the last four columns.
CREATE TABLE threedeye_users_next (
  user_id         TEXT PRIMARY KEY,
  -- idle: holds a lease, or remembers an account. pending: an intent (e-mail and password)
  -- is recorded, the account may exist or not. attaching: the account exists,
  -- saved roles wait. complete: done. quarantined: the e-mail is taken outside
  -- our customer. set_aside: another user holds the same e-mail.
  state           TEXT NOT NULL CHECK (
    state = 'idle' OR state = 'pending' OR state = 'attaching'
    OR state = 'complete' OR state = 'quarantined' OR state = 'set_aside'
  ),
  email_key       TEXT,
  threedeye_id    TEXT,
  password_sealed TEXT,
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT,
  next_attempt_at INTEGER,
  lease_token     TEXT,
  lease_until     INTEGER NOT NULL DEFAULT 0,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  -- Calls to 3dEye whose answer was lost may take effect until then.
  settled_at      INTEGER NOT NULL DEFAULT 0,
  -- The account of a mapping that was cleared; it may still be there.
  forgotten_email        TEXT,
  forgotten_threedeye_id TEXT,
  forgotten_password     TEXT
) WITHOUT ROWID;
INSERT INTO threedeye_users_next
  (user_id, state, email_key, threedeye_id, password_sealed, attempts, last_error,
   next_attempt_at, lease_token, lease_until, created_at, updated_at)
SELECT user_id, state, email_key, threedeye_id, password_sealed, attempts, last_error,
       next_attempt_at, lease_token, lease_until, created_at, updated_at
FROM threedeye_users;
DROP TABLE threedeye_users;
ALTER TABLE threedeye_users_next RENAME TO threedeye_users;

CREATE UNIQUE INDEX threedeye_users_account
  ON threedeye_users (threedeye_id) WHERE threedeye_id IS NOT NULL;
-- An e-mail belongs to one user at a time; those set aside only wait for it.
CREATE UNIQUE INDEX threedeye_users_email_holder
  ON threedeye_users (email_key) WHERE state <> 'set_aside';
CREATE INDEX threedeye_users_email_waiter
  ON threedeye_users (email_key) WHERE state = 'set_aside';

-- A user is in the queue if and only if it has an e-mail and its row above is
-- absent, idle, pending or attaching. The queue takes the e-mail along, so that
-- listing what is due reads one entry of an index. The foreign key removes what
-- no trigger would: a REPLACE deletes the users it collides with, and fires no
-- DELETE trigger.
CREATE TABLE provisioning_work (
  user_id   TEXT PRIMARY KEY REFERENCES users (uuid) ON DELETE CASCADE ON UPDATE CASCADE,
  email_key TEXT NOT NULL, -- always the user's
  due_at    INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO provisioning_work (user_id, email_key, due_at)
SELECT q.user_id, u.email_key, q.due_at
FROM provisioning_queue q JOIN users u ON u.uuid = q.user_id
WHERE u.email_key IS NOT NULL;
DROP TABLE provisioning_queue;
ALTER TABLE provisioning_work RENAME TO provisioning_queue;
CREATE INDEX provisioning_queue_due ON provisioning_queue (due_at, user_id, email_key);
UPDATE provisioning_totals SET value = (SELECT count(*) FROM provisioning_queue)
WHERE name = 'waiting';

-- The row is always there; an upsert finds it without a read, an UPDATE would not.
CREATE TRIGGER provisioning_queue_counts_in AFTER INSERT ON provisioning_queue
BEGIN
  INSERT INTO provisioning_totals (name, value) VALUES ('waiting', 1)
  ON CONFLICT (name) DO UPDATE SET value = value + 1;
END;

CREATE TRIGGER provisioning_queue_counts_out AFTER DELETE ON provisioning_queue
BEGIN
  INSERT INTO provisioning_totals (name, value) VALUES ('waiting', 0)
  ON CONFLICT (name) DO UPDATE SET value = value - 1;
END;

-- Below, as before, "INSERT ... WHERE NOT EXISTS" and not "INSERT OR ...": the
-- conflict rule of the statement that fires a trigger overrides the one inside.

-- A REPLACE that took the user's old row has taken its place in the queue with
-- it. Where the e-mail is still the one that was tried, so is the wait.
CREATE TRIGGER users_enter AFTER INSERT ON users
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'set_aside' AND email_key IS NOT NEW.email_key;
  UPDATE threedeye_users
  SET state = 'pending', attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'quarantined' AND email_key IS NOT NEW.email_key;
  INSERT INTO provisioning_queue (user_id, email_key, due_at)
  SELECT NEW.uuid, NEW.email_key, coalesce(
    (SELECT next_attempt_at FROM threedeye_users
     WHERE user_id = NEW.uuid AND email_key = NEW.email_key),
    unixepoch() * 1000)
  WHERE NEW.email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.uuid)
    AND NOT EXISTS (
      SELECT 1 FROM threedeye_users
      WHERE user_id = NEW.uuid
        AND (state = 'complete' OR state = 'quarantined' OR state = 'set_aside')
    );
END;

-- A changed e-mail ends a quarantine and a setting aside: both were about the
-- old one. A changed id makes another user of the row.
CREATE TRIGGER users_change AFTER UPDATE OF email, uuid ON users
WHEN NEW.email_key IS NOT OLD.email_key OR NEW.uuid <> OLD.uuid
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'set_aside';
  UPDATE threedeye_users
  SET state = 'pending', attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'quarantined';
  DELETE FROM provisioning_queue
  WHERE user_id = NEW.uuid AND (NEW.email_key IS NULL OR EXISTS (
    SELECT 1 FROM threedeye_users WHERE user_id = NEW.uuid AND state = 'complete'
  ));
  UPDATE provisioning_queue SET email_key = NEW.email_key, due_at = unixepoch() * 1000
  WHERE user_id = NEW.uuid;
  INSERT INTO provisioning_queue (user_id, email_key, due_at)
  SELECT NEW.uuid, NEW.email_key, unixepoch() * 1000
  WHERE NEW.email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.uuid)
    AND NOT EXISTS (
      SELECT 1 FROM threedeye_users WHERE user_id = NEW.uuid AND state = 'complete'
    );
END;

CREATE TRIGGER threedeye_users_settle_new AFTER INSERT ON threedeye_users
WHEN NEW.state = 'complete' OR NEW.state = 'quarantined' OR NEW.state = 'set_aside'
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

CREATE TRIGGER threedeye_users_settle AFTER UPDATE OF state ON threedeye_users
WHEN NEW.state <> OLD.state
  AND (NEW.state = 'complete' OR NEW.state = 'quarantined' OR NEW.state = 'set_aside')
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

CREATE TRIGGER threedeye_users_reopen AFTER UPDATE OF state ON threedeye_users
WHEN (NEW.state = 'idle' OR NEW.state = 'pending' OR NEW.state = 'attaching')
  AND (OLD.state = 'complete' OR OLD.state = 'quarantined' OR OLD.state = 'set_aside')
BEGIN
  INSERT INTO provisioning_queue (user_id, email_key, due_at)
  SELECT uuid, email_key, unixepoch() * 1000 FROM users
  WHERE uuid = NEW.user_id AND email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.user_id);
END;

CREATE TRIGGER threedeye_users_forget AFTER DELETE ON threedeye_users
BEGIN
  UPDATE provisioning_queue SET due_at = unixepoch() * 1000 WHERE user_id = OLD.user_id;
  INSERT INTO provisioning_queue (user_id, email_key, due_at)
  SELECT uuid, email_key, unixepoch() * 1000 FROM users
  WHERE uuid = OLD.user_id AND email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = OLD.user_id);
END;

CREATE TRIGGER threedeye_users_reschedule AFTER UPDATE OF next_attempt_at ON threedeye_users
WHEN NEW.next_attempt_at IS NOT NULL AND NEW.next_attempt_at IS NOT OLD.next_attempt_at
BEGIN
  UPDATE provisioning_queue SET due_at = NEW.next_attempt_at WHERE user_id = NEW.user_id;
END;

-- Whoever was set aside for an e-mail gets its chance once the holder lets go of it.
CREATE TRIGGER threedeye_users_release_email AFTER DELETE ON threedeye_users
WHEN OLD.email_key IS NOT NULL AND OLD.state <> 'set_aside'
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE state = 'set_aside' AND email_key = OLD.email_key;
END;

CREATE TRIGGER threedeye_users_exchange_email AFTER UPDATE OF email_key ON threedeye_users
WHEN OLD.email_key IS NOT NULL AND OLD.state <> 'set_aside'
  AND NEW.email_key IS NOT OLD.email_key
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE state = 'set_aside' AND email_key = OLD.email_key;
END;

-- Users whose outcome was not written, because the lease was lost or another
-- user is mapped to the account. Empty outside the batch that settles.
CREATE TABLE provisioning_unsettled (
  lease_token TEXT NOT NULL,
  user_id     TEXT NOT NULL,
  PRIMARY KEY (lease_token, user_id)
) WITHOUT ROWID;

-- How one user ended. What is inserted here is not stored but done, by the
-- trigger below: row, audit trail and saved roles of a user are written in one
-- pass over the batch, all of them or none.
CREATE VIEW provisioning_outcomes AS
SELECT NULL AS user_id, NULL AS lease_token, NULL AS at,
       NULL AS state,           -- NULL: as it is
       NULL AS threedeye_id,    -- NULL: as it is
       NULL AS email_key,       -- NULL: as it is
       NULL AS error, NULL AS next_attempt_at,
       NULL AS settled_at,      -- NULL: as it is
       NULL AS due_at,          -- NULL: the place in the queue stays
       NULL AS success,         -- 0 or 1, as are the next three
       NULL AS attempt,         -- a try that failed, to be counted
       NULL AS forget,          -- id and password are dropped
       NULL AS closes,          -- nothing but a change will open the row again
       NULL AS actor, NULL AS action, NULL AS request_id,
       NULL AS outcome          -- NULL: nothing to tell in the audit trail
WHERE 0;

CREATE TRIGGER provisioning_settle INSTEAD OF INSERT ON provisioning_outcomes
BEGIN
  -- OR IGNORE: an account id that another user is mapped to leaves this user as it was.
  UPDATE OR IGNORE threedeye_users SET
    state = coalesce(NEW.state, state),
    threedeye_id = CASE WHEN NEW.forget THEN NULL ELSE coalesce(NEW.threedeye_id, threedeye_id) END,
    password_sealed = CASE WHEN NEW.forget THEN NULL ELSE password_sealed END,
    email_key = coalesce(NEW.email_key, email_key),
    attempts = CASE WHEN NEW.success THEN 0 ELSE attempts + NEW.attempt END,
    last_error = CASE WHEN NEW.success OR NEW.attempt THEN NEW.error ELSE last_error END,
    next_attempt_at =
      CASE WHEN NEW.success OR NEW.attempt THEN NEW.next_attempt_at ELSE next_attempt_at END,
    lease_token = NULL,
    lease_until = 0,
    settled_at = max(settled_at, coalesce(NEW.settled_at, 0)),
    forgotten_email = iif(NEW.success, NULL, forgotten_email),
    forgotten_threedeye_id = iif(NEW.success, NULL, forgotten_threedeye_id),
    forgotten_password = iif(NEW.success, NULL, forgotten_password),
    updated_at = NEW.at
  WHERE user_id = NEW.user_id AND lease_token = NEW.lease_token;

  INSERT INTO provisioning_unsettled (lease_token, user_id)
  SELECT NEW.lease_token, NEW.user_id WHERE changes() = 0;

  INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
  SELECT NEW.at, NEW.actor, NEW.action, NEW.user_id, NEW.outcome, NEW.request_id
  WHERE NEW.outcome IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);

  DELETE FROM threedeye_recovery
  WHERE NEW.success AND user_id = NEW.user_id AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);

  -- The row was closed for the e-mail that was claimed. Where the user has
  -- another by now, or nobody holds the contested one any more, no trigger
  -- would ever open the row again.
  UPDATE threedeye_users SET
    state = CASE state WHEN 'set_aside' THEN 'idle' ELSE 'pending' END,
    email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END
  WHERE NEW.closes AND user_id = NEW.user_id AND (state = 'set_aside' OR state = 'quarantined')
    AND (
      email_key IS NOT (SELECT u.email_key FROM users u WHERE u.uuid = NEW.user_id)
      OR (state = 'set_aside' AND NOT EXISTS (
        SELECT 1 FROM threedeye_users o
        WHERE o.email_key = threedeye_users.email_key AND o.state <> 'set_aside'
      ))
    );

  UPDATE provisioning_queue SET due_at = NEW.due_at
  WHERE NEW.due_at IS NOT NULL AND user_id = NEW.user_id AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);
END;

UPDATE schema_version SET version = 4;
