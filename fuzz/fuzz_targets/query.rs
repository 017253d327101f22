//! `limit` and `dryRun` of the backfill.
//!
//! Input: the query, without its question mark.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spkey_edge::provisioning::endpoints::backfill::{DEFAULT_LIMIT, MAX_LIMIT};
use spkey_edge::web::ApiError;
use spkey_edge::web::query::Query;

fuzz_target!(|query: &str| {
    let sent: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let given = |name: &str| {
        sent.iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value)
    };
    let Some(read) = accept(Query::parse(Some(query), &["limit", "dryRun"])) else {
        return;
    };
    assert!(sent.len() <= 2);
    assert!(
        sent.iter()
            .all(|(name, _)| name == "limit" || name == "dryRun")
    );

    if let Some(limit) = accept(read.count("limit", DEFAULT_LIMIT, MAX_LIMIT)) {
        assert!((1..=500).contains(&limit));
        let told = given("limit").map_or("50", AsRef::as_ref);
        assert_eq!(limit.to_string(), told, "not the limit that was asked for");
    }
    if let Some(dry_run) = accept(read.flag("dryRun")) {
        let told = given("dryRun").map_or("false", AsRef::as_ref);
        assert_eq!(dry_run.to_string(), told);
    }
});

/// What was accepted; a refusal is a short 400 that begins with a parameter's name.
fn accept<T>(result: Result<T, ApiError>) -> Option<T> {
    result
        .inspect_err(|error| {
            assert_eq!(error.status.as_u16(), 400);
            assert!(error.message.contains(": "), "{error:?}");
            assert!(error.message.chars().count() <= 100, "{error:?}");
        })
        .ok()
}
