//! A page of the upstream's user list.
//!
//! Input: the body.
#![no_main]

use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use spkey_edge::kernel::http_client::HttpResponse;
use spkey_edge::kernel::{EmailKey, Timestamp};
use spkey_edge::threedeye::dialect::Dialect;
use spkey_edge::threedeye::wire::Call;
use spkey_edge::threedeye::wire::accounts::DeleteUser;
use spkey_edge::threedeye::wire::list::ListUsers;
use spkey_edge::threedeye::wire::roles::AttachRole;
use spkey_edge_fuzz::{object, threedeye};
use url::Url;

fuzz_target!(|body: &[u8]| {
    let response = HttpResponse {
        status: 200,
        headers: HeaderMap::new(),
        body: body.to_vec(),
    };
    let Ok(page) =
        (ListUsers { page: 1 }).answer(&response, &Dialect::default(), Timestamp::from_millis(0))
    else {
        return;
    };

    // No account is overlooked and none invented: an account that we fail to see
    // is one that we try to create.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let Some(read) = object(body) else {
        return;
    };
    let data = read.get("data").or(read.get("Data")).expect("no data");
    let sent = data.as_array().expect("data that is no list");
    assert_eq!(page.users.len(), sent.len());

    let config = threedeye();
    for (user, sent) in page.users.iter().zip(sent) {
        let sent = sent.as_object().expect("a user that is no object");
        let id = sent
            .get("id")
            .or(sent.get("Id"))
            .expect("a user without an id");
        assert_eq!(
            user.id.0,
            id.as_str().map_or_else(|| id.to_string(), str::to_owned)
        );
        assert!(sent.contains_key("email") || sent.contains_key("Email"));
        assert_eq!(user.email_key(), EmailKey::of(&user.email));

        // Every id can be put in a path again, and stays one segment there.
        let delete = DeleteUser(&user.id).request(&config).expect("a useless id");
        assert_eq!(segments(&delete.url), 3);
        for (index, role) in user.roles.iter().enumerate() {
            assert!(!user.roles[..index].contains(role), "a role twice");
            let attach = AttachRole {
                role,
                user: &user.id,
            }
            .request(&config);
            assert_eq!(segments(&attach.expect("a useless role").url), 5);
        }
    }
});

fn segments(url: &str) -> usize {
    let url = Url::parse(url).expect("no URL");
    assert!(url.query().is_none() && url.fragment().is_none());
    url.path_segments()
        .expect("no path")
        .filter(|part| !part.is_empty())
        .count()
}
