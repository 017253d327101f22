-- Off-boarding: what becomes of a user whose row is deleted, whichever service deletes it.

-- A user that left. An insert stores nothing: INSTEAD OF triggers, here and in later files, say what
-- goes at once. A user whose row is there again by then has not left.
CREATE VIEW user_departures AS
SELECT NULL AS user_id,
       NULL AS email_key -- users.email_key at the end
WHERE 0;

CREATE TRIGGER users_delete_depart AFTER DELETE ON users
BEGIN
  INSERT INTO user_departures (user_id, email_key) VALUES (OLD.uuid, OLD.email_key);
END;

-- A row with another id, or with none, is another user, who inherits nothing.
CREATE TRIGGER users_change_id_depart AFTER UPDATE OF uuid ON users
WHEN NEW.uuid IS NOT OLD.uuid
BEGIN
  INSERT INTO user_departures (user_id, email_key) VALUES (OLD.uuid, OLD.email_key);
END;

-- A REPLACE also deletes the row of another user that has the same auth_subject, and fires no DELETE
-- trigger for it. Such users are noted before the row is written. Those that are gone afterwards have
-- left; those that are still there were noted by a statement that did not replace anything (OR
-- IGNORE, an upsert). Not STRICT, as users is not.
CREATE TABLE users_displaced (user_id, email_key);

CREATE TRIGGER users_insert_note_displaced BEFORE INSERT ON users
WHEN EXISTS (SELECT 1 FROM users WHERE auth_subject = NEW.auth_subject AND uuid <> NEW.uuid)
BEGIN
  DELETE FROM users_displaced WHERE user_id IN (
    SELECT uuid FROM users WHERE auth_subject = NEW.auth_subject AND uuid <> NEW.uuid);
  INSERT INTO users_displaced (user_id, email_key)
  SELECT uuid, email_key FROM users WHERE auth_subject = NEW.auth_subject AND uuid <> NEW.uuid;
END;

CREATE TRIGGER users_update_note_displaced BEFORE UPDATE OF auth_subject ON users
WHEN EXISTS (SELECT 1 FROM users WHERE auth_subject = NEW.auth_subject AND uuid <> OLD.uuid)
BEGIN
  DELETE FROM users_displaced WHERE user_id IN (
    SELECT uuid FROM users WHERE auth_subject = NEW.auth_subject AND uuid <> OLD.uuid);
  INSERT INTO users_displaced (user_id, email_key)
  SELECT uuid, email_key FROM users WHERE auth_subject = NEW.auth_subject AND uuid <> OLD.uuid;
END;

CREATE TRIGGER users_insert_depart AFTER INSERT ON users
WHEN EXISTS (SELECT 1 FROM users_displaced)
BEGIN
  INSERT INTO user_departures (user_id, email_key) SELECT user_id, email_key FROM users_displaced;
  DELETE FROM users_displaced;
END;

CREATE TRIGGER users_update_depart AFTER UPDATE OF auth_subject ON users
WHEN EXISTS (SELECT 1 FROM users_displaced)
BEGIN
  INSERT INTO user_departures (user_id, email_key) SELECT user_id, email_key FROM users_displaced;
  DELETE FROM users_displaced;
END;

CREATE INDEX api_keys_by_owner ON api_keys (user_id, id) WHERE user_id IS NOT NULL;

CREATE TRIGGER departures_revoke_keys INSTEAD OF INSERT ON user_departures
WHEN NOT EXISTS (SELECT 1 FROM users WHERE uuid = NEW.user_id)
BEGIN
  UPDATE api_keys SET revoked_at = unixepoch() * 1000
  WHERE user_id = NEW.user_id AND revoked_at IS NULL;
END;

-- The due leavings of a run.
CREATE INDEX threedeye_users_leaving ON threedeye_users (leaving_since, user_id)
  WHERE state = 'leaving';

-- What has no account, no intent, no saved roles and no holder leaves nothing to remove.
CREATE TRIGGER departures_leave INSTEAD OF INSERT ON user_departures
WHEN NOT EXISTS (SELECT 1 FROM users WHERE uuid = NEW.user_id)
BEGIN
  DELETE FROM threedeye_users
  WHERE user_id = NEW.user_id AND left_state IS NULL AND lease_token IS NULL
    AND threedeye_id IS NULL AND password_sealed IS NULL AND forgotten_email IS NULL
    AND NOT EXISTS (SELECT 1 FROM threedeye_recovery WHERE user_id = NEW.user_id);
  -- Set aside, a row names an e-mail that another user holds.
  UPDATE threedeye_users SET
    state = 'leaving',
    left_state = CASE state WHEN 'set_aside' THEN 'idle' ELSE state END,
    email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END,
    left_email = NEW.email_key,
    left_at = unixepoch() * 1000,
    leaving_since = unixepoch() * 1000,
    attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.user_id AND left_state IS NULL;
  INSERT INTO threedeye_users
    (user_id, state, left_state, left_email, left_at, leaving_since, created_at, updated_at)
  SELECT user_id, 'leaving', 'idle', NEW.email_key, unixepoch() * 1000, unixepoch() * 1000,
         unixepoch() * 1000, unixepoch() * 1000
  FROM threedeye_recovery
  WHERE user_id = NEW.user_id
    AND NOT EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = NEW.user_id);
END;

-- A user whose row was written. An insert stores nothing: the trigger below looks whether the user is
-- back.
CREATE VIEW user_returns AS
SELECT NULL AS user_id, NULL AS email_key
WHERE 0;

CREATE TRIGGER users_insert_return AFTER INSERT ON users
BEGIN
  INSERT INTO user_returns (user_id, email_key) VALUES (NEW.uuid, NEW.email_key);
END;

CREATE TRIGGER users_update_return AFTER UPDATE OF email, uuid ON users
BEGIN
  INSERT INTO user_returns (user_id, email_key) VALUES (NEW.uuid, NEW.email_key);
END;

-- The user is back, with the e-mail it had: as if it had never been away, but for its keys. A row
-- without lease and memory tells nothing and goes; the next run makes another.
CREATE TRIGGER returns_restore INSTEAD OF INSERT ON user_returns
WHEN EXISTS (SELECT 1 FROM threedeye_users
             WHERE user_id = NEW.user_id AND left_state IS NOT NULL AND left_email IS NEW.email_key)
BEGIN
  DELETE FROM threedeye_users
  WHERE user_id = NEW.user_id AND left_state = 'idle' AND lease_token IS NULL
    AND forgotten_email IS NULL AND taken_over_email IS NULL;
  UPDATE threedeye_users SET
    state = left_state, left_state = NULL, left_email = NULL, left_at = NULL, leaving_since = NULL,
    attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL
  WHERE user_id = NEW.user_id AND left_state IS NOT NULL;
END;

UPDATE schema_version SET version = 4;
