//! The upstream: 3dEye's user directory as the rest of the service sees it.
//!
//! [`Client`] is all that other rooms use. `wire` alone knows what the vendor's API looks like, most of
//! which is guessed (docs/3DEYE.md); `dialect` holds what of it a setting can change. Tests simulate 3dEye at the
//! [`HttpClient`](crate::kernel::http_client::HttpClient).

pub mod client;
pub mod config;
#[cfg(test)]
pub(crate) mod conformance;
pub mod dialect;
pub mod error;
pub mod password;
pub mod retry;
#[cfg(test)]
pub(crate) mod simulated;
#[cfg(test)]
mod testing;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::kernel::EmailKey;

pub use client::{Client, TokenCache};
pub use error::UpstreamError;

/// The id that 3dEye gave to one of its accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        description = "An id that 3dEye gave. Opaque.",
        extend("minLength" = 1, "examples" = ["11111111-1111-4111-8111-111111111111"]),
    )
)]
pub struct RemoteId(pub String);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleId(pub String);

/// One account of our customer at 3dEye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteAccount {
    pub id: RemoteId,
    /// The e-mail as 3dEye spells it.
    pub email: String,
    pub roles: Vec<RoleId>,
}

impl RemoteAccount {
    /// The e-mail in our normal form.
    pub fn email_key(&self) -> Option<EmailKey> {
        EmailKey::of(&self.email)
    }
}

/// What a scan of the customer's list looks for.
#[derive(Debug, Clone, Default)]
pub struct ScanQuery {
    pub emails: BTreeSet<EmailKey>,
    pub ids: BTreeSet<RemoteId>,
    /// E-mails to look out for on the way; the list is not read any further for their sake.
    pub watched: BTreeSet<EmailKey>,
    /// How many other e-mails to keep, masked, for a human to recognise the customer by.
    pub samples: usize,
    /// Whether the accounts are to be counted. If not, reading ends when everything sought was
    /// found, however many pages are left.
    pub count: bool,
}

/// What a scan of the customer's list found. The list itself is never held whole.
#[derive(Debug, Clone, Default)]
pub struct DirectoryScan {
    pub found: Vec<RemoteAccount>,
    /// By e-mail sought or watched: an account whose e-mail is the same in another spelling.
    pub respelled: BTreeMap<EmailKey, RemoteAccount>,
    /// How many accounts the customer has: counted, or what 3dEye says if the list was not read to
    /// its end.
    pub total: u64,
    /// Masked e-mails (`j***@example.com`).
    pub samples: Vec<String>,
    /// Whether an account that was not found is not in the list. False if the deadline came before
    /// the list's end, or the list ended before its own total.
    pub complete: bool,
}

impl DirectoryScan {
    pub fn by_email(&self, email: &EmailKey) -> Option<&RemoteAccount> {
        self.found
            .iter()
            .find(|account| account.email_key().as_ref() == Some(email))
    }

    /// An account whose e-mail is this one in another spelling, where none has this very e-mail.
    pub fn by_spelling(&self, email: &EmailKey) -> Option<&RemoteAccount> {
        let respelled = self.respelled.get(email);
        respelled.filter(|_| self.by_email(email).is_none())
    }

    pub fn by_id(&self, id: &RemoteId) -> Option<&RemoteAccount> {
        self.found.iter().find(|account| account.id == *id)
    }
}

/// How a delete ended; both mean that the account is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    Removed,
    AlreadyGone,
}
