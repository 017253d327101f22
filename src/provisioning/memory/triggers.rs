//! What the triggers of D1 do, whoever writes: they keep the queue, and open
//! rows that were closed for a reason which is gone.

use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::record::{State, User};

use crate::provisioning::memory::tables::{Row, Tables};

impl Tables {
    /// Puts a row in its place, or away (`None`). `clock` is D1's.
    pub fn write(&mut self, user: &UserId, row: Option<Row>, clock: Timestamp) {
        let (old, new) = match row {
            Some(row) => (self.rows.insert(user.clone(), row.clone()), Some(row)),
            None => (self.rows.remove(user), None),
        };
        let was_closed = old.as_ref().is_some_and(Row::is_closed);
        match (&old, &new) {
            (Some(old), Some(new)) => {
                let next = new.mapping.next_attempt_at;
                if next != old.mapping.next_attempt_at {
                    self.move_in_queue(user, next);
                }
                if new.is_closed() {
                    self.queue.remove(user);
                } else if was_closed {
                    self.enqueue(user, clock);
                }
            }
            (None, Some(new)) if new.is_closed() => {
                self.queue.remove(user);
            }
            (Some(_), None) => {
                self.move_in_queue(user, Some(second_of(clock)));
                self.enqueue(user, clock);
            }
            _ => {}
        }
        let held = old.as_ref().and_then(Row::held_email);
        let is_kept = new.is_some_and(|row| row.mapping.email_key.as_ref() == held);
        if let Some(email) = held.filter(|_| !is_kept) {
            self.release_email(email, clock);
        }
    }

    /// Another service inserts a user, or replaces one by an `INSERT OR REPLACE`.
    pub fn insert_user(&mut self, user: User, clock: Timestamp) {
        let (id, email) = (user.id.clone(), user.email_key.clone());
        self.users.insert(id.clone(), user);
        let row = self.rows.get(&id);
        if row.is_some_and(|row| row.mapping.email_key != email) {
            self.open_for_change(&id, clock);
        }
        // A replaced user has lost its place; the wait stays with the e-mail that was tried.
        self.queue.remove(&id);
        let row = self.rows.get(&id);
        if row.is_some_and(Row::is_closed) {
            return;
        }
        let tried = row.filter(|row| row.mapping.email_key == email);
        let wait = tried.and_then(|row| row.mapping.next_attempt_at);
        self.enqueue(&id, clock);
        self.move_in_queue(&id, wait);
    }

    /// Another service changes a user's e-mail.
    pub fn change_email(&mut self, id: &UserId, email: Option<&str>, clock: Timestamp) {
        let Some(user) = self.users.get_mut(id) else {
            return;
        };
        user.email = email.map(ToOwned::to_owned);
        let key = email.and_then(EmailKey::of);
        if user.email_key == key {
            return;
        }
        user.email_key.clone_from(&key);
        self.open_for_change(id, clock);
        if !key.is_some_and(|key| is_within_bounds(id, &key)) {
            self.queue.remove(id);
            return;
        }
        self.move_in_queue(id, Some(second_of(clock)));
        let mut row = self.rows.get(id).into_iter();
        if row.all(|row| row.mapping.state != State::Complete) {
            self.enqueue(id, clock);
        }
    }

    /// Another service deletes a user.
    pub fn delete_user(&mut self, id: &UserId) {
        self.users.remove(id);
        self.queue.remove(id);
    }

    /// Puts a user with an e-mail at the end of the queue, unless it is in there
    /// or longer than a run can take.
    fn enqueue(&mut self, user: &UserId, clock: Timestamp) {
        let email = self.email_of(user);
        if email.is_some_and(|email| is_within_bounds(user, &email)) {
            let place = self.queue.entry(user.clone());
            place.or_insert_with(|| second_of(clock));
        }
    }

    /// Moves a user that is in the queue.
    pub fn move_in_queue(&mut self, user: &UserId, due: Option<Timestamp>) {
        if let (Some(place), Some(due)) = (self.queue.get_mut(user), due) {
            *place = due;
        }
    }

    /// A changed e-mail ends a quarantine and a setting aside.
    fn open_for_change(&mut self, user: &UserId, clock: Timestamp) {
        let closed_by_email = [State::SetAside, State::Quarantined];
        if let Some(mut row) = self.rows.get(user).cloned()
            && closed_by_email.contains(&row.mapping.state)
        {
            row.open();
            row.forgive();
            self.write(user, Some(row), clock);
        }
    }

    /// Whoever was set aside for this e-mail gets its chance.
    fn release_email(&mut self, email: &EmailKey, clock: Timestamp) {
        let is_waiter = |row: &Row| {
            row.mapping.state == State::SetAside && row.mapping.email_key.as_ref() == Some(email)
        };
        let waiters = self.rows.iter().filter(|(_, row)| is_waiter(row));
        let waiters: Vec<UserId> = waiters.map(|(id, _)| id.clone()).collect();
        for id in waiters {
            self.open_for_change(&id, clock);
        }
    }
}

/// In bytes: an id of 128 characters, an address.
fn is_within_bounds(user: &UserId, email: &EmailKey) -> bool {
    user.as_str().len() <= 512 && email.as_str().len() <= 320
}

/// D1's `unixepoch()` counts whole seconds.
fn second_of(clock: Timestamp) -> Timestamp {
    Timestamp::from_millis(clock.as_secs() * 1000)
}
