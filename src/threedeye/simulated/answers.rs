//! The API: routes, checks and answers. Any effect has taken place when an
//! answer is there.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::kernel::Clock;
use crate::kernel::http_client::{HttpRequest, HttpResponse};
use crate::threedeye::{RemoteAccount, RoleId};

use super::faults::Faults;
use super::{API_KEY, BASE_URL, CUSTOMER, LOGIN_PASSWORD, Operation, Simulated, response};

/// What a request asks for.
pub fn operation(request: &HttpRequest) -> Operation {
    match (&request.method, segments(request).as_slice()) {
        (&Method::POST, ["auth", "token"]) => Operation::Token,
        (&Method::GET, ["users"]) => Operation::List,
        (&Method::POST, ["users"]) => Operation::Create,
        (&Method::DELETE, ["users", _]) => Operation::Delete,
        (&Method::POST, ["roles", _, "users", _]) => Operation::Attach,
        _ => Operation::Unknown,
    }
}

fn segments(request: &HttpRequest) -> Vec<&str> {
    let url = request.url.as_str();
    let path = url.split('?').next().unwrap().strip_prefix(BASE_URL);
    path.map_or_else(Vec::new, |path| path.split('/').skip(1).collect())
}

fn query(request: &HttpRequest, name: &str) -> Option<String> {
    let query = request.url.split_once('?')?.1;
    form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let mut headers = request.headers().iter();
    headers
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.as_str())
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn problem(status: u16, message: &str) -> HttpResponse {
    response(status, json!({ "message": message }).to_string())
}

/// The rule for passwords: 20 characters, of every kind one.
fn is_acceptable(password: &str) -> bool {
    let kinds: [fn(u8) -> bool; 4] = [
        |byte| byte.is_ascii_lowercase(),
        |byte| byte.is_ascii_uppercase(),
        |byte| byte.is_ascii_digit(),
        |byte| b"-_.!".contains(&byte),
    ];
    let bytes = password.as_bytes();
    bytes.len() == 20
        && kinds
            .iter()
            .all(|kind| bytes.iter().any(|byte| kind(*byte)))
        && bytes
            .iter()
            .all(|byte| kinds.iter().any(|kind| kind(*byte)))
}

impl<C: Clock, F: Faults> Simulated<C, F> {
    /// Answers a request.
    pub(super) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let operation = operation(request);
        if !self.is_authenticated(request, operation) {
            return problem(401, "Unauthorized");
        }
        let body = request.body.as_deref().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match (operation, segments(request).as_slice()) {
            (Operation::Token, _) => self.issue_token(&body),
            (Operation::List, _) => self.list(request),
            (Operation::Create, _) => self.create(&body),
            (Operation::Delete, [_, id]) => self.delete(&decoded(id)),
            (Operation::Attach, [_, role, _, id]) => self.attach(&decoded(role), &decoded(id)),
            _ => problem(404, "No such resource"),
        }
    }

    fn is_authenticated(&self, request: &HttpRequest, operation: Operation) -> bool {
        if header(request, "x-api-key") != Some(API_KEY) {
            return false;
        }
        if operation == Operation::Token {
            return true;
        }
        let bearer =
            header(request, "authorization").and_then(|value| value.strip_prefix("Bearer "));
        let tokens = self.0.tokens.borrow();
        let known = bearer.and_then(|token| tokens.get(token));
        known.is_some_and(|(subject, until)| {
            *until > self.0.clock.now() && subject.eq_ignore_ascii_case(&self.0.login)
        })
    }

    fn issue_token(&self, body: &Value) -> HttpResponse {
        let text = |name: &str| body[name].as_str().filter(|text| !text.trim().is_empty());
        let (Some(user), Some(password)) = (text("username"), text("password")) else {
            return problem(400, "username and password are required");
        };
        let is_login = user.eq_ignore_ascii_case(&self.0.login) && password == LOGIN_PASSWORD;
        if !is_login && !self.directory().opens(user, password) {
            return problem(401, "Wrong user name or password");
        }
        let lifetime = self.0.style.get().token_lifetime;
        let mut tokens = self.0.tokens.borrow_mut();
        let number = self.calls(Operation::Token);
        let token = format!("token-{number}-{}", tokens.len());
        let until = self.0.clock.now().plus(lifetime);
        tokens.insert(token.clone(), (user.to_owned(), until));
        self.told(
            json!({ "accessToken": token, "expiresIn": lifetime.as_secs() }),
            200,
        )
    }

    fn list(&self, request: &HttpRequest) -> HttpResponse {
        let number = |name: &str| -> Option<usize> {
            query(request, name)?
                .parse()
                .ok()
                .filter(|number| *number > 0)
        };
        let (Some(page), Some(size)) = (number("page"), number("pageSize")) else {
            return problem(400, "page and pageSize must be positive integers");
        };
        let Some(customer) = query(request, "customerId") else {
            return problem(400, "customerId is required");
        };
        let directory = self.directory();
        let users = directory.visible(self.0.clock.now());
        let users: Vec<&RemoteAccount> = users.filter(|_| customer == CUSTOMER).collect();
        let shown = users.iter().skip((page - 1) * size).take(size);
        let data: Vec<Value> = shown.map(|user| self.shown(user)).collect();
        let mut answer = json!({ "data": data });
        if self.0.style.get().told_total {
            answer["total"] = users.len().into();
        }
        self.told(answer, 200)
    }

    fn create(&self, body: &Value) -> HttpResponse {
        let text = |name: &str| body[name].as_str().filter(|text| !text.trim().is_empty());
        let required = (text("email"), text("password"), text("customerId"));
        let (Some(email), Some(password), Some(customer)) = required else {
            return problem(400, "email, password and customerId are required");
        };
        if text("firstName").is_none() || text("lastName").is_none() || customer != CUSTOMER {
            return problem(400, "names are required, and a customer of ours");
        }
        if !is_acceptable(password) {
            return problem(400, "The password does not meet the requirements");
        }
        let now = self.0.clock.now();
        let created = self.directory_mut().create(email, password, now);
        let style = self.0.style.get();
        let Some(user) = created else {
            let status = if style.taken_in_words { 400 } else { 409 };
            return problem(status, "A user with this e-mail already exists");
        };
        let shown = self.shown(&user);
        if style.enveloped {
            return self.told(json!({ "data": shown }), 201);
        }
        self.told(shown, 201)
    }

    fn delete(&self, id: &str) -> HttpResponse {
        let now = self.0.clock.now();
        if self.directory_mut().delete(id, now) {
            response(204, "")
        } else {
            problem(404, "User not found")
        }
    }

    fn attach(&self, role: &str, id: &str) -> HttpResponse {
        let attached = self.directory_mut().attach(role, id);
        match attached {
            Some(false) => response(204, ""),
            Some(true) => problem(409, "The user holds this role"),
            None => problem(404, "Role or user not found"),
        }
    }

    /// A user as the API shows it; never the password.
    fn shown(&self, user: &RemoteAccount) -> Value {
        let mut shown = json!({ "id": user.id.0, "email": user.email, "customerId": CUSTOMER });
        let ids = user.roles.iter().map(|RoleId(id)| id.as_str());
        if self.0.style.get().bare_roles {
            shown["roleIds"] = ids.collect();
        } else {
            let role = |id| json!({ "id": id, "name": format!("Role {id}") });
            shown["roles"] = ids.map(role).collect();
        }
        shown
    }

    fn told(&self, body: Value, status: u16) -> HttpResponse {
        let body = if self.0.style.get().pascal_case {
            in_pascal_case(body)
        } else {
            body
        };
        response(status, body.to_string())
    }
}

fn in_pascal_case(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(in_pascal_case).collect(),
        Value::Object(fields) => {
            let renamed = fields.into_iter().map(|(name, value)| {
                let (first, rest) = name.split_at(1);
                (first.to_uppercase() + rest, in_pascal_case(value))
            });
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other,
    }
}
