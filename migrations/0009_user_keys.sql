-- The user-key API: instances, the keys that open them, and their users.

CREATE TABLE instances (
  name       TEXT PRIMARY KEY, -- lower case
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Keys of programs. Of the key itself only the SHA-256 is kept.
CREATE TABLE instance_keys (
  id                   TEXT PRIMARY KEY,
  key_hash             TEXT NOT NULL UNIQUE, -- lower-case hex
  instance             TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
  -- NULL: an instance API key, which may do what its flags say.
  -- Else an account key: it may do what its role says.
  role                 TEXT CHECK (role IN ('full', 'write', 'read')),
  ignore_acl           INTEGER NOT NULL DEFAULT 0 CHECK (ignore_acl IN (0, 1)),
  allow_user_create    INTEGER NOT NULL DEFAULT 0 CHECK (allow_user_create IN (0, 1)),
  allow_group_create   INTEGER NOT NULL DEFAULT 0 CHECK (allow_group_create IN (0, 1)),
  allow_anonymous_read INTEGER NOT NULL DEFAULT 0 CHECK (allow_anonymous_read IN (0, 1)),
  label                TEXT,
  created_at           INTEGER NOT NULL,
  revoked_at           INTEGER
);
CREATE INDEX instance_keys_by_instance ON instance_keys (instance);

CREATE TABLE instance_users (
  -- Across all instances, and never given again: no id of one is ever good in another.
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  instance       TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
  username       TEXT NOT NULL,
  user_id        TEXT,                 -- users.uuid, where the user is tied to one
  key_hash       TEXT NOT NULL UNIQUE, -- lower-case hex SHA-256
  key_changed_at INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  UNIQUE (instance, username)
);
CREATE INDEX instance_users_by_instance ON instance_users (instance);
CREATE INDEX instance_users_by_person ON instance_users (user_id) WHERE user_id IS NOT NULL;

UPDATE schema_version SET version = 9;
