-- Keeps out of the queue whom no run can take up.
--
-- Others write users, and SQLite keeps any type and up to 2 MB in any column. A
-- run hands its users about in lists of JSON: a blob can be in none, and a few
-- values of that size are more than a parameter may hold. One such user was due
-- in every run, failed it, and thereby kept everybody behind from an account.
--
-- An id has 128 characters at most wherever a request may name it, so 512 bytes;
-- an address 320 (RFC 5321: 64 before the @, 255 behind it). CAST, because the
-- length of a text ends at a NUL.

DELETE FROM provisioning_queue
WHERE typeof(user_id) <> 'text' OR length(CAST(user_id AS BLOB)) > 512
  OR length(CAST(email_key AS BLOB)) > 320;

-- The insert is another trigger's, and goes no further; what it is part of does.
CREATE TRIGGER provisioning_queue_keeps_out BEFORE INSERT ON provisioning_queue
WHEN typeof(NEW.user_id) <> 'text' OR length(CAST(NEW.user_id AS BLOB)) > 512
  OR length(CAST(NEW.email_key AS BLOB)) > 320
BEGIN
  SELECT RAISE(IGNORE);
END;

CREATE TRIGGER provisioning_queue_turns_out AFTER UPDATE OF user_id, email_key ON provisioning_queue
WHEN typeof(NEW.user_id) <> 'text' OR length(CAST(NEW.user_id AS BLOB)) > 512
  OR length(CAST(NEW.email_key AS BLOB)) > 320
BEGIN
  DELETE FROM provisioning_queue WHERE user_id = NEW.user_id;
END;

-- What waits for a user is listed along with it, and one list of roles that
-- can't be read would fail the list of all. To SQLite JSON ends at a NUL, and half
-- of a surrogate pair is a character: neither is text to anybody else. Escaped
-- halves are refused in pairs too. The Worker escapes none; a backslash that is
-- itself escaped begins no escape.
CREATE TRIGGER threedeye_recovery_insert_readable BEFORE INSERT ON threedeye_recovery
WHEN typeof(NEW.role_ids) <> 'text' OR NOT json_valid(NEW.role_ids)
  OR json_type(NEW.role_ids) <> 'array' OR instr(NEW.role_ids, char(0)) > 0
  OR replace(NEW.role_ids, '\\', '') GLOB '*\u[dD][89a-fA-F]*'
  OR EXISTS (SELECT 1 FROM json_each(NEW.role_ids) WHERE type <> 'text')
BEGIN
  SELECT RAISE(ABORT, 'role_ids is no JSON list of texts');
END;

CREATE TRIGGER threedeye_recovery_update_readable BEFORE UPDATE OF role_ids ON threedeye_recovery
WHEN typeof(NEW.role_ids) <> 'text' OR NOT json_valid(NEW.role_ids)
  OR json_type(NEW.role_ids) <> 'array' OR instr(NEW.role_ids, char(0)) > 0
  OR replace(NEW.role_ids, '\\', '') GLOB '*\u[dD][89a-fA-F]*'
  OR EXISTS (SELECT 1 FROM json_each(NEW.role_ids) WHERE type <> 'text')
BEGIN
  SELECT RAISE(ABORT, 'role_ids is no JSON list of texts');
END;

UPDATE schema_version SET version = 7;
