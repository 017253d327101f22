//! 3dEye.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kernel::{Clock as _, Deadline, EmailKey, Secret, Timestamp, mask_email};
use crate::threedeye::{
    Deleted, RemoteId, RemoteUser, RoleId, Survey, Upstream, UpstreamError, Wanted,
};

use crate::provisioning::memory::World;
use crate::provisioning::memory::hazard::{Fate, Hazard};

/// How long a caller waits for an answer that does not come.
const TIMEOUT: Duration = Duration::from_secs(10);

/// 3dEye: both customers and what goes wrong.
#[derive(Default)]
pub struct Remote {
    pub accounts: Vec<Account>,
    /// E-mails of deleted accounts that stay taken until then.
    pub taken_until: BTreeMap<EmailKey, Timestamp>,
    /// How long calls take, by their names.
    pub latencies: BTreeMap<&'static str, Duration>,
    pub create_delay: Duration,
    pub delete_delay: Duration,
    pub creates: u32,
    pub surveys: u32,
    /// What was deleted, and by whom.
    pub deleted: Vec<RemoteId>,
    /// Errors that the next creates answer instead of working.
    pub create_errors: Vec<UpstreamError>,
    /// Errors that the next deletes answer instead of working.
    pub delete_errors: Vec<UpstreamError>,
    /// What the next reads of the list answer: an error, or (`None`) the list.
    pub survey_errors: Vec<Option<UpstreamError>>,
    /// The next create takes effect, but its answer is lost.
    pub lose_next_answer: bool,
    pub login: Option<EmailKey>,
    pub next_id: u32,
    /// Calls whose caller has given up, and that take effect all the same.
    under_way: Vec<(Timestamp, usize, Change)>,
}

#[derive(Debug, Clone)]
pub struct Account {
    pub user: RemoteUser,
    pub password: String,
    pub ours: bool,
    pub visible_from: Timestamp,
}

/// A call that changes something.
#[derive(Debug, Clone)]
enum Change {
    Create(EmailKey, String),
    Delete(RemoteId),
    Attach(RoleId, RemoteId),
}

impl Remote {
    fn taken(&self, email: &EmailKey, now: Timestamp) -> bool {
        self.taken_until
            .get(email)
            .is_some_and(|until| *until > now)
            || self
                .accounts
                .iter()
                .any(|account| account.user.email_key().as_ref() == Some(email))
    }

    fn create(
        &mut self,
        email: &EmailKey,
        password: &str,
        now: Timestamp,
    ) -> Result<RemoteId, UpstreamError> {
        self.creates += 1;
        if let Some(error) = self.create_errors.pop() {
            return Err(error);
        }
        if self.taken(email, now) {
            return Err(UpstreamError::EmailTaken);
        }
        self.next_id += 1;
        let id = RemoteId(format!("new-{}", self.next_id));
        self.accounts.push(Account {
            user: RemoteUser {
                id: id.clone(),
                email: email.as_str().to_owned(),
                roles: Vec::new(),
            },
            password: password.to_owned(),
            ours: true,
            visible_from: now.plus(self.create_delay),
        });
        if std::mem::take(&mut self.lose_next_answer) {
            return Err(UpstreamError::UnknownOutcome);
        }
        Ok(id)
    }

    fn delete(&mut self, id: &RemoteId, now: Timestamp) -> Result<Deleted, UpstreamError> {
        if let Some(error) = self.delete_errors.pop() {
            return Err(error);
        }
        let mut accounts = self.accounts.iter();
        let place = accounts.position(|account| account.ours && account.user.id == *id);
        let Some(place) = place else {
            return Ok(Deleted::AlreadyGone);
        };
        let gone = self.accounts.remove(place);
        self.deleted.push(id.clone());
        let until = now.plus(self.delete_delay);
        if let Some(email) = gone.user.email_key() {
            self.taken_until.insert(email, until);
        }
        Ok(Deleted::Removed)
    }

    fn attach(&mut self, role: &RoleId, user: &RemoteId) -> Result<(), UpstreamError> {
        let mut accounts = self.accounts.iter_mut();
        let account = accounts
            .find(|account| account.ours && account.user.id == *user)
            .ok_or(UpstreamError::NotFound)?;
        if role.0.starts_with("missing") {
            return Err(UpstreamError::NotFound);
        }
        if !account.user.roles.contains(role) {
            account.user.roles.push(role.clone());
        }
        Ok(())
    }

    fn list(&mut self, wanted: &Wanted, now: Timestamp) -> Result<Survey, UpstreamError> {
        self.surveys += 1;
        if !self.survey_errors.is_empty()
            && let Some(error) = self.survey_errors.remove(0)
        {
            return Err(error);
        }
        let accounts = self.accounts.iter();
        let visible: Vec<&Account> = accounts
            .filter(|account| account.ours && account.visible_from <= now)
            .collect();
        let mut survey = Survey {
            total: visible.len() as u64,
            complete: true,
            ..Survey::default()
        };
        for account in visible {
            let user = &account.user;
            let by_email = user.email_key().is_some_and(|e| wanted.emails.contains(&e));
            if by_email || wanted.ids.contains(&user.id) {
                survey.found.push(user.clone());
            } else if survey.samples.len() < wanted.samples {
                let email = user.email_key();
                let masked = email.map(|email| mask_email(email.as_str()));
                survey.samples.extend(masked);
            }
        }
        Ok(survey)
    }
}

impl World {
    /// The next moment at which a call that was given up takes effect.
    pub fn next_landing(&self) -> Option<Timestamp> {
        let remote = self.remote.borrow();
        remote.under_way.iter().map(|(moment, _, _)| *moment).min()
    }

    /// Lets those calls take effect whose moment has come.
    pub fn land(&self) {
        let now = self.now();
        loop {
            let change = {
                let mut remote = self.remote.borrow_mut();
                let mut all = remote.under_way.iter();
                let Some(place) = all.position(|(moment, _, _)| *moment <= now) else {
                    return;
                };
                remote.under_way.remove(place)
            };
            let (_, actor, change) = change;
            {
                let mut remote = self.remote.borrow_mut();
                match change {
                    Change::Create(email, password) => {
                        let _ = remote.create(&email, &password, now);
                    }
                    Change::Delete(id) => {
                        let _ = remote.delete(&id, now);
                    }
                    Change::Attach(role, user) => {
                        let _ = remote.attach(&role, &user);
                    }
                }
            }
            let hazards = std::rc::Rc::clone(&self.hazards.borrow());
            hazards.observe(self, actor, "landed late");
        }
    }

    /// One call: on its way there it may be lost, on its way back its answer.
    async fn call<T>(
        &self,
        name: &'static str,
        deadline: Deadline,
        change: Option<Change>,
        work: impl FnOnce(&mut Remote, Hazard) -> Result<T, UpstreamError>,
    ) -> Result<T, UpstreamError> {
        let lost = match change {
            Some(Change::Create(..) | Change::Delete(_)) => UpstreamError::UnknownOutcome,
            _ => UpstreamError::Transient,
        };
        if deadline.passed(self.now()) {
            return Err(UpstreamError::Transient);
        }
        let hazard = self.approach(name).await;
        let latency = self.remote.borrow().latencies.get(name).copied();
        if let Some(latency) = latency {
            let answered = self.now().plus(latency);
            self.time.until(answered.min(deadline.moment())).await;
        }
        if deadline.passed(self.now()) {
            return Err(lost);
        }
        match hazard.fate {
            Fate::FailsBefore => {
                self.leave(name, hazard).await;
                return Err(refusal(hazard, &lost));
            }
            Fate::Lands(after) => {
                if let Some(change) = change {
                    let moment = self.now().plus(after);
                    let mut remote = self.remote.borrow_mut();
                    remote.under_way.push((moment, self.actor.get(), change));
                }
                let patience = self.now().plus(TIMEOUT).min(deadline.moment());
                self.time.until(patience).await;
                self.leave(name, hazard).await;
                return Err(lost);
            }
            _ => {}
        }
        let answer = work(&mut self.remote.borrow_mut(), hazard);
        self.leave(name, hazard).await;
        if hazard.fate == Fate::FailsAfter {
            return Err(lost);
        }
        answer
    }
}

/// How 3dEye, or the way to it, refuses.
fn refusal(hazard: Hazard, lost: &UpstreamError) -> UpstreamError {
    match hazard.flavour % 6 {
        0 => UpstreamError::RateLimited { retry_after: None },
        1 => UpstreamError::Transient,
        2 => UpstreamError::Rejected { status: 403 },
        3 => UpstreamError::Unauthorized,
        _ => lost.clone(),
    }
}

impl Upstream for World {
    async fn survey(
        &self,
        wanted: impl Future<Output = Wanted>,
        deadline: Deadline,
    ) -> Result<Survey, UpstreamError> {
        let wanted = wanted.await;
        let now = || self.now();
        self.call("list", deadline, None, |remote, hazard| {
            let mut survey = remote.list(&wanted, now())?;
            if hazard.fate == Fate::Partial {
                survey.complete = false;
                survey.found.truncate(hazard.flavour as usize % 2);
            }
            Ok(survey)
        })
        .await
    }

    async fn create(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        let change = Change::Create(email.clone(), password.expose().to_owned());
        self.call("create", deadline, Some(change), |remote, hazard| {
            let id = remote.create(email, password.expose(), self.now())?;
            Ok(Some(id).filter(|_| hazard.fate != Fate::Partial))
        })
        .await
    }

    async fn delete(&self, id: &RemoteId, deadline: Deadline) -> Result<Deleted, UpstreamError> {
        let change = Change::Delete(id.clone());
        self.call("delete", deadline, Some(change), |remote, _| {
            remote.delete(id, self.now())
        })
        .await
    }

    async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        deadline: Deadline,
    ) -> Result<(), UpstreamError> {
        let change = Change::Attach(role.clone(), user.clone());
        self.call("attach", deadline, Some(change), |remote, _| {
            remote.attach(role, user)
        })
        .await
    }

    async fn opens(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, UpstreamError> {
        self.call("open", deadline, None, |remote, _| {
            let mut accounts = remote.accounts.iter();
            Ok(accounts.any(|account| {
                account.user.email_key().as_ref() == Some(email)
                    && account.password == password.expose()
            }))
        })
        .await
    }

    fn own_login(&self) -> Option<EmailKey> {
        self.remote.borrow().login.clone()
    }
}
