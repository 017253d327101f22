//! The list of settings, and how much of each may be shown to those who run the service.

/// How much of a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Whole,
    /// A URL, whole unless it may hold a credential.
    Url,
    /// Only whether it is set.
    Nothing,
}

use Shown::{Nothing, Url, Whole};

/// Every setting there is; nothing else is read.
const ALL: [(&str, Shown); 38] = [
    ("ADMIN_API_KEY", Nothing),
    ("ADMIN_API_KEY_PREVIOUS", Nothing),
    ("ADMIN_EMAIL_DOMAINS", Whole),
    ("ALERT_HEARTBEAT_URL", Nothing),
    ("ALERT_QUARANTINED", Whole),
    ("ALERT_WEBHOOK_URL", Nothing),
    ("AUDIT_DAYS", Whole),
    ("BACKFILL_CRON_LIMIT", Whole),
    ("BACKFILL_MAX_REMOVALS", Whole),
    ("BACKFILL_MAX_TAKEOVERS", Whole),
    ("CONSOLE_CLIENT_ID", Whole),
    ("CONSOLE_CLIENT_SECRET", Nothing),
    ("CONSOLE_REQUIRE_MFA", Whole),
    ("CREDENTIALS_KEY", Nothing),
    ("CREDENTIALS_KEY_PREVIOUS", Nothing),
    ("JWT_AMR_CLAIM", Whole),
    ("JWT_AUDIENCE", Whole),
    ("JWT_AUTH_TIME", Whole),
    ("JWT_AUTH_TIME_CLAIM", Whole),
    ("JWT_EMAIL_CLAIM", Whole),
    ("JWT_EMAIL_VERIFIED", Whole),
    ("JWT_EMAIL_VERIFIED_CLAIM", Whole),
    ("JWT_ISSUER", Url),
    ("JWT_JWKS_URL", Url),
    ("JWT_STAFF_CLAIM", Whole),
    ("NOTIFY_WEBHOOK_SECRET", Nothing),
    // Webhooks often have their secret in the path.
    ("NOTIFY_WEBHOOK_URL", Nothing),
    ("OFFBOARD_AFTER_HOURS", Whole),
    ("THREEDEYE_API_KEY", Nothing),
    ("THREEDEYE_BASE_URL", Url),
    ("THREEDEYE_CUSTOMER_ID", Whole),
    ("THREEDEYE_DIALECT", Whole),
    ("THREEDEYE_PAGE_SIZE", Whole),
    ("THREEDEYE_PASSWORD", Nothing),
    ("THREEDEYE_PROTECTED_EMAILS", Whole),
    ("THREEDEYE_TIMEOUT_MS", Whole),
    ("THREEDEYE_USERNAME", Nothing),
    ("TWO_FACTOR_DISABLE", Whole),
];

/// A setting as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub is_set: bool,
    /// `None`: it is not set, or not to be shown.
    pub value: Option<String>,
}

pub(super) fn is_known(name: &str) -> bool {
    ALL.iter().any(|(known, _)| *known == name)
}

/// All of them, by what `lookup` finds.
pub(super) fn all(lookup: &impl Fn(&str) -> Option<String>) -> Vec<Setting> {
    ALL.iter()
        .map(|(name, shown)| {
            let value = lookup(name).map(|value| value.trim().to_owned());
            let value = value.filter(|value| !value.is_empty());
            Setting {
                name,
                is_set: value.is_some(),
                value: value.filter(|value| match shown {
                    Whole => true,
                    Url => !value.contains(['@', '?', '#']),
                    Nothing => false,
                }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str = include_str!("../../docs/CONFIGURATION.md");

    /// The names in the first column of the table below this heading.
    fn documented(heading: &str) -> Vec<&'static str> {
        let (_, rest) = GUIDE.split_once(heading).unwrap();
        let rows = rest.split("\n#").next().unwrap().lines();
        let first = rows.filter_map(|row| row.strip_prefix("| ")?.split(" | ").next());
        let names = first.flat_map(|cell| cell.split(", "));
        let mut names: Vec<&str> = names
            .filter_map(|name| name.strip_prefix('`')?.strip_suffix('`'))
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn the_guide_describes_every_setting() {
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        let mut described = documented("\n## Variables\n");
        described.extend(documented("\n## Secrets\n"));
        described.sort_unstable();
        assert_eq!(names, described);
    }

    #[test]
    fn what_the_guide_calls_a_secret_is_not_shown() {
        let shown = all(&|_| Some("https://x.example/".to_owned()));
        for secret in documented("\n## Secrets\n") {
            let setting = shown.iter().find(|one| one.name == secret).unwrap();
            assert_eq!((setting.is_set, &setting.value), (true, &None), "{secret}");
        }
    }
}
