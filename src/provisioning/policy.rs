//! The numbers of provisioning, each with its reason.

use std::time::Duration;

use crate::kernel::{Deadline, Timestamp};

/// How long a lease lasts. The contract allows a crashed holder to block a user for 60 s at most.
pub const LEASE: Duration = Duration::from_secs(60);

/// No call to 3dEye is begun that could last beyond this long before the
/// lease ends, so that its effect cannot fall outside the lease.
pub const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// A lease with less than this left is renewed before the next user is begun.
pub const LEASE_RENEWAL: Duration = Duration::from_secs(35);

/// Calls under way at once: the platform's limit of outgoing connections.
pub const CONCURRENCY: usize = 6;

/// This many outages in a row end a run.
pub const OUTAGES_TO_STOP: u32 = 5;

/// Waits before the customer's list is read again for users whose e-mail is
/// taken but not visible (a new user may be missing from it, and a deleted
/// e-mail may stay taken, for seconds).
pub const REREAD_DELAYS: [Duration; 2] = [Duration::from_millis(1000), Duration::from_millis(2500)];

/// Waits before roles are attached, and attached again where they were "not
/// found": right after a create, 3dEye may not know the account everywhere yet.
pub const ATTACH_DELAYS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_millis(1500),
];

/// For how long an e-mail whose account we deleted ourselves may stay taken
/// before it counts as an orphan. 3dEye needs seconds; this is generous.
pub const REMOVAL_GRACE: Duration = Duration::from_secs(15 * 60);

/// How long after we gave up on a call, or died during it, 3dEye may still act
/// on it: its own time limits and those of everything in between.
pub const SETTLING: Duration = Duration::from_secs(60);

/// After this long a removal is forgotten.
pub const REMOVAL_MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// A manual or scheduled run takes up no new user after this long.
pub const RUN_BUDGET: Duration = Duration::from_secs(10 * 60);

/// What a run spends on the accounts of deleted users, after its own users. Together with
/// [`RUN_BUDGET`] it keeps within the quarter of an hour that a scheduled event may take.
pub const REMOVAL_BUDGET: Duration = Duration::from_secs(2 * 60);

/// One user on demand: all that a request does, a reset and the provisioning
/// after it included.
pub const SINGLE_BUDGET: Duration = Duration::from_secs(30);

/// For how long what a preview showed may be done.
pub const PLAN_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// With less of it left no provisioning is begun: reading the list, creating and attaching would
/// hardly be done in time, and what is begun and not finished is work for the next run.
pub const SHORTEST_PROVISIONING: Duration = Duration::from_secs(3);

/// Users in quarantine whose accounts a run looks out for, those quarantined last.
pub const MAX_WATCHED: u32 = 200;

/// For how long after a quarantine runs read the list for it even if they have nothing else to do.
pub const WATCH: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a run that is reading the list looks whether its leases last.
pub const LEASE_WATCH: Duration = Duration::from_secs(10);

/// How often a run looks whether it was stopped or runs are paused, before it begins another user.
pub const HALT_WATCH: Duration = Duration::from_secs(5);

/// How long one user on demand waits for another actor's lease.
pub const BUSY_PATIENCE: Duration = Duration::from_secs(5);

/// How often it looks whether the lease is free.
pub const BUSY_POLL: Duration = Duration::from_millis(500);

/// Users a message of a planned run stands for: few enough to fail together,
/// many enough that ten of them share one read of the customer's list.
pub const CHUNK_SIZE: u32 = 50;

/// Entries of an administrator's list at most.
pub const MAX_BULK_USERS: usize = 500;

/// Users of such a list that one process does at most. The platform grants it 1000 calls of D1, and a test counts that
/// none takes more than a fiftieth of them.
pub const LIST_USERS_A_PROCESS: u32 = 50;

/// Users a message of such a list stands for: as many as a process may do if it gets the ten messages that
/// wrangler.toml allows it.
pub const BULK_CHUNK_SIZE: u32 = 5;

/// Users of such a list that a process is at together: enough to use the waits for 3dEye, few enough to leave room
/// for the calls of others.
pub const BULK_CREW: usize = 3;

/// How often such a user is begun at most, if its process dies each time.
pub const BULK_CLAIMS: u32 = 2;

/// Messages sent at once at most: the platform's limit. A message is a run's
/// id and a number, so the limit of 256 KB is far away.
pub const MESSAGES_A_SEND: usize = 100;

/// After this many failed deliveries a message is a dead letter. The setting
/// that makes it so is `max_retries` in wrangler.toml, which does not count
/// the first delivery.
pub const DELIVERIES: u32 = 5;

/// How long a run may be silent before it counts as dead: an inline one since it began, a planned one since a
/// consumer last worked on it.
const LONGEST_SILENCE: Duration = Duration::from_secs(15 * 60);

/// A run without an end has died by `now` that made no progress since then.
pub fn died_before(now: Timestamp) -> Timestamp {
    now.minus(LONGEST_SILENCE)
}

/// Whether a run without an end, which last made progress at `active_at`, has died.
pub fn has_died(active_at: Timestamp, now: Timestamp) -> bool {
    active_at < died_before(now)
}

/// A planned run that no consumer has worked on for this long is given up; its users are due for the next.
pub const RUN_ABANDONED_AFTER: Duration = Duration::from_secs(30 * 60);

/// The same of an administrator's list, whose users no other run takes up. Its messages may wait behind other work, and
/// for [`LONGEST_REDELIVERY`].
pub const LIST_ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long a plan for `limit` users keeps them from every other run. If
/// its messages are lost, they are due again by themselves by then.
pub fn hold(limit: u32) -> Duration {
    RUN_ABANDONED_AFTER + Duration::from_secs(u64::from(limit))
}

/// The wait after a first delivery that could not be finished.
const FIRST_REDELIVERY: Duration = Duration::from_secs(30);

/// The longest delay that the platform grants a message.
const LONGEST_REDELIVERY: Duration = Duration::from_secs(12 * 60 * 60);

/// When a message that was delivered `deliveries` times is delivered again:
/// when the upstream asked for it, or after 30 s, doubling. An upstream that asks for a second again and again would use
/// the deliveries up within seconds, so its word alone counts only once.
pub fn redelivery(deliveries: u32, asked: Option<Duration>) -> Duration {
    let doublings = deliveries.saturating_sub(1);
    let own = FIRST_REDELIVERY.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX));
    let wait = match asked {
        Some(asked) if deliveries <= 1 => asked.max(Duration::from_secs(1)),
        Some(asked) => asked.max(own),
        None => own,
    };
    wait.min(LONGEST_REDELIVERY)
}

/// Abandoned chunks that one plan gives up at most; the next one sees to the others.
pub const ABANDONED_AT_ONCE: u32 = 1000;

/// Lines of errors that the ledger keeps of a planned run, and that are shown of any run.
pub const MAX_RUN_ERRORS: u32 = 100;

/// How far the database's clock may be ahead of ours: a user that was queued
/// this moment by D1's clock must be due for a run that starts now by ours.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// The longest wait after failures of the upstream as a whole.
const LONGEST_OUTAGE_WAIT: Duration = Duration::from_secs(15 * 60);

/// The longest wait after failures that concern one user.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// When reading the list must end for work that has to be done by `deadline`:
/// a third of the time is left to act on what was seen, and to tell what was not.
pub fn list_deadline(deadline: Deadline, now: Timestamp) -> Deadline {
    Deadline::at(now.plus(deadline.remaining(now) / 3 * 2))
}

/// When a user whose `attempts`-th attempt just failed is due again.
///
/// The first retry is due at once: it goes to the end of the queue, so it holds no other user up, and
/// most failures are gone by the next run. From then on the waits double from 30 s.
pub fn next_attempt(attempts: u32, outage: bool, now: Timestamp) -> Timestamp {
    let longest = if outage {
        LONGEST_OUTAGE_WAIT
    } else {
        LONGEST_WAIT
    };
    let wait = match attempts {
        0 | 1 => Duration::ZERO,
        more => Duration::from_secs(30)
            .saturating_mul(1_u32.checked_shl(more - 2).unwrap_or(u32::MAX))
            .min(longest),
    };
    now.plus(wait)
}

/// How long after a noted read of a user's login the same reader's are not noted; the SQL of `load.rs` says the
/// same.
pub const READ_NOTED_FOR: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisioning::batch::Stop;

    const WRANGLER: &str = include_str!("../../wrangler.toml");

    #[test]
    fn a_dead_letter_has_failed_as_many_deliveries_as_its_error_says() {
        // The first consumer's; the second one reads dead letters.
        let (_, setting) = WRANGLER.split_once("max_retries = ").unwrap();
        let retries: u32 = setting.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(retries + 1, DELIVERIES);
    }

    #[test]
    fn a_delivery_has_no_more_users_of_lists_than_a_process_does() {
        let (_, setting) = WRANGLER.split_once("max_batch_size = ").unwrap();
        let messages: u32 = setting.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(messages * BULK_CHUNK_SIZE, LIST_USERS_A_PROCESS);
        let text = Stop::UserLimit.to_string();
        assert!(
            text.contains(&format!(" {LIST_USERS_A_PROCESS} ")),
            "{text}"
        );
    }

    #[test]
    fn reading_the_list_leaves_time_to_act() {
        let now = Timestamp::from_millis(1_000);
        let left = |seconds| {
            let deadline = Deadline::at(now.plus(Duration::from_secs(seconds)));
            list_deadline(deadline, now).remaining(now)
        };
        assert_eq!(left(30), Duration::from_secs(20));
        assert_eq!(left(0), Duration::ZERO);
    }

    #[test]
    fn a_run_has_died_after_a_quarter_of_an_hour_of_silence() {
        let now = Timestamp::from_millis(10_000_000_000);
        let quarter = now.minus(Duration::from_secs(15 * 60));
        assert!(!has_died(quarter, now));
        assert!(has_died(quarter.minus(Duration::from_millis(1)), now));
        // It is told before the next plan gives the run up, and not while an inline run may be at work.
        assert!(RUN_BUDGET + REMOVAL_BUDGET < LONGEST_SILENCE);
        assert!(LONGEST_SILENCE < RUN_ABANDONED_AFTER);
        assert!(LONGEST_REDELIVERY < LIST_ABANDONED_AFTER);
    }

    #[test]
    fn waits_grow_and_are_capped() {
        let now = Timestamp::from_millis(0);
        let seconds = |attempts, outage| next_attempt(attempts, outage, now).as_secs();
        assert_eq!(seconds(1, false), 0);
        assert_eq!(seconds(2, false), 30);
        assert_eq!(seconds(3, false), 60);
        assert_eq!(seconds(40, false), 24 * 60 * 60);
        assert_eq!(seconds(u32::MAX, false), 24 * 60 * 60);
        assert_eq!(seconds(40, true), 15 * 60);
    }

    #[test]
    fn redeliveries_wait_as_asked_or_longer_and_longer() {
        let seconds = |deliveries, asked: Option<u64>| {
            redelivery(deliveries, asked.map(Duration::from_secs)).as_secs()
        };
        assert_eq!([1, 2, 3, 4].map(|n| seconds(n, None)), [30, 60, 120, 240]);
        assert_eq!(
            [1, 2, 4].map(|n| seconds(n, Some(90))),
            [90, 90, 240],
            "not before it was asked for, and not again and again at once"
        );
        assert_eq!([1, 4].map(|n| seconds(n, Some(7))), [7, 240]);
        assert_eq!(seconds(1, Some(0)), 1);
        assert_eq!(seconds(u32::MAX, None), 12 * 60 * 60);
        assert_eq!(seconds(1, Some(90_000)), 12 * 60 * 60);
    }
}
