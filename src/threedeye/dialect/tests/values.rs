//! Numbers, statuses, names and words.

use crate::threedeye::dialect::tests::*;

#[test]
fn numbers_have_their_range() {
    assert_accepted("firstPage", &[json!(0), json!(1)]);
    assert_refused(
        "firstPage",
        &[
            json!(2),
            json!(-1),
            json!(1.0),
            json!("1"),
            json!(null),
            json!(true),
        ],
    );
    assert_accepted("maxPageSize", &[json!(1), json!(5000)]);
    assert_refused(
        "maxPageSize",
        &[
            json!(0),
            json!(5001),
            json!(-1),
            json!(2.5),
            json!("5"),
            json!(4_294_967_297_u64),
        ],
    );
}

#[test]
fn statuses_tell_of_one_account_or_role() {
    let never = "401, 403, 408, 429";
    for (path, but) in [
        ("taken.statuses", never),
        ("taken.statusesWithWord", never),
        ("attachRole.attachedStatuses", "401, 403, 404, 408, 429"),
        ("delete.goneStatuses", never),
    ] {
        assert_accepted(path, &[json!([]), json!([400, 499]), json!(vec![409; 20])]);
        assert_refused(
            path,
            &[
                json!([399]),
                json!([200]),
                json!([409, 302]),
                json!(vec![409; 21]),
                json!(409),
                json!(["409"]),
                json!([-404]),
                json!([404.5]),
                json!(null),
                json!({}),
            ],
        );
        for status in [401, 403, 408, 429, 500, 502, 503, 504, 599, 600] {
            assert_eq!(
                problem(&member(path, &json!([409, status]))),
                format!("{path} must be a list of at most 20 statuses from 400 to 499 but {but}")
            );
        }
    }
    assert_refused("attachRole.attachedStatuses", &[json!([404])]);
    for path in ["taken.statuses", "delete.goneStatuses"] {
        assert_accepted(path, &[json!([404])]);
    }
}

#[test]
fn names_are_printable_and_words_too() {
    for path in [
        "query.page",
        "answers.items",
        "answers.roleId",
        "create.lastName",
        "login.password",
    ] {
        assert_accepted(
            path,
            &[
                "x".to_owned(),
                "e-mail address".to_owned(),
                "größe".to_owned(),
                "\u{fc}".repeat(64),
            ]
            .map(Value::from),
        );
        assert_refused(
            path,
            &[
                String::new(),
                "x".repeat(65),
                "a\nb".to_owned(),
                "\u{200b}".to_owned(),
                "a\u{7f}".to_owned(),
            ]
            .map(Value::from),
        );
        assert_refused(path, &[json!(null), json!(1), json!(["x"]), json!({})]);
    }
    let words = |words: &[&str]| json!(words);
    assert_accepted(
        "taken.words",
        &[
            words(&[]),
            words(&["x"; 20]),
            words(&["in use", &"\u{fc}".repeat(40)]),
        ],
    );
    assert_refused(
        "taken.words",
        &[
            words(&[""]),
            words(&["  "]),
            words(&["x"; 21]),
            words(&[&"x".repeat(41)]),
            words(&["a\u{0}"]),
            json!("taken"),
            json!([1]),
            json!(null),
        ],
    );
    assert_eq!(
        accepted(&member("taken.words", &json!(["IN Use"])))
            .taken
            .words,
        ["in use"]
    );
}

#[test]
fn names_in_one_object_differ() {
    for (dialect, told) in [
        (
            json!({ "query": { "page": "customerId" } }),
            "query.page must differ from query.customer",
        ),
        (
            json!({ "query": { "pageSize": "page" } }),
            "query.pageSize must differ from query.page",
        ),
        (
            json!({ "create": { "roleIds": "email" } }),
            "create.roleIds must differ from create.email",
        ),
        (
            json!({ "create": { "customer": "a", "lastName": "a" } }),
            "create.customer must differ from create.lastName",
        ),
        (
            json!({ "login": { "username": "password" } }),
            "login.password must differ from login.username",
        ),
        (
            json!({ "answers": { "items": "total" } }),
            "answers.total must differ from answers.items",
        ),
        (
            json!({ "answers": { "email": "id" } }),
            "answers.email must differ from answers.id",
        ),
        // They are read in PascalCase too.
        (
            json!({ "answers": { "email": "Id" } }),
            "answers.email must differ from answers.id",
        ),
        (
            json!({ "answers": { "roles": "RoleIds" } }),
            "answers.roleIds must differ from answers.roles",
        ),
        (
            json!({ "answers": { "expiresIn": "accessToken" } }),
            "answers.expiresIn must differ from answers.accessToken",
        ),
    ] {
        assert_eq!(problem(&dialect), told);
    }
    for dialect in [
        json!({ "answers": { "roleId": "email", "accessToken": "id", "items": "users", "total": "email" } }),
        json!({ "create": { "email": "Email" }, "query": { "page": "Page" } }),
        json!({ "login": { "username": "password", "password": "username" } }),
    ] {
        accepted(&dialect);
    }
}

#[test]
fn a_name_is_read_in_pascal_case_too() {
    for (name, member, is_named) in [
        ("accessToken", "accessToken", true),
        ("accessToken", "AccessToken", true),
        ("accessToken", "accesstoken", false),
        ("access_token", "Access_token", true),
        ("Id", "Id", true),
        ("Id", "id", false),
        ("id", "Identity", false),
        ("\u{fc}ser", "\u{dc}ser", true),
        ("\u{df}", "SS", true),
    ] {
        assert_eq!(Name::new(name).names(member), is_named, "{name} {member}");
    }
}
