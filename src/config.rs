//! Configuration, parsed once and failing closed.
//!
//! The names are fixed (README, "Configuration"). What is absent or malformed
//! never becomes a default that opens a door: it becomes a `None` that refuses,
//! and a line in [`Config::problems`] that `/health` and the log show.

use std::ops::RangeInclusive;
use std::time::Duration;

use url::{Host, Url};

use crate::account::outbox::receiver::WebhookConfig;
use crate::auth::JwtConfig;
use crate::kernel::{EmailKey, Sealer, Secret};
use crate::threedeye::config::{ProtectedAccounts, ThreedeyeConfig, ThreedeyeLogin};

/// Everything the service can be told from outside.
pub struct Config {
    /// `ADMIN_API_KEY` and `ADMIN_API_KEY_PREVIOUS`.
    pub admin_keys: Vec<Secret>,
    /// Who may sign our callers' tokens; `None` refuses every token.
    pub jwt: Option<JwtConfig>,
    /// `ADMIN_EMAIL_DOMAINS`, lower-cased.
    pub admin_email_domains: Vec<String>,
    /// The upstream; `None` is the normal state "not configured".
    pub threedeye: Option<ThreedeyeConfig>,
    /// Seals at rest; `None` refuses what needs it.
    pub sealer: Option<Sealer>,
    /// `BACKFILL_CRON_LIMIT`: users per scheduled run.
    pub backfill_cron_limit: u32,
    /// `BACKFILL_MAX_TAKEOVERS`: accounts a run may delete and re-create.
    pub backfill_max_takeovers: u32,
    /// `OFFBOARD_AFTER_HOURS`: the wait before the account of a deleted user is deleted.
    pub offboard_after: Duration,
    /// `BACKFILL_MAX_REMOVALS`: accounts of deleted users that a run may delete.
    pub backfill_max_removals: u32,
    /// `TWO_FACTOR_DISABLE`: what turning a second factor off takes.
    pub two_factor_disable: DisablePolicy,
    /// Where account notices go; `None`: they stay in the outbox.
    pub webhook: Option<WebhookConfig>,
    /// What is missing or malformed, by name, never by value.
    pub problems: Vec<String>,
}

/// What turning one's second factor off takes, beside a recent sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisablePolicy {
    /// `second_factor`: a proof of it.
    SecondFactor,
    /// `recent`: nothing more.
    Recent,
}

impl Config {
    /// Reads every setting through `lookup` (name to value).
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Reader {
            lookup: |name: &str| {
                lookup(name)
                    .map(|value| value.trim().to_owned())
                    .filter(|value| !value.is_empty())
            },
            problems: Vec::new(),
        }
        .config()
    }
}

struct Reader<L> {
    lookup: L,
    problems: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn config(mut self) -> Config {
        let admin_keys = self.admin_keys();
        let jwt = self.jwt();
        let admin_email_domains = self.domains();
        let threedeye = self.threedeye(&admin_email_domains);
        let sealer = self.sealer();
        let two_factor_disable = self.two_factor_disable();
        let webhook = self.webhook();
        Config {
            admin_keys,
            jwt,
            admin_email_domains,
            threedeye,
            sealer,
            backfill_cron_limit: self.number("BACKFILL_CRON_LIMIT", 50, 1..=500),
            backfill_max_takeovers: self.number("BACKFILL_MAX_TAKEOVERS", 20, 0..=500),
            offboard_after: self.hours("OFFBOARD_AFTER_HOURS", 72, 0..=8760),
            backfill_max_removals: self.number("BACKFILL_MAX_REMOVALS", 20, 0..=500),
            two_factor_disable,
            webhook,
            problems: self.problems,
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::new)
    }

    fn problem(&mut self, what: impl Into<String>) {
        self.problems.push(what.into());
    }

    fn required(&mut self, name: &str) -> Option<String> {
        let value = self.get(name);
        if value.is_none() {
            self.problem(format!("{name} is missing"));
        }
        value
    }

    fn number(&mut self, name: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let Some(text) = self.get(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.problem(format!(
                    "{name} is not an integer from {} to {}; {default} is used",
                    range.start(),
                    range.end()
                ));
                default
            }
        }
    }

    fn hours(&mut self, name: &str, default: u32, range: RangeInclusive<u32>) -> Duration {
        let hours = self.number(name, default, range);
        Duration::from_secs(u64::from(hours) * 60 * 60)
    }

    fn admin_keys(&mut self) -> Vec<Secret> {
        let Some(current) = self.secret("ADMIN_API_KEY") else {
            // A previous key without a current one is a mistake, not a rotation.
            self.problem("ADMIN_API_KEY is missing");
            return Vec::new();
        };
        [Some(current), self.secret("ADMIN_API_KEY_PREVIOUS")]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Every part must be a domain that an e-mail can end with; otherwise nothing matches.
    fn domains(&mut self) -> Vec<String> {
        let listed = self
            .get("ADMIN_EMAIL_DOMAINS")
            .unwrap_or_else(|| "smartphonekey.com".to_owned());
        let domains: Vec<String> = listed
            .split(',')
            .map(|domain| domain.trim().to_ascii_lowercase())
            .collect();
        if domains.iter().all(|domain| is_domain(domain)) {
            return domains;
        }
        self.problem("ADMIN_EMAIL_DOMAINS is not a comma-separated list of domains");
        Vec::new()
    }

    fn jwt(&mut self) -> Option<JwtConfig> {
        let issuer = self.required("JWT_ISSUER");
        let audience = self.required("JWT_AUDIENCE");
        let jwks_url = self.required("JWT_JWKS_URL");
        let jwks_url = jwks_url.and_then(|url| self.safe_url("JWT_JWKS_URL", &url));
        Some(JwtConfig {
            issuer: issuer?,
            audience: audience?,
            jwks_url: jwks_url?,
            email_claim: self
                .get("JWT_EMAIL_CLAIM")
                .unwrap_or_else(|| "email".to_owned()),
        })
    }

    fn threedeye(&mut self, staff_domains: &[String]) -> Option<ThreedeyeConfig> {
        let base_url = self
            .get("THREEDEYE_BASE_URL")
            .unwrap_or_else(|| "https://admin-api.3deye.me/v3".to_owned());
        let base_url = self.safe_url("THREEDEYE_BASE_URL", &base_url);
        let login = match (
            self.get("THREEDEYE_USERNAME"),
            self.secret("THREEDEYE_PASSWORD"),
        ) {
            (Some(username), Some(password)) => Some(ThreedeyeLogin { username, password }),
            (None, None) => None,
            _ => {
                self.problem("THREEDEYE_USERNAME and THREEDEYE_PASSWORD must be set together");
                // Half a pair might hide the account that must never be deleted.
                return None;
            }
        };
        let protected = self.protected(login.as_ref(), staff_domains)?;
        let page_size = self.number("THREEDEYE_PAGE_SIZE", 500, 1..=5000);
        let timeout = self.number("THREEDEYE_TIMEOUT_MS", 10_000, 1..=60_000);
        Some(ThreedeyeConfig {
            api_key: self.secret("THREEDEYE_API_KEY")?,
            customer_id: self.get("THREEDEYE_CUSTOMER_ID")?,
            base_url: base_url?.trim_end_matches('/').to_owned(),
            login,
            protected,
            page_size,
            timeout: Duration::from_millis(u64::from(timeout)),
        })
    }

    /// `None`: it names an address that no account can have, so another one is left unprotected.
    fn protected(
        &mut self,
        login: Option<&ThreedeyeLogin>,
        staff_domains: &[String],
    ) -> Option<ProtectedAccounts> {
        let listed = self.get("THREEDEYE_PROTECTED_EMAILS").unwrap_or_default();
        let listed: Vec<&str> = listed.split(',').map(str::trim).collect();
        let is_address = |email: &&str| {
            email.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && is_domain(domain) && !email.contains(char::is_whitespace)
            })
        };
        let is_absent = listed.iter().all(|email| email.is_empty());
        if !is_absent && !listed.iter().all(is_address) {
            self.problem("THREEDEYE_PROTECTED_EMAILS is not a comma-separated list of e-mails");
            return None;
        }
        let listed = listed.into_iter().filter_map(EmailKey::of);
        Some(ProtectedAccounts {
            emails: listed
                .chain(login.and_then(ThreedeyeLogin::email_key))
                .collect(),
            domains: staff_domains.to_vec(),
        })
    }

    fn sealer(&mut self) -> Option<Sealer> {
        let Some(current) = self.secret("CREDENTIALS_KEY") else {
            self.problem("CREDENTIALS_KEY is missing");
            return None;
        };
        let previous = self.secret("CREDENTIALS_KEY_PREVIOUS");
        Sealer::new(&current, previous.as_ref())
            .map_err(|cause| self.problem(format!("CREDENTIALS_KEY or its _PREVIOUS: {cause}")))
            .ok()
    }

    fn two_factor_disable(&mut self) -> DisablePolicy {
        match self.get("TWO_FACTOR_DISABLE").as_deref() {
            None | Some("second_factor") => DisablePolicy::SecondFactor,
            Some("recent") => DisablePolicy::Recent,
            Some(_) => {
                self.problem(
                    "TWO_FACTOR_DISABLE is neither second_factor nor recent; second_factor is used",
                );
                DisablePolicy::SecondFactor
            }
        }
    }

    fn webhook(&mut self) -> Option<WebhookConfig> {
        let url = self.get("NOTIFY_WEBHOOK_URL")?;
        let url = self.safe_url("NOTIFY_WEBHOOK_URL", &url);
        // An unsigned notice could not be told from a forged one.
        let secret = self.required("NOTIFY_WEBHOOK_SECRET").map(Secret::new);
        Some(WebhookConfig {
            url: url?,
            secret: secret?,
        })
    }

    /// https anywhere, http on a loopback host only, no credentials inside.
    fn safe_url(&mut self, name: &str, text: &str) -> Option<String> {
        let usable = Url::parse(text).ok().filter(|url| {
            let transport_is_safe = match url.scheme() {
                "https" => true,
                "http" => is_loopback(url),
                _ => false,
            };
            transport_is_safe && url.username().is_empty() && url.password().is_none()
        });
        if usable.is_none() {
            self.problem(format!("{name} must be https, or http on a loopback host"));
        }
        usable.map(|_| text.to_owned())
    }
}

/// Whether a text is a domain as e-mails have them: dotted labels of letters, digits and hyphens. In
/// letters of other languages it could be written in two ways, and only one would match.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    fn parse(changes: &[(&str, Option<&str>)]) -> Config {
        let key = base64::engine::general_purpose::STANDARD.encode([9; 32]);
        let mut all = vec![
            ("ADMIN_API_KEY", "admin"),
            ("JWT_ISSUER", "https://id.example/"),
            ("JWT_AUDIENCE", "spkey"),
            ("JWT_JWKS_URL", "https://id.example/jwks"),
            ("THREEDEYE_API_KEY", "key"),
            ("THREEDEYE_CUSTOMER_ID", "7"),
            ("CREDENTIALS_KEY", key.as_str()),
        ];
        for (name, value) in changes {
            all.retain(|(known, _)| known != name);
            all.extend(value.map(|value| (*name, value)));
        }
        Config::parse(|name| {
            all.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let config = parse(&[]);
        assert_eq!(config.problems, Vec::<String>::new());
        assert_eq!(config.admin_email_domains, ["smartphonekey.com"]);
        assert_eq!(config.backfill_cron_limit, 50);
        assert_eq!(config.backfill_max_takeovers, 20);
        assert_eq!(config.jwt.unwrap().email_claim, "email");
        let threedeye = config.threedeye.unwrap();
        assert_eq!(threedeye.base_url, "https://admin-api.3deye.me/v3");
        assert_eq!(threedeye.page_size, 500);
        assert_eq!(threedeye.timeout, Duration::from_secs(10));
    }

    #[test]
    fn turning_a_second_factor_off_needs_a_proof_unless_configured_otherwise() {
        let policy = |value| parse(&[("TWO_FACTOR_DISABLE", value)]);
        assert_eq!(policy(None).two_factor_disable, DisablePolicy::SecondFactor);
        let strict = policy(Some("second_factor"));
        assert_eq!(strict.two_factor_disable, DisablePolicy::SecondFactor);
        let relaxed = policy(Some("recent"));
        assert_eq!(relaxed.two_factor_disable, DisablePolicy::Recent);
        assert_eq!(relaxed.problems, Vec::<String>::new());
        let mistyped = policy(Some("Recent"));
        assert_eq!(mistyped.two_factor_disable, DisablePolicy::SecondFactor);
        assert_eq!(mistyped.problems.len(), 1);
    }

    #[test]
    fn notices_need_a_secret_and_an_https_url() {
        let secret = ("NOTIFY_WEBHOOK_SECRET", Some("whsec"));
        let url = |url| ("NOTIFY_WEBHOOK_URL", Some(url));
        let config = parse(&[secret, url("https://notify.example/in")]);
        assert_eq!(config.webhook.unwrap().url, "https://notify.example/in");
        assert!(parse(&[]).webhook.is_none());
        assert_eq!(parse(&[secret]).problems, Vec::<String>::new());
        for bad in [
            vec![url("https://notify.example/in")],
            vec![secret, url("http://notify.example/in")],
            vec![secret, url("https://u:p@notify.example/in")],
        ] {
            let config = parse(&bad);
            assert!(config.webhook.is_none());
            assert_eq!(config.problems.len(), 1);
        }
    }

    #[test]
    fn a_missing_threedeye_setting_is_a_normal_state() {
        for name in ["THREEDEYE_API_KEY", "THREEDEYE_CUSTOMER_ID"] {
            let config = parse(&[(name, None)]);
            assert!(config.threedeye.is_none());
            assert_eq!(config.problems, Vec::<String>::new());
        }
    }

    #[test]
    fn missing_secrets_fail_closed_and_are_named() {
        let config = parse(&[
            ("ADMIN_API_KEY", None),
            ("ADMIN_API_KEY_PREVIOUS", Some("old")),
            ("JWT_ISSUER", Some("  ")),
            ("CREDENTIALS_KEY", Some("short")),
        ]);
        assert!(config.admin_keys.is_empty());
        assert!(config.jwt.is_none());
        assert!(config.sealer.is_none());
        assert_eq!(config.problems.len(), 3, "{:?}", config.problems);
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [
            "http://localhost:1/v3",
            "http://127.0.0.1:9",
            "http://[::1]:9",
            "https://x.example/v3/",
        ] {
            assert!(
                parse(&[("THREEDEYE_BASE_URL", Some(good))])
                    .threedeye
                    .is_some()
            );
        }
        for bad in [
            "http://x.example",
            "http://127.0.0.1.example",
            "ftp://localhost",
            "localhost",
            "https://user:secret@x.example",
        ] {
            let config = parse(&[("THREEDEYE_BASE_URL", Some(bad))]);
            assert!(config.threedeye.is_none(), "{bad}");
            assert_eq!(config.problems.len(), 1, "{bad}");
            assert!(!config.problems[0].contains("secret"));
        }
    }

    #[test]
    fn half_a_login_is_refused() {
        let config = parse(&[("THREEDEYE_USERNAME", Some("svc@example.com"))]);
        assert!(config.threedeye.is_none());
        assert_eq!(config.problems.len(), 1);
    }

    #[test]
    fn numbers_out_of_range_are_named_and_defaulted() {
        let config = parse(&[
            ("BACKFILL_CRON_LIMIT", Some("0")),
            ("BACKFILL_MAX_TAKEOVERS", Some("many")),
        ]);
        assert_eq!(config.backfill_cron_limit, 50);
        assert_eq!(config.backfill_max_takeovers, 20);
        assert_eq!(config.problems.len(), 2);
    }
}
