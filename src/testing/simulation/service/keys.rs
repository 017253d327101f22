//! What callers do with user keys.

use crate::kernel::audit::Action;
use crate::testing::simulation::service::scene::{ResetBy, user_id};
use crate::testing::simulation::service::stage::Performer;
use crate::user_keys::Key;

impl Performer<'_> {
    /// Resets the key that was given last, by it or without it. Users of the instance are counted from 1.
    pub async fn reset_key(&self, user: usize, by: ResetBy) {
        let path = format!("/v1.1/instances/rivia/users/{}/reset_key/", user + 1);
        let request = self.world.service.post(&path);
        let id = user_id(user);
        let key = self.world.known.borrow_mut().of(&id).keys.last().cloned();
        let request = match by {
            ResetBy::UserKey => {
                let key = key.unwrap();
                let hash = Key::parse(&key).unwrap().hash();
                let mut oracle = self.world.oracle.borrow_mut();
                oracle.presented.insert(self.actor, hash);
                self.instance_key(request).header("x-user-key", &key)
            }
            ResetBy::AccountKey => self.account_key(request),
        };
        let answer = self.send(request).await;
        if answer.status() == 200 {
            let key = answer.json()["user_key"].as_str().unwrap().to_owned();
            self.world.known.borrow_mut().of(&id).keys.push(key);
            let mut oracle = self.world.oracle.borrow_mut();
            oracle.is_told(self.actor, Action::ResetUserKey);
        }
    }

    /// Whether a user key opens anything.
    pub async fn opens(&self, key: &str) -> bool {
        let request = self.world.service.get("/v1.1/instances/rivia/user/");
        let request = self.instance_key(request).header("x-user-key", key);
        self.send(request).await.status() == 200
    }
}
