-- The user-key API: instances, the keys of programs, and the users of an instance.

CREATE TABLE instances (
  name       TEXT PRIMARY KEY, -- lower case
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys of programs. Of the key only the SHA-256 is stored.
CREATE TABLE instance_keys (
  id                   TEXT PRIMARY KEY,
  key_hash             TEXT NOT NULL UNIQUE, -- lower-case hex
  instance             TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
  -- NULL: an instance API key, which may do what its flags allow (user_keys::authorization::Flags).
  -- Otherwise an account key, which may do what its role allows (user_keys::authorization::Role::ALL).
  role                 TEXT CHECK (role IN ('full', 'write', 'read')),
  ignore_acl           INTEGER NOT NULL DEFAULT 0 CHECK (ignore_acl IN (0, 1)),
  allow_user_create    INTEGER NOT NULL DEFAULT 0 CHECK (allow_user_create IN (0, 1)),
  allow_group_create   INTEGER NOT NULL DEFAULT 0 CHECK (allow_group_create IN (0, 1)),
  allow_anonymous_read INTEGER NOT NULL DEFAULT 0 CHECK (allow_anonymous_read IN (0, 1)),
  label                TEXT,
  created_at           INTEGER NOT NULL,
  revoked_at           INTEGER
) STRICT;
CREATE INDEX instance_keys_by_instance ON instance_keys (instance, id);
CREATE INDEX account_keys_in_force ON instance_keys (id) WHERE role IS NOT NULL AND revoked_at IS NULL;

CREATE TABLE instance_users (
  -- Unique across all instances and never reused, so an id is valid in one instance only.
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  instance       TEXT NOT NULL REFERENCES instances (name) ON DELETE CASCADE,
  username       TEXT NOT NULL,
  user_id        TEXT,                 -- users.uuid; NULL: tied to no b2c user
  key_hash       TEXT NOT NULL UNIQUE, -- lower-case hex SHA-256
  key_changed_at INTEGER NOT NULL,
  created_at     INTEGER NOT NULL,
  UNIQUE (instance, username)
) STRICT;
-- Lists are read in the order of the ids, which the index above does not give.
CREATE INDEX instance_users_by_instance ON instance_users (instance);
CREATE INDEX instance_users_by_user ON instance_users (user_id) WHERE user_id IS NOT NULL;

-- Their keys are the person's credentials. An instance that still knows the user may add it anew.
CREATE TRIGGER departures_delete_instance_users INSTEAD OF INSERT ON user_departures
WHEN NOT EXISTS (SELECT 1 FROM users WHERE uuid = NEW.user_id)
BEGIN
  DELETE FROM instance_users WHERE user_id = NEW.user_id;
END;

UPDATE schema_version SET version = 5;
