//! The calls in a dialect in which everything differs, and in any that is accepted.

use std::rc::Rc;

use serde_json::Value;
use url::Url;

use crate::threedeye::wire::tests::*;

/// The configuration of a tenant that speaks so.
fn speaking(dialect: &str) -> ThreedeyeConfig {
    ThreedeyeConfig {
        dialect: Rc::new(Dialect::parse(dialect).unwrap()),
        page_size: 500,
        ..config()
    }
}

fn other() -> ThreedeyeConfig {
    speaking(include_str!("../../../../dev/conformance/dialect.json"))
}

fn read_by<K: Call>(
    config: &ThreedeyeConfig,
    call: &K,
    status: u16,
    body: &str,
) -> Result<K::Answer, UpstreamError> {
    let response = Reply::new(status, body).response();
    call.answer(&response, &config.dialect, NOW)
}

fn role(id: &str) -> RoleId {
    RoleId(id.to_owned())
}

fn user(id: &str) -> RemoteId {
    RemoteId(id.to_owned())
}

fn asked(request: &HttpRequest) -> (&str, &str) {
    (request.method.as_str(), path_of(request))
}

#[test]
fn the_list_is_asked_for_with_other_names() {
    let other = other();
    let request = ListUsers { page: 1 }.request(&other).unwrap();
    assert_eq!(asked(&request), ("GET", "/tenants/members"));
    let query = request.url.split_once('?').unwrap().1;
    assert_eq!(query, "tenant=cust%267+%C3%BC&offset=0&limit=3");
    let third = ListUsers { page: 3 }.request(&other).unwrap();
    assert_eq!(query_of(&third, "offset").as_deref(), Some("2"));
}

#[test]
fn a_page_is_read_by_other_names() {
    let (other, list) = (other(), ListUsers { page: 1 });
    for body in [
        r#"{"results":[{"memberId":7,"login":"Jane@Example.com","id":"no","email":"no@example.com",
            "grants":[{"grantId":"r1","id":"no"}],"grantIds":[2],"roles":["no"]}],"totalCount":41,"total":"no"}"#,
        r#"{"Results":[{"MemberId":7,"Login":"Jane@Example.com","Grants":["r1"],"GrantIds":[{"GrantId":2}]}],
            "TotalCount":41}"#,
    ] {
        let page = read_by(&other, &list, 200, body).unwrap();
        assert_eq!(page.total, Some(41));
        let account = &page.users[0];
        assert_eq!(
            (&account.id, account.email_key()),
            (&user("7"), Some(email()))
        );
        assert_eq!(account.roles, [role("r1"), role("2")]);
    }
    for body in [
        r#"{"data":[]}"#,
        r#"{"results":[{"memberId":1}]}"#,
        r#"{"results":[{"id":1,"login":"a@b"}]}"#,
        r#"{"results":[{"memberId":1,"email":"a@b"}]}"#,
        r#"{"results":[{"memberId":1,"login":"a@b","grants":[{"id":"r1"}]}]}"#,
        r#"{"results":[],"totalCount":"41"}"#,
        r#"{"results":[],"Results":[]}"#,
        r#"{"results":[{"memberId":1,"MemberId":2,"login":"a@b"}]}"#,
    ] {
        let read = read_by(&other, &list, 200, body);
        assert_eq!(read.unwrap_err(), UpstreamError::Protocol, "{body}");
    }
}

#[test]
fn a_token_is_asked_for_and_read_by_other_names() {
    let other = other();
    let login = other.login.clone().unwrap();
    let fetch = FetchToken(&login);
    let request = fetch.request(&other).unwrap();
    assert_eq!(asked(&request), ("POST", "/oauth/access"));
    let expected = json!({ "login": "Svc@example.com", "secret": "the-password" });
    assert_eq!(body_of(&request), expected);
    for body in [
        r#"{"access_token":"t","expires_in":90,"accessToken":"no"}"#,
        r#"{"results":{"Access_token":"t","Expires_in":"90"}}"#,
    ] {
        let issued = read_by(&other, &fetch, 200, body).unwrap();
        assert_eq!(
            (issued.token.expose(), issued.lifetime.as_secs()),
            ("t", 90)
        );
    }
    for body in [r#"{"accessToken":"t"}"#, r#"{"data":{"access_token":"t"}}"#] {
        let read = read_by(&other, &fetch, 200, body);
        assert_eq!(read.unwrap_err(), UpstreamError::Protocol, "{body}");
    }
    let (email, password) = (email(), Secret::new("pass"));
    let prove = ProvePassword {
        email: &email,
        password: &password,
    };
    assert_eq!(
        read_by(&other, &prove, 200, r#"{"access_token":"t"}"#),
        Ok(true)
    );
    assert_eq!(read_by(&other, &prove, 401, ""), Ok(false));
}

#[test]
fn an_account_is_created_with_other_names() {
    let other = other();
    let (email, password) = (email(), Secret::new("pa\"ss"));
    let create = CreateUser {
        email: &email,
        password: &password,
    };
    let request = create.request(&other).unwrap();
    assert_eq!(asked(&request), ("POST", "/tenants/members"));
    assert_eq!(
        body_of(&request),
        json!({
            "login": "jane@example.com", "secret": "pa\"ss", "given_name": "jane",
            "family_name": "SmartphoneKey", "tenant": "cust&7 ü", "grantIds": [],
        })
    );
    let created = |body| read_by(&other, &create, 201, body);
    assert_eq!(
        created(r#"{"memberId":"u1","id":"no"}"#),
        Ok(Some(user("u1")))
    );
    assert_eq!(
        created(r#"{"results":{"MemberId":7}}"#),
        Ok(Some(user("7")))
    );
    assert_eq!(created(r#"{"id":"u1"}"#), Ok(None));
    let refused = |status, body| read_by(&other, &create, status, body).unwrap_err();
    for (status, body) in [(412, ""), (406, "IN USE"), (451, r#"{"m":"Occupied"}"#)] {
        assert_eq!(refused(status, body), UpstreamError::EmailTaken);
    }
    for (status, body) in [
        (409, ""),
        (400, "in use"),
        (422, "occupied"),
        (406, "exists"),
    ] {
        assert_eq!(refused(status, body), UpstreamError::Rejected { status });
    }
}

#[test]
fn an_account_is_deleted_elsewhere() {
    let other = other();
    let id = user("a/b");
    let delete = DeleteUser(&id);
    let request = delete.request(&other).unwrap();
    assert_eq!(
        asked(&request),
        ("DELETE", "/tenants/members/a%2Fb/account")
    );
    assert_eq!(read_by(&other, &delete, 410, ""), Ok(Deleted::AlreadyGone));
    let rejected = UpstreamError::Rejected { status: 404 };
    assert_eq!(read_by(&other, &delete, 404, ""), Err(rejected));
}

#[test]
fn a_role_is_attached_in_a_body() {
    let other = other();
    let (role, id) = (role("{userId}\""), user("a/b"));
    let attach = AttachRole {
        role: &role,
        user: &id,
    };
    let request = attach.request(&other).unwrap();
    assert_eq!(asked(&request), ("PUT", "/tenants/members/a%2Fb/grants"));
    assert_eq!(
        body_of(&request),
        json!({ "grants": [{ "grantId": "{userId}\"", "scope": "camera" }] })
    );
    assert_eq!(read_by(&other, &attach, 410, ""), Ok(()));
    assert_eq!(
        read_by(&other, &attach, 404, ""),
        Err(UpstreamError::NotFound)
    );
    let rejected = UpstreamError::Rejected { status: 409 };
    assert_eq!(read_by(&other, &attach, 409, ""), Err(rejected));
    let body = r#"{"paths":{"attachRole":"/grants"},"attachRole":{"body":{"r":"{roleId}","u":"{userId}"}}}"#;
    for nothing in ["", " ", ".", ".."] {
        let none = user(nothing);
        let attach = AttachRole {
            role: &role,
            user: &none,
        };
        assert_eq!(
            attach.request(&speaking(body)).err(),
            Some(UpstreamError::NotFound)
        );
    }
}

#[test]
fn a_first_page_of_one_counts_as_before() {
    let config = speaking(r#"{"firstPage":1,"maxPageSize":5000}"#);
    let request = ListUsers { page: 1 }.request(&config).unwrap();
    assert_eq!(query_of(&request, "page").as_deref(), Some("1"));
    assert_eq!(query_of(&request, "pageSize").as_deref(), Some("500"));
}

/// A path of pieces that could lead elsewhere.
fn hostile_path() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/",
        "//",
        ".",
        "..",
        "%2e",
        "%2E",
        "%2f",
        "%5c",
        "\\",
        "?",
        "#",
        "@",
        ":",
        "a",
        "v3",
        "{userId}",
        "{roleId}",
        "{",
        "}",
        "\t",
        "\n",
        " ",
        "\u{fc}",
        "https:",
        "evil.example",
        ";",
        "&",
        "=",
        "~",
        "%00",
        "\u{ff0f}",
        "\u{2024}",
    ]);
    let pieces = prop::collection::vec(piece, 0..8);
    (prop::bool::weighted(0.9), pieces).prop_map(|(is_rooted, pieces)| {
        let start = if is_rooted { "/" } else { "" };
        format!("{start}{}", pieces.concat())
    })
}

/// Mostly such as the default's.
fn path_with(places: &'static str) -> impl Strategy<Value = String> {
    (hostile_path(), any::<bool>()).prop_map(move |(path, is_given)| {
        if is_given {
            format!("{path}{places}")
        } else {
            path
        }
    })
}

/// An id or an e-mail of pieces that could lead elsewhere.
fn hostile_id() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        ".", "..", "/", "\\", "%2e", "?", "#", "@", " ", "a", "{roleId}", "{userId}", "\n",
        "\u{fc}",
    ]);
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn assert_below(base: &str, request: &HttpRequest, may_ask: bool) {
    let base = Url::parse(base).unwrap();
    let url = Url::parse(&request.url).unwrap();
    assert_eq!(
        (
            url.scheme(),
            url.host(),
            url.port(),
            url.username(),
            url.password()
        ),
        (base.scheme(), base.host(), base.port(), "", None),
        "{url}"
    );
    let prefix = format!("{}/", base.path().trim_end_matches('/'));
    assert!(url.path().starts_with(&prefix), "{url}");
    assert!(
        url.fragment().is_none() && (may_ask || url.query().is_none()),
        "{url}"
    );
    // Nothing in it had to be resolved or escaped by the parser.
    assert_eq!(url.as_str(), request.url);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_accepted_dialect_leads_away_from_the_base_url(
        users in hostile_path(), token in hostile_path(), deleted in path_with("/{userId}"),
        attached in path_with("/{roleId}"), name in "\\PC{1,8}",
        ids in (hostile_id(), hostile_id()), base in prop::sample::select(vec!["https://up.example/v3", "https://up.example", "http://127.0.0.1:9/a/b"]),
    ) {
        let dialect = |paths: Value| json!({
            "paths": paths, "query": { "customer": name },
            "attachRole": { "body": { "user": "{userId}", "role": "{roleId}" } },
        });
        // One path after the other: together they would hardly ever be accepted.
        for (member, path) in [("users", &users), ("token", &token), ("user", &deleted), ("attachRole", &attached)] {
            let Ok(dialect) = Dialect::parse(&dialect(json!({ member: path })).to_string()) else {
                continue;
            };
            let config = ThreedeyeConfig { base_url: base.to_owned(), dialect: Rc::new(dialect), ..config() };
            let (user, role) = (user(&ids.0), role(&ids.1));
            assert_below(base, &ListUsers { page: 1 }.request(&config).unwrap(), true);
            let login = config.login.clone().unwrap();
            assert_below(base, &FetchToken(&login).request(&config).unwrap(), false);
            let (email, password) = (email(), Secret::new("pass"));
            let create = CreateUser { email: &email, password: &password };
            assert_below(base, &create.request(&config).unwrap(), false);
            if let Ok(request) = DeleteUser(&user).request(&config) {
                assert_below(base, &request, false);
            }
            if let Ok(request) = (AttachRole { role: &role, user: &user }).request(&config) {
                assert_below(base, &request, false);
            }
        }
    }
}
