//! The entries of a list, and whom they name.

use std::collections::BTreeSet;

use crate::db::DatabaseError;
use crate::kernel::{EmailKey, UserId, text};
use crate::provisioning::bulk::Refusal;
use crate::provisioning::store::bulk::{Named, Resolved, resolve};
use crate::provisioning::{Context, ProvisioningError};

/// The most characters of an entry: those of the longest e-mail (RFC 5321: 64 before the @ and 255 behind it).
const MAX_CHARS: usize = 320;

/// An entry: the id of a user, or its e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub text: String,
    id: Option<UserId>,
    email: Option<EmailKey>,
}

impl Given {
    /// # Errors
    ///
    /// What is wrong with it, for the client.
    pub fn parse(field: &str, text: &str) -> Result<Self, String> {
        let text = text.trim();
        text::check_id(field, text, MAX_CHARS)?;
        Ok(Self {
            id: UserId::parse(text).ok(),
            email: EmailKey::of(text).filter(|_| text.contains('@')),
            text: text.to_owned(),
        })
    }
}

/// An entry and the user that it names.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its place in the list, from 1.
    pub place: u32,
    pub given: String,
    pub user: Result<UserId, Refusal>,
}

impl Context<'_> {
    /// Whom the entries name, in their order; a user that is named again is left out. An id comes first: it may look
    /// like an e-mail.
    pub(super) async fn entries(&self, given: &[Given]) -> Result<Vec<Entry>, DatabaseError> {
        let named: Vec<Named> = given
            .iter()
            .map(|one| Named {
                id: one.id.as_ref().map(UserId::as_str),
                email: one.email.as_ref().map(EmailKey::as_str),
            })
            .collect();
        let resolved = resolve(self.database, &named).await?;
        let mut seen = BTreeSet::new();
        let mut entries = Vec::with_capacity(given.len());
        for ((place, one), resolved) in (1..).zip(given).zip(resolved) {
            let user = whom(resolved);
            let name = match (&user, &one.email) {
                (Ok(user), _) => format!("id {user}"),
                (Err(_), Some(email)) => format!("email {}", email.as_str()),
                (Err(_), None) => format!("text {}", one.text),
            };
            if seen.insert(name) {
                let given = one.text.clone();
                entries.push(Entry { place, given, user });
            }
        }
        Ok(entries)
    }
}

fn whom(resolved: Resolved) -> Result<UserId, Refusal> {
    match (resolved.by_id, resolved.by_email.as_slice()) {
        (Some(id), _) => Ok(UserId::new(id)),
        (None, [id]) => Ok(UserId::new(id)),
        (None, []) => Err(ProvisioningError::NoUser.into()),
        (None, _) => Err(Refusal {
            code: "ambiguous_email",
            message: "Several users have this e-mail; name the one by its id".to_owned(),
            is_failure: false,
        }),
    }
}
