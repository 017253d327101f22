-- The b2c users. Other services insert, change and delete rows here directly.

CREATE TABLE users (
  uuid         TEXT PRIMARY KEY,
  email        TEXT,
  phone_number TEXT,
  created_at   TEXT NOT NULL,
  auth_subject TEXT UNIQUE,
  -- The e-mail in the one normal form that all comparisons use; the same rule
  -- as kernel::EmailKey. NULL when nothing is left after trimming.
  email_key    TEXT GENERATED ALWAYS AS (
    NULLIF(lower(trim(email, char(9, 10, 11, 12, 13, 32))), '')
  ) VIRTUAL
);

-- What /health compares with the version that the Worker was built for.
-- Every migration raises it.
CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO schema_version (version) VALUES (1);
