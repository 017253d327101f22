//! What actors do with the second factor.

use std::time::Duration;

use serde_json::json;

use crate::kernel::Clock as _;
use crate::kernel::audit::Action;
use crate::testing::simulation::service::known::{Proof, ProofKind};
use crate::testing::simulation::service::scene::{GUESSES, GuessedKind};
use crate::testing::simulation::service::stage::Performer;

/// How long a person or a service waits between two requests, in milliseconds.
const PAUSES: &[u64] = &[0, 0, 0, 1_000, 30_000, 300_000];

impl Performer<'_> {
    async fn pause(&self) {
        let pause = Duration::from_millis(self.draws.pick(PAUSES));
        self.world.clock.sleep(pause).await;
    }

    pub async fn sign_in(&self, user: &str, codes: u64) {
        for _ in 0..codes {
            if let Some(proof) = self.choose_proof(user) {
                self.verify(user, &proof).await;
            }
            self.pause().await;
        }
    }

    pub async fn guess(&self, user: &str, kind: GuessedKind) {
        for _ in 0..GUESSES {
            let wrong = match kind {
                GuessedKind::Totp => self.last_secret(user).and_then(|secret| {
                    let now = self.world.now();
                    Proof::wrong_totp(&secret, now)
                }),
                GuessedKind::Backup => Some(Proof::wrong_backup()),
            };
            let Some(wrong) = wrong else {
                return;
            };
            self.verify(user, &wrong).await;
        }
        let right = match kind {
            GuessedKind::Totp => self.right_totp(user),
            GuessedKind::Backup => self.backup_code(user),
        };
        if let Some(right) = right {
            self.verify(user, &right).await;
        }
    }

    /// Whether the code was accepted.
    pub async fn verify(&self, user: &str, proof: &Proof) -> bool {
        let newest = self.present(user, proof);
        let path = format!("/api/users/{user}/two_factor_verify");
        let request = self.sign_in_service(self.world.service.post(&path));
        let request = request.json(&json!({ "token": proof.text }));
        let is_accepted = self.send(request).await.status() == 200;
        if is_accepted {
            let mut oracle = self.world.oracle.borrow_mut();
            oracle.is_accepted(proof, newest);
            if proof.kind == ProofKind::Backup {
                oracle.is_told(self.actor, Action::UseBackupCode);
            }
        }
        is_accepted
    }

    pub async fn set_up(&self, user: &str) {
        let path = "/api/users/@me/two_factor_start_setup";
        let answer = self.send(self.person(self.world.service.get(path), user));
        let answer = answer.await;
        if answer.status() != 200 {
            return;
        }
        let secret = answer.json()["secret"].as_str().unwrap().to_owned();
        let current = self.proof_of_present_factor(user);
        {
            let mut oracle = self.world.oracle.borrow_mut();
            oracle.is_told(self.actor, Action::StartTwoFactor);
            let mut known = self.world.known.borrow_mut();
            known.of(user).secrets.push(secret.clone());
        }
        let now = self.world.now();
        let proof = match self.draws.below(10) {
            0 => Proof::wrong_totp(&secret, now),
            1 => Proof::totp(&secret, now, -1),
            _ => Proof::totp(&secret, now, 0),
        };
        let Some(proof) = proof else {
            return;
        };
        let newest_of_current = current.as_ref().map(|proof| self.present(user, proof));
        let newest = self.present(user, &proof);
        let path = "/api/users/@me/two_factor_validate";
        let request = self.person(self.world.service.post(path), user);
        let mut body = json!({ "token": proof.text });
        if let Some(current) = &current {
            body["current_token"] = json!(current.text);
        }
        let status = self.send(request.json(&body)).await.status();
        let mut oracle = self.world.oracle.borrow_mut();
        if status == 200 {
            oracle.is_accepted(&proof, newest);
            oracle.is_told(self.actor, Action::EnableTwoFactor);
            oracle.has_proved(self.actor, current.as_ref().zip(newest_of_current));
        } else {
            oracle.is_refused(self.actor, Action::EnableTwoFactor, status);
        }
    }

    pub async fn make_backup_codes(&self, user: &str) {
        let path = "/api/users/@me/two_factor_backup_codes";
        let proof = self.proof_of_present_factor(user);
        let newest = proof.as_ref().map(|proof| self.present(user, proof));
        let mut request = self.person(self.world.service.post(path), user);
        if let Some(proof) = &proof {
            request = request.json(&json!({ "token": proof.text }));
        }
        let answer = self.send(request).await;
        {
            let mut oracle = self.world.oracle.borrow_mut();
            oracle.is_refused(self.actor, Action::GenerateBackupCodes, answer.status());
        }
        if answer.status() == 200 {
            let codes = answer.json()["backup_codes"].clone();
            let codes: Vec<String> = serde_json::from_value(codes).unwrap();
            self.world
                .known
                .borrow_mut()
                .of(user)
                .backup_codes
                .extend(codes);
            let mut oracle = self.world.oracle.borrow_mut();
            oracle.is_told(self.actor, Action::GenerateBackupCodes);
            oracle.has_proved(self.actor, proof.as_ref().zip(newest));
        }
    }

    pub async fn unlock(&self, user: &str) {
        let path = format!("/admin/users/{user}/two-factor/unlock");
        self.send(self.world.service.post(&path).admin()).await;
    }

    pub async fn disable(&self, user: &str, as_support: bool) {
        let service = &self.world.service;
        if as_support {
            let path = format!("/api/users/{user}/two_factor_disable");
            self.send(service.post(&path).admin().json(&json!({})))
                .await;
            return;
        }
        let Some(proof) = self.choose_proof(user) else {
            return;
        };
        let newest = self.present(user, &proof);
        let request = service.post("/api/users/@me/two_factor_disable");
        let request = self
            .person(request, user)
            .json(&json!({ "token": proof.text }));
        if self.send(request).await.status() == 200 {
            let mut oracle = self.world.oracle.borrow_mut();
            // Where there was nothing to turn off, the code was not looked at.
            if oracle.has_done(self.actor, Action::DisableTwoFactor) {
                oracle.is_accepted(&proof, newest);
            }
        }
    }

    /// Called as a proof is sent; returns the newest step of its secret that was accepted by then.
    fn present(&self, user: &str, proof: &Proof) -> Option<i64> {
        let actor = self.actor;
        let director = &self.world.director;
        director.tell(|| format!("actor {actor} sends {proof:?} of {user}"));
        self.world.known.borrow_mut().of(user).last_sent = Some(proof.clone());
        self.world.oracle.borrow().newest_step(proof)
    }

    fn last_secret(&self, user: &str) -> Option<String> {
        self.world
            .known
            .borrow_mut()
            .of(user)
            .secrets
            .last()
            .cloned()
    }

    fn right_totp(&self, user: &str) -> Option<Proof> {
        Proof::totp(&self.last_secret(user)?, self.world.now(), 0)
    }

    /// One of the codes that were shown last, used or not.
    fn backup_code(&self, user: &str) -> Option<Proof> {
        let mut known = self.world.known.borrow_mut();
        let codes = &known.of(user).backup_codes;
        let place = codes.len().checked_sub(1 + self.draws.below(4) as usize)?;
        Some(Proof::backup(&codes[place]))
    }

    /// Mostly a right one, so that what it is for happens.
    fn proof_of_present_factor(&self, user: &str) -> Option<Proof> {
        match self.draws.below(8) {
            0 => None,
            1 | 2 => self.choose_proof(user),
            3 => self.backup_code(user),
            _ => self.right_totp(user),
        }
    }

    fn choose_proof(&self, user: &str) -> Option<Proof> {
        let now = self.world.now();
        match self.draws.below(12) {
            0..=3 => self.right_totp(user),
            4 => Proof::totp(&self.last_secret(user)?, now, -1),
            5 => Proof::totp(&self.last_secret(user)?, now, 1),
            6 | 7 => self.world.known.borrow_mut().of(user).last_sent.clone(),
            8 => Proof::wrong_totp(&self.last_secret(user)?, now),
            9 => Some(Proof::wrong_backup()),
            _ => self.backup_code(user),
        }
    }
}
