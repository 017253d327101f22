//! Paths, and where ids go.

use crate::threedeye::dialect::tests::*;

#[test]
fn paths_stay_below_the_base_url() {
    for path in ["paths.token", "paths.users"] {
        assert_accepted(
            path,
            &[
                "/",
                "/a",
                "/a/",
                "/a/b.c/~d/e:f@g",
                "/a//b",
                "/v2.0/a(b)",
                "/a;b=c",
            ]
            .map(Value::from),
        );
        assert_refused(
            path,
            &[
                "",
                " ",
                "users",
                "//evil.example",
                "//",
                "https://evil.example/users",
                "@evil.example/",
                ":1/",
                "/users?admin=1",
                "/users#",
                "/users/../admin",
                "/..",
                "/a..b",
                "/./users",
                "/users/.",
                "/a\\b",
                "\\evil",
                "/%2e%2e/admin",
                "/%2E%2e",
                "/a%2fb",
                "/%",
                "/a b",
                "/ ",
                " /a",
                "/a ",
                "/a\n",
                "/a\tb",
                "/a\u{0}",
                "/a\u{7f}",
                "/\u{fc}",
                "/users/{userId}",
                "/{",
                "/}",
                "/{customerId}",
                "/<a>",
                "/a|b",
                "/\"a\"",
            ]
            .map(Value::from),
        );
        assert_refused(path, &[json!(null), json!(1), json!(["/users"]), json!({})]);
    }
}

#[test]
fn ids_have_their_places_once() {
    assert_accepted(
        "paths.user",
        &[
            "/users/{userId}",
            "/{userId}",
            "/u({userId})/x",
            "/u/.{userId}.",
        ]
        .map(Value::from),
    );
    assert_refused(
        "paths.user",
        &[
            "/users/{userId}/{userId}",
            "/users/{roleId}/{userId}",
            "/users/{userid}",
            "/users/{userId}}",
            "/{ {userId}",
        ]
        .map(Value::from),
    );
    assert_eq!(
        problem(&member("paths.user", &json!("/users"))),
        "paths.user must hold {userId}"
    );
    assert_accepted(
        "paths.attachRole",
        &["/{userId}/{roleId}", "/{roleId}{userId}"].map(Value::from),
    );
    assert_refused(
        "paths.attachRole",
        &[
            "/{roleId}/{roleId}/{userId}",
            "/{ro{userId}leId}",
            "/{roleId}/{userId}/{id}",
        ]
        .map(Value::from),
    );
}

#[test]
fn an_id_that_the_path_of_an_attachment_lacks_is_in_its_body() {
    let attach = |path: &str, body: Value| json!({ "paths": { "attachRole": path }, "attachRole": { "body": body } });
    for (path, body) in [
        ("/users/{userId}/roles", json!({ "role": "{roleId}" })),
        (
            "/roles/{roleId}/users",
            json!({ "users": [{ "id": "{userId}" }] }),
        ),
        (
            "/grants",
            json!({ "grant": "{userId}:{roleId}", "kind": 1, "on": true, "until": null }),
        ),
        (
            "/users/{userId}/roles/{roleId}",
            json!({ "user": "{userId}", "role": "{roleId}" }),
        ),
        ("/users/{userId}/roles/{roleId}", json!({})),
        ("/users/{userId}/roles/{roleId}", json!(null)),
    ] {
        accepted(&attach(path, body));
    }
    for (path, body, lacking) in [
        ("/users/{userId}/roles", json!(null), "{roleId}"),
        ("/users/{userId}/roles", json!({}), "{roleId}"),
        (
            "/users/{userId}/roles",
            json!({ "{roleId}": "x" }),
            "{roleId}",
        ),
        (
            "/roles/{roleId}/users",
            json!({ "role": "{roleId}" }),
            "{userId}",
        ),
    ] {
        let told = problem(&attach(path, body));
        assert_eq!(
            told,
            format!("paths.attachRole must hold {lacking}, or attachRole.body must")
        );
    }
    assert_refused(
        "attachRole.body",
        &[
            json!("{roleId}"),
            json!(["{roleId}"]),
            json!({ "role": "{roleid}" }),
            json!({ "role": "{ro{userId}leId}" }),
            json!({ "role": [{ "deep": "a}" }] }),
        ],
    );
}

#[test]
fn ids_are_put_into_a_body_as_they_are() {
    let dialect = accepted(&json!({ "attachRole": { "body": {
        "both": "{userId}-{roleId}-{userId}", "deep": [["{roleId}"], { "user": "{userId}" }], "{userId}": 1, "no": null,
    } } }));
    let body = dialect
        .attach_role
        .body
        .unwrap()
        .filled("{roleId}", "\"r{userId}");
    assert_eq!(
        body,
        json!({
            "both": "{roleId}-\"r{userId}-{roleId}", "deep": [["\"r{userId}"], { "user": "{roleId}" }],
            "{userId}": 1, "no": null,
        })
    );
}

#[test]
fn a_role_is_attached_by_certain_methods() {
    assert_accepted(
        "attachRole.method",
        &["POST", "PUT", "PATCH"].map(Value::from),
    );
    assert_refused(
        "attachRole.method",
        &["DELETE", "GET", "post", "", "POST "].map(Value::from),
    );
    assert_refused("attachRole.method", &[json!(null), json!(["POST"])]);
}
