//! What needs Unicode's tables, which the runtime has and the Wasm does without.

/// Ask only about text that is not ASCII: a call into the runtime costs more than the comparison.
pub trait Unicode {
    /// The text in NFC, lower-cased, upper-cased and lower-cased by Unicode's rules, in NFC, so that two
    /// spellings that differ in case or composition become equal. Only by way of its small letter does
    /// the capital ẞ become SS, and some letters come apart on the way.
    fn fold(&self, text: &str) -> String;

    /// The domain with its labels in A-labels (UTS 46), in lower case; `None`: it is no domain.
    fn ascii_domain(&self, domain: &str) -> Option<String>;
}

/// The native implementation of the tests.
#[cfg(test)]
pub struct Tables;

#[cfg(test)]
impl Unicode for Tables {
    fn fold(&self, text: &str) -> String {
        use unicode_normalization::UnicodeNormalization as _;
        let composed: String = text.nfc().collect();
        let folded = composed.to_lowercase().to_uppercase().to_lowercase();
        folded.nfc().collect()
    }

    fn ascii_domain(&self, domain: &str) -> Option<String> {
        use unicode_normalization::UnicodeNormalization as _;
        let mapped: String = domain.to_lowercase().nfkc().collect();
        let label = |label: &str| match label.is_ascii() {
            true => Some(label.to_owned()),
            false => Some(format!("xn--{}", idna::punycode::encode_str(label)?)),
        };
        // The ideographic full stop is one, too.
        let labels: Option<Vec<String>> = mapped.split(['.', '\u{3002}']).map(label).collect();
        match url::Host::parse(&labels?.join(".")) {
            Ok(url::Host::Domain(domain)) => Some(domain),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_differ_in_case_or_composition_fold_to_one() {
        let folded = Tables.fold("j\u{f6}rg@example.com");
        assert_eq!(Tables.fold("J\u{d6}RG@EXAMPLE.com"), folded);
        assert_eq!(Tables.fold("jo\u{308}rg@example.com"), folded);
        assert_eq!(Tables.fold("stra\u{df}e"), Tables.fold("STRASSE"));
        assert_eq!(Tables.fold("STRA\u{1e9e}E"), Tables.fold("stra\u{df}e"));
        assert_eq!(Tables.fold("\u{131}da"), Tables.fold("IDA"));
        assert_ne!(Tables.fold("jorg@example.com"), folded);
    }

    #[test]
    fn every_letter_folds_as_its_capital_and_its_small_one_do() {
        for c in '\u{80}'..=char::MAX {
            let folded = Tables.fold(&format!("a{c}@"));
            for other in [c.to_uppercase().to_string(), c.to_lowercase().to_string()] {
                assert_eq!(Tables.fold(&format!("A{other}@")), folded, "{c:?}");
            }
        }
    }

    #[test]
    fn a_domain_in_letters_of_a_language_has_a_labels() {
        let labels = Tables.ascii_domain("B\u{fc}cher.example");
        assert_eq!(labels.as_deref(), Some("xn--bcher-kva.example"));
        for wrong in ["", "a b", "127.0.0.1", "a@b"] {
            assert_eq!(Tables.ascii_domain(wrong), None, "{wrong}");
        }
    }
}
