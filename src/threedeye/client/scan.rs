//! Reading the customer's list (row 6), and keeping next to nothing of it.
//!
//! The first page tells whether the upstream knows its total. If so, the other
//! pages are fetched up to six at a time; if not, one after the other until a
//! page is shorter than asked. Either way pages are looked at in their order,
//! so that the result does not depend on which answer came first. Reading ends
//! early when everything sought was found and no count was asked for.
//!
//! Memory: a page becomes a [`Digest`] as soon as its body has arrived, in one
//! go, so there are at most six bodies of 4 MiB and one parsed page at a time,
//! and 8 bytes for every user that went by.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::ops::Range;

use futures_util::future::join;
use futures_util::stream::{self, StreamExt as _};

use crate::kernel::ordered::set_of;
use crate::kernel::{Deadline, EmailKey, Unicode, mask_email};
use crate::threedeye::wire::list::{ListUsers, UserPage};
use crate::threedeye::{DirectoryScan, RemoteAccount, RemoteId, ScanQuery, UpstreamError};

use crate::threedeye::client::spelling::Spelling;
use crate::threedeye::client::{Client, MAX_AT_ONCE};

/// No list has more pages than an invocation may make subrequests; an upstream
/// that goes on beyond is broken.
const MAX_PAGES: u32 = 10_000;

impl Client {
    /// Reads the customer's list until everything sought was found, to its end, or as far as the
    /// deadline allows ([`DirectoryScan::complete`] tells).
    ///
    /// An error means that not even the first page could be read, or that a later page failed for
    /// another reason than the deadline. `query` is a future so that the first page can be under
    /// way before it is known what to look for.
    pub async fn scan(
        &self,
        query: impl Future<Output = ScanQuery>,
        deadline: Deadline,
    ) -> Result<DirectoryScan, UpstreamError> {
        let page_size = usize::try_from(self.config.users_per_page()).unwrap_or(usize::MAX);
        // What to look for is found out while the first page is under way.
        let (first, query) = join(self.page(1, deadline), query).await;
        let query = &query;
        let sought = &Sought::new(query, &*self.unicode);
        let first = Digest::of(first?, sought);
        if first.ids.is_empty() && first.total.is_some_and(|total| total > 0) {
            return Err(UpstreamError::EmptyList);
        }
        let mut reading = Reading::new(query, page_size, &first);
        reading.take(first)?;
        while let Some(numbers) = reading.next_pages()? {
            let mut pages = stream::iter(numbers)
                .map(|number| self.digest(number, sought, deadline))
                .buffered(MAX_AT_ONCE);
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => reading.take(page)?,
                    // Goes on with the loop: later pages may be here already,
                    // and those that are not fail without being sent.
                    Err(UpstreamError::Transient) if self.time_left(deadline).is_err() => {
                        reading.was_cut_short = true;
                    }
                    Err(error) => return Err(error),
                }
                if reading.has_ended() {
                    break;
                }
            }
        }
        Ok(reading.finish())
    }

    async fn page(&self, number: u32, deadline: Deadline) -> Result<UserPage, UpstreamError> {
        self.repeat(&ListUsers { page: number }, deadline).await
    }

    async fn digest(
        &self,
        number: u32,
        sought: &Sought<'_>,
        deadline: Deadline,
    ) -> Result<Digest, UpstreamError> {
        Ok(Digest::of(self.page(number, deadline).await?, sought))
    }
}

/// What is looked for on each page.
struct Sought<'a> {
    query: &'a ScanQuery,
    unicode: &'a dyn Unicode,
    /// The e-mails sought and watched, by their spelling.
    emails: BTreeMap<Spelling, Vec<&'a EmailKey>>,
}

impl<'a> Sought<'a> {
    fn new(query: &'a ScanQuery, unicode: &'a dyn Unicode) -> Self {
        let mut emails: BTreeMap<Spelling, Vec<&EmailKey>> = BTreeMap::new();
        for email in query.emails.iter().chain(&query.watched) {
            let spelling = Spelling::of(email.as_str(), unicode);
            emails.entry(spelling).or_default().push(email);
        }
        Self {
            query,
            unicode,
            emails,
        }
    }

    /// The e-mails that are this one, in whichever spelling.
    fn spellings_of(&self, email: &EmailKey) -> &[&'a EmailKey] {
        let spelling = Spelling::of(email.as_str(), self.unicode);
        self.emails.get(&spelling).map_or(&[], Vec::as_slice)
    }
}

/// What is left of a page.
struct Digest {
    total: Option<u64>,
    /// A hash of each user's id, in the page's order.
    ids: Vec<u64>,
    found: Vec<RemoteAccount>,
    /// Accounts with an e-mail in another spelling than it is looked for.
    respelled: Vec<(EmailKey, RemoteAccount)>,
    /// Masked e-mails of others, with the hash of their ids.
    samples: Vec<(u64, String)>,
}

impl Digest {
    fn of(page: UserPage, sought: &Sought<'_>) -> Self {
        let query = sought.query;
        let mut digest = Self {
            total: page.total,
            ids: Vec::with_capacity(page.users.len()),
            found: Vec::new(),
            respelled: Vec::new(),
            samples: Vec::new(),
        };
        for user in page.users {
            let id = hash_of(&user.id);
            digest.ids.push(id);
            let email = user.email_key();
            let mut by_email = false;
            for like in email.iter().flat_map(|email| sought.spellings_of(email)) {
                if email.as_ref() == Some(*like) {
                    by_email = true;
                } else {
                    digest.respelled.push(((*like).clone(), user.clone()));
                }
            }
            if by_email || query.ids.contains(&user.id) {
                digest.found.push(user);
            } else if let Some(email) = email
                && digest.samples.len() < query.samples
            {
                digest.samples.push((id, mask_email(email.as_str())));
            }
        }
        digest
    }
}

/// Good enough to count by: among a million users two ids share a hash with a
/// chance of 1 in 37 million.
fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The list as far as it was read.
struct Reading<'a> {
    query: &'a ScanQuery,
    page_size: usize,
    /// How many users all pages hold, as page 1 told. A total that page 1 itself
    /// exceeds (an unset 0, say) is no total.
    total: Option<u64>,
    /// How many users page 1 held: a server may allow less than was asked.
    users_per_page: u64,
    last_planned: u32,
    ids: BTreeSet<u64>,
    pages: BTreeSet<u64>,
    /// What is sought and was not seen yet.
    missing_emails: BTreeSet<&'a EmailKey>,
    missing_ids: BTreeSet<&'a RemoteId>,
    reached_end: bool,
    /// The list ended before its own total: something may be missing.
    ends_short: bool,
    was_cut_short: bool,
    scan: DirectoryScan,
}

impl<'a> Reading<'a> {
    fn new(query: &'a ScanQuery, page_size: usize, first: &Digest) -> Self {
        let length = count(first.ids.len());
        Self {
            query,
            page_size,
            total: first.total.filter(|total| *total >= length),
            users_per_page: length.max(1),
            last_planned: 1,
            ids: BTreeSet::new(),
            pages: BTreeSet::new(),
            missing_emails: set_of(&query.emails),
            missing_ids: set_of(&query.ids),
            reached_end: false,
            ends_short: false,
            was_cut_short: false,
            scan: DirectoryScan::default(),
        }
    }

    /// Takes the next page in.
    ///
    /// Users move between pages when others come or go while we read, so a user
    /// may be seen twice: the first sighting counts. A whole page that was seen
    /// before, however, means that the upstream ignores `page`, and
    /// [`UpstreamError::Protocol`] ends what would go on for ever.
    fn take(&mut self, page: Digest) -> Result<(), UpstreamError> {
        if !page.ids.is_empty() && !self.pages.insert(hash_of(&page.ids)) {
            return Err(UpstreamError::Protocol);
        }
        for user in page.found {
            if self.scan.by_id(&user.id).is_none() {
                self.missing_ids.remove(&user.id);
                if let Some(email) = user.email_key() {
                    self.missing_emails.remove(&email);
                }
                self.scan.found.push(user);
            }
        }
        for (email, user) in page.respelled {
            self.scan.respelled.entry(email).or_insert(user);
        }
        for (id, sample) in page.samples {
            if self.scan.samples.len() < self.query.samples && !self.ids.contains(&id) {
                self.scan.samples.push(sample);
            }
        }
        let length = page.ids.len();
        self.ids.extend(page.ids);
        self.reached_end = match self.total {
            Some(total) => {
                self.ends_short = length == 0 && self.seen() < total;
                self.ends_short || self.seen() >= total
            }
            None => length < self.page_size,
        };
        Ok(())
    }

    fn seen(&self) -> u64 {
        count(self.ids.len())
    }

    /// Whether all that is sought was found: e-mails and ids are unique, so no
    /// later page has anything to add.
    fn has_found_all(&self) -> bool {
        !self.query.count && self.missing_emails.is_empty() && self.missing_ids.is_empty()
    }

    fn has_ended(&self) -> bool {
        self.reached_end || self.has_found_all()
    }

    /// The pages to read next; `None` when there is nothing more to read.
    ///
    /// With a total, as many as should hold what is missing. They may turn out
    /// not to (a user moved, or the total counts more than is shown): then this
    /// is asked again until a page is empty.
    fn next_pages(&mut self) -> Result<Option<Range<u32>>, UpstreamError> {
        if self.has_ended() || self.was_cut_short {
            return Ok(None);
        }
        if self.last_planned >= MAX_PAGES {
            return Err(UpstreamError::Protocol);
        }
        let pages = match self.total {
            Some(total) => total
                .saturating_sub(self.seen())
                .div_ceil(self.users_per_page),
            None => 1,
        };
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        let next = self.last_planned.saturating_add(1);
        self.last_planned = self.last_planned.saturating_add(pages).min(MAX_PAGES);
        Ok(Some(next..self.last_planned.saturating_add(1)))
    }

    fn finish(self) -> DirectoryScan {
        let seen = self.seen();
        let is_whole = self.reached_end && !self.ends_short && !self.was_cut_short;
        DirectoryScan {
            // Counted where it could be; the upstream's word where not.
            total: if is_whole {
                seen
            } else {
                self.total.unwrap_or(seen).max(seen)
            },
            complete: is_whole || self.has_found_all(),
            ..self.scan
        }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
