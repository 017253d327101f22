//! One user on demand.

use super::{ANNA, Bench, key, sealer};
use crate::kernel::Sealer;
use crate::threedeye::simulated::Operation;

#[test]
fn credentials_answer_the_same_account_every_time() {
    let bench = Bench::with_anna();
    let first = bench.credentials("a").unwrap();
    assert_eq!(bench.credentials("a").unwrap(), first);
    bench.assert_settled("a", ANNA, &[]);
    assert_eq!(bench.calls(Operation::Create), 1);
}

#[test]
fn a_read_password_moves_to_the_current_key() {
    let mut bench = Bench::with_anna();
    let before = bench.credentials("a").unwrap();
    bench.sealer = Sealer::new(&key(6), Some(&key(5))).unwrap();
    assert_eq!(bench.credentials("a").unwrap(), before);
    // The previous key is not needed for this user any more.
    bench.sealer = sealer(6);
    assert_eq!(bench.credentials("a").unwrap(), before);
}
