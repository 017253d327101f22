//! The statements of fan-out.
//!
//! A user waits for its chunk as long as its place in the work queue is the
//! run's hold. CROSS JOIN keeps SQLite from reordering: the chunks come first,
//! so a statement reads what its chunks hold, whatever the tables hold.

pub const OPEN_PLAN: &str = "
INSERT INTO provisioning_runs
  (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at, advanced_at,
   mode, hold_until, takeovers_left)
VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?6, ?6, 'queue', ?7, ?8)";

// ?1 run, ?2 due by, ?3 limit, ?4 users a chunk. The cast is for the division:
// every number is bound as a float. Who is due and who is passed over is as in
// a run in one process.
pub const CUT: &str = "
INSERT INTO provisioning_chunks (run_id, chunk, user_ids, planned, waiting)
SELECT ?1, chunk, json_group_array(user_id), count(*), count(*)
FROM (
  SELECT user_id,
         (row_number() OVER (ORDER BY due_at, user_id) - 1) / CAST(?4 AS INTEGER) + 1 AS chunk
  FROM (
    SELECT q.user_id, q.due_at FROM provisioning_queue q
    LEFT JOIN threedeye_users s ON s.user_id = q.user_id
    WHERE q.due_at <= ?2 AND coalesce(s.lease_until, 0) <= ?2
    ORDER BY q.due_at, q.user_id
    LIMIT ?3
  )
)
GROUP BY chunk
RETURNING run_id, chunk";

pub const HOLD: &str = "
UPDATE provisioning_queue SET due_at = ?2
WHERE user_id IN (
  SELECT i.value FROM provisioning_chunks c CROSS JOIN json_each(c.user_ids) i
  WHERE c.run_id = ?1
)";

pub const PLANNED: &str = "
SELECT total AS users,
       (SELECT value FROM provisioning_totals WHERE name = 'waiting') AS remaining
FROM provisioning_runs WHERE run_id = ?1";

// The limit keeps a plan cheap; what is beyond it falls to the next one.
pub const ABANDONED: &str = "
SELECT c.run_id, c.chunk
FROM provisioning_runs r CROSS JOIN provisioning_chunks c ON c.run_id = r.run_id
WHERE r.status = 'running' AND r.mode = 'queue' AND r.advanced_at <= ?1 AND c.state = 'open'
LIMIT 1000";

// ?1 in all that follows: chunks [{r, c}]
pub const ALLOWANCES: &str = "
SELECT run_id, takeovers_left FROM provisioning_runs
WHERE run_id IN (SELECT value ->> 'r' FROM json_each(?1))";

// Comes after ALLOWANCES. All that is left is taken: a delivery that dies takes
// it along, and a run replaces fewer accounts than it may, never more.
pub const RESERVE: &str = "
UPDATE provisioning_runs SET takeovers_left = 0, advanced_at = ?2
WHERE run_id IN (SELECT value ->> 'r' FROM json_each(?1))";

// ?1 allowances [{r, n}]
pub const GIVE_BACK_TAKEOVERS: &str = "
UPDATE provisioning_runs SET takeovers_left = takeovers_left + a.takeovers
FROM (SELECT value ->> 'r' AS run, value ->> 'n' AS takeovers FROM json_each(?1)) a
WHERE provisioning_runs.run_id = a.run";

pub const NOTE_DELIVERY: &str = "
UPDATE provisioning_chunks SET deliveries = deliveries + 1
FROM (SELECT value ->> 'r' AS run, value ->> 'c' AS chunk FROM json_each(?1)) m
WHERE provisioning_chunks.run_id = m.run AND provisioning_chunks.chunk = m.chunk
  AND state = 'open'";

pub const HELD: &str = candidates!(
    "
FROM json_each(?1) m
CROSS JOIN provisioning_chunks c
  ON c.run_id = m.value ->> 'r' AND c.chunk = m.value ->> 'c' AND c.state = 'open'
CROSS JOIN provisioning_runs r ON r.run_id = c.run_id
CROSS JOIN json_each(c.user_ids) i
CROSS JOIN provisioning_queue q ON q.user_id = i.value AND q.due_at = r.hold_until
LEFT JOIN threedeye_users s ON s.user_id = q.user_id
WHERE coalesce(s.lease_until, 0) <= ?2"
);

// ?2 now. A user that failed on its own account keeps its wait.
pub const LIFT_HOLD: &str = "
UPDATE provisioning_queue SET due_at = max(?2, coalesce(
  (SELECT t.next_attempt_at FROM threedeye_users t WHERE t.user_id = provisioning_queue.user_id), 0
))
WHERE user_id IN (
  SELECT q.user_id
  FROM json_each(?1) m
  CROSS JOIN provisioning_chunks c
    ON c.run_id = m.value ->> 'r' AND c.chunk = m.value ->> 'c' AND c.state = 'open'
  CROSS JOIN provisioning_runs r ON r.run_id = c.run_id
  CROSS JOIN json_each(c.user_ids) i
  CROSS JOIN provisioning_queue q ON q.user_id = i.value AND q.due_at = r.hold_until
)";

// ?2 why the chunks are given up, or NULL. Failed is who was settled with a
// wait of its own, or out of the queue without an account; skipped is whoever
// was left as it was: gone, changed meanwhile, or beyond the take-over limit.
pub const TAKE_STOCK: &str = "
UPDATE provisioning_chunks SET
  waiting = s.waiting, created = s.created, failed = s.failed, quarantined = s.quarantined,
  skipped = s.skipped,
  errors = CASE
    WHEN ?2 IS NOT NULL THEN json_insert(s.errors, '$[#]', 'chunk ' || s.chunk || ': ' || ?2)
    WHEN s.skipped > 0 THEN json_insert(s.errors, '$[#]', 'chunk ' || s.chunk || ': '
      || s.skipped || ' user(s) left as they were: gone, changed, or beyond the take-over limit')
    ELSE s.errors END,
  state = CASE WHEN ?2 IS NOT NULL THEN 'given_up' WHEN s.waiting = 0 THEN 'done' ELSE 'open' END,
  user_ids = CASE WHEN ?2 IS NULL AND s.waiting > 0 THEN user_ids ELSE '[]' END
FROM (
  SELECT run_id, chunk,
         count(*) FILTER (WHERE standing = 'waiting') AS waiting,
         count(*) FILTER (WHERE standing = 'created') AS created,
         count(*) FILTER (WHERE standing IN ('failed', 'quarantined')) AS failed,
         count(*) FILTER (WHERE standing = 'quarantined') AS quarantined,
         count(*) FILTER (WHERE standing IS NULL) AS skipped,
         json_group_array(user_id || ': ' || last_error)
           FILTER (WHERE standing IN ('failed', 'quarantined')) AS errors
  FROM (
    SELECT c.run_id, c.chunk, t.user_id, coalesce(t.last_error, 'failed') AS last_error,
           CASE
             WHEN ?2 IS NULL AND q.due_at = r.hold_until THEN 'waiting'
             WHEN t.state = 'complete' THEN 'created'
             WHEN t.state = 'quarantined' THEN 'quarantined'
             WHEN t.state = 'set_aside' OR q.due_at = t.next_attempt_at THEN 'failed'
           END AS standing
    FROM json_each(?1) m
    CROSS JOIN provisioning_chunks c
      ON c.run_id = m.value ->> 'r' AND c.chunk = m.value ->> 'c' AND c.state = 'open'
    CROSS JOIN provisioning_runs r ON r.run_id = c.run_id
    CROSS JOIN json_each(c.user_ids) i
    LEFT JOIN provisioning_queue q ON q.user_id = i.value
    LEFT JOIN threedeye_users t ON t.user_id = i.value
  )
  GROUP BY run_id, chunk
) s
WHERE provisioning_chunks.run_id = s.run_id AND provisioning_chunks.chunk = s.chunk
RETURNING run_id, chunk, waiting, deliveries";

// ?2 now. Comes after TAKE_STOCK. The run closes with its last open chunk;
// what has closed keeps its end.
pub const SUM_UP: &str = "
UPDATE provisioning_runs SET
  total = s.planned, created = s.created, failed = s.failed, skipped = s.skipped,
  quarantined = s.quarantined, advanced_at = ?2,
  errors = (
    SELECT json_group_array(value) FROM (
      SELECT e.value FROM provisioning_chunks c CROSS JOIN json_each(c.errors) e
      WHERE c.run_id = provisioning_runs.run_id LIMIT 100
    )
  ),
  status = CASE WHEN s.open > 0 THEN 'running' WHEN s.given_up > 0 THEN 'ended_early'
                ELSE 'completed' END,
  finished_at = CASE WHEN s.open > 0 THEN NULL ELSE coalesce(finished_at, ?2) END,
  remaining = CASE WHEN s.open > 0 THEN NULL ELSE coalesce(
    remaining, (SELECT value FROM provisioning_totals WHERE name = 'waiting')
  ) END
FROM (
  SELECT m.run, count(*) FILTER (WHERE c.state = 'open') AS open,
         count(*) FILTER (WHERE c.state = 'given_up') AS given_up,
         coalesce(sum(c.planned), 0) AS planned, coalesce(sum(c.created), 0) AS created,
         coalesce(sum(c.failed), 0) AS failed, coalesce(sum(c.skipped), 0) AS skipped,
         coalesce(sum(c.quarantined), 0) AS quarantined
  FROM (SELECT DISTINCT value ->> 'r' AS run FROM json_each(?1)) m
  LEFT JOIN provisioning_chunks c ON c.run_id = m.run
  GROUP BY m.run
) s
WHERE provisioning_runs.run_id = s.run AND provisioning_runs.mode = 'queue'";
