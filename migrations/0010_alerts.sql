-- Alerts: what is wrong with the service as a whole, told to the operators when it begins and when it ends.

-- The alerts that are firing.
CREATE TABLE alerts (
  name  TEXT PRIMARY KEY, -- alerts::Condition
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the receiver is still to be told, oldest first. Written in one batch with the table above, so a change is told
-- once, whatever dies in between, and not once a scheduled run.
CREATE TABLE alert_changes (
  id     TEXT PRIMARY KEY,
  name   TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status = 'firing' OR status = 'resolved'),
  at     INTEGER NOT NULL,
  text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

UPDATE schema_version SET version = 10;
