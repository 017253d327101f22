//! The transactions that provisioning asks of the database.
//!
//! Each method is one round trip and atomic. Every write that concerns a
//! user's provisioning is guarded by the lease token: it changes nothing when
//! the lease was lost, and says so.

/// Candidates, as `rows::CandidateRow` reads them: of `q`, places in the work
/// queue, beside `s`, the rows of their users or NULL.
macro_rules! candidates {
    ($from:literal) => {
        concat!(
            "
SELECT q.user_id, q.email_key,
       s.password_sealed IS NULL AND EXISTS (
         SELECT 1 FROM threedeye_users o
         WHERE o.email_key = q.email_key AND o.state <> 'set_aside' AND o.user_id <> q.user_id
       ) AS contested,
       s.state, s.email_key AS intent_email, s.password_sealed, s.threedeye_id, s.attempts,
       s.settled_at, iif(s.lease_token IS NULL, NULL, s.lease_until) AS abandoned_at,
       s.forgotten_email, s.forgotten_threedeye_id, s.forgotten_password,
       (SELECT r.role_ids FROM threedeye_recovery r WHERE r.user_id = q.user_id) AS role_ids,
       (SELECT r.removed_at FROM threedeye_removals r WHERE r.email_key = q.email_key)
         AS removed_at",
            $from
        )
    };
}

#[cfg(test)]
pub(crate) mod conformance;
pub mod credentials;
pub(crate) mod database;
pub(crate) mod fanout;
pub(crate) mod parameters;
pub mod rows;
pub mod runs;
pub(crate) mod sql;

use crate::db::DatabaseError;
use crate::kernel::audit;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use crate::provisioning::listing::{Candidate, Listed};
use crate::provisioning::record::{Claimed, Dossier, Forgotten};

/// The name of one actor's hold on its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseToken(pub String);

/// Asks for a user's lease, and records an intent where none is recorded yet.
#[derive(Debug, Clone)]
pub struct Bid {
    /// The user.
    pub user: UserId,
    /// The password to record if the row has none.
    pub password: Sealed,
    /// What a listing told of the user, if there was one. It makes the claim
    /// cheap while it still holds, and else changes nothing.
    pub listed: Option<Listed>,
}

/// Terms of the leases of one claim.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Names the holder.
    pub token: LeaseToken,
    /// The moment of the claim; leases that end by it are free.
    pub now: Timestamp,
    /// When the new leases end.
    pub until: Timestamp,
}

/// How one user ended, to be written down.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The user.
    pub user: UserId,
    /// What becomes of its row.
    pub verdict: Verdict,
    /// The audit row; `None` where nothing changed.
    pub entry: Option<audit::Entry>,
}

/// What becomes of a leased row. The lease is given back in every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The account is there and holds its roles; a recovery row is dropped, and
    /// so is the memory of an earlier account.
    Complete {
        /// The account's id.
        id: RemoteId,
    },
    /// The account is there, its saved roles are not attached yet.
    Attaching {
        /// The account's id.
        id: RemoteId,
        /// When to try again.
        next_attempt_at: Timestamp,
        /// Why the roles are missing.
        error: String,
    },
    /// Tried and failed.
    Failed {
        /// When to try again.
        next_attempt_at: Timestamp,
        /// Why.
        error: String,
        /// Until when a call whose answer was lost may take effect.
        settled_at: Option<Timestamp>,
    },
    /// Taken outside our customer.
    Quarantined {
        /// Why.
        error: String,
    },
    /// Waits for an e-mail that another user holds; the row forgets its intent.
    SetAside {
        /// The contested e-mail.
        email: EmailKey,
        /// Why.
        error: String,
    },
    /// Not tried; `due_at` moves it within the queue.
    Released {
        /// When it is due; `None` leaves the queue as it is.
        due_at: Option<Timestamp>,
    },
}

/// Another actor holds the user's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// When that lease ends at the latest.
    pub until: Timestamp,
}

/// What became of a write that other users' rows may forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// Written.
    Written,
    /// Another user's row stands against it.
    Contested,
    /// Our lease is gone.
    LeaseLost,
}

/// What a reset does to the rows.
#[derive(Debug, Clone)]
pub struct Clearing {
    /// Delete the mapping and the recovery; otherwise the row stays and only
    /// quarantine, attempts and waits are lifted.
    pub clear_mapping: bool,
    /// With `clear_mapping`: the account that is let go of. The row becomes
    /// idle and remembers it, and its e-mail counts as freed lately.
    pub forgotten: Option<Forgotten>,
    /// The remote account is gone: a row that stays forgets its id.
    pub forget_remote: bool,
    /// Roles to keep as recovery for the next provisioning.
    pub keep_roles: Option<Vec<RoleId>>,
}

/// What a clearing really deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleared {
    /// A mapping that told something was deleted.
    pub mapping: bool,
    /// A recovery row was deleted (or replaced by kept roles: false).
    pub recovery: bool,
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// `POST /admin/backfill-threedeye`.
    Manual,
    /// The cron trigger.
    Cron,
}

impl Trigger {
    /// The name in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Cron => "cron",
        }
    }
}

/// A run's first line in the ledger.
#[derive(Debug, Clone)]
pub struct RunOpening {
    /// `run_` and a ULID.
    pub run_id: String,
    /// What started it.
    pub trigger: Trigger,
    /// On whose behalf.
    pub origin: audit::Origin,
    /// Users to take up at most.
    pub limit: u32,
    /// When it started.
    pub started_at: Timestamp,
}

/// A run's sums.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Users taken up: `created + failed + skipped`.
    pub total: u32,
    /// Users that now have their account, adopted and replaced ones included.
    pub created: u32,
    /// Users that could not be provisioned.
    pub failed: u32,
    /// Users left as they were: held by another actor, or the run ended early.
    pub skipped: u32,
    /// Those of `failed` that went into quarantine.
    pub quarantined: u32,
    /// One line a user (`<uuid>: <reason>`), and one for an early end.
    pub errors: Vec<String>,
}

/// A run's last line in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunClosing {
    /// The run.
    pub run_id: String,
    /// Whether it went to its end.
    pub completed: bool,
    /// Its sums.
    pub tally: Tally,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// The database of provisioning.
pub trait Store {
    /// Reads all that is known of one user.
    async fn dossier(&self, user: &UserId) -> Result<Dossier, DatabaseError>;

    /// Lists up to `limit` users that are due at `now`, longest due first.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Candidate>, DatabaseError>;

    /// Opens a run's row in the ledger and lists what is due, in one batch.
    async fn open_run(
        &self,
        opening: &RunOpening,
        due_by: Timestamp,
    ) -> Result<Vec<Candidate>, DatabaseError>;

    /// Takes the leases of all bids whose user has an e-mail that no other
    /// user holds, whose lease is free and whose row is not complete,
    /// quarantined or set aside. A row that already has an intent is granted
    /// even when its user's new e-mail is contested: the old intent has to be
    /// seen to first. Of several bids for one free e-mail one is granted: those
    /// whose user is still as listed come first, then as they were made.
    /// A lease that ran out without being given back had a
    /// holder that died: `settled_at` becomes [`SETTLING`](crate::provisioning::policy::SETTLING)
    /// after its end, if that is later.
    async fn claim(&self, bids: &[Bid], terms: &Terms) -> Result<Vec<Claimed>, DatabaseError>;

    /// Records that users without an intent wait for the e-mail that others
    /// hold. Whoever got the e-mail in the meantime is left alone.
    async fn set_aside(
        &self,
        users: &[UserId],
        error: &str,
        now: Timestamp,
        entries: &[audit::Entry],
    ) -> Result<(), DatabaseError>;

    /// Prolongs all leases of this token; tells which users are still held.
    async fn renew(
        &self,
        token: &LeaseToken,
        users: &[UserId],
        until: Timestamp,
    ) -> Result<Vec<UserId>, DatabaseError>;

    /// Saves the roles of an account that is about to be deleted, and that it
    /// is. Contested: the account is mapped to another user.
    async fn save_recovery(
        &self,
        token: &LeaseToken,
        user: &UserId,
        account: &RemoteUser,
        roles: &[RoleId],
        entry: &audit::Entry,
    ) -> Result<Guarded, DatabaseError>;

    /// Replaces the intent of a row whose e-mail was changed: new e-mail, new
    /// password. Contested: another user holds the e-mail.
    async fn replace_intent(
        &self,
        token: &LeaseToken,
        user: &UserId,
        email: &EmailKey,
        password: &Sealed,
        now: Timestamp,
    ) -> Result<Guarded, DatabaseError>;

    /// Writes down how users ended. Those whose lease was lost, or whose
    /// account another user is mapped to, are left alone, and returned.
    async fn settle(
        &self,
        token: &LeaseToken,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<Vec<UserId>, DatabaseError>;

    /// Closes a run's row and tells how many users still wait.
    async fn close_run(&self, closing: &RunClosing) -> Result<u64, DatabaseError>;

    /// How many users wait for provisioning, those not yet due included.
    async fn waiting(&self) -> Result<u64, DatabaseError>;

    /// Takes a user's lease for a reset, whatever state it is in; makes an
    /// idle row if there is none. Returns what was known just before. As with
    /// `claim`, a lease that nobody gave back postpones `settled_at`.
    async fn seize(
        &self,
        user: &UserId,
        terms: &Terms,
    ) -> Result<Result<Dossier, Busy>, DatabaseError>;

    /// Which of these accounts are another user's: mapped to it, or made, or
    /// being made, for an e-mail that it holds.
    async fn foreign(
        &self,
        user: &UserId,
        accounts: &[&RemoteUser],
    ) -> Result<Vec<RemoteId>, DatabaseError>;

    /// When an account with this e-mail was last deleted, or let go of, whoever's
    /// it was; `None` after a day.
    async fn removed_at(&self, email: &EmailKey) -> Result<Option<Timestamp>, DatabaseError>;

    /// Comes before the deletes of a reset. Opens a row that called itself
    /// complete, so that a crash leaves work in the queue and not a dead
    /// mapping; saves `keep_roles`; notes the removals and the audit row.
    /// False: the lease was lost and nothing was written.
    async fn begin_removal(
        &self,
        token: &LeaseToken,
        user: &UserId,
        accounts: &[&RemoteUser],
        keep_roles: Option<&[RoleId]>,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError>;

    /// Seals a password anew under the current key, unless it was changed
    /// since it was read.
    async fn reseal(&self, user: &UserId, old: &Sealed, new: &Sealed) -> Result<(), DatabaseError>;

    /// Clears rows under the lease, gives the lease back and queues the user.
    /// `None`: the lease was lost and nothing was cleared.
    async fn clear(
        &self,
        token: &LeaseToken,
        user: &UserId,
        clearing: &Clearing,
        now: Timestamp,
        entry: &audit::Entry,
    ) -> Result<Option<Cleared>, DatabaseError>;

    /// Gives a seized lease back and leaves everything else as it is, but for
    /// `settled_at`, where a call whose answer was lost may still take effect.
    async fn release(
        &self,
        token: &LeaseToken,
        user: &UserId,
        settled_at: Option<Timestamp>,
    ) -> Result<(), DatabaseError>;
}
