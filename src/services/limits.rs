//! How often something may be done: by the runtime's rate limits, and by the throttle of the user-key API.

use std::net::{IpAddr, Ipv6Addr};

use super::Services;
use crate::user_keys::InstanceName;

/// A limit on how often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Requests of one administrator.
    Admin,
    /// Requests of one person.
    Person,
    /// Failed authentications, and sign-ins to the console, from one address.
    Authentication,
}

impl RateLimit {
    pub const ALL: [Self; 3] = [Self::Admin, Self::Authentication, Self::Person];

    /// The name of the binding.
    pub const fn binding(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN_RATE_LIMITER",
            Self::Authentication => "AUTH_RATE_LIMITER",
            Self::Person => "PERSON_RATE_LIMITER",
        }
    }
}

impl Services {
    /// The limits that are not bound, so that what they count is not limited.
    pub fn missing_limits(&self) -> impl Iterator<Item = RateLimit> {
        let bindings = &self.environment.bindings;
        RateLimit::ALL
            .into_iter()
            .filter(|limit| !bindings.has_limit(*limit))
    }

    /// Whether an administrator keeps within the limit of requests, by their name.
    pub async fn admin_within_limit(&self, name: &str) -> bool {
        let bindings = &self.environment.bindings;
        bindings.within_limit(RateLimit::Admin, name).await
    }

    /// Whether a person keeps within the limit of requests, by the subject of their token.
    pub async fn person_within_limit(&self, subject: &str) -> bool {
        let bindings = &self.environment.bindings;
        bindings.within_limit(RateLimit::Person, subject).await
    }

    /// Whether an address keeps within the limit of failed authentications and sign-ins. Requests to which
    /// the runtime gives no address count as one.
    pub async fn address_within_limit(&self, address: Option<IpAddr>) -> bool {
        let address = address.map_or_else(|| "unknown".to_owned(), network);
        let bindings = &self.environment.bindings;
        bindings
            .within_limit(RateLimit::Authentication, &address)
            .await
    }

    /// Counts a request with the keys of an instance.
    ///
    /// # Errors
    ///
    /// As [`Throttle::admit`](crate::user_keys::Throttle::admit) has them.
    pub fn throttle(&self, instance: Option<&InstanceName>, caller: &str) -> Result<(), u64> {
        let now = self.now();
        let mut throttle = self.shared.throttle.borrow_mut();
        throttle.admit(instance, caller, now)
    }
}

/// What is counted as one address: of IPv6 the /64, because that is the least that one client is given.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & (u128::MAX << 64);
            format!("{}/64", Ipv6Addr::from(prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_client_with_a_whole_ipv6_network_counts_as_one_address() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected, "{address}");
        }
    }
}
