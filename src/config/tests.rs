//! What the settings become.

mod dialect;

use crate::config::*;
use base64::Engine as _;

fn parse(changes: &[(&str, Option<&str>)]) -> Config {
    let key = base64::engine::general_purpose::STANDARD.encode([9; 32]);
    let mut all = vec![
        ("ADMIN_API_KEY", "admin-key-of-the-native-tests"),
        ("JWT_ISSUER", "https://id.example/"),
        ("JWT_AUDIENCE", "spkey"),
        ("JWT_JWKS_URL", "https://id.example/jwks"),
        ("THREEDEYE_API_KEY", "key"),
        ("THREEDEYE_CUSTOMER_ID", "7"),
        ("CREDENTIALS_KEY", key.as_str()),
    ];
    for (name, value) in changes {
        all.retain(|(known, _)| known != name);
        all.extend(value.map(|value| (*name, value)));
    }
    Config::parse(|name| {
        all.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = parse(&[]);
    assert_eq!(config.problems, Vec::<String>::new());
    assert_eq!(config.admin_email_domains, ["smartphonekey.com"]);
    assert_eq!(config.backfill_cron_limit, 50);
    assert_eq!(config.backfill_max_takeovers, 20);
    assert_eq!(config.backfill_max_removals, 20);
    assert_eq!(config.offboard_after, Duration::from_secs(72 * 60 * 60));
    let jwt = config.jwt.unwrap();
    let names = [
        jwt.claims.email,
        jwt.claims.email_verified,
        jwt.claims.auth_time,
        jwt.claims.amr,
        jwt.claims.staff,
    ];
    let expected = ["email", "email_verified", "auth_time", "amr", "is_staff"];
    assert_eq!(names, expected);
    assert!(!jwt.trusts_unmarked_email && !jwt.takes_iat_as_auth_time);
    let threedeye = config.threedeye.unwrap();
    assert_eq!(threedeye.base_url, "https://admin-api.3deye.me/v3");
    assert_eq!(threedeye.page_size, 500);
    assert_eq!(threedeye.timeout, Duration::from_secs(10));
}

/// The problems of one setting with this value.
fn problems_of(name: &str, value: &str) -> Vec<String> {
    let problems = parse(&[(name, Some(value))]).problems;
    assert!(
        problems.iter().all(|problem| problem.contains(name)),
        "{problems:?}"
    );
    problems
}

#[test]
fn a_setting_that_can_never_match_is_a_problem() {
    for (name, values) in [
        (
            "ADMIN_EMAIL_DOMAINS",
            &[
                "@smartphonekey.com",
                "",
                "  ",
                ",",
                " , ",
                "a.example; b.example",
                "*.x.example",
                "com",
                "-a.example",
                "a@b.example",
                "bücher.example",
                "https://a.example",
            ][..],
        ),
        (
            "THREEDEYE_PROTECTED_EMAILS",
            &[
                "ops",
                "@x.example",
                "ops@",
                "a@x.example; b@x.example",
                "a@x.example,b",
                "*@x.example",
                " , ",
                "Ops <ops@x.example>",
                "ops\u{200b}@x.example",
            ],
        ),
        (
            "ADMIN_API_KEY",
            &["twenty-three-characters", "schlüssel-schlüssel-schlüssel"],
        ),
        ("ADMIN_API_KEY_PREVIOUS", &["short"]),
        ("JWT_ISSUER", &["https://a.example/ https://b.example/"]),
        (
            "JWT_AUDIENCE",
            &["a, b", "a,b", "spkey\u{feff}", "{\"a\":1}"],
        ),
        ("JWT_EMAIL_CLAIM", &["email, mail", "{}"]),
        ("JWT_EMAIL_VERIFIED_CLAIM", &["exp"]),
        ("JWT_AUTH_TIME_CLAIM", &["iat", "nbf"]),
        ("JWT_AMR_CLAIM", &["amr acr"]),
        ("JWT_STAFF_CLAIM", &["is_staff is_admin"]),
        ("JWT_EMAIL_VERIFIED_CLAIM", &["email verified"]),
        ("JWT_AUTH_TIME_CLAIM", &["auth_time, iat"]),
        ("JWT_AMR_CLAIM", &["amr; acr"]),
        ("JWT_STAFF_CLAIM", &["is_staff admin"]),
        ("JWT_EMAIL_VERIFIED", &["true", "Required"]),
        ("JWT_AUTH_TIME", &["iat"]),
        ("THREEDEYE_API_KEY", &["schlüssel"]),
        (
            "THREEDEYE_BASE_URL",
            &["https://x.example/v3?a=b", "https://x.example/#v3"],
        ),
        ("OFFBOARD_AFTER_HOURS", &["-1", "three"]),
        ("BACKFILL_MAX_REMOVALS", &["many"]),
    ] {
        for value in values {
            assert_eq!(problems_of(name, value).len(), 1, "{name}={value}");
        }
    }
}

#[test]
fn settings_that_can_match_are_none() {
    for (name, value) in [
        (
            "ADMIN_EMAIL_DOMAINS",
            " SmartphoneKey.com ,, xn--bcher-kva.example, ",
        ),
        (
            "THREEDEYE_PROTECTED_EMAILS",
            "Ops@x.example, jörg@x.example,",
        ),
        ("ADMIN_EMAIL_DOMAINS", " a.example ,b.example,, "),
        ("THREEDEYE_PROTECTED_EMAILS", "ops@x.example,"),
        ("JWT_EMAIL_CLAIM", "https://spkey.co/email"),
        ("ADMIN_API_KEY", "exactly-twenty-four-char"),
        ("JWT_EMAIL_VERIFIED", "unless_false"),
        ("JWT_AUTH_TIME_CLAIM", "https://spkey.example/auth_time"),
        ("JWT_AUTH_TIME", "or_iat"),
        ("OFFBOARD_AFTER_HOURS", "0"),
    ] {
        assert_eq!(
            problems_of(name, value),
            Vec::<String>::new(),
            "{name}={value}"
        );
    }
}

#[test]
fn an_empty_list_of_domains_lets_no_one_in() {
    let domains = |list| parse(&[("ADMIN_EMAIL_DOMAINS", Some(list))]).admin_email_domains;
    for list in ["", " ", ",", "a@b.example"] {
        assert_eq!(domains(list), Vec::<String>::new(), "{list:?}");
    }
    let given = domains(" A.example ,b.example,, ");
    assert_eq!(given, ["a.example", "b.example"]);
}

#[test]
fn no_admin_key_counts_beside_a_malformed_current_one() {
    let previous = ("ADMIN_API_KEY_PREVIOUS", Some("exactly-twenty-four-char"));
    assert_eq!(parse(&[previous]).admin_keys.len(), 2);
    let config = parse(&[("ADMIN_API_KEY", Some("short")), previous]);
    assert!(config.admin_keys.is_empty());
}

#[test]
fn accounts_of_staff_and_our_own_are_protected() {
    let config = parse(&[
        ("THREEDEYE_USERNAME", Some("Svc@x.example")),
        ("THREEDEYE_PASSWORD", Some("secret")),
        (
            "THREEDEYE_PROTECTED_EMAILS",
            Some("lobby@y.example, Gate@y.example"),
        ),
    ]);
    let protected = config.threedeye.unwrap().protected;
    let is_protected = |email| protected.contain(&EmailKey::of(email).unwrap());
    for email in [
        "svc@x.example",
        "GATE@y.example",
        "anyone@smartphonekey.com",
    ] {
        assert!(is_protected(email), "{email}");
    }
    for email in [
        "jane@x.example",
        "jane@sub.smartphonekey.com",
        "smartphonekey.com",
    ] {
        assert!(!is_protected(email), "{email}");
    }
}

#[test]
fn without_knowing_whose_accounts_are_protected_none_is_touched() {
    for setting in [
        ("ADMIN_EMAIL_DOMAINS", Some("@smartphonekey.com")),
        ("THREEDEYE_PROTECTED_EMAILS", Some("*@x.example")),
    ] {
        let config = parse(&[setting]);
        assert!(config.threedeye.is_none(), "{setting:?}");
        assert_eq!(config.problems.len(), 1);
    }
}

#[test]
fn turning_a_second_factor_off_needs_a_proof_unless_configured_otherwise() {
    let policy = |value| parse(&[("TWO_FACTOR_DISABLE", value)]);
    assert_eq!(policy(None).factor_proof, FactorProof::SecondFactor);
    let strict = policy(Some("second_factor"));
    assert_eq!(strict.factor_proof, FactorProof::SecondFactor);
    let relaxed = policy(Some("recent"));
    assert_eq!(relaxed.factor_proof, FactorProof::Recent);
    assert_eq!(relaxed.problems, Vec::<String>::new());
    let mistyped = policy(Some("Recent"));
    assert_eq!(mistyped.factor_proof, FactorProof::SecondFactor);
    assert_eq!(mistyped.problems.len(), 1);
}

#[test]
fn the_console_needs_a_client_of_its_own() {
    const ID: (&str, Option<&str>) = ("CONSOLE_CLIENT_ID", Some("spkey-console"));
    const SECRET: (&str, Option<&str>) = ("CONSOLE_CLIENT_SECRET", Some("secret-of-the-tests"));
    assert!(parse(&[]).console.is_none());
    let console = parse(&[ID, SECRET]).console.unwrap();
    assert_eq!(console.client_id, "spkey-console");
    assert!(!console.requires_mfa);
    let strict = parse(&[ID, SECRET, ("CONSOLE_REQUIRE_MFA", Some("true"))]);
    assert!(strict.console.unwrap().requires_mfa);
    for halves in [
        &[ID][..],
        &[SECRET],
        &[("CONSOLE_CLIENT_ID", Some("spkey")), SECRET],
        &[("CONSOLE_CLIENT_ID", Some("a,b")), SECRET],
    ] {
        let config = parse(halves);
        assert!(config.console.is_none(), "{halves:?}");
        assert_eq!(config.problems.len(), 1, "{:?}", config.problems);
        assert!(config.problems[0].contains("CONSOLE_CLIENT_ID"));
    }
    let unclear = parse(&[ID, SECRET, ("CONSOLE_REQUIRE_MFA", Some("yes"))]);
    assert_eq!(unclear.problems.len(), 1);
    assert!(unclear.console.unwrap().requires_mfa);
}

#[test]
fn notices_need_a_secret_and_an_https_url() {
    let secret = ("NOTIFY_WEBHOOK_SECRET", Some("whsec"));
    let url = |url| ("NOTIFY_WEBHOOK_URL", Some(url));
    let config = parse(&[secret, url("https://notify.example/in")]);
    assert_eq!(config.webhook.unwrap().url, "https://notify.example/in");
    assert!(parse(&[]).webhook.is_none());
    assert_eq!(parse(&[secret]).problems, Vec::<String>::new());
    for bad in [
        vec![url("https://notify.example/in")],
        vec![secret, url("http://notify.example/in")],
        vec![secret, url("https://u:p@notify.example/in")],
    ] {
        let config = parse(&bad);
        assert!(config.webhook.is_none());
        assert_eq!(config.problems.len(), 1);
    }
}

#[test]
fn a_missing_threedeye_setting_is_a_normal_state() {
    for name in ["THREEDEYE_API_KEY", "THREEDEYE_CUSTOMER_ID"] {
        let config = parse(&[(name, None)]);
        assert!(config.threedeye.is_none());
        assert_eq!(config.problems, Vec::<String>::new());
    }
}

#[test]
fn missing_secrets_fail_closed_and_are_named() {
    let config = parse(&[
        ("ADMIN_API_KEY", None),
        ("ADMIN_API_KEY_PREVIOUS", Some("old")),
        ("JWT_ISSUER", Some("  ")),
        ("CREDENTIALS_KEY", Some("short")),
    ]);
    assert!(config.admin_keys.is_empty());
    assert!(config.jwt.is_none());
    assert!(config.sealer.is_none());
    assert_eq!(config.problems.len(), 3, "{:?}", config.problems);
}

#[test]
fn plain_http_is_for_loopback_only() {
    for good in [
        "http://localhost:1/v3",
        "http://127.0.0.1:9",
        "http://[::1]:9",
        "https://x.example/v3/",
    ] {
        assert!(
            parse(&[("THREEDEYE_BASE_URL", Some(good))])
                .threedeye
                .is_some()
        );
    }
    for bad in [
        "http://x.example",
        "http://127.0.0.1.example",
        "ftp://localhost",
        "localhost",
        "https://user:secret@x.example",
    ] {
        let config = parse(&[("THREEDEYE_BASE_URL", Some(bad))]);
        assert!(config.threedeye.is_none(), "{bad}");
        assert_eq!(config.problems.len(), 1, "{bad}");
        assert!(!config.problems[0].contains("secret"));
    }
}

#[test]
fn half_a_login_is_refused() {
    let config = parse(&[("THREEDEYE_USERNAME", Some("svc@example.com"))]);
    assert!(config.threedeye.is_none());
    assert_eq!(config.problems.len(), 1);
}

#[test]
fn numbers_out_of_range_are_named_and_defaulted() {
    let config = parse(&[
        ("BACKFILL_CRON_LIMIT", Some("0")),
        ("BACKFILL_MAX_TAKEOVERS", Some("many")),
    ]);
    assert_eq!(config.backfill_cron_limit, 50);
    assert_eq!(config.backfill_max_takeovers, 20);
    assert_eq!(config.problems.len(), 2);
}
