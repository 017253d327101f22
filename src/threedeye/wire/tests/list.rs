use crate::threedeye::wire::tests::*;

#[test]
fn the_list_is_asked_for_by_customer_and_page_with_everything_escaped() {
    let request = ListUsers { page: 3 }.request(&config()).unwrap();
    assert_eq!(
        (request.method.as_str(), path_of(&request)),
        ("GET", "/users")
    );
    let query = |name| query_of(&request, name);
    assert_eq!(query("customerId").as_deref(), Some("cust&7 ü"));
    assert_eq!(query("page").as_deref(), Some("3"));
    assert_eq!(query("pageSize").as_deref(), Some("3"));
    assert!(request.url.is_ascii());
}

#[test]
fn a_page_in_the_known_form() {
    let page = page(
        r#"{"data":[{"id":"a-1","email":"Jane@Example.com","extra":[{}],
        "roles":[{"id":"r1","name":"Door"}]}],"total":41}"#,
    )
    .unwrap();
    assert_eq!(page.total, Some(41));
    let user = &page.users[0];
    assert_eq!(
        (user.id.0.as_str(), user.email.as_str()),
        ("a-1", "Jane@Example.com")
    );
    assert_eq!(user.email_key(), Some(email()));
    assert_eq!(user.roles, [RoleId("r1".to_owned())]);
}

#[test]
fn a_page_as_a_dotnet_backend_may_write_it() {
    let page = page(
        "\u{feff}{\"Data\":[{\"Id\":12345678901234567890,\"Email\":null,\
         \"Roles\":[7,\"r\",{\"Name\":\"x\",\"Id\":\"q\"}],\"RoleIds\":[\"r\",8]}],\"Total\":null}",
    )
    .unwrap();
    assert_eq!(page.total, None);
    let user = &page.users[0];
    assert_eq!(
        (user.id.0.as_str(), user.email_key()),
        ("12345678901234567890", None)
    );
    let roles: Vec<_> = user.roles.iter().map(|role| role.0.as_str()).collect();
    assert_eq!(roles, ["7", "r", "q", "8"]);
}

#[test]
fn roles_may_be_absent_or_null() {
    for body in [
        r#"{"data":[{"id":1,"email":"a@b"}]}"#,
        r#"{"data":[{"id":1,"email":"a@b","roles":null,"roleIds":null}]}"#,
    ] {
        assert!(page(body).unwrap().users[0].roles.is_empty());
    }
    assert!(page(r#"{"data":[]}"#).unwrap().users.is_empty());
}

#[test]
fn a_page_that_might_hide_an_account_or_a_role_is_unreadable() {
    for body in [
        "",
        "<html>Sign in</html>",
        "[]",
        "[[],0]",
        "{}",
        r#"{"data":null}"#,
        r#"{"data":{}}"#,
        r#"{"data":[["u1","a@b",[],[]]]}"#,
        r#"{"data":[{"email":"a@b"}]}"#,
        r#"{"data":[{"id":null,"email":"a@b"}]}"#,
        r#"{"data":[{"id":"","email":"a@b"}]}"#,
        r#"{"data":[{"id":"..","email":"a@b"}]}"#,
        r#"{"data":[{"id":1.5,"email":"a@b"}]}"#,
        r#"{"data":[{"id":1e30,"email":"a@b"}]}"#,
        r#"{"data":[{"id":1}]}"#,
        r#"{"data":[{"id":1,"email":7}]}"#,
        r#"{"data":[{"id":1,"email":"a@b","roles":"r"}]}"#,
        r#"{"data":[{"id":1,"email":"a@b","roles":[{"name":"Door"}]}]}"#,
        r#"{"data":[{"id":1,"email":"a@b","roles":[null]}]}"#,
        r#"{"data":[{"id":1,"email":"a@b","roles":[""]}]}"#,
        r#"{"data":[],"total":-1}"#,
        r#"{"data":[],"total":"41"}"#,
        r#"{"data":[{"id":1,"email":"a@b"}"#,
    ] {
        assert_eq!(page(body).unwrap_err(), UpstreamError::Protocol, "{body}");
    }
}

/// A page in this dialect.
fn page_in(dialect: &str, body: &str) -> Result<UserPage, UpstreamError> {
    let response = Reply::new(200, body).response();
    ListUsers { page: 1 }.answer(&response, &Dialect::parse(dialect).unwrap(), NOW)
}

#[test]
fn roles_that_are_named_otherwise_must_be_there() {
    let with = r#"{"id":1,"email":"a@b","roles":["r1"]}"#;
    for (dialect, user) in [
        (r#"{"answers":{"roles":"role"}}"#, with),
        (
            r#"{"answers":{"roles":"role"}}"#,
            r#"{"id":1,"email":"a@b"}"#,
        ),
        (
            r#"{"answers":{"roleIds":"roleKeys"}}"#,
            r#"{"id":1,"email":"a@b","roleIds":["r1"]}"#,
        ),
        (
            r#"{"answers":{"roles":"groups","roleIds":"groupIds"}}"#,
            r#"{"id":1,"email":"a@b","roles":["r1"],"roleIds":["r1"]}"#,
        ),
    ] {
        let other = r#"{"id":2,"email":"c@d","role":[],"roleKeys":[],"groups":[]}"#;
        // One user who lacks them is enough, whatever the others have.
        for body in [
            format!(r#"{{"data":[{user}]}}"#),
            format!(r#"{{"data":[{other},{user}]}}"#),
        ] {
            let read = page_in(dialect, &body);
            assert_eq!(
                read.unwrap_err(),
                UpstreamError::Protocol,
                "{dialect} {body}"
            );
        }
        let body = format!(r#"{{"data":[{other}]}}"#);
        let page = page_in(dialect, &body).unwrap();
        assert!(page.users[0].roles.is_empty(), "{dialect}");
    }
    // One of the two is enough, and null tells that there are none.
    for (user, roles) in [
        (with, vec![RoleId("r1".to_owned())]),
        (r#"{"id":1,"email":"a@b","Groups":null}"#, vec![]),
    ] {
        let body = format!(r#"{{"data":[{user}]}}"#);
        let page = page_in(r#"{"answers":{"roleIds":"groups"}}"#, &body).unwrap();
        assert_eq!(page.users[0].roles, roles);
    }
}

#[test]
fn roles_may_be_absent_where_their_names_are_the_assumed_ones() {
    for dialect in [
        "{}",
        r#"{"answers":{"roles":"roles","roleIds":"roleIds"}}"#,
        r#"{"answers":{"roleId":"key"},"create":{"roleIds":"groups"}}"#,
    ] {
        let body = r#"{"data":[{"id":1,"email":"a@b"}]}"#;
        let page = page_in(dialect, body).unwrap();
        assert!(page.users[0].roles.is_empty(), "{dialect}");
    }
}
