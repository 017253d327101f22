-- Backfill runs, and the chunks of those that queue consumers work off.

-- One row a run. NULL in hold_until and 0 in takeovers_left: mode 'inline'.
CREATE TABLE provisioning_runs (
  run_id         TEXT PRIMARY KEY,
  trigger_kind   TEXT NOT NULL CHECK (trigger_kind IN ('manual', 'cron')), -- provisioning::store::Trigger
  mode           TEXT NOT NULL DEFAULT 'inline' CHECK (mode IN ('inline', 'queue')),
  actor          TEXT NOT NULL,
  request_id     TEXT NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('running', 'completed', 'ended_early')),
  batch_limit    INTEGER NOT NULL,
  total          INTEGER NOT NULL DEFAULT 0,
  created        INTEGER NOT NULL DEFAULT 0,
  failed         INTEGER NOT NULL DEFAULT 0,
  skipped        INTEGER NOT NULL DEFAULT 0,
  quarantined    INTEGER NOT NULL DEFAULT 0, -- part of failed
  remaining      INTEGER,                    -- users waiting when the run ended
  errors         TEXT NOT NULL DEFAULT '[]', -- JSON array of strings
  -- The value that provisioning_queue.due_at of the planned users was set to. A user belongs to
  -- the run for as long as due_at is exactly this.
  hold_until     INTEGER,
  -- How many existing accounts the run may still delete and re-create.
  takeovers_left INTEGER NOT NULL DEFAULT 0,
  started_at     INTEGER NOT NULL,
  advanced_at    INTEGER,                    -- when a consumer last worked on it
  stopped_at     INTEGER,                    -- when an administrator stopped it
  finished_at    INTEGER
) STRICT, WITHOUT ROWID;
-- The filtered lists. The id, which tells when a run began, is the end of every key, and the order of all.
CREATE INDEX provisioning_runs_by_kind ON provisioning_runs (trigger_kind, status);
-- The open planned runs, which are few, by the users they hold.
CREATE INDEX provisioning_runs_open ON provisioning_runs (hold_until, advanced_at)
  WHERE status = 'running' AND mode = 'queue';

-- The chunks of planned runs. planned = created + failed + skipped + waiting at all times. The
-- counts are derived from the users' rows and never added up, so a message that is delivered twice
-- counts once.
CREATE TABLE provisioning_chunks (
  run_id      TEXT NOT NULL,
  chunk       INTEGER NOT NULL, -- from 1
  -- open: users are waiting. done: none is. given_up: those waiting were left to the next run.
  state       TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'given_up')),
  user_ids    TEXT NOT NULL, -- JSON array of strings; emptied when the chunk closes
  deliveries  INTEGER NOT NULL DEFAULT 0,
  planned     INTEGER NOT NULL,
  waiting     INTEGER NOT NULL,
  created     INTEGER NOT NULL DEFAULT 0,
  failed      INTEGER NOT NULL DEFAULT 0,
  skipped     INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0, -- part of failed
  errors      TEXT NOT NULL DEFAULT '[]', -- JSON array of strings
  PRIMARY KEY (run_id, chunk)
) STRICT, WITHOUT ROWID;

-- Whether runs are paused: one row once anyone has paused or resumed them.
CREATE TABLE provisioning_pause (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  since  INTEGER NOT NULL, -- when that was decided
  actor  TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- What became of users' provisioning, by the day (UTC, counted since the epoch), so that no chart reads the ledger
-- through. Written in the batch that settles: once a bundle of outcomes, one row a name and detail.
--
-- name: created, adopted, replaced, roles_attached, failed, quarantined or set_aside, one of them for each row of
-- the audit trail with the action threedeye.provision; detail is the failure's code. time: how long those with an
-- account had waited; detail is the limit in seconds, or more. users, complete: how many there were, once a night.
CREATE TABLE daily_counts (
  day    INTEGER NOT NULL,
  name   TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  value  INTEGER NOT NULL,
  hours  TEXT NOT NULL DEFAULT '{}', -- JSON object: value by the hour of the day
  PRIMARY KEY (day, name, detail)
) STRICT, WITHOUT ROWID;

-- How long the queue was, once a run of the cron trigger. due and notices are counted up to 1000.
CREATE TABLE depth_samples (
  at            INTEGER PRIMARY KEY,
  waiting       INTEGER NOT NULL,
  due           INTEGER NOT NULL,
  oldest_due_at INTEGER,          -- NULL: none is due
  notices       INTEGER NOT NULL
) STRICT;

UPDATE schema_version SET version = 7;
