//! Keys of programs through the router, on the shipped SQL.

use std::time::Duration;

use serde_json::{Value, json};

use crate::auth::fake;
use crate::kernel::Clock as _;
use crate::testing::service::{ADMIN_KEY, TestService, claims, token};

const ADA: &str = "00000000-0000-4000-8000-00000000000a";
const PATH: &str = "/admin/api-keys";

fn service() -> TestService {
    let service = TestService::new();
    let insert = "INSERT INTO users (uuid, email, created_at) VALUES (?1, 'ada@example.com', '')";
    service.database.execute(insert, [ADA]);
    service
}

/// Makes a key of Ada for every door.
fn make(service: &TestService, expires_at: &Value) -> Value {
    let body = json!({
        "scopes": ["threedeye:read", "user:write", "user:verify"],
        "userId": ADA,
        "expiresAt": expires_at,
    });
    let made = service.post(PATH).admin().json(&body).send();
    assert_eq!(made.status(), 201, "{}", made.json());
    made.json()
}

/// What each door says to a key: the credentials, the account API where keys are accepted, and where
/// they are not.
fn doors(service: &TestService, key: &str) -> [(u16, Value); 4] {
    let credentials = service.get(&format!("/users/{ADA}/3deye-credentials"));
    let push_tokens = format!("/api/users/{ADA}/push_tokens");
    let push_token = json!({"token": "device", "platform": "ios"});
    let verify = format!("/api/users/{ADA}/two_factor_verify");
    [
        credentials.header("x-api-key", key),
        service.post(&push_tokens).bearer(key).json(&push_token),
        service
            .post(&verify)
            .bearer(key)
            .json(&json!({"code": "000000"})),
        service.get("/api/users/@me").bearer(key),
    ]
    .map(|request| {
        let answer = request.send();
        let mut body = answer.json();
        body["requestId"] = Value::Null;
        (answer.status(), body)
    })
}

#[test]
fn an_expired_key_is_refused_at_every_door_as_an_unknown_one_is() {
    let service = service();
    let expires_at = fake::at(0).plus(Duration::from_secs(60));
    let made = make(&service, &json!(expires_at));
    assert_eq!(made["expiresAt"], json!(expires_at));
    let key = made["key"].as_str().unwrap();
    for (door, (status, body)) in doors(&service, key).into_iter().enumerate() {
        assert_ne!(status, 401, "door {door}: {body}");
    }
    let wait = Duration::from_secs(60);
    service.clock.run(service.clock.sleep(wait));
    let unknown = format!("spk_{}", "A".repeat(43));
    let refused = doors(&service, key);
    assert_eq!(refused, doors(&service, &unknown));
    assert!(refused.iter().all(|(status, _)| *status == 401));
}

#[test]
fn a_list_shows_when_keys_expire() {
    let service = service();
    let later = json!("2100-01-31T12:00:00.000Z");
    let expiring = make(&service, &json!("2100-01-31T13:00:00+01:00"));
    assert_eq!(expiring["expiresAt"], later);
    let lasting = make(&service, &Value::Null);
    assert_eq!(lasting["expiresAt"], Value::Null);
    let listed = service.get(PATH).admin().send().json();
    let keys = listed["apiKeys"].as_array().unwrap();
    let of = |id: &Value| keys.iter().find(|key| key["id"] == *id).unwrap();
    assert_eq!(of(&expiring["id"])["expiresAt"], later);
    assert_eq!(of(&lasting["id"])["expiresAt"], Value::Null);
}

#[test]
fn a_key_is_not_made_expired_or_with_a_malformed_expiry() {
    let service = service();
    for bad in [
        json!("2001-01-31T12:00:00Z"),
        json!(fake::at(0)),
        json!("tomorrow"),
        json!("2100-01-31"),
        json!(""),
        json!(4_102_444_800_u64),
        json!({}),
    ] {
        let body = json!({"scopes": ["threedeye:read"], "expiresAt": bad});
        let refused = service.post(PATH).admin().json(&body).send();
        assert_eq!(refused.status(), 400, "{bad}");
        let message = refused.json()["message"].clone();
        assert!(
            message.as_str().unwrap().starts_with("expiresAt: "),
            "{message}"
        );
    }
    let listed = service.get(PATH).admin().send().json();
    assert_eq!(listed, json!({"apiKeys": [], "next": null}));
}

#[test]
fn making_any_key_takes_a_sign_in_of_the_last_two_hours() {
    let service = service();
    let name = json!({"name": "rivia"});
    let made = service.post("/admin/instances").admin().json(&name).send();
    assert_eq!(made.status(), 201);
    for (path, body) in [
        (PATH, json!({"scopes": ["threedeye:read"]})),
        ("/admin/instances/rivia/api-keys", json!({})),
        (
            "/admin/account-keys",
            json!({"instance": "rivia", "role": "read"}),
        ),
        (
            "/admin/instances/rivia/users",
            json!({"username": "geralt"}),
        ),
    ] {
        let make = |signed_in: i64| {
            let mut claims = claims("auth0|anna");
            claims["email"] = json!("anna@smartphonekey.com");
            claims["email_verified"] = json!(true);
            claims["auth_time"] = json!(signed_in);
            let request = service.post(path).header("x-admin-api-key", ADMIN_KEY);
            request.bearer(&token(&claims)).json(&body).send().status()
        };
        assert_eq!(make(fake::NOW - 2 * 60 * 60 - 1), 403, "{path}");
        assert_eq!(make(fake::NOW - 60), 201, "{path}");
    }
}

#[test]
fn keys_are_listed_of_a_user_and_with_the_revoked_ones_where_asked_for() {
    let service = service();
    service.add_user("bob", None);
    let make = |user: Value| {
        let body = json!({ "scopes": ["threedeye:read"], "userId": user });
        let made = service.post(PATH).admin().json(&body).send().json();
        service.pass(Duration::from_millis(1));
        made["id"].as_str().unwrap().to_owned()
    };
    let [first, revoked, of_bob, of_all] =
        [json!(ADA), json!(ADA), json!("bob"), Value::Null].map(make);
    let path = format!("{PATH}/{revoked}");
    let gone = service.request(http::Method::DELETE, &path).admin().send();
    assert_eq!(gone.status(), 204);
    let list = |query: &str| {
        let listed = service.get(&format!("{PATH}{query}")).admin().send();
        assert_eq!(listed.status(), 200, "{}", listed.json());
        listed.json()
    };
    let ids = |listed: &Value| {
        let keys = listed["apiKeys"].as_array().unwrap().iter();
        keys.map(|key| key["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let of_ada = format!("?userId={ADA}");
    for (query, expected) in [
        (String::new(), vec![&of_all, &of_bob, &first]),
        ("?revoked=false".to_owned(), vec![&of_all, &of_bob, &first]),
        (
            "?revoked=true".to_owned(),
            vec![&of_all, &of_bob, &revoked, &first],
        ),
        (of_ada.clone(), vec![&first]),
        (format!("{of_ada}&revoked=true"), vec![&revoked, &first]),
        (
            format!("{of_ada}&revoked=true&limit=1&after={revoked}"),
            vec![&first],
        ),
        ("?userId=nobody".to_owned(), vec![]),
    ] {
        let listed = list(&query);
        assert_eq!(ids(&listed).iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let all = list("?revoked=true");
    let revoked_at = |number: usize| all["apiKeys"][number]["revokedAt"].clone();
    assert_eq!(revoked_at(0), Value::Null);
    assert_eq!(revoked_at(2), json!(service.clock.now()));
    assert_eq!(list("?revoked=true&limit=2")["next"], json!(of_bob));
    for bad in ["?revoked=1", "?userId=", "?after=x"] {
        let refused = service.get(&format!("{PATH}{bad}")).admin().send();
        assert_eq!(refused.status(), 400, "{bad}");
    }
}
