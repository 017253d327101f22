//! The promises of the store, one case each, on the native engine; and each once more on SQLite and D1
//! side by side.

mod attempts;
mod lockout;
mod notices;
mod profiles;
mod setups;

/// Makes two tests of each case: on the native engine, and on that and D1 side by side.
macro_rules! store_tests {
    ($($case:ident,)+) => {
        mod on_sqlite {
            use $crate::account::store::testing::Store;
            $(
                #[test]
                fn $case() {
                    super::$case(&Store::on_sqlite());
                }
            )+
        }

        mod mirrored_on_d1 {
            use $crate::account::store::testing::Store;
            $(
                #[test]
                #[ignore = "needs node and the npm packages; npm test runs it"]
                fn $case() {
                    super::$case(&Store::mirrored());
                }
            )+
        }
    };
}
use store_tests;
