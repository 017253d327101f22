-- Where a change was asked for from: the client's address. NULL for what nobody called for, such as a scheduled run, and
-- for how a provisioning ended, which is often another's doing than the caller's.
ALTER TABLE audit_log ADD COLUMN address TEXT;

UPDATE schema_version SET version = 8;
