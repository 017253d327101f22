//! Integers in JSON.

/// The largest integer that every JSON reader, and D1, keeps exactly.
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The integer that a number with a fraction or an exponent stands for: to JSON Schema, and to
/// programs that know only one kind of number, `7.0` and `7` are the same.
pub fn integral(number: f64) -> Option<i64> {
    let is_integer = number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64;
    is_integer.then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_integer_has_no_fraction_and_is_kept_exactly() {
        assert_eq!(integral(7.0), Some(7));
        assert_eq!(integral(-7.0), Some(-7));
        assert_eq!(integral(1e3), Some(1000));
        assert_eq!(integral(9_007_199_254_740_991.0), Some(MAX_SAFE_INTEGER));
        for other in [
            0.5,
            -1.5,
            9_007_199_254_740_992.0,
            1e300,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert_eq!(integral(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_safe_integer_survives(number in -MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER) {
            prop_assert_eq!(integral(number as f64), Some(number));
        }
    }
}
