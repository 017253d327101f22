-- Fan-out: a run that is planned once and worked off by queue consumers, chunk by chunk.

ALTER TABLE provisioning_runs ADD COLUMN mode TEXT NOT NULL DEFAULT 'inline'
  CHECK (mode IN ('inline', 'queue'));
-- What provisioning_queue.due_at of the planned users was moved to: as long as it is that
-- moment to the millisecond, the user is this run's to see to.
ALTER TABLE provisioning_runs ADD COLUMN hold_until INTEGER;
-- Accounts that the run may still delete and re-create.
ALTER TABLE provisioning_runs ADD COLUMN takeovers_left INTEGER NOT NULL DEFAULT 0;
-- When a consumer last had a hand in it.
ALTER TABLE provisioning_runs ADD COLUMN advanced_at INTEGER;

CREATE INDEX provisioning_runs_open ON provisioning_runs (advanced_at)
  WHERE status = 'running' AND mode = 'queue';

-- The chunks of planned runs. planned = created + failed + skipped + waiting at all times:
-- the figures are read off where the users stand, never added up, so a message that comes
-- twice counts once.
CREATE TABLE provisioning_chunks (
  run_id      TEXT NOT NULL,
  chunk       INTEGER NOT NULL, -- from 1
  -- open: users wait. done: none does. given_up: those that waited were left to the next run.
  state       TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'given_up')),
  user_ids    TEXT NOT NULL, -- JSON array of strings; emptied when the chunk closes
  deliveries  INTEGER NOT NULL DEFAULT 0,
  planned     INTEGER NOT NULL,
  waiting     INTEGER NOT NULL,
  created     INTEGER NOT NULL DEFAULT 0,
  failed      INTEGER NOT NULL DEFAULT 0,
  skipped     INTEGER NOT NULL DEFAULT 0,
  quarantined INTEGER NOT NULL DEFAULT 0, -- those of failed that went into quarantine
  errors      TEXT NOT NULL DEFAULT '[]', -- JSON array of strings
  PRIMARY KEY (run_id, chunk)
) WITHOUT ROWID;

UPDATE schema_version SET version = 5;
