//! The bearer token: fetched when first needed, shared by the isolate, renewed
//! once when 3dEye refuses it (rows 3 and 4).

use std::time::Duration;

use crate::kernel::{Deadline, Secret, Timestamp};
use crate::threedeye::UpstreamError;
use crate::threedeye::config::ThreedeyeLogin;
use crate::threedeye::wire::auth::{FetchToken, IssuedToken};

use crate::threedeye::client::Client;

/// A token is given up this long before it expires, or after nine tenths of a
/// life shorter than ten minutes: it must not expire on its way.
const MAX_SKEW: Duration = Duration::from_secs(60);

/// The last token that was fetched; one per isolate.
///
/// Requests share this value and never a fetch under way: the runtime ends a request's futures with
/// the request, and another request that waited for them would hang.
#[derive(Default)]
pub struct TokenCache {
    entry: Option<Entry>,
}

struct Entry {
    /// Base URL and user name, so that a changed configuration never sends a token to a host that did
    /// not issue it.
    owner: String,
    token: Secret,
    usable_until: Timestamp,
}

impl TokenCache {
    fn get(&self, owner: &str, now: Timestamp) -> Option<Secret> {
        self.entry
            .as_ref()
            .filter(|entry| entry.owner == owner && now < entry.usable_until)
            .map(|entry| entry.token.clone())
    }

    fn put(&mut self, owner: String, issued: &IssuedToken, now: Timestamp) {
        let skew = MAX_SKEW.min(issued.lifetime / 10);
        self.entry = Some(Entry {
            owner,
            token: issued.token.clone(),
            usable_until: now.plus(issued.lifetime).minus(skew),
        });
    }
}

impl Client {
    /// A token other than `refused`: the cached one, or one fetched by a single
    /// try. Of several calls that need one at once, one fetches and the others
    /// wait for it.
    pub(super) async fn token(
        &self,
        login: &ThreedeyeLogin,
        refused: Option<&Secret>,
        deadline: Deadline,
    ) -> Result<Secret, UpstreamError> {
        // A URL holds no line break, so the two parts cannot run together.
        let owner = format!("{}\n{}", self.config.base_url, login.username);
        let cached = || {
            let token = self.tokens.borrow().get(&owner, self.clock.now())?;
            let is_refused = refused.is_some_and(|refused| refused.matches(token.expose()));
            (!is_refused).then_some(token)
        };
        if let Some(token) = cached() {
            return Ok(token);
        }
        let _turn = self.within(deadline, self.renewal.acquire()).await?;
        if let Some(token) = cached() {
            return Ok(token);
        }
        let issued = self.attempt_plain(&FetchToken(login), deadline).await?;
        self.tokens
            .borrow_mut()
            .put(owner.clone(), &issued, self.clock.now());
        Ok(issued.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cached(lifetime: u64, after: Duration) -> Option<Secret> {
        let start = Timestamp::from_millis(0);
        let mut cache = TokenCache::default();
        let issued = IssuedToken {
            token: Secret::new("token"),
            lifetime: Duration::from_secs(lifetime),
        };
        cache.put("us".to_owned(), &issued, start);
        assert!(cache.get("them", start).is_none());
        cache.get("us", start.plus(after))
    }

    #[test]
    fn a_token_is_given_up_before_it_expires() {
        assert!(cached(3600, Duration::from_secs(3539)).is_some());
        assert!(cached(3600, Duration::from_secs(3540)).is_none());
        assert!(cached(2, Duration::from_millis(1799)).is_some());
        assert!(cached(2, Duration::from_millis(1800)).is_none());
    }
}
