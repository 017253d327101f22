//! The characters that people and their programs put into a code without meaning them.
//!
//! An authenticator shows `123 456`, a word processor turns a hyphen into a dash, and a web page adds
//! characters that have no width. None of them is part of a code of either kind, so they are dropped before
//! the kind is told.

use zeroize::Zeroizing;

use crate::kernel::text::is_invisible;

/// The text without white space, dashes and what has no width.
pub fn bare(text: &str) -> Zeroizing<String> {
    let is_meant = |c: &char| !c.is_whitespace() && !is_dash(*c) && !is_invisible(*c);
    Zeroizing::new(text.chars().filter(is_meant).collect())
}

/// The characters with the property `Dash` (Unicode 16, `PropList.txt`).
const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}' | '\u{5be}' | '\u{1400}' | '\u{1806}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2053}'
                | '\u{207b}'
                | '\u{208b}'
                | '\u{2212}'
                | '\u{2e17}'
                | '\u{2e1a}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{2e40}'
                | '\u{2e5d}'
                | '\u{301c}'
                | '\u{3030}'
                | '\u{30a0}'
                | '\u{fe31}'
                | '\u{fe32}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\u{10d6e}'
                | '\u{10ead}'
    )
}

/// What [`bare`] drops, for the tests of either kind of code.
#[cfg(test)]
pub(crate) mod noise {
    use proptest::prelude::*;

    /// One of each group.
    pub const CHARACTERS: &[char] = &[
        ' ',
        '\t',
        '\n',
        '\u{a0}',
        '\u{2007}',
        '\u{2009}',
        '\u{202f}',
        '\u{3000}',
        '-',
        '\u{2010}',
        '\u{2011}',
        '\u{2012}',
        '–',
        '—',
        '\u{2212}',
        '\u{fe63}',
        '\u{ff0d}',
        '\u{ad}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{2060}',
        '\u{17b4}',
        '\u{1d173}',
        '\u{2800}',
        '\u{fe0f}',
        '\u{feff}',
    ];

    /// A text, typed with up to three of them before each of its characters and at its end.
    pub fn typed(text: String) -> impl Strategy<Value = String> {
        let noise = prop::collection::vec(prop::sample::select(CHARACTERS), 0..=3);
        prop::collection::vec(noise, text.chars().count() + 1).prop_map(move |noise| {
            let characters = text.chars().map(Some).chain([None]);
            let with_noise = noise.into_iter().zip(characters);
            with_noise
                .flat_map(|(noise, character)| noise.into_iter().chain(character))
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_dashes_and_what_has_no_width_are_dropped_and_nothing_else() {
        for character in noise::CHARACTERS {
            let typed = format!("{character}1{character}{character}a{character}");
            assert_eq!(*bare(&typed), "1a", "{:x}", *character as u32);
        }
        // Neither signs that look alike nor letters and digits of other scripts.
        for kept in ["1_2", "1.2", "+1", "1~2", "1=2", "é", "１", "ー", "\u{7}"] {
            assert_eq!(*bare(kept), kept);
        }
    }

    proptest! {
        #[test]
        fn dropping_is_done_at_once(text: String) {
            let once = bare(&text);
            prop_assert_eq!(&*bare(&once), &*once);
            prop_assert!(once.chars().all(|c| text.contains(c)));
        }

        #[test]
        fn letters_and_digits_stay_in_their_order(
            (text, typed) in "[0-9a-zA-Z]{0,20}".prop_flat_map(|text| (Just(text.clone()), noise::typed(text))),
        ) {
            prop_assert_eq!(&*bare(&typed), &text);
        }
    }
}
