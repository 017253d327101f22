-- The account API: profiles, push tokens, scenes, second factors, and the outbox of notices.
--
-- Rows belong to users.uuid, but without a foreign key: other services may replace a row of users
-- (INSERT OR REPLACE), and a cascade would switch off that person's second factor. The trigger at
-- the end of this file deletes the rows of a user that left.

CREATE TABLE profiles (
  user_id             TEXT PRIMARY KEY,
  -- JSON object: what PATCH set. At most account::settings::MAX_SETTINGS_CHARS, checked on writing.
  settings            TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
  team_id             INTEGER,
  verified_email      TEXT,             -- the users.email_key that the user has confirmed
  pending_email       TEXT,             -- the new e-mail that was asked for, as spelt
  pending_from        TEXT,             -- the users.email_key that it was asked from; void under another
  pending_email_hash  TEXT,             -- lower-case hex SHA-256 of the token that confirms it
  pending_email_until INTEGER,
  updated_at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE push_tokens (
  id           TEXT PRIMARY KEY,
  token_hash   TEXT NOT NULL UNIQUE,    -- lower-case hex SHA-256; a token has one owner
  token_sealed TEXT NOT NULL,
  user_id      TEXT NOT NULL,
  -- account::push_token::Platform::NAMES
  platform     TEXT NOT NULL CHECK (platform IN ('ios', 'android', 'web')),
  created_at   INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_tokens_by_user ON push_tokens (user_id, last_seen_at);

CREATE TABLE dashboards (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  team_id    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX dashboards_by_team ON dashboards (team_id);

CREATE TABLE scene_personalisations (
  id           INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of the list
  user_id      TEXT NOT NULL,
  team_id      INTEGER NOT NULL,
  scene        TEXT NOT NULL,
  dashboard_id INTEGER NOT NULL REFERENCES dashboards (id) ON DELETE CASCADE,
  UNIQUE (user_id, team_id, scene)
) STRICT;
CREATE INDEX scene_personalisations_by_dashboard ON scene_personalisations (dashboard_id);

CREATE TABLE second_factors (
  user_id             TEXT PRIMARY KEY,
  secret_sealed       TEXT,             -- NULL: off
  enabled_at          INTEGER,
  last_step           INTEGER NOT NULL DEFAULT -1, -- the time step of the last accepted code
  pending_sealed      TEXT,             -- the secret of a set-up in progress
  pending_bound_to    TEXT,             -- the subject that it is sealed for
  pending_until       INTEGER,
  totp_failures       INTEGER NOT NULL DEFAULT 0,  -- consecutive
  totp_locked_until   INTEGER NOT NULL DEFAULT 0,
  backup_failures     INTEGER NOT NULL DEFAULT 0,
  backup_locked_until INTEGER NOT NULL DEFAULT 0,
  accepted_by         TEXT              -- id of the request whose code was the last accepted
) STRICT, WITHOUT ROWID;

CREATE INDEX second_factors_locked ON second_factors (user_id)
  WHERE totp_failures >= 5 OR backup_failures >= 5;

CREATE TABLE backup_codes (
  user_id     TEXT NOT NULL,
  code_hash   TEXT NOT NULL,            -- lower-case hex HMAC-SHA256 under a key derived from CREDENTIALS_KEY
  code_sealed TEXT NOT NULL,
  position    INTEGER NOT NULL,
  used_at     INTEGER,
  used_by     TEXT,                     -- id of the request that used it
  PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- The outbox: a notice is inserted in the same transaction as the change it reports, and deleted
-- when it has been delivered.
CREATE TABLE notices (
  id           TEXT PRIMARY KEY,
  type         TEXT NOT NULL,           -- account::NoticeKind
  user_id      TEXT NOT NULL,
  recipient    TEXT,                    -- e-mail, else phone number
  token_sealed TEXT,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,                 -- deleted undelivered from then on
  attempts     INTEGER NOT NULL DEFAULT 0,
  -- Why the last attempt failed: the receiver's status, or a word; account::outbox::DeliveryFailure.
  last_cause   TEXT,
  due_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_due ON notices (due_at, id);
CREATE INDEX notices_tried ON notices (due_at, id) WHERE attempts > 0;
CREATE INDEX notices_by_type ON notices (type, due_at, id);
CREATE INDEX notices_tried_by_type ON notices (type, due_at, id) WHERE attempts > 0;
CREATE INDEX notices_by_user ON notices (user_id);
CREATE INDEX notices_by_expiry ON notices (expires_at) WHERE expires_at IS NOT NULL;

-- Notices that say the same to the same recipient are merged into the newest, whose delivery is due at once: also one
-- whose delivery is under way, since what became of it does not matter any more.
-- Of the others only a user's newest twenty are kept, so that they do not delay those of other users. But what warns of
-- a take-over, and the mail with a token, no other notice pushes out. A kind that is not named here is among the others.
CREATE TRIGGER notices_merge AFTER INSERT ON notices
BEGIN
  DELETE FROM notices
  WHERE user_id = NEW.user_id AND type = NEW.type AND recipient IS NEW.recipient AND id <> NEW.id;
  DELETE FROM notices
  WHERE id IN (
    SELECT id FROM notices
    WHERE user_id = NEW.user_id AND type NOT IN (
      'email_changed', 'email_change_requested', 'email_change_verification', 'two_factor_disabled'
    )
    ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET 20
  );
END;

-- The mail with a token is of no use once the token is dead: used, replaced or given up.
CREATE TRIGGER profiles_end_verification AFTER UPDATE OF pending_email_hash ON profiles
WHEN OLD.pending_email_hash IS NOT NULL AND NEW.pending_email_hash IS NOT OLD.pending_email_hash
BEGIN
  DELETE FROM notices WHERE user_id = NEW.user_id AND type = 'email_change_verification';
END;

-- An e-mail that was asked for belongs to the address that it was asked from, and ends with it: if a service sets that
-- address back after a take-over, the token of the thief must be dead. INSERT OR REPLACE fires no trigger but that of
-- the INSERT, which cannot see the row that was replaced.
CREATE TRIGGER users_update_end_pending AFTER UPDATE OF email ON users
WHEN NEW.email IS NOT OLD.email
BEGIN
  UPDATE profiles
  SET pending_email = NULL, pending_from = NULL, pending_email_hash = NULL, pending_email_until = NULL
  WHERE user_id = NEW.uuid AND pending_email IS NOT NULL;
END;

CREATE TRIGGER users_insert_end_pending AFTER INSERT ON users
BEGIN
  UPDATE profiles
  SET pending_email = NULL, pending_from = NULL, pending_email_hash = NULL, pending_email_until = NULL
  WHERE user_id = NEW.uuid AND pending_email IS NOT NULL AND pending_from IS NOT NEW.email_key;
END;

-- A secret sealed for one user does not open for another, so a row that gets another id counts too.
CREATE TRIGGER departures_delete_account INSTEAD OF INSERT ON user_departures
WHEN NOT EXISTS (SELECT 1 FROM users WHERE uuid = NEW.user_id)
BEGIN
  DELETE FROM profiles WHERE user_id = NEW.user_id;
  DELETE FROM push_tokens WHERE user_id = NEW.user_id;
  DELETE FROM scene_personalisations WHERE user_id = NEW.user_id;
  DELETE FROM second_factors WHERE user_id = NEW.user_id;
  DELETE FROM backup_codes WHERE user_id = NEW.user_id;
  DELETE FROM notices WHERE user_id = NEW.user_id;
END;

UPDATE schema_version SET version = 6;
