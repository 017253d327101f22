-- Runs over a list of users that an administrator gave: reset, provision or off-board each of them.

-- provisioning::bulk::Act, or backfill.
ALTER TABLE provisioning_runs ADD COLUMN action TEXT NOT NULL DEFAULT 'backfill' CHECK (
  action = 'backfill' OR action = 'reset' OR action = 'provision' OR action = 'offboard'
);
-- What is done to each, and why, as JSON (provisioning::bulk::BulkOrder). NULL: a backfill.
ALTER TABLE provisioning_runs ADD COLUMN bulk TEXT;
-- The preview that was carried out. It names one run at most, so a request that is sent again starts no second one.
ALTER TABLE provisioning_runs ADD COLUMN plan TEXT;
CREATE UNIQUE INDEX provisioning_runs_by_plan ON provisioning_runs (plan) WHERE plan IS NOT NULL;

-- The users of such a run, one row an entry of the list. Its chunks are in provisioning_chunks, without ids; their
-- figures are counted here, never added up.
CREATE TABLE provisioning_bulk_users (
  run_id        TEXT NOT NULL,
  chunk         INTEGER NOT NULL, -- from 1
  n             INTEGER NOT NULL, -- the entry's place in the list, from 1
  user_id       TEXT,             -- NULL: the entry names no user, or more than one
  -- waiting: to be done. working: claimed until claimed_until. done. refused: nothing was done, as a single act would
  -- refuse it. failed: it is not known to be done to its end. skipped: the run ended before.
  state         TEXT NOT NULL CHECK (
    state = 'waiting' OR state = 'working' OR state = 'done'
    OR state = 'refused' OR state = 'failed' OR state = 'skipped'
  ),
  seen          TEXT,             -- the tag of what the preview saw of the user
  claims        INTEGER NOT NULL DEFAULT 0, -- how often it was begun
  claim         TEXT,             -- of who began it last
  claimed_until INTEGER NOT NULL DEFAULT 0,
  reason        TEXT,             -- why it was not done, as a word
  outcome       TEXT,             -- what was done, or why not
  ended_at      INTEGER,
  PRIMARY KEY (run_id, chunk, n)
) STRICT, WITHOUT ROWID;

UPDATE schema_version SET version = 11;
