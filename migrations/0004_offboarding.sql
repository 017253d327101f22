-- Off-boarding: what is left to do for users that were deleted.

UPDATE schema_version SET version = 4;
