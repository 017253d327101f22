//! The endpoints through the router, on the shipped SQL.

use http::Method;
use serde_json::{Value, json};

use crate::kernel::Clock as _;
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
fn a_client_with_an_account_key_and_a_user_key_resets_as_often_as_it_likes() {
    let rivia = Rivia::new();
    for _ in 0..3 {
        let reset = rivia.reset(&rivia.account_key, &rivia.user_key);
        assert_eq!(reset.status(), 200, "{}", reset.json());
    }
}

#[test]
fn names_of_instances_are_not_told_to_those_who_hold_no_key() {
    let rivia = Rivia::new();
    let ask = |instance: &str, api_key: &str| {
        let path = format!("/v1/instances/{instance}/users/{}/", rivia.user);
        let mut request = rivia.service.get(&path);
        if !api_key.is_empty() {
            request = request.header("x-api-key", api_key);
        }
        let answer = request.send();
        (answer.status(), answer.json()["detail"].clone())
    };
    let unknown = "0".repeat(40);
    for api_key in ["", "malformed", &unknown] {
        let known = ask("rivia", api_key);
        assert_eq!(known.0, 403);
        for instance in ["nilfgaard", "a.b", "%ff"] {
            assert_eq!(ask(instance, api_key), known, "{instance} {api_key}");
        }
    }
    for api_key in [&rivia.api_key, &rivia.account_key, &rivia.user_key] {
        let told = (404, json!("Instance was not found."));
        assert_eq!(ask("nilfgaard", api_key), told);
        assert_eq!(ask("a.b", api_key), told);
    }
}

#[test]
fn keys_are_listed_a_page_at_a_time_as_users_are() {
    let rivia = Rivia::new();
    for (path, member, body) in [
        ("/admin/instances/rivia/api-keys", "apiKeys", json!({})),
        (
            "/admin/account-keys",
            "accountKeys",
            json!({"instance": "rivia", "role": "read"}),
        ),
        (
            "/admin/api-keys",
            "apiKeys",
            json!({"scopes": ["threedeye:read"]}),
        ),
    ] {
        for _ in 0..3 {
            // Ids sort by the moment in which they are made.
            let pause = std::time::Duration::from_millis(5);
            rivia.service.clock.run(rivia.service.clock.sleep(pause));
            assert_eq!(rivia.admin(Method::POST, path, &body).status(), 201);
        }
        let page = |query: &str| {
            let path = format!("{path}?{query}");
            let answer = rivia.admin(Method::GET, &path, &Value::Null);
            assert_eq!(answer.status(), 200, "{path} {}", answer.json());
            let body = answer.json();
            let ids = body[member].as_array().unwrap().iter();
            let ids = ids.map(|key| key["id"].as_str().unwrap().to_owned());
            (ids.collect::<Vec<_>>(), body["next"].clone())
        };
        let (all, next) = page("");
        assert_eq!(next, Value::Null, "{path}");
        assert!(all.is_sorted_by(|newer, older| newer > older));
        let (mut seen, mut next) = page("limit=2");
        assert_eq!((seen.len(), &next), (2, &json!(seen[1])));
        while let Some(after) = next.as_str() {
            let (more, following) = page(&format!("limit=2&after={after}"));
            seen.extend(more);
            next = following;
        }
        assert_eq!(seen, all, "{path}");
        for bad in ["limit=0", "limit=501", "after=x", "after="] {
            let path = format!("{path}?{bad}");
            let refused = rivia.admin(Method::GET, &path, &Value::Null);
            assert_eq!(refused.status(), 400, "{path}");
        }
    }
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

#[test]
fn an_administrator_gives_a_user_a_new_key_and_says_why() {
    let rivia = Rivia::new();
    let reset = |instance: &str, user: &str| {
        let path = format!("/admin/instances/{instance}/users/{user}/reset-key");
        rivia.admin(
            Method::POST,
            &path,
            &json!({ "reason": "it was in a ticket" }),
        )
    };
    let done = reset("Rivia", &rivia.user);
    assert_eq!(done.status(), 200, "{}", done.json());
    assert_eq!(done.json()["id"].to_string(), rivia.user);
    let key = done.json()["userKey"].as_str().unwrap().to_owned();
    assert_eq!(
        (rivia.own_user(&rivia.user_key), rivia.own_user(&key)),
        (403, 200)
    );
    let sql = "SELECT subject || ' ' || reason FROM audit_log WHERE action = 'user_key.reset'";
    let trail: Vec<String> = rivia.service.database.query(sql, [], |row| row.get(0));
    assert_eq!(
        trail,
        [format!("instance-user:{} it was in a ticket", rivia.user)]
    );
    for (instance, user) in [
        ("cintra", rivia.user.as_str()),
        ("rivia", "999"),
        ("rivia", "x"),
    ] {
        assert_eq!(reset(instance, user).status(), 404, "{instance} {user}");
    }
    let path = format!("/admin/instances/rivia/users/{}/reset-key", rivia.user);
    assert_eq!(rivia.admin(Method::POST, &path, &json!({})).status(), 400);
    assert_eq!(
        rivia.own_user(&key),
        200,
        "what was refused changed nothing"
    );
}

#[test]
fn revoked_keys_are_listed_where_asked_for() {
    let rivia = Rivia::new();
    let service = &rivia.service;
    for (path, name) in [
        ("/admin/instances/rivia/api-keys", "apiKeys"),
        ("/admin/account-keys", "accountKeys"),
    ] {
        let list = |query: &str| {
            let listed = service.get(&format!("{path}{query}")).admin().send();
            assert_eq!(listed.status(), 200, "{}", listed.json());
            listed.json()[name].clone()
        };
        let listed = list("");
        let key = &listed[0];
        assert_eq!(key["revokedAt"], Value::Null);
        let id = key["id"].as_str().unwrap();
        let revoke = format!("{path}/{id}");
        let gone = service.request(Method::DELETE, &revoke).admin().send();
        assert_eq!(gone.status(), 204);
        assert_eq!(list(""), json!([]));
        let revoked = list("?revoked=true");
        assert_eq!(revoked[0]["id"], id);
        assert_eq!(revoked[0]["revokedAt"], json!(service.clock.now()));
        let refused = service.get(&format!("{path}?revoked=yes")).admin().send();
        assert_eq!(refused.status(), 400);
    }
    let of_rivia = "/admin/account-keys?instance=rivia&revoked=true";
    let listed = service.get(of_rivia).admin().send().json();
    assert_eq!(listed["accountKeys"].as_array().unwrap().len(), 1);
}

#[test]
fn an_operator_sees_no_username_that_names_a_person() {
    let rivia = Rivia::new();
    let path = "/admin/instances/rivia/users";
    for username in ["ada@example.com", "+49 170 1234512"] {
        let body = json!({ "username": username });
        let made = rivia.service.post(path).admin().json(&body).send();
        assert_eq!(made.status(), 201, "{}", made.json());
    }
    let names = |listed: TestAnswer| {
        let listed = listed.json();
        let users = listed["users"].as_array().unwrap().iter();
        users
            .map(|user| user["username"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let cookie = rivia.service.sign_in(crate::operators::Role::Viewer);
    let masked = names(rivia.service.get(path).session(&cookie).send());
    assert_eq!(masked, ["geralt", "a***@example.com", "+49…12"]);
    let whole = names(rivia.service.get(path).admin().send());
    assert_eq!(whole, ["geralt", "ada@example.com", "+49 170 1234512"]);
}
