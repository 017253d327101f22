//! How to reach 3dEye.

use std::rc::Rc;
use std::time::Duration;

use crate::kernel::{EmailKey, Secret};
use crate::threedeye::dialect::Dialect;

#[derive(Clone)]
pub struct ThreedeyeConfig {
    /// `THREEDEYE_BASE_URL` without a trailing slash.
    pub base_url: String,
    /// `THREEDEYE_API_KEY`, sent as `x-api-key`.
    pub api_key: Secret,
    pub customer_id: String,
    pub login: Option<ThreedeyeLogin>,
    pub protected: ProtectedAccounts,
    /// `THREEDEYE_PAGE_SIZE`.
    pub page_size: u32,
    /// `THREEDEYE_TIMEOUT_MS`: per call, slow bodies included.
    pub timeout: Duration,
    /// `THREEDEYE_DIALECT`, shared by the clients of an isolate.
    pub dialect: Rc<Dialect>,
}

impl ThreedeyeConfig {
    /// How many users a page of the list is asked for.
    pub fn users_per_page(&self) -> u32 {
        self.page_size.min(self.dialect.max_page_size)
    }
}

/// The account we fetch bearer tokens with.
#[derive(Clone)]
pub struct ThreedeyeLogin {
    pub username: String,
    pub password: Secret,
}

impl ThreedeyeLogin {
    /// The user name as an e-mail key.
    pub fn email_key(&self) -> Option<EmailKey> {
        EmailKey::of(&self.username)
    }
}

/// The accounts that are never deleted or taken over, by any route.
#[derive(Clone, Default)]
pub struct ProtectedAccounts {
    /// The account of `THREEDEYE_USERNAME`, and `THREEDEYE_PROTECTED_EMAILS`.
    pub emails: Vec<EmailKey>,
    /// `ADMIN_EMAIL_DOMAINS`: the accounts of staff.
    pub domains: Vec<String>,
}

impl ProtectedAccounts {
    pub fn contain(&self, email: &EmailKey) -> bool {
        let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
        self.emails.contains(email) || self.domains.iter().any(|own| Some(own.as_str()) == domain)
    }
}
