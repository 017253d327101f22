//! Phone numbers, masked.

/// Fewer digits than this are no number that could be told apart by its ends.
const MIN_DIGITS: usize = 7;

/// `+49 170 1234512` becomes `+49…12`. What is no phone number shows nothing.
pub fn mask_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let (Some(first), Some(last)) = (digits.first_chunk::<2>(), digits.last_chunk::<2>()) else {
        return "…".to_owned();
    };
    if digits.len() < MIN_DIGITS || phone.chars().any(char::is_alphabetic) {
        return "…".to_owned();
    }
    let plus = if phone.trim_start().starts_with('+') {
        "+"
    } else {
        ""
    };
    let [first, last] = [first, last].map(|ends| ends.iter().collect::<String>());
    format!("{plus}{first}…{last}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_ends_are_kept() {
        for (phone, masked) in [
            ("+491701234512", "+49…12"),
            (" +49 (170) 123-45 12", "+49…12"),
            ("0170 1234512", "01…12"),
            ("123456", "…"),
            ("", "…"),
            ("jane@example.com 1234567", "…"),
        ] {
            assert_eq!(mask_phone(phone), masked, "{phone}");
        }
    }

    proptest! {
        #[test]
        fn at_most_four_digits_are_shown(phone in "\\+?[0-9 ()-]{0,30}|.{0,30}") {
            let digits = mask_phone(&phone).chars().filter(char::is_ascii_digit).count();
            prop_assert!(digits <= 4);
        }
    }
}
