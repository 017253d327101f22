//! Entries as lines of a file: RFC 4180, or one JSON object a line.

use crate::audit::AuditEntry;

const HEADER: &str =
    "id,at,actorKind,actorId,actorName,action,subject,outcome,reason,requestId,address";

/// A table for spreadsheets, its names in the first line.
pub fn csv(entries: &[AuditEntry]) -> String {
    let mut text = HEADER.to_owned();
    text.push_str("\r\n");
    for entry in entries {
        let id = entry.id.to_string();
        let at = entry.at.to_iso();
        let fields = [
            Some(id.as_str()),
            Some(&at),
            Some(entry.actor.kind),
            entry.actor.id.as_deref(),
            entry.actor.name.as_deref(),
            Some(&entry.action),
            Some(&entry.subject),
            Some(&entry.outcome),
            entry.reason.as_deref(),
            Some(&entry.request_id),
            entry.address.as_deref(),
        ];
        let cells = fields.map(|field| cell(field.unwrap_or_default()));
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// One JSON object a line.
pub fn ndjson(entries: &[AuditEntry]) -> String {
    // Our own types always serialise.
    let lines = entries
        .iter()
        .filter_map(|entry| serde_json::to_string(entry).ok());
    lines.map(|line| line + "\n").collect()
}

/// A cell that spreadsheets take as text: what they would run as a formula gets an apostrophe (OWASP, "CSV
/// injection").
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::AuditRow;
    use crate::kernel::Timestamp;

    fn entry(outcome: &str, reason: Option<&str>) -> AuditEntry {
        let row = AuditRow {
            id: 7,
            at: Timestamp::from_millis(0),
            actor: "cron".to_owned(),
            action: "threedeye.provision".to_owned(),
            subject: "u1".to_owned(),
            outcome: outcome.to_owned(),
            reason: reason.map(str::to_owned),
            request_id: "req_1".to_owned(),
            address: None,
        };
        AuditEntry::of(row, std::convert::identity)
    }

    #[test]
    fn a_line_has_every_field_and_says_nothing_of_what_is_missing() {
        assert_eq!(
            csv(&[entry("created", None)]),
            format!(
                "{HEADER}\r\n7,1970-01-01T00:00:00.000Z,cron,,,threedeye.provision,u1,created,,req_1,\r\n"
            )
        );
        assert_eq!(csv(&[]), format!("{HEADER}\r\n"));
    }

    #[test]
    fn cells_that_spreadsheets_would_run_are_text() {
        for (text, expected) in [
            ("moved out", "moved out"),
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("a=1", "a=1"),
            (
                "=HYPERLINK(\"x\",\"y\")",
                "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"",
            ),
            ("a,b", "\"a,b\""),
            ("a\nb", "\"a\nb\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    /// The records of a file, by the rules of RFC 4180.
    fn parsed(text: &str) -> Vec<Vec<String>> {
        let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if field.is_empty() => {
                    while let Some(c) = chars.next() {
                        match c {
                            '"' if chars.peek() == Some(&'"') => field.extend(chars.next()),
                            '"' => break,
                            c => field.push(c),
                        }
                    }
                }
                ',' => record.push(std::mem::take(&mut field)),
                '\r' if chars.peek() == Some(&'\n') => {
                    chars.next();
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                c => field.push(c),
            }
        }
        assert!(record.is_empty() && field.is_empty(), "the last line ends");
        records
    }

    proptest! {
        #[test]
        fn whatever_was_written_is_read_back(
            outcome in "[ -~\r\n\t\"äß,=+@-]{0,20}", reason in proptest::option::of("[a\"\r\n,'=-]{1,9}"),
        ) {
            let written = entry(&outcome, reason.as_deref());
            let records = parsed(&csv(&[written.clone(), written.clone()]));
            prop_assert_eq!(records.len(), 3);
            for record in &records {
                prop_assert_eq!(record.len(), 11);
            }
            let unquoted = |text: &str| {
                let formula = text.strip_prefix('\'');
                formula.filter(|rest| cell(rest).contains("'")).unwrap_or(text).to_owned()
            };
            let given = reason.unwrap_or_default();
            prop_assert!(records[2][7] == outcome || unquoted(&records[2][7]) == outcome);
            prop_assert!(records[2][8] == given || unquoted(&records[2][8]) == given);
            prop_assert!(!records[2][7].starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        }

        #[test]
        fn a_line_of_json_is_one_entry(outcome: String) {
            let text = ndjson(&[entry(&outcome, None), entry("x", None)]);
            let lines: Vec<&str> = text.lines().collect();
            prop_assert_eq!(lines.len(), 2);
            let read: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
            prop_assert_eq!(&read["outcome"], &outcome);
        }
    }
}
