//! What a receiver is told: the same at every attempt.

use serde::Serialize;

use crate::account::notice::recipient;
use crate::kernel::http_client::HttpRequest;
use crate::kernel::{Secret, Timestamp, Webhook};

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

/// The request that delivers a notice; see [`Webhook::request`]. `token` is the notice's own, opened.
pub fn request(
    notice: &ClaimedNotice,
    token: Option<&Secret>,
    webhook: &Webhook,
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
    webhook.request(&body, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::UserId;

    const AT: Timestamp = Timestamp::from_millis(1_800_000_000_999);

    fn webhook() -> Webhook {
        Webhook {
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
}
