//! Where notices are delivered.

use crate::kernel::Secret;

/// Where account notices are delivered.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// `NOTIFY_WEBHOOK_URL`.
    pub url: String,
    /// `NOTIFY_WEBHOOK_SECRET`: signs the deliveries.
    pub secret: Secret,
}
