//! Reading a struct from a JSON object only.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A `T` that is read from an object by the names of its members.
///
/// serde reads a struct from an array as well, member by member in their order of declaration.
/// No format read here allows that, so an array is refused.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Pair {
        left: u8,
        right: Option<u8>,
    }

    #[test]
    fn a_list_is_no_object() {
        assert!(serde_json::from_str::<Pair>("[1, 2]").is_ok());
        assert!(serde_json::from_str::<Object<Pair>>("[1, 2]").is_err());
        for other in ["1", "\"left\"", "null", "true", "[]"] {
            assert!(serde_json::from_str::<Object<Pair>>(other).is_err());
        }
    }

    #[test]
    fn an_object_is_read_as_without_the_wrapper() {
        let Object(pair) = serde_json::from_str::<Object<Pair>>("{\"left\": 1}").unwrap();
        assert_eq!((pair.left, pair.right), (1, None));
        for bad in [
            "{}",
            "{\"left\": \"1\"}",
            "{\"left\": 1, \"left\": 1}",
            "{\"left\": 1",
        ] {
            assert!(serde_json::from_str::<Object<Pair>>(bad).is_err(), "{bad}");
        }
    }
}
