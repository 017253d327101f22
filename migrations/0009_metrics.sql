-- What GET /metrics tells, so that it reads a few rows however many users there are.

-- Counters, which only grow.
CREATE TABLE counters (
  -- outcomes: of provisioning, kind is daily_counts.name. refused: requests, kind is the refusal's.
  -- dead_letters: messages of planned runs that failed too often.
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL DEFAULT '',
  value      INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (name, kind)
) STRICT, WITHOUT ROWID;

-- Outcomes are counted by the day where they are written down; what is added there is added here.
CREATE TRIGGER daily_counts_insert_counter AFTER INSERT ON daily_counts
WHEN NEW.name <> 'time' AND NEW.name <> 'users' AND NEW.name <> 'complete'
BEGIN
  INSERT INTO counters (name, kind, value, changed_at)
  VALUES ('outcomes', NEW.name, NEW.value, unixepoch() * 1000)
  ON CONFLICT (name, kind) DO UPDATE SET value = value + excluded.value, changed_at = excluded.changed_at;
END;

CREATE TRIGGER daily_counts_update_counter AFTER UPDATE OF value ON daily_counts
WHEN NEW.name <> 'time' AND NEW.name <> 'users' AND NEW.name <> 'complete'
BEGIN
  INSERT INTO counters (name, kind, value, changed_at)
  VALUES ('outcomes', NEW.name, NEW.value - OLD.value, unixepoch() * 1000)
  ON CONFLICT (name, kind) DO UPDATE SET value = value + excluded.value, changed_at = excluded.changed_at;
END;

-- Gauges as the last scheduled run found them: one row. All counts but waiting, users and complete stop at 10,000.
CREATE TABLE gauges (
  id                    INTEGER PRIMARY KEY CHECK (id = 1),
  at                    INTEGER NOT NULL,
  waiting               INTEGER NOT NULL,
  due                   INTEGER NOT NULL,
  oldest_due_at         INTEGER,          -- NULL: none is due
  failing               TEXT NOT NULL,    -- JSON object: users to be tried again, by reason
  attaching             INTEGER NOT NULL,
  quarantined           INTEGER NOT NULL,
  quarantined_lately    INTEGER NOT NULL, -- within the last hour
  set_aside             INTEGER NOT NULL,
  died_runs             INTEGER NOT NULL, -- within the last hour
  notices_waiting       INTEGER NOT NULL,
  notices_failing       INTEGER NOT NULL,
  notices_failing_since INTEGER,          -- when the oldest of them was written; NULL: none fails
  users                 INTEGER,          -- these two as counted last night; NULL: not yet
  complete              INTEGER,
  database_bytes        INTEGER NOT NULL
) STRICT;

-- The scheduled run that began last: ids are in the order in which runs begin. SQLite reads the end of each part off
-- an index and merges them.
CREATE VIEW last_scheduled_run AS
SELECT run_id, started_at, coalesce(advanced_at, started_at) AS active_at, status
FROM provisioning_runs WHERE trigger_kind = 'cron' AND status = 'running'
UNION ALL
SELECT run_id, started_at, coalesce(advanced_at, started_at), status
FROM provisioning_runs WHERE trigger_kind = 'cron' AND status = 'completed'
UNION ALL
SELECT run_id, started_at, coalesce(advanced_at, started_at), status
FROM provisioning_runs WHERE trigger_kind = 'cron' AND status = 'ended_early'
ORDER BY run_id DESC LIMIT 1;

UPDATE schema_version SET version = 9;
