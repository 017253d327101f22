//! The endpoints through the router, on the shipped SQL.

use http::Method;
use serde_json::{Value, json};

use crate::testing::service::{TestAnswer, TestService};

/// A service with the instance `rivia`, an instance API key, an account key and the user
/// `geralt`.
struct Rivia {
    service: TestService,
    api_key: String,
    account_key: String,
    user: String,
    user_key: String,
}

impl Rivia {
    fn new() -> Self {
        let service = TestService::new();
        let create = |path: &str, body: Value| {
            let answer = service.post(path).admin().json(&body).send();
            assert_eq!(answer.status(), 201, "{path} {}", answer.json());
            answer.json()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        create("/admin/instances", json!({"name": "Rivia"}));
        let api_key = create("/admin/instances/rivia/api-keys", json!({}));
        let account_key = create(
            "/admin/account-keys",
            json!({"instance": "rivia", "role": "full"}),
        );
        let user = create(
            "/admin/instances/rivia/users",
            json!({"username": "geralt"}),
        );
        Self {
            api_key: text(&api_key["apiKey"]),
            account_key: text(&account_key["accountKey"]),
            user: user["id"].to_string(),
            user_key: text(&user["userKey"]),
            service,
        }
    }

    fn call(&self, method: Method, rest: &str, api_key: &str, user_key: &str) -> TestAnswer {
        let path = format!("/v1.1/instances/rivia/{rest}");
        let request = self.service.request(method, &path);
        request
            .header("x-api-key", api_key)
            .header("x-user-key", user_key)
            .send()
    }

    fn reset(&self, api_key: &str, user_key: &str) -> TestAnswer {
        let rest = format!("users/{}/reset_key/", self.user);
        self.call(Method::POST, &rest, api_key, user_key)
    }

    fn own_user(&self, user_key: &str) -> u16 {
        let answer = self.call(Method::GET, "user/", &self.api_key, user_key);
        answer.status()
    }

    fn admin(&self, method: Method, path: &str, body: &Value) -> TestAnswer {
        let request = self.service.request(method, path).admin();
        if body.is_null() {
            request.send()
        } else {
            request.json(body).send()
        }
    }
}

#[test]
fn a_reset_shows_the_new_key_and_ends_the_old_one() {
    let rivia = Rivia::new();
    assert_eq!(rivia.own_user(&rivia.user_key), 200);
    let reset = rivia.reset(&rivia.api_key, &rivia.user_key);
    assert_eq!(reset.status(), 200, "{}", reset.json());
    let new_key = reset.json()["user_key"].as_str().unwrap().to_owned();
    assert_eq!(rivia.own_user(&new_key), 200);
    assert_eq!(rivia.own_user(&rivia.user_key), 403);
    let again = rivia.reset(&rivia.api_key, &rivia.user_key);
    assert_eq!(again.status(), 403);
    assert_eq!(again.json()["detail"], "No such API Key.");
    // The account key needs no user key.
    assert_eq!(rivia.reset(&rivia.account_key, "").status(), 200);
    assert_eq!(rivia.own_user(&new_key), 403);
}

#[test]
fn an_instance_key_alone_resets_nothing() {
    let rivia = Rivia::new();
    let refused = rivia.reset(&rivia.api_key, "");
    assert_eq!(refused.status(), 403);
    assert_eq!(
        refused.json()["detail"],
        "You do not have permission to perform this action."
    );
    assert_eq!(rivia.own_user(&rivia.user_key), 200);
}

#[test]
fn permission_is_checked_before_the_method() {
    let rivia = Rivia::new();
    let wrong = rivia.call(Method::PUT, "user/", &rivia.api_key, "");
    assert_eq!(wrong.status(), 403);
    let wrong = rivia.call(Method::PUT, "user/", &rivia.api_key, &rivia.user_key);
    assert_eq!(wrong.status(), 405);
}

#[test]
fn administrators_learn_what_a_change_lacks() {
    let rivia = Rivia::new();
    let again = rivia.admin(Method::POST, "/admin/instances", &json!({"name": "rivia"}));
    assert_eq!(again.status(), 200);
    let users = "/admin/instances/rivia/users";
    for (path, body, status) in [
        (users, json!({"username": "geralt"}), 409),
        (users, json!({"username": "ciri", "userId": "bob"}), 404),
        ("/admin/instances/x/users", json!({"username": "ciri"}), 404),
        ("/admin/instances/x/api-keys", json!({}), 404),
        (
            "/admin/account-keys",
            json!({"instance": "x", "role": "read"}),
            404,
        ),
        (
            "/admin/account-keys",
            json!({"instance": "rivia", "role": "x"}),
            400,
        ),
    ] {
        let answer = rivia.admin(Method::POST, path, &body);
        assert_eq!(answer.status(), status, "{path} {body}");
    }
}

#[test]
fn a_revoked_key_is_unknown_at_once() {
    let rivia = Rivia::new();
    let listed = rivia.admin(Method::GET, "/admin/instances/rivia/api-keys", &Value::Null);
    let id = listed.json()["apiKeys"][0]["id"].clone();
    let path = format!("/admin/instances/rivia/api-keys/{}", id.as_str().unwrap());
    for _ in 0..2 {
        let revoked = rivia.admin(Method::DELETE, &path, &Value::Null);
        assert_eq!(revoked.status(), 204);
    }
    assert_eq!(rivia.own_user(&rivia.user_key), 403);
    let path = format!("/admin/instances/rivia/users/{}", rivia.user);
    let deleted = rivia.admin(Method::DELETE, &path, &Value::Null);
    assert_eq!(deleted.status(), 204);
    assert_eq!(rivia.reset(&rivia.account_key, "").status(), 404);
}
