//! Notices: one round at a time has each, and each stays until it was delivered.

use serde_json::Value;

use crate::account::notice::MAX_UNDELIVERED_PER_USER;
use crate::kernel::Timestamp;
use crate::kernel::audit::Action;
use crate::kernel::http_client::HttpRequest;
use crate::testing::simulation::service::known::Known;
use crate::testing::simulation::service::oracle::Oracle;
use crate::testing::simulation::service::rows::{NoticeRow, Snapshot};

/// What no other notice pushes out.
const KEPT: [&str; 4] = [
    "email_changed",
    "email_change_requested",
    "email_change_verification",
    "two_factor_disabled",
];

impl Oracle {
    /// A claim needs a notice that is due; only the round that has claimed it last may give it back.
    pub fn notices_have_one_round(&mut self, before: &Snapshot, actor: usize, now: Timestamp) {
        let mut wrong = Vec::new();
        for (id, new) in &self.tables.notices {
            let Some(old) = before.notices.get(id) else {
                continue;
            };
            if new.attempts > old.attempts {
                if old.due_at > now {
                    wrong.push(format!("{id} is claimed and is claimed again"));
                }
                self.claimed_by.insert(id.clone(), actor);
            } else if new.due_at != old.due_at && self.claimed_by.get(id) != Some(&actor) {
                wrong.push(format!("{id} is given back by actor {actor}"));
            }
        }
        for seen in wrong {
            self.object("one round has a notice", seen);
        }
    }

    pub fn notices_stay_until_delivered(
        &mut self,
        before: &Snapshot,
        trail: &[(String, String)],
        now: Timestamp,
    ) {
        let is_outdated = |notice: &NoticeRow| {
            let by = [
                Action::RequestEmailChange,
                Action::CancelEmailChange,
                Action::ConfirmEmailChange,
            ];
            let mut by = by.iter().map(|action| action.as_str().to_owned());
            notice.kind == "email_change_verification"
                && by.any(|action| trail.contains(&(action, notice.user.clone())))
        };
        let others = |notice: &NoticeRow| {
            let user = notice.user.clone();
            let rows = self.tables.notices.values();
            rows.filter(move |row| row.user == user)
        };
        // A newer one that says the same may have been delivered already.
        let is_merged = |notice: &NoticeRow| {
            let says_the_same = |row: &NoticeRow| row.kind == notice.kind && row.to == notice.to;
            others(notice).any(says_the_same)
        };
        let is_pushed_out = |notice: &NoticeRow| {
            let is_kept = |kind: &str| KEPT.contains(&kind);
            let rest = others(notice).filter(|row| !is_kept(&row.kind));
            !is_kept(&notice.kind) && rest.count() >= MAX_UNDELIVERED_PER_USER
        };
        let mut gone = before.notices.iter().filter(|(id, notice)| {
            !self.tables.notices.contains_key(*id)
                && !self.acknowledged.contains(*id)
                && notice.expires_at.is_none_or(|end| end > now)
                && !is_outdated(notice)
                && !is_merged(notice)
                && !is_pushed_out(notice)
        });
        if let Some((id, notice)) = gone.next() {
            let seen = format!("{id} is gone: {notice:?}");
            self.object("a notice is delivered at least once", seen);
        }
    }

    pub fn notice_arrives(&mut self, request: &HttpRequest, known: &mut Known) {
        let (id, body) = read(request);
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let user = text("userId").unwrap_or_default();
        let is_genuine = self.notices.get(&id).is_some_and(|notice| {
            text("type").as_ref() == Some(&notice.kind)
                && user == notice.user
                && text("to") == notice.to
        });
        if !is_genuine {
            self.object(
                "no notice is delivered without its change",
                body.to_string(),
            );
        }
        if let Some(token) = body["data"]["token"].as_str() {
            known.of(&user).tokens.push(token.to_owned());
        }
        let bytes = request.body.clone().unwrap_or_default();
        let first = self.arrived.entry(id.clone()).or_insert(bytes.clone());
        if *first != bytes {
            self.object("a notice is repeated word for word", id);
        }
    }

    pub fn notice_is_accepted(&mut self, request: &HttpRequest) {
        self.acknowledged.insert(read(request).0);
    }
}

/// The id of a notice, and its body.
fn read(request: &HttpRequest) -> (String, Value) {
    let body = request.body.as_deref().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap();
    (body["id"].as_str().unwrap().to_owned(), body)
}
