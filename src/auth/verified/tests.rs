use crate::auth::fake::at;
use crate::auth::verified::*;

fn token(number: usize) -> TokenHash {
    TokenHash::of(&format!("token {number}"))
}

#[test]
fn a_token_is_remembered_until_it_expires_or_for_ten_minutes() {
    for (expires_at, ends_at) in [(30, 30), (599, 599), (3600, 600)] {
        let verified = VerifiedTokens::default();
        verified.insert(token(1), at(expires_at), at(0));
        assert!(verified.contains(token(1), at(ends_at - 1)));
        assert!(!verified.contains(token(1), at(ends_at)));
        assert!(!verified.contains(token(2), at(0)));
    }
}

#[test]
fn an_expired_token_takes_no_place() {
    let verified = VerifiedTokens::default();
    verified.insert(token(1), at(0), at(0));
    assert_eq!(verified.0.borrow().len(), 0);
}

#[test]
fn the_oldest_makes_room_and_what_is_over_goes_first() {
    let verified = VerifiedTokens::default();
    for number in 0..=MAX_TOKENS {
        verified.insert(token(number), at(300), at(0));
    }
    assert!(!verified.contains(token(0), at(0)));
    assert!((1..=MAX_TOKENS).all(|number| verified.contains(token(number), at(0))));
    assert_eq!(verified.0.borrow().len(), MAX_TOKENS);
    verified.insert(token(0), at(600), at(300));
    assert_eq!(verified.0.borrow().len(), 1);
}

#[test]
fn a_token_that_comes_twice_takes_one_place() {
    let verified = VerifiedTokens::default();
    for second in 0..3 {
        verified.insert(token(1), at(300), at(second));
    }
    assert_eq!(verified.0.borrow().len(), 1);
}
