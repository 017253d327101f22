-- Makes the settling of a user read its row no more.

DROP TRIGGER provisioning_settle;

CREATE TRIGGER provisioning_settle INSTEAD OF INSERT ON provisioning_outcomes
BEGIN
  -- An upsert finds the row without a read, which an UPDATE does not. Nothing is
  -- ever inserted: without a row the key is NULL, which OR IGNORE passes over.
  -- To DO UPDATE it does not apply, so an account or an e-mail that is another
  -- user's is looked for first, where the row's own is about to change.
  INSERT OR IGNORE INTO threedeye_users (user_id, state, created_at, updated_at)
  VALUES (iif(NEW.user_id IN (SELECT user_id FROM threedeye_users), NEW.user_id, NULL),
          'idle', NEW.at, NEW.at)
  ON CONFLICT (user_id) DO UPDATE SET
    state = coalesce(NEW.state, state),
    threedeye_id = CASE WHEN NEW.forget THEN NULL ELSE coalesce(NEW.threedeye_id, threedeye_id) END,
    password_sealed = CASE WHEN NEW.forget THEN NULL ELSE password_sealed END,
    email_key = coalesce(NEW.email_key, email_key),
    attempts = CASE WHEN NEW.success THEN 0 ELSE attempts + NEW.attempt END,
    last_error = CASE WHEN NEW.success OR NEW.attempt THEN NEW.error ELSE last_error END,
    next_attempt_at =
      CASE WHEN NEW.success OR NEW.attempt THEN NEW.next_attempt_at ELSE next_attempt_at END,
    lease_token = NULL,
    lease_until = 0,
    settled_at = max(settled_at, coalesce(NEW.settled_at, 0)),
    forgotten_email = iif(NEW.success, NULL, forgotten_email),
    forgotten_threedeye_id = iif(NEW.success, NULL, forgotten_threedeye_id),
    forgotten_password = iif(NEW.success, NULL, forgotten_password),
    updated_at = NEW.at
  WHERE lease_token = NEW.lease_token
    AND CASE
      WHEN NEW.forget OR NEW.threedeye_id IS NULL OR NEW.threedeye_id = threedeye_id THEN 1
      ELSE NOT EXISTS (
        SELECT 1 FROM threedeye_users o
        WHERE o.threedeye_id = NEW.threedeye_id AND o.user_id <> NEW.user_id)
    END
    AND CASE
      WHEN coalesce(NEW.state, state) = 'set_aside' THEN 1
      WHEN state <> 'set_aside' AND NEW.email_key IS NULL THEN 1
      ELSE NOT EXISTS (
        SELECT 1 FROM threedeye_users o
        WHERE o.email_key = coalesce(NEW.email_key, threedeye_users.email_key)
          AND o.state <> 'set_aside' AND o.user_id <> NEW.user_id)
    END;

  INSERT INTO provisioning_unsettled (lease_token, user_id)
  SELECT NEW.lease_token, NEW.user_id WHERE changes() = 0;

  INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
  SELECT NEW.at, NEW.actor, NEW.action, NEW.user_id, NEW.outcome, NEW.request_id
  WHERE NEW.outcome IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);

  DELETE FROM threedeye_recovery
  WHERE NEW.success AND user_id = NEW.user_id AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);

  -- The row was closed for the e-mail that was claimed. Where the user has
  -- another by now, or nobody holds the contested one any more, no trigger
  -- would ever open the row again.
  UPDATE threedeye_users SET
    state = CASE state WHEN 'set_aside' THEN 'idle' ELSE 'pending' END,
    email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END
  WHERE NEW.closes AND user_id = NEW.user_id AND (state = 'set_aside' OR state = 'quarantined')
    AND (
      email_key IS NOT (SELECT u.email_key FROM users u WHERE u.uuid = NEW.user_id)
      OR (state = 'set_aside' AND NOT EXISTS (
        SELECT 1 FROM threedeye_users o
        WHERE o.email_key = threedeye_users.email_key AND o.state <> 'set_aside'
      ))
    );

  UPDATE provisioning_queue SET due_at = NEW.due_at
  WHERE NEW.due_at IS NOT NULL AND user_id = NEW.user_id AND NOT EXISTS (
    SELECT 1 FROM provisioning_unsettled
    WHERE lease_token = NEW.lease_token AND user_id = NEW.user_id);
END;

UPDATE schema_version SET version = 6;
