//! Transcripts: what tenants answered, read again.
//!
//! Every file in tests/transcripts/ is one session with one tenant, as JSON:
//!
//! ```json
//! {
//!   "version": 1,
//!   "takenAt": "2026-11-29T10:00:00.000Z",
//!   "baseUrl": "https://tenant.example/v3",
//!   "customer": "customer-1",
//!   "dialect": null,
//!   "exchanges": [
//!     {
//!       "call": "proof",
//!       "note": "wrong password",
//!       "request": { "method": "POST", "path": "/auth/token", "body": { "username": "a@example.com" } },
//!       "response": { "status": 401, "headers": { "content-type": "text/plain" }, "body": "no" },
//!       "reading": "not_proved"
//!     }
//!   ]
//! }
//! ```
//!
//! Hosts, customers, people and secrets are replaced. `call` is one of token, list, create, delete, attachRole and
//! proof. `response` or its `body` is null where no whole answer came. `reading` is what `wire` must make of
//! it: `token`, `token:expires=600`, `page:<users>`, `page:<users>:total=<n>`, `account`, `deleted`, `gone`,
//! `attached`, `email_taken`, `proved`, `not_proved`, or `error:<name>` with a name of docs/3DEYE.md.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::threedeye::wire::tests::*;

#[derive(Deserialize)]
struct Transcript {
    version: u32,
    dialect: Option<Value>,
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    call: String,
    note: String,
    request: Request,
    response: Option<Response>,
    reading: String,
}

#[derive(Deserialize)]
struct Request {
    body: Option<Value>,
}

#[derive(Deserialize)]
struct Response {
    status: Option<u16>,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<String>,
}

/// What is wrong with a transcript; nothing where all its answers are read as it says.
fn differences(text: &str) -> Vec<String> {
    let transcript: Transcript = match serde_json::from_str(text) {
        Ok(transcript) => transcript,
        Err(error) => return vec![format!("no transcript: {error}")],
    };
    if transcript.version != 1 {
        return vec![format!("unknown version {}", transcript.version)];
    }
    let dialect = match transcript
        .dialect
        .map(|dialect| Dialect::parse(&dialect.to_string()))
    {
        None => Dialect::default(),
        Some(Ok(dialect)) => dialect,
        Some(Err(problems)) => return problems,
    };
    if transcript.exchanges.is_empty() {
        return vec!["no exchanges".to_owned()];
    }
    let exchanges = transcript.exchanges.iter().enumerate();
    let wrong = exchanges.filter_map(|(number, exchange)| {
        let wrong = match exchange.replay(&dialect) {
            Ok(reading) if is_same(&exchange.reading, &reading) => return None,
            Ok(reading) => format!("reading {}, and it is read as {reading}", exchange.reading),
            Err(wrong) => wrong,
        };
        Some(format!(
            "exchange {} ({}, {}): {wrong}",
            number + 1,
            exchange.call,
            exchange.note
        ))
    });
    wrong.collect()
}

/// Whether what was read is what the transcript says. One that does not tell how long a token lives stands
/// for the lifetime that is assumed.
fn is_same(told: &str, read: &str) -> bool {
    told == read || (told == "token" && read == "token:expires=600")
}

impl Exchange {
    fn replay(&self, dialect: &Dialect) -> Result<String, String> {
        let (password, id, role) = (
            Secret::new("pass"),
            RemoteId("u".to_owned()),
            RoleId("r".to_owned()),
        );
        match self.call.as_str() {
            "token" => {
                let login = config().login.unwrap();
                self.reading_of(&FetchToken(&login), dialect, |issued| {
                    format!("token:expires={}", issued.lifetime.as_secs_f64())
                })
            }
            "list" => self.reading_of(&ListUsers { page: 1 }, dialect, |page| {
                let users = page.users.len();
                match page.total {
                    Some(total) => format!("page:{users}:total={total}"),
                    None => format!("page:{users}"),
                }
            }),
            "create" => {
                let email = self.email(dialect).ok_or("no e-mail in the request")?;
                let create = CreateUser {
                    email: &email,
                    password: &password,
                };
                self.reading_of(&create, dialect, |_| "account".to_owned())
            }
            "delete" => self.reading_of(&DeleteUser(&id), dialect, |deleted| {
                match deleted {
                    Deleted::Removed => "deleted",
                    Deleted::AlreadyGone => "gone",
                }
                .to_owned()
            }),
            "attachRole" => {
                let attach = AttachRole {
                    role: &role,
                    user: &id,
                };
                self.reading_of(&attach, dialect, |()| "attached".to_owned())
            }
            "proof" => {
                let email = email();
                let prove = ProvePassword {
                    email: &email,
                    password: &password,
                };
                self.reading_of(&prove, dialect, |is_proved| {
                    if is_proved { "proved" } else { "not_proved" }.to_owned()
                })
            }
            other => Err(format!("unknown call {other}")),
        }
    }

    /// The e-mail of a create, which its answer may repeat.
    fn email(&self, dialect: &Dialect) -> Option<EmailKey> {
        let body = self.request.body.as_ref()?;
        EmailKey::of(body[dialect.create.email.as_str()].as_str()?)
    }

    fn reading_of<K: Call>(
        &self,
        call: &K,
        dialect: &Dialect,
        told: impl Fn(K::Answer) -> String,
    ) -> Result<String, String> {
        let whole = self.response.as_ref().and_then(|response| {
            let body = response.body.as_ref()?;
            Some((response.status?, &response.headers, body))
        });
        let reading = |read: Result<K::Answer, UpstreamError>| match read {
            Ok(answer) => told(answer),
            Err(UpstreamError::EmailTaken) => "email_taken".to_owned(),
            Err(error) => format!("error:{}", error.code()),
        };
        let Some((status, headers, body)) = whole else {
            // Which of them it was is not in the transcript.
            let causes = [
                HttpError::Connection,
                HttpError::TimedOut,
                HttpError::TooLarge,
            ];
            let mut readings = causes.map(|cause| reading(Err(call.lost(cause)))).to_vec();
            let as_told = readings.iter().position(|one| *one == self.reading);
            return Ok(readings.swap_remove(as_told.unwrap_or_default()));
        };
        let response = HttpResponse {
            status,
            headers: HeaderMap::try_from(headers).map_err(|error| error.to_string())?,
            body: body.clone().into_bytes(),
        };
        Ok(reading(call.answer(&response, dialect, NOW)))
    }
}

#[test]
fn every_transcript_is_read_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut wrong = Vec::new();
    let mut read = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy();
        let differences = differences(&fs::read_to_string(&path).unwrap());
        wrong.extend(differences.iter().map(|what| format!("{name}: {what}")));
        read += 1;
    }
    assert!(read > 0, "no transcripts");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A transcript of one exchange.
fn transcript(call: &str, response: &Value, reading: &str) -> String {
    let request = json!({ "method": "POST", "path": "/x", "body": { "email": "a@example.com", "username": "a@example.com" } });
    let exchange = json!({ "call": call, "note": "a note", "request": request, "response": response, "reading": reading });
    json!({ "version": 1, "dialect": null, "exchanges": [exchange] }).to_string()
}

#[test]
fn a_replay_tells_what_differs_and_where() {
    let ok = json!({ "status": 200, "headers": {}, "body": r#"{"data":[],"total":3}"# });
    assert_eq!(
        differences(&transcript("list", &ok, "page:0:total=3")),
        Vec::<String>::new()
    );
    for (call, reading, told) in [
        (
            "list",
            "page:0",
            "exchange 1 (list, a note): reading page:0, and it is read as page:0:total=3",
        ),
        (
            "list",
            "pages",
            "exchange 1 (list, a note): reading pages, and it is read as page:0:total=3",
        ),
        (
            "lists",
            "page:0",
            "exchange 1 (lists, a note): unknown call lists",
        ),
        (
            "token",
            "token",
            "exchange 1 (token, a note): reading token, and it is read as error:unreadable_answer",
        ),
    ] {
        assert_eq!(differences(&transcript(call, &ok, reading)), [told]);
    }
    assert_eq!(
        differences(r#"{"version":2,"exchanges":[]}"#),
        ["unknown version 2"]
    );
    assert_eq!(
        differences(r#"{"version":1,"exchanges":[]}"#),
        ["no exchanges"]
    );
    let unknown = r#"{"version":1,"dialect":{"page":1},"exchanges":[]}"#;
    assert!(differences(unknown).concat().contains("page is not known"));
    assert!(differences("{}").concat().contains("no transcript"));
}

#[test]
fn a_replay_reads_every_kind_of_answer() {
    let answer = |status: u16, body: &str| json!({ "status": status, "headers": { "retry-after": "3" }, "body": body });
    let lost = json!({ "status": null, "headers": {}, "body": null });
    for (call, response, reading) in [
        ("token", answer(200, r#"{"accessToken":"t"}"#), "token"),
        (
            "token",
            answer(200, r#"{"accessToken":"t","expiresIn":90}"#),
            "token:expires=90",
        ),
        ("token", answer(403, ""), "error:unauthorized"),
        ("list", answer(200, r#"{"data":[]}"#), "page:0"),
        ("list", answer(429, ""), "error:rate_limited"),
        ("list", answer(404, ""), "error:rejected"),
        ("list", lost.clone(), "error:unavailable"),
        ("list", lost.clone(), "error:unreadable_answer"),
        ("create", answer(201, r#"{"id":1}"#), "account"),
        ("create", answer(409, ""), "email_taken"),
        ("create", answer(400, "a@example.com exists"), "email_taken"),
        ("create", answer(500, ""), "error:answer_lost"),
        ("create", Value::Null, "error:answer_lost"),
        ("delete", answer(204, ""), "deleted"),
        ("delete", answer(404, ""), "gone"),
        ("delete", lost, "error:answer_lost"),
        ("attachRole", answer(409, ""), "attached"),
        ("attachRole", answer(404, ""), "error:not_found"),
        ("proof", answer(200, r#"{"accessToken":"t"}"#), "proved"),
        ("proof", answer(401, ""), "not_proved"),
        ("proof", answer(503, ""), "error:unavailable"),
    ] {
        assert_eq!(
            differences(&transcript(call, &response, reading)),
            Vec::<String>::new(),
            "{call} {response}"
        );
        assert_eq!(
            differences(&transcript(call, &response, "error:nothing")).len(),
            1
        );
    }
}
