-- Provisioning of 3dEye accounts: where each user stands, and what is left to do.

-- One row a user that was ever taken up. Columns ending in _at and _until are
-- milliseconds since the Unix epoch.
CREATE TABLE threedeye_users (
  user_id         TEXT PRIMARY KEY,
  -- idle: holds a lease, nothing else. pending: an intent (e-mail and password)
  -- is recorded, the account may exist or not. attaching: the account exists,
  -- saved roles wait. complete: done. quarantined: the e-mail is taken outside
  -- our customer. set_aside: another user holds the same e-mail.
  state           TEXT NOT NULL CHECK (
    state IN ('idle', 'pending', 'attaching', 'complete', 'quarantined', 'set_aside')
  ),
  email_key       TEXT,
  threedeye_id    TEXT UNIQUE,
  password_sealed TEXT,
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_error      TEXT,
  next_attempt_at INTEGER,
  lease_token     TEXT,
  lease_until     INTEGER NOT NULL DEFAULT 0,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL
) WITHOUT ROWID;

-- An e-mail belongs to one user at a time; those set aside only wait for it.
CREATE UNIQUE INDEX threedeye_users_email_holder
  ON threedeye_users (email_key) WHERE state <> 'set_aside';
CREATE INDEX threedeye_users_email_waiter
  ON threedeye_users (email_key) WHERE state = 'set_aside';

-- Roles of an account that was or will be deleted; they wait to be attached again.
CREATE TABLE threedeye_recovery (
  user_id              TEXT PRIMARY KEY,
  role_ids             TEXT NOT NULL, -- JSON array of strings
  removed_threedeye_id TEXT,
  created_at           INTEGER NOT NULL
) WITHOUT ROWID;

-- E-mails whose account we deleted lately: 3dEye may call them taken for a
-- while, which then does not mean that somebody else has them.
CREATE TABLE threedeye_removals (
  email_key  TEXT PRIMARY KEY,
  removed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX threedeye_removals_by_time ON threedeye_removals (removed_at);

-- The work left to do, kept by the triggers below so that finding it costs what
-- the batch costs. A user is in here if and only if it has an e-mail and its
-- row in threedeye_users is absent, idle, pending or attaching.
CREATE TABLE provisioning_queue (
  user_id TEXT PRIMARY KEY,
  due_at  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX provisioning_queue_due ON provisioning_queue (due_at, user_id);

-- A count of the queue, so that nobody has to take one.
CREATE TABLE provisioning_totals (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO provisioning_totals (name, value) VALUES ('waiting', 0);

CREATE TRIGGER provisioning_queue_counts_in AFTER INSERT ON provisioning_queue
BEGIN
  UPDATE provisioning_totals SET value = value + 1 WHERE name = 'waiting';
END;

CREATE TRIGGER provisioning_queue_counts_out AFTER DELETE ON provisioning_queue
BEGIN
  UPDATE provisioning_totals SET value = value - 1 WHERE name = 'waiting';
END;

-- "INSERT ... WHERE NOT EXISTS" below and not "INSERT OR ...": the conflict rule
-- of the statement that fires a trigger overrides the one written inside it,
-- and a REPLACE would delete queue rows without counting them out.

-- An INSERT OR REPLACE changes a user without an UPDATE or DELETE that a trigger
-- would see, so this one does what they would have done.
CREATE TRIGGER users_enter AFTER INSERT ON users
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'set_aside' AND email_key IS NOT NEW.email_key;
  UPDATE threedeye_users
  SET state = 'pending', attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'quarantined' AND email_key IS NOT NEW.email_key;
  DELETE FROM provisioning_queue WHERE user_id = NEW.uuid AND NEW.email_key IS NULL;
  INSERT INTO provisioning_queue (user_id, due_at)
  SELECT NEW.uuid, unixepoch() * 1000
  WHERE NEW.email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.uuid)
    AND NOT EXISTS (
      SELECT 1 FROM threedeye_users
      WHERE user_id = NEW.uuid AND state IN ('complete', 'quarantined', 'set_aside')
    );
END;

-- A changed e-mail ends a quarantine and a setting aside: both were about the old one.
CREATE TRIGGER users_change_email AFTER UPDATE OF email ON users
WHEN NEW.email_key IS NOT OLD.email_key
BEGIN
  UPDATE threedeye_users
  SET state = 'idle', email_key = NULL, attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'set_aside';
  UPDATE threedeye_users
  SET state = 'pending', attempts = 0, last_error = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.uuid AND state = 'quarantined';
  DELETE FROM provisioning_queue WHERE user_id = NEW.uuid AND NEW.email_key IS NULL;
  UPDATE provisioning_queue SET due_at = unixepoch() * 1000 WHERE user_id = NEW.uuid;
  INSERT INTO provisioning_queue (user_id, due_at)
  SELECT NEW.uuid, unixepoch() * 1000
  WHERE NEW.email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.uuid)
    AND NOT EXISTS (
      SELECT 1 FROM threedeye_users WHERE user_id = NEW.uuid AND state = 'complete'
    );
END;

CREATE TRIGGER users_leave AFTER DELETE ON users
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = OLD.uuid;
END;

CREATE TRIGGER threedeye_users_settle_new AFTER INSERT ON threedeye_users
WHEN NEW.state IN ('complete', 'quarantined', 'set_aside')
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

CREATE TRIGGER threedeye_users_settle AFTER UPDATE OF state ON threedeye_users
WHEN NEW.state IN ('complete', 'quarantined', 'set_aside') AND NEW.state <> OLD.state
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

CREATE TRIGGER threedeye_users_reopen AFTER UPDATE OF state ON threedeye_users
WHEN NEW.state NOT IN ('complete', 'quarantined', 'set_aside')
  AND OLD.state IN ('complete', 'quarantined', 'set_aside')
BEGIN
  INSERT INTO provisioning_queue (user_id, due_at)
  SELECT uuid, unixepoch() * 1000 FROM users
  WHERE uuid = NEW.user_id AND email_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM provisioning_queue WHERE user_id = NEW.user_id);
END;

CREATE TRIGGER threedeye_users_forget AFTER DELETE ON threedeye_users
BEGIN
  UPDATE provisioning_queue SET due_at = unixepoch() * 1000 WHERE user_id = OLD.user_id;
  INSERT INTO provisioning_queue (user_id, due_at)
  SELECT uuid, unixepoch() * 1000 FROM users
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

-- The ledger of runs: one row each, manual or scheduled.
CREATE TABLE provisioning_runs (
  run_id       TEXT PRIMARY KEY,
  trigger_kind TEXT NOT NULL CHECK (trigger_kind IN ('manual', 'cron')),
  actor        TEXT NOT NULL,
  request_id   TEXT NOT NULL,
  status       TEXT NOT NULL CHECK (status IN ('running', 'completed', 'ended_early')),
  batch_limit  INTEGER NOT NULL,
  total        INTEGER NOT NULL DEFAULT 0,
  created      INTEGER NOT NULL DEFAULT 0,
  failed       INTEGER NOT NULL DEFAULT 0,
  skipped      INTEGER NOT NULL DEFAULT 0,
  quarantined  INTEGER NOT NULL DEFAULT 0,
  remaining    INTEGER,
  errors       TEXT NOT NULL DEFAULT '[]', -- JSON array of strings
  started_at   INTEGER NOT NULL,
  finished_at  INTEGER
) WITHOUT ROWID;
CREATE INDEX provisioning_runs_by_time ON provisioning_runs (started_at);
CREATE INDEX provisioning_runs_by_trigger ON provisioning_runs (trigger_kind, started_at);

UPDATE schema_version SET version = 2;
