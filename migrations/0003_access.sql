-- Who may call, and who changed what.

-- Personal and service API keys. Of the key itself only the SHA-256 is kept.
CREATE TABLE api_keys (
  id           TEXT PRIMARY KEY,
  key_hash     TEXT NOT NULL UNIQUE, -- lower-case hex
  scopes       TEXT NOT NULL,        -- JSON array of strings
  user_id      TEXT,                 -- NULL: a service's key, good for every user
  label        TEXT,
  created_at   INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at   INTEGER
);

-- One row for every change. Never a secret, never a whole e-mail.
CREATE TABLE audit_log (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  actor      TEXT NOT NULL, -- key fingerprint or id, and masked e-mail
  action     TEXT NOT NULL,
  subject    TEXT NOT NULL, -- the user, key or other thing that was changed
  outcome    TEXT NOT NULL,
  request_id TEXT NOT NULL
);
CREATE INDEX audit_log_by_subject ON audit_log (subject, id);

UPDATE schema_version SET version = 3;
