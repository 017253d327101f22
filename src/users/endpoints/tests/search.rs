use serde_json::{Value, json};

use super::{both, error, ids, record, service, text};
use crate::operators::Role;
use crate::testing::service::{TestAnswer, TestService};

const PATH: &str = "/admin/users/search";

fn search(service: &TestService, body: &Value) -> TestAnswer {
    service.post(PATH).admin().json(body).send()
}

#[track_caller]
fn assert_found(service: &TestService, query: &str, by: Value, users: &[&str]) {
    let found = search(service, &json!({ "query": query })).json();
    assert_eq!(
        (ids(&found["users"]), &found["matchedBy"]),
        (users.to_vec(), &by),
        "{query}"
    );
}

#[test]
fn any_identifier_finds_its_users() {
    let service = service();
    record(&service, "bob", "complete", None, 1);
    for (query, by, users) in [
        ("ann@example.com", "email", &["ann"][..]),
        (" ANN@example.com ", "email", &["ann"]),
        ("ann@ex", "email", &["ann"]),
        ("twin@example.com", "email", &["twin-1", "twin-2"]),
        (
            "@example.com",
            "emailDomain",
            &["ann", "annabel", "twin-1", "twin-2"],
        ),
        ("@Other.example", "emailDomain", &["bob"]),
        ("+49 170 1234512", "phone", &["ann"]),
        ("0049-170-123", "phone", &["ann"]),
        ("+417955", "phone", &["bob", "twin-1", "twin-2"]),
        ("01701234567", "phone", &["annabel"]),
        ("ann", "userId", &["ann", "annabel"]),
        ("twin-2", "userId", &["twin-2"]),
        ("acc-bob", "threedeyeUserId", &["bob"]),
        ("auth0|bob", "subject", &["bob"]),
        ("tw", "userId", &["twin-1", "twin-2"]),
    ] {
        assert_found(&service, query, json!(by), users);
    }
    for nobody in [
        "zed",
        "zed@example.com",
        "@",
        "@nowhere.example",
        "+1",
        "ANN ",
    ] {
        let found = search(&service, &json!({ "query": nobody, "by": "userId" })).json();
        assert_eq!(
            found,
            json!({ "matchedBy": null, "users": [], "next": null }),
            "{nobody}"
        );
    }
}

#[test]
fn an_identifier_is_looked_for_where_it_is_said_to_be() {
    let service = service();
    let by = |query: &str, by: &str| {
        let found = search(&service, &json!({ "query": query, "by": by })).json();
        ids(&found["users"]).join(" ")
    };
    assert_eq!(by("ann", "email"), "ann annabel");
    assert_eq!(by("ann", "subject"), "");
    assert_eq!(
        by("example.com", "emailDomain"),
        "ann annabel twin-1 twin-2"
    );
    assert_eq!(by("ann@example.com", "userId"), "");
    assert_eq!(by("ann", "phone"), "");
}

#[test]
fn deleted_users_are_found_by_their_ids() {
    let service = service();
    record(&service, "gone", "leaving", None, 5);
    for query in ["gone", "acc-gone"] {
        let found = search(&service, &json!({ "query": query })).json();
        let user = &found["users"][0];
        assert_eq!(
            (&user["userId"], &user["state"]),
            (&json!("gone"), &json!("leaving"))
        );
        assert_eq!(user["email"], "gone@example.com");
    }
}

#[test]
fn an_operator_sees_masks_and_no_page_or_cursor_tells_more() {
    let service = service();
    let body = json!({ "query": "@example.com", "limit": 1 });
    let [pair, operator] = both(&service, Role::Viewer, |service, cookie| match cookie {
        None => service.post(PATH).admin().json(&body).send(),
        Some(cookie) => service.post(PATH).session(cookie).json(&body).send(),
    });
    assert_eq!(pair.json()["users"][0]["email"], "Ann@Example.com");
    assert_eq!(pair.json()["users"][0]["phoneNumber"], "+491701234512");
    assert_eq!(operator.json()["users"][0]["email"], "A***@Example.com");
    assert_eq!(operator.json()["users"][0]["phoneNumber"], "+49…12");
    let cookie = service.sign_in(Role::Viewer);
    let body = json!({ "query": "ann", "by": "email", "limit": 1 });
    let page = service.post(PATH).session(&cookie).json(&body).send();
    assert!(
        !text(&page).to_lowercase().contains("ann@"),
        "{}",
        text(&page)
    );
    let after = page.json()["next"].as_str().unwrap().to_owned();
    assert!(after.starts_with("v2."), "{after}");
}

#[test]
fn pages_repeat_and_hide_nobody_although_users_come_and_go() {
    for (query, by) in [
        ("user-", "userId"),
        ("many", "email"),
        ("many.example", "emailDomain"),
        ("+49", "phone"),
    ] {
        let service = TestService::new();
        let add = |number: u32| {
            service.database.execute(
                "INSERT INTO users (uuid, email, phone_number, created_at)
                 VALUES (printf('user-%03d', ?1), printf('many%03d@many.example', ?1 / 2),
                         printf('+49%03d', ?1 / 2), '2024')",
                [number],
            );
        };
        (10..60).for_each(add);
        let mut seen = Vec::new();
        let mut after = Value::Null;
        for page in 0.. {
            let body = json!({ "query": query, "by": by, "limit": 7, "after": after });
            let found = search(&service, &body).json();
            seen.extend(ids(&found["users"]).into_iter().map(str::to_owned));
            after = found["next"].clone();
            if after.is_null() {
                break;
            }
            // Before and behind the place.
            add(page);
            add(100 + page);
            let last = seen.last().unwrap();
            let sql = "DELETE FROM users WHERE uuid = ?1";
            service.database.execute(sql, [last]);
        }
        let there: Vec<String> = (10..60).map(|number| format!("user-{number:03}")).collect();
        assert!(
            there.iter().all(|user| seen.contains(user)),
            "{by}: {seen:?}"
        );
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "{by}");
    }
}

#[test]
fn a_page_goes_on_only_with_its_own_search() {
    let service = service();
    let first = json!({ "query": "ann", "limit": 1 });
    let after = search(&service, &first).json()["next"].clone();
    let go_on = |query: &str, after: &Value| {
        error(&search(
            &service,
            &json!({ "query": query, "after": after }),
        ))
    };
    let another = "after: belongs to another search";
    assert_eq!(go_on("bob", &after), (400, json!(another)));
    let broken = "after: must be `next` of the page before";
    for bad in ["", "v2.x.y", "ann"] {
        assert_eq!(go_on("ann", &json!(bad)), (400, json!(broken)));
    }
    let cookie = service.sign_in(Role::Admin);
    let body = json!({ "query": "ann", "after": after });
    let stolen = service.post(PATH).session(&cookie).json(&body).send();
    assert_eq!(
        error(&stolen),
        (400, json!(broken)),
        "nor for another caller"
    );
    assert_eq!(ids(&search(&service, &body).json()["users"]), ["annabel"]);
}

#[test]
fn what_is_wrong_with_a_search_is_named() {
    let service = TestService::new();
    for (body, begins) in [
        (json!({}), "query: required"),
        (json!({ "query": "" }), "query: must not be empty"),
        (json!({ "query": "  " }), "query: must not be empty"),
        (
            json!({ "query": "x".repeat(321) }),
            "query: must be at most 320",
        ),
        (
            json!({ "query": "a\u{0}" }),
            "query: must not contain control",
        ),
        (
            json!({ "query": "a", "limit": 0 }),
            "limit: must be an integer from 1 to 200",
        ),
        (
            json!({ "query": "a", "limit": 201 }),
            "limit: must be an integer from 1 to 200",
        ),
        (json!({ "query": "a", "limit": "1" }), "limit: expected "),
        (json!({ "query": "a", "by": "name" }), "by: expected "),
        (json!({ "query": "a", "what": 1 }), "what: unknown field"),
    ] {
        let (status, message) = error(&search(&service, &body));
        assert_eq!(status, 400);
        assert!(message.as_str().unwrap().starts_with(begins), "{message}");
    }
}

#[test]
fn rows_that_hold_anything_break_no_search() {
    let service = service();
    let execute = |sql: &str| service.database.execute(sql, ());
    execute(
        "INSERT INTO users (uuid, email, created_at) VALUES (x'ff00', 'blob@example.com', x'ff')",
    );
    execute("INSERT INTO users (uuid, email, created_at) VALUES (NULL, 'null@example.com', 7)");
    execute("INSERT INTO users (uuid, email, created_at) VALUES ('no-email', NULL, '')");
    execute("INSERT INTO users (uuid, email, created_at, phone_number)
             VALUES ('huge', 'h' || hex(zeroblob(400000)) || '@example.com', '', hex(zeroblob(400000)))");
    execute("INSERT INTO users (uuid, email, created_at) VALUES ('raw', x'ff40ff', 1.5)");
    let found = search(&service, &json!({ "query": "@example.com" }));
    assert_eq!(found.status(), 200);
    assert!(text(&found).len() < 10_000);
    let states = |query: &str| {
        let found = search(&service, &json!({ "query": query })).json();
        found["users"][0]["state"].clone()
    };
    for (query, state) in [
        ("blob@example.com", "none"),
        ("null@example.com", "none"),
        ("no-email", "none"),
        ("huge", "none"),
        ("ann@example.com", "waiting"),
    ] {
        assert_eq!(states(query), state, "{query}");
    }
    // A page that ends at the long one goes on.
    let mut after = Value::Null;
    let mut count = 0;
    loop {
        let body = json!({ "query": "@example.com", "limit": 1, "after": after });
        let page = search(&service, &body).json();
        count += page["users"].as_array().unwrap().len();
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(count, 7);
    let long = json!({ "query": "h0", "by": "email", "limit": 1 });
    assert_eq!(ids(&search(&service, &long).json()["users"]), ["huge"]);
}

#[test]
fn a_user_waits_if_and_only_if_it_is_in_the_queue() {
    let service = service();
    let execute = |sql: &str| service.database.execute(sql, ());
    execute(
        "INSERT INTO users (uuid, email, created_at) VALUES (printf('%513s', 'x'), 'long-id@example.com', '')",
    );
    execute(
        "INSERT INTO users (uuid, email, created_at) VALUES ('e320', printf('%308s@example.com', 'x'), '')",
    );
    execute(
        "INSERT INTO users (uuid, email, created_at) VALUES ('e321', 'x' || hex(zeroblob(154)) || '@example.com', '')",
    );
    execute(
        "INSERT INTO users (uuid, email, created_at) VALUES ('nul', 'a' || char(0) || '@example.com', '')",
    );
    let all = service.get("/admin/users?limit=200").admin().send().json();
    let queued: Vec<String> =
        service
            .database
            .query("SELECT user_id FROM provisioning_queue", [], |row| {
                row.get(0)
            });
    let users = all["users"].as_array().unwrap();
    assert_eq!(users.len(), 9);
    for user in users {
        let id = user["userId"].as_str().unwrap();
        let waits = user["state"] == "waiting";
        assert_eq!(waits, queued.iter().any(|queued| queued == id), "{user}");
    }
}
