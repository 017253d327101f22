//! Reads `THREEDEYE_DIALECT`. What is wrong is told by the path of the member and what is allowed there,
//! never by its value.

use std::fmt;

use http::Method;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::path::{ROLE_ID, USER_ID};
use super::{BodyTemplate, Dialect, Name, PathTemplate};
use crate::kernel::text::is_invisible;

const MAX_NAME_CHARS: usize = 64;
const MAX_WORD_CHARS: usize = 40;
const MAX_ENTRIES: usize = 20;
const MAX_PAGE_SIZE: u32 = 5000;

const PATH: &str = "a path below the base URL that begins with one /, of unescaped ASCII characters, without \
    .. and query";
const NAME: &str = "a name of 1 to 64 printable characters";

/// Whatever the call, these tell of us or of 3dEye as a whole, not of the one account or role: of our key or
/// login (401), of what we may do or of a firewall (403), that we should try again (408, 429).
const NEVER_OF_ONE: &[u16] = &[401, 403, 408, 429];

/// And 404 to an attachment: account or role may not be known yet (row 10), so it is tried again later.
const NEVER_ATTACHED: &[u16] = &[401, 403, 404, 408, 429];

impl Dialect {
    /// Reads the setting; a member that is left out is as in the default.
    ///
    /// # Errors
    ///
    /// What is wrong, member by member.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let Members(given) = serde_json::from_str(text).map_err(|error| match error.is_data() {
            true => vec!["not a JSON object".to_owned()],
            false => vec![format!(
                "not JSON at line {}, column {}",
                error.line(),
                error.column()
            )],
        })?;
        let mut problems = Vec::new();
        let mut dialect = Self::default();
        let mut all = Section::new(String::new(), given, &mut problems);
        dialect.read(&mut all);
        all.end();
        if problems.is_empty() {
            dialect.check(&mut problems);
        }
        match problems.is_empty() {
            true => Ok(dialect),
            false => Err(problems),
        }
    }

    fn read(&mut self, all: &mut Section<'_>) {
        all.section("paths", |paths| {
            let own = &mut self.paths;
            paths.path("token", &[], &mut own.token);
            paths.path("users", &[], &mut own.users);
            paths.path("user", &[USER_ID], &mut own.user);
            paths.path("attachRole", &[ROLE_ID, USER_ID], &mut own.attach_role);
        });
        all.section("query", |query| {
            query.name("customer", &mut self.query.customer);
            query.name("page", &mut self.query.page);
            query.name("pageSize", &mut self.query.page_size);
        });
        all.member("firstPage", "0 or 1", &mut self.first_page, |page: u32| {
            (page <= 1).then_some(page)
        });
        let sizes = "an integer from 1 to 5000";
        all.member(
            "maxPageSize",
            sizes,
            &mut self.max_page_size,
            |size: u32| (1..=MAX_PAGE_SIZE).contains(&size).then_some(size),
        );
        all.section("answers", |answers| {
            let own = &mut self.answers;
            answers.name("items", &mut own.items);
            answers.name("total", &mut own.total);
            answers.name("id", &mut own.id);
            answers.name("email", &mut own.email);
            answers.name("roles", &mut own.roles);
            answers.name("roleIds", &mut own.role_ids);
            answers.name("roleId", &mut own.role_id);
            answers.name("accessToken", &mut own.access_token);
            answers.name("expiresIn", &mut own.expires_in);
        });
        all.section("create", |create| {
            let own = &mut self.create;
            create.name("email", &mut own.email);
            create.name("password", &mut own.password);
            create.name("firstName", &mut own.first_name);
            create.name("lastName", &mut own.last_name);
            create.name("customer", &mut own.customer);
            create.name("roleIds", &mut own.role_ids);
        });
        all.section("login", |login| {
            login.name("username", &mut self.login.username);
            login.name("password", &mut self.login.password);
        });
        all.section("taken", |taken| {
            let own = &mut self.taken;
            taken.statuses("statuses", NEVER_OF_ONE, &mut own.statuses);
            taken.statuses(
                "statusesWithWord",
                NEVER_OF_ONE,
                &mut own.statuses_with_word,
            );
            taken.member(
                "words",
                "a list of at most 20 words of 1 to 40 printable characters",
                &mut own.words,
                words,
            );
        });
        all.section("attachRole", |attach| {
            let own = &mut self.attach_role;
            attach.member("method", "POST, PUT or PATCH", &mut own.method, method);
            let bodies = "null, or an object whose texts hold no braces but {roleId} and {userId}";
            attach.member("body", bodies, &mut own.body, body);
            attach.statuses(
                "attachedStatuses",
                NEVER_ATTACHED,
                &mut own.attached_statuses,
            );
        });
        all.section("delete", |delete| {
            delete.statuses("goneStatuses", NEVER_OF_ONE, &mut self.gone_statuses);
        });
    }

    /// What no member can be wrong about by itself.
    fn check(&self, problems: &mut Vec<String>) {
        if !self.paths.user.holds(USER_ID) {
            problems.push(format!("paths.user must hold {USER_ID}"));
        }
        let attach = &self.attach_role;
        for place in [ROLE_ID, USER_ID] {
            let body = attach.body.as_ref();
            if !self.paths.attach_role.holds(place) && !body.is_some_and(|body| body.holds(place)) {
                problems.push(format!(
                    "paths.attachRole must hold {place}, or attachRole.body must"
                ));
            }
        }
        let (query, create, login, answers) =
            (&self.query, &self.create, &self.login, &self.answers);
        differ(
            &[
                ("query.customer", &query.customer),
                ("query.page", &query.page),
                ("query.pageSize", &query.page_size),
            ],
            Name::eq,
            problems,
        );
        differ(
            &[
                ("create.email", &create.email),
                ("create.password", &create.password),
                ("create.firstName", &create.first_name),
                ("create.lastName", &create.last_name),
                ("create.customer", &create.customer),
                ("create.roleIds", &create.role_ids),
            ],
            Name::eq,
            problems,
        );
        differ(
            &[
                ("login.username", &login.username),
                ("login.password", &login.password),
            ],
            Name::eq,
            problems,
        );
        for members_of_one_object in [
            &[
                ("answers.items", &answers.items),
                ("answers.total", &answers.total),
            ][..],
            &[
                ("answers.id", &answers.id),
                ("answers.email", &answers.email),
                ("answers.roles", &answers.roles),
                ("answers.roleIds", &answers.role_ids),
            ],
            &[
                ("answers.accessToken", &answers.access_token),
                ("answers.expiresIn", &answers.expires_in),
            ],
        ] {
            differ(members_of_one_object, Name::meets, problems);
        }
    }
}

impl Name {
    /// Whether a member of an answer could have both names.
    fn meets(&self, other: &Self) -> bool {
        self.in_pascal_case == other.in_pascal_case
    }
}

/// Names that stand in one object must differ.
fn differ(
    names: &[(&str, &Name)],
    are_same: impl Fn(&Name, &Name) -> bool,
    problems: &mut Vec<String>,
) {
    for (number, (path, name)) in names.iter().enumerate() {
        for (earlier, other) in names.iter().take(number) {
            if are_same(name, other) {
                problems.push(format!("{path} must differ from {earlier}"));
            }
        }
    }
}

fn words(words: Vec<String>) -> Option<Vec<String>> {
    let is_word = |word: &String| is_printable(word, MAX_WORD_CHARS) && !word.trim().is_empty();
    let are_words = words.len() <= MAX_ENTRIES && words.iter().all(is_word);
    are_words.then(|| words.iter().map(|word| word.to_lowercase()).collect())
}

fn method(method: String) -> Option<Method> {
    let methods = [Method::POST, Method::PUT, Method::PATCH];
    methods.into_iter().find(|known| *known == method.as_str())
}

fn body(body: Option<Map<String, Value>>) -> Option<Option<BodyTemplate>> {
    match body {
        Some(body) => BodyTemplate::new(body).map(Some),
        None => Some(None),
    }
}

fn is_printable(text: &str, max_chars: usize) -> bool {
    let is_hidden = |c: char| c.is_control() || is_invisible(c);
    (1..=max_chars).contains(&text.chars().count()) && !text.contains(is_hidden)
}

/// The members of an object as they are given, one that is given twice too.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Given;
        impl<'de> Visitor<'de> for Given {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Given)
    }
}

/// An object of the setting while it is read. What is left in the end is not known.
struct Section<'p> {
    /// Its own path with a dot, or nothing.
    path: String,
    left: Vec<(String, Box<RawValue>)>,
    known: Vec<&'static str>,
    problems: &'p mut Vec<String>,
}

impl<'p> Section<'p> {
    const fn new(
        path: String,
        given: Vec<(String, Box<RawValue>)>,
        problems: &'p mut Vec<String>,
    ) -> Self {
        Self {
            path,
            left: given,
            known: Vec::new(),
            problems,
        }
    }

    fn problem(&mut self, name: &str, what: &str) {
        self.problems.push(format!("{}{name} {what}", self.path));
    }

    /// The member of this name; one that is given twice is a problem, and none.
    fn take(&mut self, name: &'static str) -> Option<Box<RawValue>> {
        self.known.push(name);
        let given = std::mem::take(&mut self.left);
        let (mut own, left): (Vec<_>, Vec<_>) = given.into_iter().partition(|(key, _)| key == name);
        self.left = left;
        if own.len() > 1 {
            self.problem(name, "is given more than once");
            return None;
        }
        own.pop().map(|(_, value)| value)
    }

    /// Reads a member `into` its place, if it is there and `accept`ed.
    fn member<T: DeserializeOwned, U>(
        &mut self,
        name: &'static str,
        allowed: &str,
        into: &mut U,
        accept: impl FnOnce(T) -> Option<U>,
    ) {
        let Some(value) = self.take(name) else {
            return;
        };
        match serde_json::from_str(value.get()).ok().and_then(accept) {
            Some(value) => *into = value,
            None => self.problem(name, &format!("must be {allowed}")),
        }
    }

    fn section(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>)) {
        let Some(value) = self.take(name) else {
            return;
        };
        let Ok(Members(given)) = serde_json::from_str(value.get()) else {
            return self.problem(name, "must be an object");
        };
        let path = format!("{}{name}.", self.path);
        let mut section = Section::new(path, given, self.problems);
        read(&mut section);
        section.end();
    }

    /// A path in which each of these places may be once.
    fn path(&mut self, name: &'static str, places: &[&str], into: &mut PathTemplate) {
        let allowed = match places {
            [] => format!("{PATH}, without braces"),
            places => format!("{PATH}, without braces but {}", places.join(" and ")),
        };
        self.member(name, &allowed, into, |path| PathTemplate::new(path, places));
    }

    fn name(&mut self, name: &'static str, into: &mut Name) {
        self.member(name, NAME, into, |name: String| {
            is_printable(&name, MAX_NAME_CHARS).then(|| Name::new(&name))
        });
    }

    /// Statuses of refusals. A 5xx is none: it leaves open what has happened.
    fn statuses(&mut self, name: &'static str, never: &[u16], into: &mut Vec<u16>) {
        let others: Vec<String> = never.iter().map(u16::to_string).collect();
        let others = others.join(", ");
        let allowed =
            format!("a list of at most {MAX_ENTRIES} statuses from 400 to 499 but {others}");
        self.member(name, &allowed, into, |statuses: Vec<u16>| {
            let is_allowed = |status: &u16| (400..=499).contains(status) && !never.contains(status);
            let are_allowed = statuses.len() <= MAX_ENTRIES && statuses.iter().all(is_allowed);
            are_allowed.then_some(statuses)
        });
    }

    fn end(self) {
        let known = self.known.join(", ");
        for (name, _) in self.left {
            let shown: String = name
                .chars()
                .filter(|c| !c.is_control() && !is_invisible(*c))
                .take(MAX_NAME_CHARS)
                .collect();
            self.problems.push(format!(
                "{}{shown} is not known; there are {known}",
                self.path
            ));
        }
    }
}
