//! The request that a receiver gets: a body that is the same at every attempt, and a signature over it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use serde::Serialize;
use sha2::Sha256;

use crate::account::notice::recipient;
use crate::account::outbox::receiver::WebhookConfig;
use crate::kernel::http_client::HttpRequest;
use crate::kernel::secret::hex;
use crate::kernel::{Secret, Timestamp};

use crate::account::outbox::ClaimedNotice;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    user_id: &'a str,
    to: Option<&'a str>,
    created_at: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

/// The request that delivers a notice, signed at `now`; `None`: it cannot be signed.
///
/// `token` is the notice's own, opened. Attempts differ in the signature alone.
pub fn request(
    notice: &ClaimedNotice,
    token: Option<&Secret>,
    webhook: &WebhookConfig,
    now: Timestamp,
) -> Option<HttpRequest> {
    // Cleaned where it leaves, also where another service wrote it.
    let to = notice.to.as_deref().and_then(recipient);
    let body = Body {
        id: &notice.id,
        kind: &notice.kind,
        user_id: notice.user.as_str(),
        to: to.as_deref(),
        created_at: notice.created_at,
        data: Data {
            token: token.map(Secret::expose),
        },
    };
    let body = serde_json::to_vec(&body).ok()?;
    let signature = signature(&webhook.secret, now, &body)?;
    let mut request = HttpRequest::new(Method::POST, webhook.url.clone());
    request.add_header("x-signature", signature);
    request.set_json(body);
    Some(request)
}

/// `t=<unix seconds>,v1=<HMAC-SHA256 of "t.body", lower-case hex>`: the time is signed
/// too, so that a receiver can refuse replayed requests.
fn signature(secret: &Secret, at: Timestamp, body: &[u8]) -> Option<String> {
    let seconds = at.as_secs();
    // HMAC takes keys of every length.
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    let mac = mac
        .chain_update(format!("{seconds}."))
        .chain_update(body)
        .finalize();
    Some(format!("t={seconds},v1={}", hex(&mac.into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::UserId;
    use crate::kernel::http_client::USER_AGENT;
    use crate::testing::transport::header_of;

    const AT: Timestamp = Timestamp::from_millis(1_800_000_000_999);

    fn webhook() -> WebhookConfig {
        WebhookConfig {
            url: "https://notify.example/in?a=1".to_owned(),
            secret: Secret::new("an-example-of-a-secret"),
        }
    }

    fn notice() -> ClaimedNotice {
        ClaimedNotice {
            id: "ntc_01JZX0000000000000000000EX".to_owned(),
            kind: "email_change_verification".to_owned(),
            user: UserId::new("00000000-0000-4000-8000-000000000001"),
            to: Some("jane@example.com".to_owned()),
            token: None,
            created_at: Timestamp::from_millis(1_799_999_000_007),
            due_again: AT,
        }
    }

    /// Told by OpenSSL: `printf '1800000000.{"a":"ü"}' | openssl dgst -sha256 -hmac <secret>`.
    #[test]
    fn a_signature_is_the_hmac_of_time_and_body() {
        let signed = signature(&webhook().secret, AT, "{\"a\":\"ü\"}".as_bytes()).unwrap();
        assert_eq!(
            signed,
            "t=1800000000,v1=7aad739ce549829b1704333a69a12612a897ceea73b9c0f4de2f8b6952ac3597"
        );
    }

    #[test]
    fn a_body_holds_what_is_known_and_no_more() {
        let token = Secret::new("the-token");
        let sent = request(&notice(), Some(&token), &webhook(), AT).unwrap();
        assert_eq!(
            String::from_utf8(sent.body.unwrap()).unwrap(),
            concat!(
                r#"{"id":"ntc_01JZX0000000000000000000EX","type":"email_change_verification","#,
                r#""userId":"00000000-0000-4000-8000-000000000001","to":"jane@example.com","#,
                r#""createdAt":"2027-01-15T07:43:20.007Z","data":{"token":"the-token"}}"#
            )
        );
        let unreachable = ClaimedNotice {
            to: None,
            ..notice()
        };
        let sent = request(&unreachable, None, &webhook(), AT).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&sent.body.unwrap()).unwrap();
        assert_eq!(body["to"], serde_json::Value::Null);
        assert_eq!(body["data"], serde_json::json!({}));
    }

    #[test]
    fn a_recipient_leaves_clean_whoever_wrote_it_down() {
        for (stored, sent) in [
            (
                "\tLYNN.Conway@example.com\n",
                Some("LYNN.Conway@example.com"),
            ),
            (
                "ada@example.com\r\nBcc:\u{a0}x\u{200b}",
                Some("ada@example.comBcc:x"),
            ),
            (" \u{2028}", None),
        ] {
            let notice = ClaimedNotice {
                to: Some(stored.to_owned()),
                ..notice()
            };
            let request = request(&notice, None, &webhook(), AT).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
            assert_eq!(body["to"].as_str(), sent);
        }
    }

    #[test]
    fn attempts_are_signed_json_and_differ_in_their_signature_alone() {
        let at = |millis| {
            let at = Timestamp::from_millis(millis);
            let sent = request(&notice(), None, &webhook(), at).unwrap();
            assert_eq!(sent.method, Method::POST);
            assert_eq!(sent.url, "https://notify.example/in?a=1");
            assert_eq!(header_of(&sent, "content-type"), Some("application/json"));
            assert_eq!(header_of(&sent, "user-agent"), Some(USER_AGENT));
            let expected = signature(&webhook().secret, at, sent.body.as_ref().unwrap());
            assert_eq!(header_of(&sent, "x-signature"), expected.as_deref());
            sent
        };
        let (first, second) = (at(1_000), at(2_000));
        assert_eq!(first.body, second.body);
        assert_ne!(
            header_of(&first, "x-signature"),
            header_of(&second, "x-signature")
        );
    }
}
