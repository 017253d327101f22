//! Keys: 40 hex digits, the last of which tells what kind of key it is.

use std::fmt;
use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::kernel::{Random, Secret, sha256_hex};

const KEY_BYTES: usize = 20;
const KEY_DIGITS: usize = 2 * KEY_BYTES;

/// Of a key's last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// A user key or an account key.
    Even,
    /// An instance API key.
    Odd,
}

/// A key. Its text is shown once and never stored.
///
/// Keys are not compared but looked up by [`Key::hash`]. A plain hash suffices: 159 random bits
/// cannot be guessed, and a lookup by hash leaks nothing by the time it takes.
#[derive(Clone)]
pub struct Key(Secret);

impl Key {
    pub fn generate(parity: Parity, random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random.fill(bytes.as_mut_slice());
        let last_bit = match parity {
            Parity::Even => 0,
            Parity::Odd => 1,
        };
        let [.., last] = &mut *bytes;
        *last = (*last & !1) | last_bit;
        let mut text = Zeroizing::new(String::with_capacity(KEY_DIGITS));
        for byte in bytes.iter() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(Secret::new(text.as_str()))
    }

    /// Takes a key from a request: 40 hex digits in either case. `None` for any
    /// other text.
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = text.len() == KEY_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_key.then(|| Self(Secret::new(text.to_ascii_lowercase())))
    }

    pub fn parity(&self) -> Parity {
        match self.expose().bytes().last() {
            Some(b'1' | b'3' | b'5' | b'7' | b'9' | b'b' | b'd' | b'f') => Parity::Odd,
            _ => Parity::Even,
        }
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the database stores: SHA-256 of the lower-case text in lower-case hex.
    pub fn hash(&self) -> String {
        sha256_hex(self.expose().as_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn case_makes_no_other_key() {
        let key = Key::generate(Parity::Even, &Seeded::new(1));
        let upper = Key::parse(&key.expose().to_ascii_uppercase()).unwrap();
        assert_eq!(upper.hash(), key.hash());
        assert_eq!(key.hash(), sha256_hex(key.expose().as_bytes()));
        assert_eq!(format!("{key:?}"), "Key(…)");
    }

    #[test]
    fn refuses_every_other_form() {
        for bad in [
            String::new(),
            "a".repeat(39),
            "a".repeat(41),
            format!("{}g", "a".repeat(39)),
            format!(" {}", "a".repeat(39)),
            format!("{}\n", "a".repeat(40)),
            format!("{}é", "a".repeat(38)),
            "１".repeat(40),
            "٣".repeat(20),
        ] {
            assert!(Key::parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_last_digit_has_its_parity() {
        for (index, digit) in "0123456789abcdef".chars().enumerate() {
            let key = Key::parse(&format!("{}{digit}", "0".repeat(39))).unwrap();
            let expected = if index % 2 == 0 {
                Parity::Even
            } else {
                Parity::Odd
            };
            assert_eq!(key.parity(), expected, "{digit}");
        }
    }

    proptest! {
        #[test]
        fn a_new_key_has_its_form_and_its_parity(seed: u64, odd: bool) {
            let parity = if odd { Parity::Odd } else { Parity::Even };
            let key = Key::generate(parity, &Seeded::new(seed));
            prop_assert_eq!(key.expose().len(), 40);
            prop_assert_eq!(key.parity(), parity);
            let number = u8::from_str_radix(key.expose().get(38..).unwrap(), 16).unwrap();
            prop_assert_eq!(number % 2 == 1, odd);
            prop_assert_eq!(Key::parse(key.expose()).unwrap().hash(), key.hash());
        }

        #[test]
        fn two_new_keys_differ(seeds: (u64, u64)) {
            prop_assume!(seeds.0 != seeds.1);
            let key = |seed| Key::generate(Parity::Even, &Seeded::new(seed)).hash();
            prop_assert_ne!(key(seeds.0), key(seeds.1));
        }

        #[test]
        fn exactly_forty_hex_digits_are_a_key(text in "[0-9a-fA-FgG]{38,42}") {
            let is_key = text.len() == 40 && !text.contains(['g', 'G']);
            prop_assert_eq!(Key::parse(&text).is_some(), is_key);
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = Key::parse(&text);
        }
    }
}
