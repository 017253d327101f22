//! Which dialects are accepted, and what is told of the others.

mod paths;
mod values;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::threedeye::dialect::*;

/// One in which everything differs from what we assume.
const OTHER: &str = include_str!("../../../../dev/conformance/dialect.json");

fn accepted(dialect: &Value) -> Dialect {
    Dialect::parse(&dialect.to_string()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The one problem of a dialect.
fn problem(dialect: &Value) -> String {
    let problems = Dialect::parse(&dialect.to_string()).expect_err(&dialect.to_string());
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.concat()
}

/// A dialect of this one member: `a.b` is member `b` of object `a`.
fn member(path: &str, value: &Value) -> Value {
    match path.split_once('.') {
        Some((object, name)) => json!({ object: { name: value } }),
        None => json!({ path: value }),
    }
}

fn assert_refused(path: &str, values: &[Value]) {
    for value in values {
        let problem = problem(&member(path, value));
        assert!(
            problem.starts_with(&format!("{path} must be ")),
            "{value}: {problem}"
        );
    }
}

fn assert_accepted(path: &str, values: &[Value]) {
    for value in values {
        accepted(&member(path, value));
    }
}

const GUIDE: &str = include_str!("../../../../docs/3DEYE.md");

/// The first block of JSON below a heading of the guide.
fn documented(heading: &str) -> Value {
    let (_, rest) = GUIDE.split_once(heading).unwrap();
    let (_, rest) = rest.split_once("```json\n").unwrap();
    serde_json::from_str(rest.split("```").next().unwrap()).unwrap()
}

/// The paths of all members.
fn paths(dialect: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in dialect.as_object().unwrap() {
        match value.as_object() {
            Some(members) => all.extend(members.keys().map(|member| format!("{name}.{member}"))),
            None => all.push(name.clone()),
        }
    }
    all
}

fn at<'v>(dialect: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(dialect, |value, name| &value[name])
}

#[test]
fn the_guide_shows_every_member_with_its_default() {
    let guide = documented("\n## The dialect\n");
    assert_eq!(accepted(&guide), Dialect::default());
    let mut unknown = guide.clone();
    for (_, value) in unknown.as_object_mut().unwrap() {
        if let Some(members) = value.as_object_mut() {
            members.insert("more".to_owned(), Value::Null);
        }
    }
    let told = Dialect::parse(&unknown.to_string()).unwrap_err();
    let members: Vec<String> = paths(&guide);
    for path in members.iter().filter(|path| path.contains('.')) {
        let (object, name) = path.split_once('.').unwrap();
        let is_named =
            |problem: &&String| problem.starts_with(&format!("{object}.more is not known"));
        let problem = told.iter().find(is_named).unwrap();
        assert!(problem.contains(name), "{path}: {problem}");
    }
    let known = told
        .iter()
        .map(|problem| problem.split("there are ").nth(1).unwrap());
    let known: usize = known.map(|names| names.split(", ").count()).sum();
    assert_eq!(
        known,
        members.iter().filter(|path| path.contains('.')).count()
    );
}

#[test]
fn the_guides_example_is_accepted() {
    let mut lines = GUIDE.lines();
    let example = lines.find_map(|line| line.strip_prefix("THREEDEYE_DIALECT={"));
    let dialect = Dialect::parse(&format!("{{{}", example.unwrap())).unwrap();
    assert_eq!((dialect.first_page, dialect.max_page_size), (0, 100));
}

#[test]
fn what_is_left_out_is_as_assumed() {
    for nothing in [
        json!({}),
        json!({ "paths": {}, "query": {}, "answers": {}, "create": {}, "login": {}, "taken": {}, "attachRole": {}, "delete": {} }),
    ] {
        assert_eq!(accepted(&nothing), Dialect::default());
    }
    let other: Value = serde_json::from_str(OTHER).unwrap();
    for path in paths(&other) {
        if path == "paths.attachRole" {
            // Half of an attachment is refused.
            continue;
        }
        assert_ne!(
            accepted(&member(&path, at(&other, &path))),
            Dialect::default(),
            "{path}"
        );
    }
}

#[test]
fn everything_can_differ() {
    let other: Value = serde_json::from_str(OTHER).unwrap();
    let assumed = documented("\n## The dialect\n");
    assert_eq!(paths(&other), paths(&assumed));
    for path in paths(&assumed) {
        assert_ne!(at(&other, &path), at(&assumed, &path), "{path}");
    }
    let dialect = accepted(&other);
    assert_eq!(dialect.paths.users.as_str(), "/tenants/members");
    assert_eq!(dialect.first_page, 0);
    assert_eq!(dialect.answers.items.as_str(), "results");
    assert_eq!(dialect.attach_role.method, Method::PUT);
    assert_eq!(dialect.gone_statuses, [410]);
}

#[test]
fn only_an_object_of_json_is_a_dialect() {
    for (text, expected) in [
        ("{", "not JSON at line 1, column 1"),
        ("{\"firstPage\":\n00}", "not JSON at line 2, column 2"),
        ("{} {}", "not JSON at line 1, column 4"),
        ("", "not JSON at line 1, column 0"),
        ("default", "not JSON at line 1, column 1"),
        ("[object Object]", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("\"s3cret\"", "not a JSON object"),
    ] {
        assert_eq!(Dialect::parse(text).unwrap_err(), [expected], "{text}");
    }
    for object in [
        "paths",
        "query",
        "answers",
        "create",
        "login",
        "taken",
        "attachRole",
        "delete",
    ] {
        for value in [json!(null), json!([]), json!("s3cret"), json!(1)] {
            let told = problem(&json!({ object: value }));
            assert_eq!(told, format!("{object} must be an object"));
        }
    }
}

#[test]
fn unknown_members_are_named() {
    assert_eq!(
        problem(&json!({ "taken": { "status": [409] } })),
        "taken.status is not known; there are statuses, statusesWithWord, words"
    );
    assert_eq!(
        problem(&json!({ "path": {} })),
        "path is not known; there are paths, query, firstPage, maxPageSize, answers, create, login, taken, \
         attachRole, delete"
    );
    let odd = format!("\u{7}{}", "x".repeat(100));
    let told = problem(&json!({ "delete": { odd: 1 } }));
    assert_eq!(
        told,
        format!(
            "delete.{} is not known; there are goneStatuses",
            "x".repeat(64)
        )
    );
}

/// The program that checks a tenant is shown the same examples (tests/tenant-settings.test.mjs).
#[test]
fn examples_are_judged_as_the_tools_judge_them() {
    let examples = include_str!("../../../../dev/conformance/dialect-examples.json");
    let examples: Value = serde_json::from_str(examples).unwrap();
    let list = |name: &str| examples[name].as_array().unwrap();
    for dialect in list("accepted") {
        accepted(dialect);
    }
    for example in list("refused") {
        let (at, dialect) = (example["at"].as_str().unwrap(), &example["dialect"]);
        let told = problem(dialect);
        assert_eq!(told.split(' ').next(), Some(at), "{dialect}: {told}");
    }
    assert!(!list("accepted").is_empty() && !list("refused").is_empty());
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let dialect =
        json!({ "firstPage": 2, "paths": { "token": "auth", "role": "" }, "delete": 404 });
    let problems = Dialect::parse(&dialect.to_string()).unwrap_err();
    let names: Vec<&str> = problems
        .iter()
        .map(|problem| problem.split(' ').next().unwrap())
        .collect();
    assert_eq!(names, ["paths.token", "paths.role", "firstPage", "delete"]);
}

#[test]
fn a_member_that_is_given_twice_is_refused() {
    for (text, path) in [
        (r#"{"firstPage":0,"firstPage":0}"#, "firstPage"),
        (
            r#"{"paths":{"users":"/a"},"paths":{"users":"/b"}}"#,
            "paths",
        ),
        (r#"{"taken":{"words":["a"],"words":["b"]}}"#, "taken.words"),
    ] {
        let problems = Dialect::parse(text).unwrap_err();
        assert_eq!(problems, [format!("{path} is given more than once")]);
    }
}

#[test]
fn no_problem_repeats_a_value() {
    let other: Value = serde_json::from_str(OTHER).unwrap();
    for path in paths(&other) {
        for value in [
            json!("s3cret\u{7}%"),
            json!({ "s3cret": "s3cret{" }),
            json!(["s3cret\u{7}"]),
        ] {
            let told = problem(&member(&path, &value));
            assert!(
                !told.contains("s3cret") && told.starts_with(&path),
                "{told}"
            );
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}", raw in any::<Vec<u8>>()) {
        let _ = Dialect::parse(&text);
        let _ = Dialect::parse(&String::from_utf8_lossy(&raw));
    }
}
