-- API keys and the audit trail.
--
-- Here and in all later files: columns ending in _at and _until are milliseconds since the Unix
-- epoch. Tables are STRICT unless a comment says why not. D1 binds every number as a REAL, which a
-- STRICT INTEGER column accepts when it is integral.

-- Personal and service API keys. Of the key only the SHA-256 is stored.
CREATE TABLE api_keys (
  id           TEXT PRIMARY KEY,
  key_hash     TEXT NOT NULL UNIQUE, -- lower-case hex
  scopes       TEXT NOT NULL,        -- JSON array of strings
  user_id      TEXT,                 -- NULL: a service's key, valid for every user
  label        TEXT,
  created_at   INTEGER NOT NULL,
  last_used_at INTEGER,
  expires_at   INTEGER,              -- NULL: never
  revoked_at   INTEGER
) STRICT;
CREATE INDEX api_keys_in_force ON api_keys (id) WHERE revoked_at IS NULL;

-- One row for every change, and one an hour for who reads a user's 3dEye login. Never holds a secret or a whole e-mail.
CREATE TABLE audit_log (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  actor      TEXT NOT NULL, -- key fingerprint or id, and masked e-mail
  action     TEXT NOT NULL,
  subject    TEXT NOT NULL, -- the user, key or other thing that was changed
  outcome    TEXT NOT NULL,
  request_id TEXT NOT NULL,
  reason     TEXT,          -- what the administrator typed
  -- The client's address. NULL without a client, as in a scheduled run, and for the outcome of a
  -- provisioning, which may be written by another request than the one that asked for it.
  address    TEXT
) STRICT;
CREATE INDEX audit_log_by_subject ON audit_log (subject, id);
-- What people did, among the many rows of scheduled runs.
CREATE INDEX audit_log_by_people ON audit_log (id) WHERE actor <> 'cron' AND actor <> 'queue';
-- Whether someone read a user's 3dEye login within the last hour.
CREATE INDEX audit_log_reads ON audit_log (subject, actor, at)
  WHERE action = 'threedeye.read_credentials';

UPDATE schema_version SET version = 2;
