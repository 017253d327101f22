use crate::auth::fake::at;
use crate::kernel::remembered::*;

const MOST: usize = 64;

fn hash(number: usize) -> ContentHash {
    ContentHash::of(&["thing", &number.to_string()])
}

#[test]
fn a_thing_is_remembered_for_its_time_and_no_other_for_it() {
    let remembered = Remembered::<MOST>::default();
    remembered.insert(hash(1), at(30), at(0));
    assert!(remembered.contains(hash(1), at(29)));
    assert!(!remembered.contains(hash(1), at(30)));
    assert!(!remembered.contains(hash(2), at(0)));
}

#[test]
fn what_is_over_already_takes_no_place() {
    let remembered = Remembered::<MOST>::default();
    remembered.insert(hash(1), at(0), at(0));
    assert_eq!(remembered.0.borrow().len(), 0);
}

#[test]
fn the_oldest_makes_room_and_what_is_over_goes_first() {
    let remembered = Remembered::<MOST>::default();
    for number in 0..=MOST {
        remembered.insert(hash(number), at(300), at(0));
    }
    assert!(!remembered.contains(hash(0), at(0)));
    assert!((1..=MOST).all(|number| remembered.contains(hash(number), at(0))));
    assert_eq!(remembered.0.borrow().len(), MOST);
    remembered.insert(hash(0), at(600), at(300));
    assert_eq!(remembered.0.borrow().len(), 1);
}

#[test]
fn a_thing_that_comes_twice_takes_one_place() {
    let remembered = Remembered::<MOST>::default();
    for second in 0..3 {
        remembered.insert(hash(1), at(300), at(second));
    }
    assert_eq!(remembered.0.borrow().len(), 1);
}

#[test]
fn texts_that_run_together_in_the_same_way_are_told_apart() {
    assert!(ContentHash::of(&["ab", "c"]) != ContentHash::of(&["a", "bc"]));
    assert!(ContentHash::of(&["ab"]) != ContentHash::of(&["ab", ""]));
}
