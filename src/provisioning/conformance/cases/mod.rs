//! The promises of `store` and of `fanout::store`, one case each.

pub mod claims;
pub mod fanout;
pub mod ledger;
pub mod removals;
pub mod settling;
pub mod waiting;

use std::time::Duration;

use crate::kernel::audit::{Action, Actor, Entry, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{EmailKey, RequestId, Sealed, Timestamp, UserId};
use crate::provisioning::listing::Listed;
use crate::provisioning::record::{Claimed, Mapping, Recovery, State};
use crate::provisioning::store::{Bid, Clearing, LeaseToken, Settlement, Terms, Verdict};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use crate::provisioning::conformance::{START, Subject};

pub use fanout::{closing, giving_up, opening, planning};

pub const ONE: &str = "one@example.com";
pub const TWO: &str = "two@example.com";
pub const LEASE: Duration = Duration::from_secs(60);
pub const EVERYTHING: Clearing = Clearing {
    clear_mapping: true,
    forgotten: None,
    forget_remote: true,
    keep_roles: None,
};

/// Every case as a test, on a fresh subject each, with one more attribute.
macro_rules! conformance {
    ($subject:expr, $attribute:tt) => {
        $crate::provisioning::conformance::cases::conformance! {
            $subject, $attribute,
            claims::a_claim_records_the_intent_and_takes_the_lease
            claims::a_leased_user_is_refused_until_the_lease_ends
            claims::closed_rows_are_not_claimed
            claims::an_email_has_one_holder
            claims::of_two_bids_for_a_free_email_one_is_granted
            claims::those_who_waited_for_an_email_do_not_get_it_twice
            claims::an_own_intent_is_granted_though_the_new_email_is_contested
            claims::nobody_without_an_email_is_claimed
            claims::a_claim_tells_what_is_known
            claims::whoever_is_as_listed_is_claimed_so
            claims::a_listing_that_is_out_of_date_misleads_nobody
            claims::what_was_deleted_or_saved_since_the_listing_is_told
            claims::a_row_that_is_gone_or_resealed_since_the_listing_is_not_taken_for_granted
            claims::renewing_tells_who_is_still_held
            claims::seizing_works_in_every_state
            claims::a_user_that_is_held_is_busy
            claims::seizing_an_unknown_user_leaves_no_trace
            claims::a_password_is_sealed_anew_unless_it_was_changed
            settling::complete_forgives_and_drops_the_recovery
            settling::attaching_keeps_the_recovery_and_the_place_in_the_queue
            settling::a_failure_is_counted_and_tried_again_in_its_time
            settling::quarantine_leaves_the_queue
            settling::being_set_aside_forgets_the_intent
            settling::being_released_changes_nothing_but_the_place_in_the_queue
            settling::whoever_lost_the_lease_changes_nothing
            settling::an_account_has_one_user
            settling::a_quarantine_for_an_email_of_the_past_is_none
            settling::nobody_waits_for_an_email_that_is_free
            waiting::whoever_has_an_email_waits
            waiting::what_is_too_long_for_anybody_does_not_wait
            waiting::a_replaced_user_is_looked_at_anew
            waiting::the_longest_due_come_first_and_the_held_not_at_all
            waiting::a_listing_tells_what_a_claim_would_find
            waiting::only_the_contested_are_set_aside
            waiting::whoever_is_set_aside_has_no_next_attempt
            waiting::whoever_is_at_work_is_not_set_aside
            waiting::a_cleared_email_is_free_for_those_who_wait
            waiting::a_given_up_email_is_free_for_those_who_wait
            waiting::a_changed_email_ends_quarantine_and_waiting
            removals::roles_are_saved_with_their_trail
            removals::an_account_of_another_user_is_not_saved_for_deletion
            removals::a_removal_opens_a_complete_row
            removals::a_removal_without_the_lease_is_none
            removals::removals_are_forgotten_after_a_day
            removals::a_removal_is_told_by_its_email
            removals::a_new_intent_replaces_the_old_one
            removals::a_new_intent_takes_nobodys_email
            removals::clearing_deletes_mapping_and_recovery
            removals::clearing_may_keep_roles
            removals::clearing_may_leave_the_mapping
            removals::clearing_without_the_lease_is_none
            removals::foreign_accounts_are_told
            ledger::a_run_is_opened_and_closed
            ledger::a_run_is_opened_once
            planning::a_run_is_cut_into_chunks_longest_due_first
            planning::of_those_due_at_once_the_first_by_id_come_first
            planning::a_chunk_may_be_full_to_the_last_user
            planning::a_plan_takes_the_longest_due_up_to_its_limit
            planning::only_who_is_due_and_free_is_planned
            planning::a_plan_may_look_ahead
            planning::a_run_without_users_is_closed_at_once
            planning::a_run_is_planned_once
            planning::the_planned_are_nobody_elses_until_the_hold_ends
            planning::a_plan_tells_of_abandoned_chunks
            planning::a_delivery_keeps_its_run_alive
            opening::a_delivery_lists_who_waits_for_its_chunks
            opening::whoever_was_seen_to_waits_no_more
            opening::the_leased_are_passed_over_and_wait_on
            opening::a_late_message_finds_whom_no_other_run_has_seen_to
            opening::takeovers_are_reserved_once_and_given_back
            opening::a_delivery_may_serve_several_runs
            opening::unknown_and_closed_chunks_hold_nobody
            opening::deliveries_are_counted_while_a_chunk_is_open
            closing::a_chunk_for_which_nobody_waits_is_closed
            closing::progress_is_told_while_the_run_is_open
            closing::every_end_has_its_figure_and_its_line
            closing::an_earlier_failure_is_not_this_runs
            closing::figures_are_read_off_and_not_added_up
            closing::whom_another_run_has_taken_up_is_counted_where_it_stands
            closing::the_ledger_keeps_a_hundred_lines
            giving_up::who_still_waits_is_due_now
            giving_up::a_wait_of_its_own_is_kept
            giving_up::whom_another_run_has_planned_stays_with_it
            giving_up::a_run_ends_early_with_its_last_chunk
            giving_up::a_chunk_is_given_up_though_nobody_waits_any_more
            giving_up::unknown_and_closed_chunks_stay_as_they_are
            giving_up::a_run_that_was_not_planned_has_no_chunks
            giving_up::nobody_waits_for_a_chunk_that_was_given_up
            giving_up::what_was_given_up_is_not_delivered_any_more
        }
    };
    ($subject:expr, $attribute:tt, $($room:ident::$case:ident)+) => {
        $(
            #[test]
            #$attribute
            fn $case() {
                let subject = $subject;
                futures_executor::block_on(
                    $crate::provisioning::conformance::cases::$room::$case(&*subject),
                );
            }
        )+
    };
}
pub(crate) use conformance;

/// What the cases say over and over.
pub trait Shorthand: Subject {
    async fn add(&self, user: &str, email: &str) {
        self.put_user(&UserId::new(user), Some(email)).await;
    }

    /// Claims for `token`; tells who was granted.
    async fn claim_as(&self, token: &str, users: &[&str]) -> Vec<String> {
        let bid = |user: &&str| Bid {
            user: UserId::new(*user),
            password: password(token, user),
            listed: None,
        };
        let bids: Vec<Bid> = users.iter().map(bid).collect();
        let claimed = self.claim(&bids, &self.terms(token)).await.unwrap();
        let mut users: Vec<String> = claimed.iter().map(|one| one.user.to_string()).collect();
        users.sort();
        users
    }

    /// Claims one user who must be granted.
    async fn take(&self, token: &str, user: &str) -> Claimed {
        let bid = Bid {
            user: UserId::new(user),
            password: password(token, user),
            listed: None,
        };
        let mut claimed = self.claim(&[bid], &self.terms(token)).await.unwrap();
        claimed.pop().unwrap()
    }

    /// What a listing tells of a user who is due.
    async fn listed(&self, user: &str) -> Listed {
        let due = self.due(self.now(), u32::MAX).await.unwrap();
        let mut due = due.into_iter();
        let candidate = due.find(|candidate| candidate.user.as_str() == user);
        candidate.unwrap().listed
    }

    /// Claims one user on what was listed.
    async fn take_listed(&self, token: &str, user: &str, listed: &Listed) -> Vec<Claimed> {
        let bid = Bid {
            user: UserId::new(user),
            password: password(token, user),
            listed: Some(listed.clone()),
        };
        self.claim(&[bid], &self.terms(token)).await.unwrap()
    }

    /// Takes a user's lease as a reset does; it must be free.
    async fn grab(&self, token: &str, user: &str) {
        let seized = self.seize(&UserId::new(user), &self.terms(token)).await;
        seized.unwrap().unwrap();
    }

    /// Clears a mapping as a reset does that deletes the account; its lease must be held.
    async fn clear_everything(&self, token: &str, user: &str) {
        let (token, entry) = (LeaseToken(token.to_owned()), self.entry(user, "cleared"));
        let cleared = self
            .clear(&token, &UserId::new(user), &EVERYTHING, self.now(), &entry)
            .await;
        cleared.unwrap().unwrap();
    }

    fn terms(&self, token: &str) -> Terms {
        Terms {
            token: LeaseToken(token.to_owned()),
            now: self.now(),
            until: self.now().plus(LEASE),
        }
    }

    async fn judge(&self, token: &str, user: &str, verdict: Verdict) {
        let settlement = Settlement {
            user: UserId::new(user),
            verdict,
            entry: Some(self.entry(user, "settled")),
        };
        let token = LeaseToken(token.to_owned());
        self.settle(&token, &[settlement], self.now())
            .await
            .unwrap();
    }

    /// Brings a user to its end.
    async fn finish(&self, user: &str, account: &str) {
        self.take("finish", user).await;
        self.judge("finish", user, complete(account)).await;
    }

    async fn wait_aside(&self, users: &[&str]) {
        let entries: Vec<Entry> = users.iter().map(|user| self.entry(user, "aside")).collect();
        let users: Vec<UserId> = users.iter().map(|user| UserId::new(*user)).collect();
        self.set_aside(&users, "held by another", self.now(), &entries)
            .await
            .unwrap();
    }

    fn entry(&self, user: &str, outcome: &str) -> Entry {
        Entry {
            at: self.now(),
            origin: origin(),
            action: Action::Provision,
            subject: user.to_owned(),
            outcome: outcome.to_owned(),
        }
    }

    async fn row(&self, user: &str) -> Option<Mapping> {
        self.dossier(&UserId::new(user)).await.unwrap().mapping
    }

    async fn mapping(&self, user: &str) -> Mapping {
        self.row(user).await.unwrap()
    }

    async fn state(&self, user: &str) -> Option<State> {
        self.row(user).await.map(|row| row.state)
    }

    async fn recovery(&self, user: &str) -> Option<Recovery> {
        self.dossier(&UserId::new(user)).await.unwrap().recovery
    }

    /// Who waits, and how long until each is due, in seconds. Their number is
    /// told right, whatever happened.
    async fn queue(&self) -> Vec<(String, i64)> {
        let seen = self.observe(&[]).await;
        assert_eq!(seen.waiting, seen.queue.len() as u64);
        assert_eq!(self.waiting().await.unwrap(), seen.waiting);
        let queue = seen.queue.iter();
        queue
            .map(|(user, at)| (user.to_string(), at.as_secs() - self.now().as_secs()))
            .collect()
    }

    async fn queued(&self) -> Vec<String> {
        self.queue()
            .await
            .into_iter()
            .map(|(user, _)| user)
            .collect()
    }

    /// How the trail says that a user's changes ended.
    async fn trail(&self, user: &str) -> Vec<String> {
        let seen = self.observe(&[]).await;
        let rows = seen.audit.into_iter();
        rows.filter(|(_, subject, _)| subject == user)
            .map(|(_, _, outcome)| outcome)
            .collect()
    }

    /// Everything about a user and the queue, to show that nothing changed.
    async fn everything(&self, user: &str) -> crate::provisioning::conformance::Observation {
        self.observe(&[UserId::new(user)]).await
    }
}

impl<S: Subject> Shorthand for S {}

pub fn password(token: &str, user: &str) -> Sealed {
    Sealed::from_stored(format!("sealed for {user} by {token}"))
}

pub fn email(text: &str) -> EmailKey {
    EmailKey::of(text).unwrap()
}

pub fn token(name: &str) -> LeaseToken {
    LeaseToken(name.to_owned())
}

pub fn roles(names: &[&str]) -> Vec<RoleId> {
    names
        .iter()
        .map(|name| RoleId((*name).to_owned()))
        .collect()
}

pub fn account(id: &str, email: &str) -> RemoteUser {
    RemoteUser {
        id: RemoteId(id.to_owned()),
        email: email.to_owned(),
        roles: Vec::new(),
    }
}

pub fn complete(account: &str) -> Verdict {
    Verdict::Complete {
        id: RemoteId(account.to_owned()),
    }
}

pub fn failed(next_attempt_at: Timestamp) -> Verdict {
    Verdict::Failed {
        settled_at: None,
        next_attempt_at,
        error: "it failed".to_owned(),
    }
}

pub fn quarantined() -> Verdict {
    Verdict::Quarantined {
        error: "taken elsewhere".to_owned(),
    }
}

pub fn origin() -> Origin {
    Origin::event(Actor::cron(), RequestId::mint(START, &Seeded::new(1)))
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
