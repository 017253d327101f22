use crate::threedeye::wire::tests::*;

#[test]
fn a_create_sends_every_field_of_row_8() {
    let (email, password) = (email(), Secret::new("pa\"ss"));
    let call = CreateUser {
        email: &email,
        password: &password,
    };
    let request = call.request(&config()).unwrap();
    assert_eq!(
        (request.method.as_str(), path_of(&request)),
        ("POST", "/users")
    );
    assert_eq!(
        header_of(&request, "content-type"),
        Some("application/json")
    );
    assert_eq!(
        body_of(&request),
        serde_json::json!({
            "email": "jane@example.com", "password": "pa\"ss", "firstName": "jane",
            "lastName": "SmartphoneKey", "customerId": "cust&7 ü", "roleIds": [],
        })
    );
}

#[test]
fn a_create_tells_the_id_where_the_answer_does() {
    let id = |text: &str| Ok(Some(RemoteId(text.to_owned())));
    assert_eq!(create(201, r#"{"id":"u1","email":"x"}"#), id("u1"));
    assert_eq!(create(200, r#"{"data":{"Id":7}}"#), id("7"));
    assert_eq!(create(201, r#"{"Data":{"id":"u2"}}"#), id("u2"));
    for body in [
        "",
        " \n",
        "{}",
        r#"{"id":null}"#,
        r#"{"id":"."}"#,
        "[]",
        r#"["accepted"]"#,
        r#"{"data":["accepted"]}"#,
        "true",
    ] {
        assert_eq!(create(201, body), Ok(None), "{body}");
    }
}

#[test]
fn a_create_that_may_have_happened_is_of_unknown_outcome() {
    for status in [408, 500, 502, 503, 504, 599] {
        assert_eq!(create(status, "{}"), Err(UpstreamError::UnknownOutcome));
    }
    for body in ["<html>", r#"{"id":"u1","#] {
        assert_eq!(create(201, body), Err(UpstreamError::UnknownOutcome));
    }
    let (email, password) = (email(), Secret::new("pass"));
    let call = CreateUser {
        email: &email,
        password: &password,
    };
    for cause in [
        HttpError::TimedOut,
        HttpError::Connection,
        HttpError::TooLarge,
    ] {
        assert_eq!(call.lost(cause), UpstreamError::UnknownOutcome);
    }
}

#[test]
fn a_taken_e_mail_is_told_in_several_ways() {
    assert_eq!(create(409, ""), Err(UpstreamError::EmailTaken));
    for body in [
        r#"{"message":"User with this e-mail already registered"}"#,
        r#"{"Message":"E-mail EXISTS"}"#,
        r#"{"error":"DuplicateUserName"}"#,
        r#"{"title":"x","errors":{"Email":["is taken"]}}"#,
        "<h1>This address exists</h1>",
    ] {
        assert_eq!(create(400, body), Err(UpstreamError::EmailTaken), "{body}");
        assert_eq!(create(422, body), Err(UpstreamError::EmailTaken), "{body}");
        let refused = Err(UpstreamError::Rejected { status: 403 });
        assert_eq!(create(403, body), refused, "{body}");
    }
}

#[test]
fn other_refusals_of_a_create_are_not_about_the_e_mail() {
    for body in ["", r#"{"message":"customer does not exist"}"#, "\u{0}"] {
        let refused = Err(UpstreamError::Rejected { status: 400 });
        assert_eq!(create(400, body), refused, "{body}");
    }
    let (email, password) = (EmailKey::of("taken@x").unwrap(), Secret::new("pass"));
    let call = CreateUser {
        email: &email,
        password: &password,
    };
    let echo = r#"{"message":"Taken@X is no e-mail"}"#;
    let refused = Err(UpstreamError::Rejected { status: 422 });
    assert_eq!(read(&call, 422, echo), refused);
    assert_eq!(
        create(404, ""),
        Err(UpstreamError::Rejected { status: 404 })
    );
    assert_eq!(create(401, ""), Err(UpstreamError::Unauthorized));
}

#[test]
fn deletes_and_attachments() {
    assert_eq!(delete(204, ""), Ok(Deleted::Removed));
    assert_eq!(delete(200, "{}"), Ok(Deleted::Removed));
    assert_eq!(delete(404, "<html>"), Ok(Deleted::AlreadyGone));
    assert_eq!(delete(200, " <html>"), Err(UpstreamError::Protocol));
    for status in [200, 201, 204, 409] {
        assert_eq!(attach(status, ""), Ok(()));
    }
    assert_eq!(attach(404, ""), Err(UpstreamError::NotFound));
    assert_eq!(attach(200, "<html>"), Err(UpstreamError::Protocol));
}
