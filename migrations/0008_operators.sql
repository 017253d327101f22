-- The operators of the console, and their sessions.

CREATE TABLE operators (
  id          TEXT PRIMARY KEY,     -- op_ and a ULID: the audit trail names it, so a row stays
  email_key   TEXT NOT NULL UNIQUE,
  -- operators::Role::NAMES
  role        TEXT NOT NULL CHECK (role IN ('viewer', 'support', 'admin')),
  subject     TEXT,                 -- the identity provider's, bound at the first sign-in
  created_at  INTEGER NOT NULL,
  created_by  TEXT NOT NULL,        -- as the audit trail names them
  last_seen_at INTEGER,             -- as precise as console_sessions.seen_at, and kept when that is gone
  disabled_at INTEGER               -- NULL: may sign in
) STRICT, WITHOUT ROWID;

CREATE TABLE console_sessions (
  id_hash          TEXT PRIMARY KEY, -- lower-case hex SHA-256 of the token in the cookie
  operator_id      TEXT NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
  created_at       INTEGER NOT NULL,
  authenticated_at INTEGER NOT NULL, -- when the person signed in at the identity provider
  second_factor    INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1)), -- 1: they showed one
  seen_at          INTEGER NOT NULL, -- the last request, to five minutes
  ends_at          INTEGER NOT NULL,
  address          TEXT,
  agent            TEXT              -- the browser, as it calls itself
) STRICT, WITHOUT ROWID;
CREATE INDEX console_sessions_by_operator ON console_sessions (operator_id);
CREATE INDEX console_sessions_by_end ON console_sessions (ends_at);

-- Whether a person was refused a session for the same reason within the last hour.
CREATE INDEX audit_log_refusals ON audit_log (actor, outcome, at) WHERE action = 'session.refuse';

UPDATE schema_version SET version = 8;
