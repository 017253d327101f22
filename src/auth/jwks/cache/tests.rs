use crate::auth::fake::at;
use crate::auth::jwks::cache::*;

const RS: Algorithm = Algorithm::Rs256;

fn keys(ids: &[&'static str]) -> Vec<VerificationKey<&'static str>> {
    let key = |id: &&'static str| VerificationKey {
        key_id: (*id).to_owned(),
        algorithm: RS,
        key: *id,
    };
    ids.iter().map(key).collect()
}

/// A cache whose first fetch brought keys `a` and `b` at second 0.
fn filled() -> JwksCache<&'static str> {
    let mut cache = JwksCache::default();
    assert_eq!(cache.lookup("a", RS, at(0)), Lookup::NeedsFetch);
    cache.store(keys(&["a", "b"]), at(0));
    cache
}

#[test]
fn a_failed_cold_fetch_keeps_others_from_starting_for_a_second() {
    let mut cache = JwksCache::<()>::default();
    cache.fail(KeysError::TimedOut, at(0));
    let unavailable = Lookup::Unavailable(KeysError::TimedOut);
    assert_eq!(cache.find("a", RS), unavailable);
    assert_eq!(cache.lookup("a", RS, at(0)), unavailable);
    let just_before = at(1).minus(Duration::from_millis(1));
    assert_eq!(cache.lookup("a", RS, just_before), unavailable);
    assert_eq!(cache.lookup("a", RS, at(1)), Lookup::NeedsFetch);
}

#[test]
fn a_fetch_that_was_under_way_still_counts_after_another_failed() {
    let mut cache = JwksCache::default();
    cache.fail(KeysError::Connection, at(1));
    cache.store(keys(&["a"]), at(0));
    assert_eq!(cache.lookup("a", RS, at(1)), Lookup::Found("a"));
    assert_eq!(cache.failure(), None);
}

#[test]
fn known_keys_are_found_for_a_day_and_then_gone() {
    const DAY: i64 = 24 * 60 * 60;
    let mut cache = filled();
    assert_eq!(cache.lookup("a", RS, at(0)), Lookup::Found("a"));
    assert_eq!(cache.lookup("b", RS, at(DAY - 1)), Lookup::Found("b"));
    assert_eq!(cache.lookup("b", RS, at(DAY)), Lookup::NeedsFetch);
    cache.fail(KeysError::TimedOut, at(DAY + 5));
    let unavailable = Lookup::Unavailable(KeysError::TimedOut);
    assert_eq!(cache.find("b", RS), unavailable);
    assert_eq!(cache.lookup("b", RS, at(DAY + 5)), unavailable);
}

#[test]
fn a_set_of_five_minutes_is_refreshed_once_a_minute_while_that_fails() {
    let mut cache = filled();
    assert!(!cache.take_refresh(at(299)));
    assert!(cache.take_refresh(at(300)));
    // Another request does not start a second one, nor wait for the first.
    assert!(!cache.take_refresh(at(301)));
    assert_eq!(cache.lookup("b", RS, at(301)), Lookup::Found("b"));
    cache.fail(KeysError::TimedOut, at(305));
    assert_eq!(cache.failure(), Some(KeysError::TimedOut));
    assert_eq!(cache.lookup("a", RS, at(306)), Lookup::Found("a"));
    assert!(!cache.take_refresh(at(359)));
    assert!(cache.take_refresh(at(360)));
    // After a success it is young again.
    cache.store(keys(&["a"]), at(360));
    assert!(!cache.take_refresh(at(659)));
    assert!(cache.take_refresh(at(660)));
}

#[test]
fn there_is_nothing_to_refresh_before_the_first_fetch() {
    assert!(!JwksCache::<()>::default().take_refresh(at(1000)));
}

#[test]
fn unknown_keys_cause_one_refetch_a_minute_however_many_ask() {
    let mut cache = filled();
    let mut fetches = 0;
    for second in 0..300 {
        for id in ["x", "y", "z"] {
            match cache.lookup(id, RS, at(second)) {
                Lookup::NeedsFetch => {
                    fetches += 1;
                    cache.store(keys(&["a", "b"]), at(second));
                    assert_eq!(cache.find(id, RS), Lookup::Unknown);
                }
                other => assert_eq!(other, Lookup::Unknown),
            }
            assert_eq!(cache.lookup("a", RS, at(second)), Lookup::Found("a"));
        }
    }
    assert_eq!(fetches, 5);
}

#[test]
fn failing_refetches_are_held_to_the_same_minute() {
    let mut cache = filled();
    assert_eq!(cache.lookup("x", RS, at(10)), Lookup::NeedsFetch);
    cache.fail(KeysError::Status(500), at(11));
    assert_eq!(cache.find("x", RS), Lookup::Unknown);
    assert_eq!(cache.lookup("x", RS, at(69)), Lookup::Unknown);
    assert_eq!(cache.lookup("x", RS, at(70)), Lookup::NeedsFetch);
}

#[test]
fn made_up_key_ids_do_not_hold_a_refresh_up() {
    let mut cache = filled();
    assert_eq!(cache.lookup("x", RS, at(299)), Lookup::NeedsFetch);
    cache.fail(KeysError::Connection, at(299));
    assert!(cache.take_refresh(at(300)));
    cache.store(keys(&["a", "c"]), at(300));
    assert_eq!(cache.lookup("c", RS, at(301)), Lookup::Found("c"));
}

#[test]
fn a_rotation_brings_new_keys_and_drops_old_ones() {
    let mut cache = filled();
    assert_eq!(cache.lookup("c", RS, at(1)), Lookup::NeedsFetch);
    cache.store(keys(&["b", "c"]), at(1));
    assert_eq!(cache.find("c", RS), Lookup::Found("c"));
    assert_eq!(cache.lookup("b", RS, at(2)), Lookup::Found("b"));
    assert_eq!(cache.lookup("a", RS, at(2)), Lookup::Unknown);
}

#[test]
fn the_fetch_begun_later_wins() {
    let mut cache = filled();
    cache.store(keys(&["c"]), at(20));
    cache.store(keys(&["b"]), at(10));
    assert_eq!(cache.lookup("c", RS, at(21)), Lookup::Found("c"));
}

#[test]
fn a_key_is_for_one_algorithm() {
    let mut cache = filled();
    let es = Algorithm::Es256;
    assert_eq!(cache.lookup("a", es, at(0)), Lookup::NeedsFetch);
    assert_eq!(cache.lookup("a", es, at(0)), Lookup::Unknown);
    // Keys of two types may share an id.
    let mut both = keys(&["a"]);
    both.push(VerificationKey {
        key_id: "a".to_owned(),
        algorithm: es,
        key: "the other",
    });
    cache.store(both, at(1));
    assert_eq!(cache.lookup("a", RS, at(1)), Lookup::Found("a"));
    assert_eq!(cache.lookup("a", es, at(1)), Lookup::Found("the other"));
}

#[test]
fn withdrawn_keys_are_gone() {
    let mut cache = filled();
    cache.store(Vec::new(), at(600));
    assert_eq!(cache.find("a", RS), Lookup::Unknown);
}
