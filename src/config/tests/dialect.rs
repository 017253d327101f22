//! The tenant's dialect as a setting.

use crate::config::tests::{parse, problems_of};
use crate::threedeye::dialect::Dialect;

#[test]
fn a_malformed_dialect_is_named_and_no_other_stands_in_for_it() {
    let text = r#"{"taken":{"status":[409]},"firstPage":7,"paths":{"users":"//s3cret.example"}}"#;
    for api_key in [Some("key"), None] {
        let settings = [
            ("THREEDEYE_DIALECT", Some(text)),
            ("THREEDEYE_API_KEY", api_key),
        ];
        let config = parse(&settings);
        assert!(config.threedeye.is_none());
        assert_eq!(config.problems.len(), 3, "{:?}", config.problems);
        for path in [
            "paths.users must be",
            "firstPage must be",
            "taken.status is not known",
        ] {
            let told = format!("THREEDEYE_DIALECT: {path}");
            assert!(
                config
                    .problems
                    .iter()
                    .any(|problem| problem.starts_with(&told)),
                "{told}"
            );
        }
        assert!(!config.problems.concat().contains("s3cret"));
    }
    for text in ["{", "[]", "null", "[object Object]"] {
        assert_eq!(problems_of("THREEDEYE_DIALECT", text).len(), 1);
    }
}

#[test]
fn a_dialect_is_read_where_there_is_one() {
    let dialect = |text| {
        parse(&[("THREEDEYE_DIALECT", text)])
            .threedeye
            .unwrap()
            .dialect
    };
    for text in [None, Some(" "), Some("{}")] {
        assert_eq!(*dialect(text), Dialect::default());
    }
    assert_eq!(dialect(Some(r#" {"firstPage": 0} "#)).first_page, 0);
    let shown = parse(&[("THREEDEYE_DIALECT", Some("{}"))]).settings;
    let shown = shown
        .iter()
        .find(|setting| setting.name == "THREEDEYE_DIALECT");
    assert_eq!(shown.unwrap().value.as_deref(), Some("{}"));
}

#[test]
fn the_smaller_page_size_is_asked_for() {
    for (ours, theirs, asked) in [("500", 100, 100), ("50", 100, 50), ("5000", 5000, 5000)] {
        let dialect = format!(r#"{{"maxPageSize":{theirs}}}"#);
        let config = parse(&[
            ("THREEDEYE_PAGE_SIZE", Some(ours)),
            ("THREEDEYE_DIALECT", Some(&dialect)),
        ]);
        assert_eq!(config.threedeye.unwrap().users_per_page(), asked);
    }
}
