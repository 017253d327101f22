//! The endpoints through the router, on the shipped SQL and a simulated 3dEye.

mod backfill;
mod backfill_rules;
mod bulk;
mod bulk_inline;
mod bulk_lists;
mod bulk_plans;
mod bulk_previews;
mod bulk_runs;
mod crashes;
mod credentials;
mod credentials_reads;
mod credentials_rules;
mod diagnostics;
mod diagnostics_rules;
mod empty_lists;
mod long_list;
mod lost_answers;
mod offboarding;
mod offboarding_on_purpose;
mod outages;
mod pauses;
mod plans;
mod protected;
mod provisioning_now;
mod readings;
mod reset;
mod reset_rules;
mod scheduled;
mod spellings;
mod stops;
mod take_overs;

use std::cell::RefCell;
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::kernel::Clock as _;
use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::testing::service::{Remote, TestAnswer, TestRequest, TestService};
use crate::threedeye::simulated::directory::Account;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, response};

const ANN: &str = "0b9f3c1e-5d1f-4c8e-9d57-000000000001";
const BOB: &str = "0b9f3c1e-5d1f-4c8e-9d57-000000000002";
const CYD: &str = "0b9f3c1e-5d1f-4c8e-9d57-000000000003";
const UNKNOWN: &str = "0b9f3c1e-5d1f-4c8e-9d57-00000000000f";

const ANN_EMAIL: &str = "ann@example.com";
const BOB_EMAIL: &str = "bob@example.com";

/// A password that no user has.
const OTHER_PASSWORD: &str = "Zz9_Zz9_Zz9_Zz9_Zz9_";
const LOGIN: &str = "svc@example.com";

const OPERATIONS: [Operation; 6] = [
    Operation::Token,
    Operation::List,
    Operation::Create,
    Operation::Delete,
    Operation::Attach,
    Operation::Unknown,
];

/// What happens to a request before 3dEye has it; an answer is given in place of 3dEye's.
type Hook = Box<dyn FnMut(&HttpRequest) -> Option<HttpResponse>>;

/// The service, and the 3dEye that it talks to.
struct Setup {
    service: TestService,
    remote: Remote,
    hook: Rc<RefCell<Option<Hook>>>,
}

struct Hooked {
    remote: Remote,
    hook: Rc<RefCell<Option<Hook>>>,
}

impl HttpClient for Hooked {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        let answer = self
            .hook
            .borrow_mut()
            .as_mut()
            .and_then(|hook| hook(&request));
        match answer {
            Some(answer) => Box::pin(ready(Ok(answer))),
            None => self.remote.send(request, timeout, max_bytes),
        }
    }
}

/// No accounts, and the users Ann and Bob.
fn setup() -> Setup {
    let hook = Rc::default();
    let (service, remote) = TestService::with_3deye(LOGIN, |remote| Hooked {
        remote,
        hook: Rc::clone(&hook),
    });
    service.add_user(ANN, Some(ANN_EMAIL));
    service.add_user(BOB, Some(BOB_EMAIL));
    Setup {
        service,
        remote,
        hook,
    }
}

impl Setup {
    /// The same without a key for 3dEye.
    fn unconfigured(self) -> Self {
        let service = self.service.setting("THREEDEYE_API_KEY", "");
        service.restart();
        Self { service, ..self }
    }

    /// The same with pages of this many accounts.
    fn page_size(self, size: &str) -> Self {
        let service = self.service.setting("THREEDEYE_PAGE_SIZE", size);
        Self { service, ..self }
    }

    /// Puts an account into our customer.
    fn add_account(&self, id: &str, email: &str, roles: &[&str]) {
        let mut directory = self.remote.directory_mut();
        directory.add(id, email, OTHER_PASSWORD, roles, true);
    }

    /// Puts an account into another customer.
    fn add_foreign_account(&self, email: &str) {
        let mut directory = self.remote.directory_mut();
        directory.add("foreign", email, OTHER_PASSWORD, &[], false);
    }

    /// The only account with this e-mail.
    fn account(&self, email: &str) -> Account {
        let directory = self.remote.directory();
        let [account] = directory.with_email(email)[..] else {
            panic!("not one account")
        };
        account.clone()
    }

    /// The next `times` calls of this kind are answered with `status`, and have no effect.
    fn refuse(&self, operation: Operation, status: u16, times: usize) {
        let fault = Fault::Refused(response(status, ""));
        let faults = std::iter::repeat_n(fault, times);
        self.remote.faults().plan(operation, faults);
    }

    /// All calls of this kind fail so, until `mend`.
    fn break_down(&self, operation: Operation, fault: &Fault) {
        break_down(&self.remote, &[operation], fault);
    }

    /// Nothing goes wrong any more.
    fn mend(&self) {
        self.remote.faults().clear();
        *self.hook.borrow_mut() = None;
        self.service.spared_batches.set(None);
    }

    /// Does this to every request from now on.
    fn intercept(&self, hook: impl FnMut(&HttpRequest) -> Option<HttpResponse> + 'static) {
        *self.hook.borrow_mut() = Some(Box::new(hook));
    }

    /// All calls of this kind take this long from now on.
    fn slow_down(&self, operation: Operation, seconds: u64) {
        let latency = Duration::from_secs(seconds);
        self.remote.faults().slow_down(operation, latency);
    }

    /// Calls that have reached 3dEye.
    fn calls(&self) -> u32 {
        OPERATIONS
            .map(|operation| self.remote.calls(operation))
            .iter()
            .sum()
    }

    /// Has another provisioning of the user hold its lease for a minute.
    fn hold_lease(&self, user: &str) {
        let until = self.service.clock.now().as_millis() + 60_000;
        self.service.database.execute(
            "UPDATE threedeye_users SET lease_token = 'other', lease_until = ?2 WHERE user_id = ?1",
            (user, until),
        );
    }

    fn ask(&self, user: &str) -> TestRequest<'_> {
        let path = format!("/users/{user}/3deye-credentials");
        self.service.get(&path)
    }

    /// A new API key: its id and itself.
    fn api_key(&self, scope: &str, user: Option<&str>) -> (String, String) {
        let body = json!({ "scopes": [scope], "userId": user });
        let made = self.service.post("/admin/api-keys").admin().json(&body);
        let made = made.send().json();
        (text(&made["id"]), text(&made["key"]))
    }

    fn change_email(&self, user: &str, email: &str) {
        let sql = "UPDATE users SET email = ?2 WHERE uuid = ?1";
        self.service.database.execute(sql, (user, email));
    }

    fn credentials(&self, user: &str) -> TestAnswer {
        let path = format!("/users/{user}/3deye-credentials");
        self.service.get(&path).admin().send()
    }

    /// Provisions the user, and tells the id of its account.
    fn provision(&self, user: &str) -> String {
        let answer = self.credentials(user);
        assert_eq!(answer.status(), 200, "{}", answer.json());
        text(&answer.json()["threeDeyeUserId"])
    }

    fn diagnose(&self, user: &str) -> Value {
        let path = format!("/admin/threedeye/users/{user}");
        let answer = self.service.get(&path).admin().send();
        assert_eq!(answer.status(), 200, "{}", answer.json());
        answer.json()
    }

    fn reset(&self, user: &str, options: &Value) -> TestAnswer {
        let path = format!("/admin/threedeye/users/{user}/reset");
        self.service.post(&path).admin().json(options).send()
    }

    /// A scheduled run, which is answered with its row in the ledger.
    fn run_by_cron(&self) -> Value {
        self.service.pass(Duration::from_secs(900));
        let lines = self.service.run_schedule();
        assert_eq!(lines.last().unwrap()["event"], "backfill.run");
        self.last_run()
    }

    /// The ledger's newest run.
    fn last_run(&self) -> Value {
        let path = "/admin/threedeye/backfill/runs?limit=1";
        let answer = self.service.get(path).admin().send();
        assert_eq!(answer.status(), 200);
        answer.json()["runs"][0].clone()
    }

    fn backfill(&self, query: &str) -> TestAnswer {
        let path = format!("/admin/backfill-threedeye{query}");
        self.service.request(Method::POST, &path).admin().send()
    }

    /// A backfill that is answered with its figures.
    fn run(&self) -> Value {
        let answer = self.backfill("");
        assert_eq!(answer.status(), 200, "{}", answer.json());
        answer.json()
    }

    /// The user has exactly one account, with these roles, which the answered password opens.
    #[track_caller]
    fn assert_provisioned(&self, user: &str, email: &str, roles: &[&str]) {
        let answer = self.credentials(user).json();
        let account = self.account(email);
        let expected = json!({
            "userId": user,
            "email": email,
            "threeDeyeUserId": account.user.id.0,
            "password": account.password,
        });
        assert_eq!(answer, expected);
        let mut held: Vec<String> = account.user.roles.into_iter().map(|role| role.0).collect();
        held.sort();
        assert_eq!(held, roles);
    }
}

fn break_down(remote: &Remote, operations: &[Operation], fault: &Fault) {
    for operation in operations {
        let faults = std::iter::repeat_n(fault.clone(), 100);
        remote.faults().plan(*operation, faults);
    }
}

fn refused(status: u16, body: impl Into<Vec<u8>>) -> Fault {
    Fault::Refused(response(status, body))
}

fn login_page() -> HttpResponse {
    response(200, "<!doctype html><h1>Sign in</h1>")
}

fn limited(retry_after: Option<&str>) -> Fault {
    let mut answer = response(429, "");
    if let Some(value) = retry_after {
        let value = HeaderValue::from_str(value).unwrap();
        answer.headers.insert(header::RETRY_AFTER, value);
    }
    Fault::Refused(answer)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The answer is this error, in the published form.
#[track_caller]
fn assert_error(answer: &TestAnswer, status: StatusCode, message: &str) {
    let expected = json!({
        "success": false,
        "error": status.canonical_reason().unwrap(),
        "message": message,
        "code": status.as_u16(),
        "requestId": answer.header("x-request-id").unwrap(),
    });
    assert_eq!(
        (answer.status(), answer.json()),
        (status.as_u16(), expected)
    );
}
