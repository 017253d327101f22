-- The b2c users, and the version of the schema.

-- Other services insert, change and delete these rows directly. The table is not STRICT: whatever
-- type they store in a column must go on being accepted.
CREATE TABLE users (
  uuid         TEXT PRIMARY KEY,
  email        TEXT,
  phone_number TEXT,
  created_at   TEXT NOT NULL,
  auth_subject TEXT UNIQUE,
  -- The normalised e-mail, by the rule of kernel::EmailKey::of. NULL when nothing is left.
  email_key    TEXT GENERATED ALWAYS AS (
    NULLIF(lower(trim(email, char(9, 10, 11, 12, 13, 32))), '')
  ) VIRTUAL
);

-- For the question whether another user has an e-mail.
CREATE INDEX users_by_email ON users (email_key) WHERE email_key IS NOT NULL;

-- For support, who look for a person by what a ticket holds.
CREATE INDEX users_by_phone ON users (phone_number) WHERE phone_number IS NOT NULL;
CREATE INDEX users_by_domain ON users (substr(email_key, instr(email_key, '@') + 1))
  WHERE email_key IS NOT NULL;

-- A token's subject is a user's uuid or auth_subject. A row with which one subject would mean two users
-- is refused.
CREATE TRIGGER users_insert_subject BEFORE INSERT ON users
WHEN EXISTS (SELECT 1 FROM users WHERE uuid = NEW.auth_subject AND uuid <> NEW.uuid)
  OR EXISTS (SELECT 1 FROM users WHERE auth_subject = NEW.uuid AND uuid <> NEW.uuid)
BEGIN
  SELECT RAISE(ABORT, 'auth_subject must not be the uuid of another user');
END;

CREATE TRIGGER users_update_subject BEFORE UPDATE OF uuid, auth_subject ON users
WHEN EXISTS (SELECT 1 FROM users WHERE uuid = NEW.auth_subject AND uuid <> NEW.uuid AND uuid <> OLD.uuid)
  OR EXISTS (SELECT 1 FROM users WHERE auth_subject = NEW.uuid AND uuid <> NEW.uuid AND uuid <> OLD.uuid)
BEGIN
  SELECT RAISE(ABORT, 'auth_subject must not be the uuid of another user');
END;

-- /health compares this with SCHEMA_VERSION, the version that the Worker was built for. Every
-- migration raises it.
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version (version) VALUES (1);
