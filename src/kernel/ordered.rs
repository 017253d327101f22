//! Sets and maps of what an iterator yields. `collect` sorts everything first, and sorting is 6 KB of code for each type.

use std::collections::{BTreeMap, BTreeSet};

pub fn set_of<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

/// Of several values with one key the last is kept.
pub fn map_of<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(entries);
    map
}
