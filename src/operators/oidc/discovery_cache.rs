//! When to fetch the discovery document. The fetch itself is the caller's.

use std::rc::Rc;

use super::{ProviderError, ProviderMetadata};
use crate::auth::jwks::{MAX_AGE, REFRESH_AGE, RETRY_INTERVAL};
use crate::kernel::Timestamp;

/// The document as far as this isolate knows it, for as long as the issuer's keys are kept. Sign-ins are
/// rare, so one that finds the document due for a refresh waits for it; where that fails, the old one
/// stays in use.
#[derive(Default)]
pub struct DiscoveryCache {
    document: Option<(Rc<ProviderMetadata>, Timestamp)>,
    failure: Option<(ProviderError, Timestamp)>,
}

impl DiscoveryCache {
    /// The document; `None`: the caller must fetch it, report the outcome, and ask [`Self::kept`].
    ///
    /// # Errors
    ///
    /// Fetching it has just failed, and there is no earlier one.
    pub fn lookup(&self, now: Timestamp) -> Result<Option<Rc<ProviderMetadata>>, ProviderError> {
        if let Some((document, asked_at)) = &self.document
            && now.since(*asked_at) < REFRESH_AGE
        {
            return Ok(Some(Rc::clone(document)));
        }
        match self.failure {
            Some((_, failed_at)) if now.since(failed_at) < RETRY_INTERVAL => {
                self.kept(now).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Records a fetch that began at `asked_at`.
    pub fn store(&mut self, document: ProviderMetadata, asked_at: Timestamp) {
        self.document = Some((Rc::new(document), asked_at));
        self.failure = None;
    }

    pub const fn fail(&mut self, error: ProviderError, failed_at: Timestamp) {
        self.failure = Some((error, failed_at));
    }

    /// The document of the last fetch that succeeded.
    ///
    /// # Errors
    ///
    /// Why there is none, or none that may still be used.
    pub fn kept(&self, now: Timestamp) -> Result<Rc<ProviderMetadata>, ProviderError> {
        match (&self.document, self.failure) {
            (Some((document, asked_at)), _) if now.since(*asked_at) < MAX_AGE => {
                Ok(Rc::clone(document))
            }
            (_, Some((error, _))) => Err(error),
            (_, None) => Err(ProviderError::Connection),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::auth::fake::at;

    const ERROR: ProviderError = ProviderError::TimedOut;

    fn document(host: &str) -> ProviderMetadata {
        let text = format!(
            r#"{{"issuer": "i", "authorization_endpoint": "https://{host}/a", "token_endpoint": "https://{host}/t"}}"#
        );
        ProviderMetadata::parse(text.as_bytes(), "i").unwrap()
    }

    fn host(found: Result<Option<Rc<ProviderMetadata>>, ProviderError>) -> Option<String> {
        let found = found.unwrap()?;
        found.token_endpoint.split('/').nth(2).map(str::to_owned)
    }

    #[test]
    fn a_document_is_used_for_five_minutes_and_then_fetched_anew() {
        let mut cache = DiscoveryCache::default();
        assert_eq!(cache.lookup(at(0)), Ok(None));
        cache.store(document("one.example"), at(0));
        assert_eq!(host(cache.lookup(at(299))).as_deref(), Some("one.example"));
        assert_eq!(cache.lookup(at(300)), Ok(None));
        cache.store(document("two.example"), at(300));
        assert_eq!(host(cache.lookup(at(301))).as_deref(), Some("two.example"));
    }

    #[test]
    fn an_outage_is_bridged_for_a_day_by_the_document_there_was() {
        let mut cache = DiscoveryCache::default();
        cache.store(document("one.example"), at(0));
        cache.fail(ERROR, at(400));
        assert_eq!(
            host(cache.kept(at(400)).map(Some)).as_deref(),
            Some("one.example")
        );
        // Not every sign-in tries again at once.
        assert_eq!(host(cache.lookup(at(400))).as_deref(), Some("one.example"));
        assert_eq!(cache.lookup(at(401)), Ok(None));
        cache.fail(ERROR, at(86_400));
        assert_eq!(cache.kept(at(86_400)), Err(ERROR));
    }

    #[test]
    fn without_a_document_a_failure_is_told_for_a_second() {
        let mut cache = DiscoveryCache::default();
        cache.fail(ERROR, at(0));
        assert_eq!(cache.kept(at(0)), Err(ERROR));
        assert_eq!(
            cache.lookup(at(0).plus(Duration::from_millis(999))),
            Err(ERROR)
        );
        assert_eq!(cache.lookup(at(1)), Ok(None));
    }
}
