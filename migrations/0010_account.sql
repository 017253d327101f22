-- Account security: profiles, push tokens, scenes, second factors, and the notices that tell people of changes.
--
-- Rows are kept by `users.uuid` without a foreign key: other services may replace a row of `users` as a whole
-- (INSERT OR REPLACE), and nobody's second factor may be switched off by that. Deleting the user takes them along.

CREATE TABLE profiles (
  user_id             TEXT PRIMARY KEY,
  settings            TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)), -- an object: what PATCH set
  team_id             INTEGER,
  verified_email      TEXT,             -- users.email_key that was proved to be the user's
  pending_email       TEXT,             -- the e-mail asked for, as spelt
  pending_email_hash  TEXT,             -- lower-case hex SHA-256 of the token that confirms it
  pending_email_until INTEGER,
  updated_at          INTEGER NOT NULL
) WITHOUT ROWID;

-- Whose e-mail is it? Asked before anybody gets it.
CREATE INDEX users_by_email ON users (email_key) WHERE email_key IS NOT NULL;

CREATE TABLE push_tokens (
  id           TEXT PRIMARY KEY,
  token_hash   TEXT NOT NULL UNIQUE,    -- lower-case hex SHA-256: a token has one owner
  token_sealed TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  platform     TEXT NOT NULL CHECK (platform IN ('ios', 'android', 'web')),
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX push_tokens_by_user ON push_tokens (user_id, last_seen_at);

CREATE TABLE dashboards (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  team_id    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE scene_personalisations (
  id           INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of the list
  user_id      TEXT NOT NULL,
  team_id      INTEGER NOT NULL,
  scene        TEXT NOT NULL,
  dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
  UNIQUE (user_id, team_id, scene)
);
CREATE INDEX scene_personalisations_by_dashboard ON scene_personalisations (dashboard_id);

CREATE TABLE second_factors (
  user_id             TEXT PRIMARY KEY,
  secret_sealed       TEXT,             -- NULL: off
  enabled_at          INTEGER,
  last_step           INTEGER NOT NULL DEFAULT -1, -- the time step of the last code that was accepted
  pending_sealed      TEXT,             -- the secret of a set-up that is under way
  pending_bound_to    TEXT,             -- the subject that it is sealed for
  pending_until       INTEGER,
  totp_failures       INTEGER NOT NULL DEFAULT 0,  -- in a row
  totp_locked_until   INTEGER NOT NULL DEFAULT 0,
  backup_failures     INTEGER NOT NULL DEFAULT 0,
  backup_locked_until INTEGER NOT NULL DEFAULT 0,
  accepted_by         TEXT              -- the request whose code was the last to be accepted
) WITHOUT ROWID;

CREATE TABLE backup_codes (
  user_id     TEXT NOT NULL,
  code_hash   TEXT NOT NULL,            -- lower-case hex HMAC-SHA256 under a key derived from CREDENTIALS_KEY
  code_sealed TEXT NOT NULL,
  position    INTEGER NOT NULL,
  used_at     INTEGER,
  used_by     TEXT,                     -- the request that used it
  PRIMARY KEY (user_id, code_hash)
) WITHOUT ROWID;

-- The outbox: written with the change that it tells of, deleted once it is delivered.
CREATE TABLE notices (
  id           TEXT PRIMARY KEY,
  type         TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  recipient    TEXT,                    -- e-mail, else phone number
  token_sealed TEXT,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,                 -- of no use to anybody from then on
  attempts     INTEGER NOT NULL DEFAULT 0,
  due_at       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX notices_due ON notices (due_at);
CREATE INDEX notices_by_user ON notices (user_id);
CREATE INDEX notices_by_expiry ON notices (expires_at) WHERE expires_at IS NOT NULL;

-- Nobody makes others wait for their notices: of one user's the newest twenty are kept.
CREATE TRIGGER notices_keep_newest AFTER INSERT ON notices
BEGIN
  DELETE FROM notices
  WHERE id IN (
    SELECT id FROM notices WHERE user_id = NEW.user_id
    ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET 20
  );
END;

CREATE TRIGGER users_leave_account AFTER DELETE ON users
BEGIN
  DELETE FROM profiles WHERE user_id = OLD.uuid;
  DELETE FROM push_tokens WHERE user_id = OLD.uuid;
  DELETE FROM scene_personalisations WHERE user_id = OLD.uuid;
  DELETE FROM second_factors WHERE user_id = OLD.uuid;
  DELETE FROM backup_codes WHERE user_id = OLD.uuid;
  DELETE FROM notices WHERE user_id = OLD.uuid;
END;

-- Another id is another user to us, and what is sealed for one does not open for another.
CREATE TRIGGER users_become_another AFTER UPDATE OF uuid ON users
WHEN NEW.uuid <> OLD.uuid
BEGIN
  DELETE FROM profiles WHERE user_id = OLD.uuid;
  DELETE FROM push_tokens WHERE user_id = OLD.uuid;
  DELETE FROM scene_personalisations WHERE user_id = OLD.uuid;
  DELETE FROM second_factors WHERE user_id = OLD.uuid;
  DELETE FROM backup_codes WHERE user_id = OLD.uuid;
  DELETE FROM notices WHERE user_id = OLD.uuid;
END;

UPDATE schema_version SET version = 10;
