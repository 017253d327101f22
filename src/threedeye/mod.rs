//! The upstream: 3dEye's user directory as the rest of the service sees it.
//!
//! [`Upstream`] is the wall. Behind it `client` speaks HTTP by way of a
//! [`HttpClient`](crate::kernel::http_client::HttpClient), and `wire` alone knows the vendor's paths, field
//! names and statuses, most of which are guesses (docs/3DEYE.md). In front of
//! it nobody knows that 3dEye speaks HTTP at all.

pub mod client;
pub mod config;
#[cfg(test)]
pub(crate) mod conformance;
pub mod error;
pub mod password;
pub mod retry;
#[cfg(test)]
mod testing;
pub mod wire;

use std::collections::BTreeSet;

use crate::kernel::{Deadline, EmailKey, Secret};

pub use error::UpstreamError;

/// The id 3dEye gave to one of its users.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        description = "An id that 3dEye gave. Opaque.",
        extend("minLength" = 1, "examples" = ["11111111-1111-4111-8111-111111111111"]),
    )
)]
pub struct RemoteId(pub String);

/// The id of a 3dEye camera role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleId(pub String);

/// One user of our customer at 3dEye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUser {
    /// The account's id.
    pub id: RemoteId,
    /// The e-mail as 3dEye spells it.
    pub email: String,
    /// The camera roles it holds.
    pub roles: Vec<RoleId>,
}

impl RemoteUser {
    /// The account's e-mail in our normal form.
    pub fn email_key(&self) -> Option<EmailKey> {
        EmailKey::of(&self.email)
    }
}

/// What to look for while the customer's list goes by.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Accounts with one of these e-mails.
    pub emails: BTreeSet<EmailKey>,
    /// Accounts with one of these ids.
    pub ids: BTreeSet<RemoteId>,
    /// How many other e-mails to keep, masked, for a human to recognise the customer by.
    pub samples: usize,
    /// Whether the users are to be counted. If not, reading ends when all of
    /// the above was found, however many pages there may be.
    pub count: bool,
}

/// What a read of the customer's list found. The list itself is never held whole.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The wanted accounts.
    pub found: Vec<RemoteUser>,
    /// How many users the customer has: counted, or what 3dEye says where the
    /// list was not read to its end.
    pub total: u64,
    /// Masked e-mails (`j***@example.com`).
    pub samples: Vec<String>,
    /// Whether what was not found is not in the list. If not, the deadline
    /// came before the list's end.
    pub complete: bool,
}

impl Survey {
    /// The account with this e-mail.
    pub fn by_email(&self, email: &EmailKey) -> Option<&RemoteUser> {
        self.found
            .iter()
            .find(|user| user.email_key().as_ref() == Some(email))
    }

    /// The account with this id.
    pub fn by_id(&self, id: &RemoteId) -> Option<&RemoteUser> {
        self.found.iter().find(|user| user.id == *id)
    }
}

/// How a delete ended; both mean that the account is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// We removed it.
    Removed,
    /// It was gone already.
    AlreadyGone,
}

/// 3dEye's user directory. Every call ends by its deadline.
///
/// Implementations retry what is safe to retry (`retry`), so an error that
/// comes back from here is final for this attempt.
pub trait Upstream {
    /// Reads the customer's list until everything wanted was found or to its
    /// end, or as far as the deadline allows ([`Survey::complete`] tells).
    ///
    /// An error means that not even the first page could be read, or that a
    /// later page failed for another reason than the deadline. `wanted` is a
    /// future so that the first page can be under way before it is known what
    /// to look for.
    async fn survey(
        &self,
        wanted: impl Future<Output = Wanted>,
        deadline: Deadline,
    ) -> Result<Survey, UpstreamError>;

    /// Creates an account in our customer. Never repeated by itself: after
    /// [`UpstreamError::UnknownOutcome`] the list must be read again first.
    /// `None`: created, but the answer did not tell the id.
    async fn create(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError>;

    /// Deletes an account of our customer. After [`UpstreamError::UnknownOutcome`]
    /// it may still vanish.
    async fn delete(&self, id: &RemoteId, deadline: Deadline) -> Result<Deleted, UpstreamError>;

    /// Attaches a role; attaching it twice is no error. [`UpstreamError::NotFound`],
    /// which is not retried here, means that the role or the account is not
    /// there, or not yet.
    async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        deadline: Deadline,
    ) -> Result<(), UpstreamError>;

    /// Whether this password opens the account with this e-mail. An `Err` is
    /// never a "no": only a definite refusal by 3dEye is.
    async fn opens(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, UpstreamError>;

    /// The e-mail of the account that we log in with ourselves, which must never be deleted.
    fn own_login(&self) -> Option<EmailKey>;
}

/// No upstream is an upstream that is not configured.
impl<U: Upstream> Upstream for Option<U> {
    async fn survey(
        &self,
        wanted: impl Future<Output = Wanted>,
        deadline: Deadline,
    ) -> Result<Survey, UpstreamError> {
        configured(self)?.survey(wanted, deadline).await
    }

    async fn create(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        configured(self)?.create(email, password, deadline).await
    }

    async fn delete(&self, id: &RemoteId, deadline: Deadline) -> Result<Deleted, UpstreamError> {
        configured(self)?.delete(id, deadline).await
    }

    async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        deadline: Deadline,
    ) -> Result<(), UpstreamError> {
        configured(self)?.attach_role(role, user, deadline).await
    }

    async fn opens(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, UpstreamError> {
        configured(self)?.opens(email, password, deadline).await
    }

    fn own_login(&self) -> Option<EmailKey> {
        self.as_ref()?.own_login()
    }
}

fn configured<U>(upstream: &Option<U>) -> Result<&U, UpstreamError> {
    upstream.as_ref().ok_or(UpstreamError::NotConfigured)
}
