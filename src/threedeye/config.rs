//! How to reach 3dEye.

use std::time::Duration;

use crate::kernel::{EmailKey, Secret};

#[derive(Clone)]
pub struct ThreedeyeConfig {
    /// `THREEDEYE_BASE_URL` without a trailing slash.
    pub base_url: String,
    /// `THREEDEYE_API_KEY`, sent as `x-api-key`.
    pub api_key: Secret,
    pub customer_id: String,
    pub login: Option<ThreedeyeLogin>,
    pub page_size: u32,
    /// `THREEDEYE_TIMEOUT_MS`: per call, slow bodies included.
    pub timeout: Duration,
}

/// The account we fetch bearer tokens with.
#[derive(Clone)]
pub struct ThreedeyeLogin {
    pub username: String,
    pub password: Secret,
}

impl ThreedeyeLogin {
    /// The user name as an e-mail key: this account is never deleted.
    pub fn email_key(&self) -> Option<EmailKey> {
        EmailKey::of(&self.username)
    }
}
