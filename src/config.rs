//! Configuration, parsed once and failing closed.
//!
//! The names are fixed (README, "Configuration"). What is absent or malformed
//! never becomes a default that opens a door: it becomes a `None` that refuses,
//! and a line in [`Config::problems`] that `/health` and the log show.

use std::rc::Rc;
use std::time::Duration;

use crate::auth::{ClaimNames, JwtConfig};
use crate::kernel::{EmailKey, Sealer, Secret, Webhook};
use crate::threedeye::config::{ProtectedAccounts, ThreedeyeConfig, ThreedeyeLogin};
use crate::threedeye::dialect::Dialect;

pub use settings::Setting;

use form::{is_blank, is_domain, is_header_value, parts};
use reader::Reader;

mod form;
mod reader;
mod settings;
#[cfg(test)]
mod tests;

/// Everything the service can be told from outside.
pub struct Config {
    /// `ADMIN_API_KEY` and `ADMIN_API_KEY_PREVIOUS`.
    pub admin_keys: Vec<Secret>,
    /// Who may sign our callers' tokens; `None` refuses every token.
    pub jwt: Option<JwtConfig>,
    /// `ADMIN_EMAIL_DOMAINS`, lower-cased; none where the setting is malformed.
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
    /// `TWO_FACTOR_DISABLE`: what turning a second factor off takes, and whatever else it protects.
    pub factor_proof: FactorProof,
    /// The console's client at the identity provider; `None`: no one can sign in to the console.
    pub console: Option<ConsoleConfig>,
    /// Where account notices go; `None`: they stay in the outbox.
    pub webhook: Option<Webhook>,
    pub alerts: AlertConfig,
    /// `AUDIT_DAYS`: how long the audit trail, ended runs and daily counts are kept.
    pub kept_for: Duration,
    /// Every setting, for those who run the service.
    pub settings: Vec<Setting>,
    /// What is missing or malformed, by name, never by value.
    pub problems: Vec<String>,
}

/// What wakes an operator.
pub struct AlertConfig {
    /// `ALERT_WEBHOOK_URL`; `None`: no one is told.
    pub webhook: Option<Webhook>,
    /// `ALERT_HEARTBEAT_URL`, called after every scheduled run. Such addresses are often secrets.
    pub heartbeat_url: Option<Secret>,
    /// `ALERT_QUARANTINED`: so many users may be quarantined within an hour.
    pub most_quarantined: u32,
}

/// The console's client at the identity provider (OpenID Connect).
pub struct ConsoleConfig {
    /// `CONSOLE_CLIENT_ID`.
    pub client_id: String,
    /// `CONSOLE_CLIENT_SECRET`.
    pub client_secret: Secret,
    /// `CONSOLE_REQUIRE_MFA`: a sign-in counts only with a second factor.
    pub requires_mfa: bool,
}

/// What a person shows, beside a recent sign-in, to turn their second factor off, to replace it, and to make or
/// see backup codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorProof {
    /// `second_factor`: a proof of it.
    SecondFactor,
    /// `recent`: nothing more.
    Recent,
}

impl Config {
    /// Reads every setting through `lookup` (name to value).
    pub fn parse(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Reader::new(lookup).config()
    }
}

/// Fewer would be within reach of guessing where keys are words.
const MIN_ADMIN_KEY_CHARS: usize = 24;

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn config(mut self) -> Config {
        let admin_keys = self.admin_keys();
        let jwt = self.jwt();
        let admin_email_domains = self.domains();
        // Which accounts are those of staff, and so never deleted, is not known without them.
        let threedeye = self.threedeye(&admin_email_domains);
        let threedeye = threedeye.filter(|_| !admin_email_domains.is_empty());
        let sealer = self.sealer();
        let factor_proof = self.factor_proof();
        let console = self.console(jwt.as_ref());
        let [webhook, alert_webhook] = self.webhooks();
        let heartbeat_url = self.get("ALERT_HEARTBEAT_URL");
        let heartbeat_url =
            heartbeat_url.and_then(|url| self.safe_url("ALERT_HEARTBEAT_URL", &url));
        let alerts = AlertConfig {
            webhook: alert_webhook,
            heartbeat_url: heartbeat_url.map(Secret::new),
            most_quarantined: self.number("ALERT_QUARANTINED", 10, 0..=10_000),
        };
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
            factor_proof,
            console,
            webhook,
            alerts,
            kept_for: self.days("AUDIT_DAYS", 400, 2..=3650),
            settings: settings::all(&self.lookup),
            problems: self.problems,
        }
    }

    fn admin_keys(&mut self) -> Vec<Secret> {
        // A previous key without a current one is a mistake, not a rotation.
        if self.required("ADMIN_API_KEY").is_none() {
            return Vec::new();
        }
        let Some(current) = self.admin_key("ADMIN_API_KEY") else {
            return Vec::new();
        };
        let previous = self.admin_key("ADMIN_API_KEY_PREVIOUS");
        [current].into_iter().chain(previous).collect()
    }

    fn admin_key(&mut self, name: &str) -> Option<Secret> {
        let key = self.get(name)?;
        if key.len() < MIN_ADMIN_KEY_CHARS || !is_header_value(&key) {
            self.problem(format!(
                "{name} must have at least {MIN_ADMIN_KEY_CHARS} ASCII characters"
            ));
            return None;
        }
        Some(Secret::new(key))
    }

    /// Every part must be a domain that an e-mail can end with; otherwise nothing matches. Nor does an
    /// empty list stand for the default, which would let people in whom it does not name.
    fn domains(&mut self) -> Vec<String> {
        let listed = self.raw("ADMIN_EMAIL_DOMAINS");
        let listed = listed.as_deref().unwrap_or("smartphonekey.com");
        let domains: Vec<String> = parts(listed).map(str::to_ascii_lowercase).collect();
        if !domains.is_empty() && domains.iter().all(|domain| is_domain(domain)) {
            return domains;
        }
        self.problem("ADMIN_EMAIL_DOMAINS is not a comma-separated list of domains");
        Vec::new()
    }

    fn jwt(&mut self) -> Option<JwtConfig> {
        let issuer = self.word("JWT_ISSUER");
        let audience = self.word("JWT_AUDIENCE");
        let jwks_url = self.required("JWT_JWKS_URL");
        let jwks_url = jwks_url.and_then(|url| self.safe_url("JWT_JWKS_URL", &url));
        let email = self.claim("JWT_EMAIL_CLAIM", "email");
        let email_verified = self.claim("JWT_EMAIL_VERIFIED_CLAIM", "email_verified");
        let auth_time = self.claim("JWT_AUTH_TIME_CLAIM", "auth_time");
        let amr = self.claim("JWT_AMR_CLAIM", "amr");
        let staff = self.claim("JWT_STAFF_CLAIM", "is_staff");
        let trusts_unmarked_email = self.relaxes("JWT_EMAIL_VERIFIED", "required", "unless_false");
        let takes_iat_as_auth_time = self.relaxes("JWT_AUTH_TIME", "required", "or_iat");
        Some(JwtConfig {
            issuer: issuer?,
            audience: audience?,
            jwks_url: jwks_url?,
            claims: ClaimNames {
                email: email?,
                email_verified: email_verified?,
                auth_time: auth_time?,
                amr: amr?,
                staff: staff?,
            },
            trusts_unmarked_email,
            takes_iat_as_auth_time,
        })
    }

    fn threedeye(&mut self, staff_domains: &[String]) -> Option<ThreedeyeConfig> {
        let dialect = self.dialect();
        let base_url = self
            .get("THREEDEYE_BASE_URL")
            .unwrap_or_else(|| "https://admin-api.3deye.me/v3".to_owned());
        let base_url = self
            .safe_url("THREEDEYE_BASE_URL", &base_url)
            .filter(|url| {
                // Paths are appended to it.
                let is_plain = !url.contains(['?', '#']);
                if !is_plain {
                    self.problem("THREEDEYE_BASE_URL must have neither a query nor a fragment");
                }
                is_plain
            });
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
        let api_key = self.get("THREEDEYE_API_KEY")?;
        if !is_header_value(&api_key) {
            self.problem("THREEDEYE_API_KEY must be of ASCII characters");
            return None;
        }
        Some(ThreedeyeConfig {
            api_key: Secret::new(api_key),
            customer_id: self.get("THREEDEYE_CUSTOMER_ID")?,
            base_url: base_url?.trim_end_matches('/').to_owned(),
            login,
            protected,
            page_size,
            timeout: Duration::from_millis(u64::from(timeout)),
            dialect: dialect?,
        })
    }

    /// `None`: it is malformed. The default in its place would be another tenant's API.
    fn dialect(&mut self) -> Option<Rc<Dialect>> {
        let Some(text) = self.get("THREEDEYE_DIALECT") else {
            return Some(Rc::default());
        };
        let dialect = Dialect::parse(&text).map_err(|problems| {
            for problem in problems {
                self.problem(format!("THREEDEYE_DIALECT: {problem}"));
            }
        });
        dialect.ok().map(Rc::new)
    }

    /// `None`: it names an address that no account can have, so another one is left unprotected.
    fn protected(
        &mut self,
        login: Option<&ThreedeyeLogin>,
        staff_domains: &[String],
    ) -> Option<ProtectedAccounts> {
        let listed = self.get("THREEDEYE_PROTECTED_EMAILS").unwrap_or_default();
        let emails: Vec<&str> = parts(&listed).collect();
        let is_address = |email: &&str| {
            email.split_once('@').is_some_and(|(local, domain)| {
                // A pattern protects nothing, and neither does a name in front of an address.
                let is_pattern = local.contains(['*', '?', '<', '"', ':', ';']);
                !local.is_empty() && !is_pattern && is_domain(domain) && !local.contains(is_blank)
            })
        };
        let is_of_commas = emails.is_empty() && !listed.is_empty();
        if is_of_commas || !emails.iter().all(is_address) {
            self.problem("THREEDEYE_PROTECTED_EMAILS is not a comma-separated list of e-mails");
            return None;
        }
        let emails = emails.into_iter().filter_map(EmailKey::of);
        Some(ProtectedAccounts {
            emails: emails
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

    fn factor_proof(&mut self) -> FactorProof {
        if self.relaxes("TWO_FACTOR_DISABLE", "second_factor", "recent") {
            FactorProof::Recent
        } else {
            FactorProof::SecondFactor
        }
    }

    /// A token for our API must be none for the console, nor the other way round.
    fn console(&mut self, jwt: Option<&JwtConfig>) -> Option<ConsoleConfig> {
        let requires_mfa = self.requires_mfa();
        let client_id = self.get("CONSOLE_CLIENT_ID");
        let client_secret = self.secret("CONSOLE_CLIENT_SECRET");
        let (client_id, client_secret) = match (client_id, client_secret) {
            (Some(client_id), Some(client_secret)) => (client_id, client_secret),
            (None, None) => return None,
            _ => {
                self.problem("CONSOLE_CLIENT_ID and CONSOLE_CLIENT_SECRET must be set together");
                return None;
            }
        };
        if client_id.contains(|c: char| is_blank(c) || c == ',') {
            self.problem("CONSOLE_CLIENT_ID must be one value without white space and commas");
            return None;
        }
        if jwt.is_some_and(|jwt| jwt.audience == client_id) {
            self.problem("CONSOLE_CLIENT_ID must differ from JWT_AUDIENCE");
            return None;
        }
        Some(ConsoleConfig {
            client_id,
            client_secret,
            requires_mfa,
        })
    }

    fn requires_mfa(&mut self) -> bool {
        match self.get("CONSOLE_REQUIRE_MFA").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.problem("CONSOLE_REQUIRE_MFA is neither true nor false; true is used");
                true
            }
        }
    }

    /// The receivers of account notices and of alerts.
    fn webhooks(&mut self) -> [Option<Webhook>; 2] {
        let names = ["NOTIFY_WEBHOOK_URL", "ALERT_WEBHOOK_URL"];
        let urls = names.map(|name| (name, self.get(name)));
        if urls.iter().all(|(_, url)| url.is_none()) {
            return [None, None];
        }
        // What is unsigned could not be told from what is forged.
        let secret = self.required("NOTIFY_WEBHOOK_SECRET").map(Secret::new);
        urls.map(|(name, url)| {
            let url = self.safe_url(name, &url?);
            Some(Webhook {
                url: url?,
                secret: secret.clone()?,
            })
        })
    }
}
