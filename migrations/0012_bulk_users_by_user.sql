-- What an export tells of a person includes the lists that named it.
CREATE INDEX provisioning_bulk_users_by_user ON provisioning_bulk_users (user_id) WHERE user_id IS NOT NULL;

UPDATE schema_version SET version = 12;
