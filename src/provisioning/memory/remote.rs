//! 3dEye.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kernel::{Deadline, EmailKey, Secret, Timestamp, mask_email};
use crate::threedeye::{
    Deleted, RemoteId, RemoteUser, RoleId, Survey, Upstream, UpstreamError, Wanted,
};

use super::World;

/// 3dEye: both customers and what goes wrong.
#[derive(Default)]
pub struct Remote {
    pub accounts: Vec<Account>,
    /// E-mails of deleted accounts that stay taken until then.
    pub taken_until: BTreeMap<EmailKey, Timestamp>,
    pub create_delay: Duration,
    pub delete_delay: Duration,
    pub creates: u32,
    pub surveys: u32,
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
}

#[derive(Debug, Clone)]
pub struct Account {
    pub user: RemoteUser,
    pub password: String,
    pub ours: bool,
    pub visible_from: Timestamp,
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
}

impl Upstream for World {
    async fn survey(
        &self,
        wanted: impl Future<Output = Wanted>,
        _deadline: Deadline,
    ) -> Result<Survey, UpstreamError> {
        let wanted = wanted.await;
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            remote.surveys += 1;
            if !remote.survey_errors.is_empty()
                && let Some(error) = remote.survey_errors.remove(0)
            {
                return Err(error);
            }
            let visible: Vec<&Account> = remote
                .accounts
                .iter()
                .filter(|account| account.ours && account.visible_from <= self.now.get())
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
                    survey.samples.push(mask_email(&user.email));
                }
            }
            Ok(survey)
        })
        .await
    }

    async fn create(
        &self,
        email: &EmailKey,
        password: &Secret,
        _deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            remote.creates += 1;
            if let Some(error) = remote.create_errors.pop() {
                return Err(error);
            }
            if remote.taken(email, self.now.get()) {
                return Err(UpstreamError::EmailTaken);
            }
            remote.next_id += 1;
            let id = RemoteId(format!("new-{}", remote.next_id));
            let visible_from = self.now.get().plus(remote.create_delay);
            remote.accounts.push(Account {
                user: RemoteUser {
                    id: id.clone(),
                    email: email.as_str().to_owned(),
                    roles: Vec::new(),
                },
                password: password.expose().to_owned(),
                ours: true,
                visible_from,
            });
            if std::mem::take(&mut remote.lose_next_answer) {
                return Err(UpstreamError::UnknownOutcome);
            }
            Ok(Some(id))
        })
        .await
    }

    async fn delete(&self, id: &RemoteId, _deadline: Deadline) -> Result<Deleted, UpstreamError> {
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            if let Some(error) = remote.delete_errors.pop() {
                return Err(error);
            }
            let place = remote
                .accounts
                .iter()
                .position(|account| account.ours && account.user.id == *id);
            let Some(place) = place else {
                return Ok(Deleted::AlreadyGone);
            };
            let gone = remote.accounts.remove(place);
            remote.deleted.push(id.clone());
            let until = self.now.get().plus(remote.delete_delay);
            if let Some(email) = gone.user.email_key() {
                remote.taken_until.insert(email, until);
            }
            Ok(Deleted::Removed)
        })
        .await
    }

    async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        _deadline: Deadline,
    ) -> Result<(), UpstreamError> {
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            let account = remote
                .accounts
                .iter_mut()
                .find(|account| account.user.id == *user)
                .ok_or(UpstreamError::NotFound)?;
            if role.0.starts_with("missing") {
                return Err(UpstreamError::NotFound);
            }
            if !account.user.roles.contains(role) {
                account.user.roles.push(role.clone());
            }
            Ok(())
        })
        .await
    }

    async fn opens(
        &self,
        email: &EmailKey,
        password: &Secret,
        _deadline: Deadline,
    ) -> Result<bool, UpstreamError> {
        self.effect(|| {
            let remote = self.remote.borrow();
            let key = Some(email);
            let mut accounts = remote.accounts.iter();
            Ok(accounts
                .any(|a| a.user.email_key().as_ref() == key && a.password == password.expose()))
        })
        .await
    }

    fn own_login(&self) -> Option<EmailKey> {
        self.remote.borrow().login.clone()
    }
}
