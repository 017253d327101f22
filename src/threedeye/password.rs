//! Passwords for the accounts we create (docs/3DEYE.md, row 17: KNOWN).

use crate::kernel::{Random, Secret};

pub const LENGTH: usize = 20;

const SYMBOLS: &[u8] = b"-_.!";
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!";

/// Draws a password of [`LENGTH`] characters that holds at least one upper-case
/// and one lower-case letter, one digit and one of `-_.!`.
///
/// Every character is drawn from all 66, and a draw that misses a class is
/// thrown away whole. That makes each admissible password exactly as likely as
/// any other, which filling in the missing classes and shuffling would not:
/// no position and no class is favoured. About 69 % of the draws are admissible,
/// so the entropy is 20 · log2(66) + log2(0.69) ≈ 120.3 bits, given a CSPRNG.
pub fn generate(random: &dyn Random) -> Secret {
    loop {
        let candidate = draw(random);
        if is_admissible(candidate.expose()) {
            return candidate;
        }
    }
}

fn draw(random: &dyn Random) -> Secret {
    let size = u32::try_from(ALPHABET.len()).unwrap_or(0);
    // Sized beforehand: growing would leave unwiped copies behind.
    let mut text = String::with_capacity(LENGTH);
    while text.len() < LENGTH {
        let index = usize::try_from(random.below(size)).unwrap_or(0);
        text.extend(ALPHABET.get(index).copied().map(char::from));
    }
    Secret::new(text)
}

fn is_admissible(text: &str) -> bool {
    let has = |class: fn(&u8) -> bool| text.as_bytes().iter().any(class);
    has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && has(|byte| SYMBOLS.contains(byte))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn every_password_has_the_length_and_all_four_classes() {
        let random = Seeded::new(1);
        for _ in 0..2_000 {
            let password = generate(&random);
            assert_eq!(password.expose().chars().count(), LENGTH);
            assert!(is_admissible(password.expose()));
            assert!(password.expose().bytes().all(|b| ALPHABET.contains(&b)));
        }
    }

    #[test]
    fn no_two_are_alike() {
        let random = Seeded::new(2);
        let drawn: BTreeSet<String> = (0..2_000)
            .map(|_| generate(&random).expose().to_owned())
            .collect();
        assert_eq!(drawn.len(), 2_000);
    }

    #[test]
    fn every_class_is_as_frequent_at_every_position() {
        const ROUNDS: u32 = 20_000;
        let random = Seeded::new(3);
        let mut symbols_at = BTreeMap::<usize, u32>::new();
        for _ in 0..ROUNDS {
            for (position, byte) in generate(&random).expose().bytes().enumerate() {
                *symbols_at.entry(position).or_default() += u32::from(SYMBOLS.contains(&byte));
            }
        }
        // Given that one of 20 is a symbol, each position is one with
        // (4/66) / (1 - (62/66)^20), about 8.5 %.
        assert_eq!(symbols_at.len(), LENGTH);
        for (position, count) in symbols_at {
            let share = f64::from(count) / f64::from(ROUNDS);
            assert!((0.075..0.095).contains(&share), "{position}: {share}");
        }
    }

    #[test]
    fn a_draw_that_misses_a_class_is_refused() {
        for bad in ["", "aaaaAAAA1111", "aaaa1111----", "AAAA1111----", "aaAA--"] {
            assert!(!is_admissible(bad), "{bad}");
        }
        assert!(is_admissible("aA1!"));
    }
}
