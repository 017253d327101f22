use proptest::prelude::*;

use super::*;

#[test]
fn e_mails_and_phone_numbers_are_masked_wherever_they_stand() {
    for (text, masked) in [
        (
            "for jane@example.com,\tas bob@example.com asked",
            "for j***@example.com,\tas b***@example.com asked",
        ),
        ("a@x.example,b@y.example", "a***@x.example,b***@y.example"),
        ("+491701234512 (work)", "+49…12 (work)"),
        ("called 0170 / 123 45 12.", "called 01…12."),
        ("(0170) 123-45-12 or +49 170 1234513", "(01…12 or +49…13"),
        ("Tel.:+49(170)1234512,mobile", "Tel.:+49…12,mobile"),
        ("Tel0170-1234512-private", "Tel01…12-private"),
        ("0170\u{a0}123\u{2013}4512", "01…12"),
        ("+491701234512+491701234513", "+49…12+49…13"),
        ("call 491701234512!", "call 49…12!"),
        ("0049 170 1234512", "00…12"),
        ("٠١٧٠١٢٣٤٥١٢", "…"),
        // More digits than a phone number has may hide one.
        ("4711 4712 4713 0170 1234512", "47…12"),
        ("see key_1 0170 1234512", "see key_10…12"),
        (
            "see 00000000-0000-4000-8000-000000000001 0170 1234512",
            "see 00000000-0000-4000-8000-000000000001 01…12",
        ),
        ("ticket 20264711 0170 1234512", "ticket 20264711 01…12"),
        ("INC0012345, 0170 1234512", "INC0012345, 01…12"),
    ] {
        assert_eq!(mask_text(text), masked, "{text}");
    }
}

#[test]
fn what_stands_before_a_phone_number_or_in_it_hides_none() {
    for (text, masked) in [
        ("jane@example.com/+491701234512", "j***@example.com/+49…12"),
        ("jane@example.com/0170 1234512", "j***@example.com/01…12"),
        ("mobil|+491701234512", "mobil|+49…12"),
        ("mobil|01701234512", "mobil|01…12"),
        ("mobil|0170 1234512", "mobil|01…12"),
        ("#+491701234512", "#+49…12"),
        ("#0170 1234512", "#01…12"),
        ("0170_123_45_12", "01…12"),
        ("0170:123:45:12", "01…12"),
        ("0170*123*45*12", "01…12"),
        ("2026-11-21T+491701234512", "2026-11-21T+49…12"),
        ("2026-11-21T01701234512", "2026-11-21T01…12"),
        ("10:30+491701234512", "10:30+49…12"),
        ("0170 12:34:51", "01…51"),
        ("0170 20123456", "01…56"),
    ] {
        assert_eq!(mask_text(text), masked, "{text}");
    }
}

#[test]
fn what_tells_nothing_about_a_person_stays() {
    for text in [
        "",
        "moved out",
        "ticket 4711, 3 of 4000 users",
        "INC0012345, REQ0001234567 and CASE-2026-004711",
        "inc0012345: see SD#20264711 (2026-004711)",
        "#4711, ticket #20264711",
        "ticket 20264711 at 10:30:00, tickets 20264712 20264713",
        "since 2026-11-21 at 10:30 (2026-11-21T10:30:00.000Z)",
        "2026-11-21T10:30:00+01:00 to 2026-11-22T9:05Z",
        "from 1.9.2026 to 21.11.2026",
        "deleted account 00000000-0000-4000-8000-000000000001",
        "6f1c0000-1234-4123-8123-12345678901a",
        "key_01JZX0000000000000000000EX",
        "google-oauth2|103547991597142817347",
        "auth0|65f0a2",
        "auth0|650123456789012345678901",
        "geralt",
        "12345",
        "+",
    ] {
        assert_eq!(mask_text(text), text);
    }
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

proptest! {
    #[test]
    fn no_phone_number_is_left_whole(
        before in "[a-zA-Z(:]{0,5} ?|jane@example\\.com/|[a-z]{1,5}[|#_*:]|#|INC-?|2026-11-21[T ]|10:30(:00)? ",
        number in "(\\+49|0049|0)1[567][0-9]([ ./_:*-]?[0-9]){7,8}",
        after in "[ ).]?[a-z]{0,5}",
    ) {
        let masked = mask_text(&format!("{before}{number}{after}"));
        // Both ends.
        prop_assert!(digits(&masked) <= digits(&before) + 4, "{masked}");
    }

    #[test]
    fn the_number_of_a_ticket_stays(
        before in "([a-z]{2,9} )?",
        ticket in "(INC|REQ|CHG|RITM)[0-9]{7}|[A-Z]{2,6}-[0-9]{1,6}|[A-Z]{2,6}-20[0-9]{2}-[0-9]{4,6}\
                   |#[1-9][0-9]{0,7}|20[0-9]{6}|20[0-9]{2}-[0-9]{4,6}",
        after in "|[.,]|( at 10:30|,) [a-z]{2,9}| \\+491701234512",
    ) {
        let masked = mask_text(&format!("{before}{ticket}{after}"));
        let kept = format!("{before}{ticket}{}", after.replace("+491701234512", "+49…12"));
        prop_assert_eq!(masked, kept);
    }

    #[test]
    fn what_is_masked_stays_as_it_is(text in "[a-z0-9+ ./,#()_:*|T-]{0,40}|[^@]{0,30}|[0-9 :.+-]{0,12}j@x[0-9 /:.+-]{0,20}") {
        let once = mask_text(&text);
        prop_assert_eq!(mask_text(&once), once);
    }
}
