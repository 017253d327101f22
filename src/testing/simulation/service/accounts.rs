//! What actors do about e-mails and notices.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::account::outbox::WebhookDispatcher;
use crate::kernel::Clock as _;
use crate::kernel::audit::Action;
use crate::testing::simulation::service::stage::Performer;

/// How long until the next round, in minutes: as cron starts them, or at once.
const BETWEEN_ROUNDS: &[u64] = &[0, 15, 15];

/// How long until a person looks for new mail.
const UNTIL_READ: Duration = Duration::from_secs(20 * 60);

impl Performer<'_> {
    /// Asks for another e-mail, and twice looks for tokens that came with notices.
    pub async fn change_email(&self, user: &str, email: u64) {
        let request = self.world.service.request(Method::PATCH, "/api/users/@me");
        let email = format!("n{email}@example.com");
        let request = self.person(request, user).json(&json!({ "email": email }));
        self.send(request).await;
        for _ in 0..2 {
            self.world.clock.sleep(UNTIL_READ).await;
            self.verify_email(user).await;
        }
    }

    /// Shows the two newest tokens.
    async fn verify_email(&self, user: &str) {
        let tokens = self.world.known.borrow_mut().of(user).tokens.clone();
        for token in tokens.iter().rev().take(2) {
            let request = self.world.service.post("/api/users/verify_email");
            let request = request.json(&json!({ "uuid": user, "token": token }));
            if self.send(request).await.status() == 200 {
                let mut oracle = self.world.oracle.borrow_mut();
                oracle.is_told(self.actor, Action::ConfirmEmailChange);
            }
        }
    }

    pub async fn cancel_email(&self, user: &str) {
        let path = "/api/users/cancel_email_change_request";
        let request = self.world.service.request(Method::PATCH, path);
        if self.send(self.person(request, user)).await.status() == 200 {
            let mut oracle = self.world.oracle.borrow_mut();
            oracle.is_told(self.actor, Action::CancelEmailChange);
        }
    }

    pub async fn deliver(&self, rounds: u64) {
        let services = self.services();
        let webhook = services.config.webhook.clone().unwrap();
        for _ in 0..rounds {
            let database = services.database().unwrap();
            let dispatcher = WebhookDispatcher {
                database: &database,
                http: services.http(),
                clock: &*services.clock,
                sealer: services.config.sealer.as_ref(),
                webhook: &webhook,
            };
            let report = dispatcher.deliver().await;
            let actor = self.actor;
            let director = &self.world.director;
            director.tell(|| format!("actor {actor} has delivered: {report:?}"));
            let pause = self.draws.pick(BETWEEN_ROUNDS);
            self.world
                .clock
                .sleep(Duration::from_secs(60 * pause))
                .await;
        }
    }
}
