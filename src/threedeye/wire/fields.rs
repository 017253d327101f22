//! How values are spelt in 3dEye's JSON (rows 5 and 7).
//!
//! Members have the names of the dialect or, from a .NET serializer left at its defaults, the same in
//! PascalCase (GUESS).

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::threedeye::RoleId;
use crate::threedeye::dialect::{AnswerNames, Name};

/// The members of an object that are read, while it is read.
pub(super) trait Shape<'de>: Sized {
    type Value;

    /// Takes the value of the next member; [`skip`]s it where it is not one of those.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;

    /// `None`: one is missing, or cannot be used.
    fn end(self) -> Option<Self::Value>;
}

/// Puts a value into its place, which must be empty: of two members one would be lost.
pub(super) fn once<T, E: Error>(place: &mut Option<T>, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a member is there twice")),
    }
}

pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(drop)
}

/// An object of this shape; a list is none.
#[derive(Clone)]
pub(super) struct InObject<S>(pub(super) S);

/// A member's name, in most cases where it is in the body.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, S: Shape<'de>> DeserializeSeed<'de> for InObject<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Shape<'de>> Visitor<'de> for InObject<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<S::Value, A::Error> {
        let Self(mut shape) = self;
        while let Some(Key(name)) = map.next_key()? {
            shape.member(&name, &mut map)?;
        }
        shape
            .end()
            .ok_or_else(|| A::Error::custom("a member is missing"))
    }
}

/// A list of what the seed reads.
pub(super) struct InList<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de> + Clone> DeserializeSeed<'de> for InList<S> {
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Clone> Visitor<'de> for InList<S> {
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self.0.clone())? {
            values.push(value);
        }
        Ok(values)
    }
}

/// What the seed reads, or null, which reads as nothing or as an empty list.
pub(super) struct Nullable<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de, Value: Default>> DeserializeSeed<'de> for Nullable<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value: Default>> Visitor<'de> for Nullable<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<S::Value, E> {
        Ok(S::Value::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(deserializer)
    }
}

/// Row 5: an object in its envelope.
pub(super) struct Envelope<'d, S, V> {
    name: &'d Name,
    shape: S,
    found: Option<V>,
}

impl<'d, S, V> Envelope<'d, S, V> {
    pub(super) const fn new(name: &'d Name, shape: S) -> Self {
        Self {
            name,
            shape,
            found: None,
        }
    }
}

impl<'de, S: Shape<'de> + Clone> Shape<'de> for Envelope<'_, S, S::Value> {
    type Value = S::Value;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if !self.name.names(name) {
            return skip(map);
        }
        let value = map.next_value_seed(InObject(self.shape.clone()))?;
        once(&mut self.found, value)
    }

    fn end(self) -> Option<S::Value> {
        self.found
    }
}

/// Row 7: an id, as a string (KNOWN) or as a whole number (GUESS).
#[derive(Clone)]
pub(super) struct Id(pub(super) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

/// Reads an [`Id`]. Fractions are refused: serde reads whole numbers beyond 64
/// bits as such, and a rounded id is another account's.
struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
        Ok(Id(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Id, E> {
        Ok(Id(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
        Ok(Id(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Id, E> {
        Ok(Id(number.to_string()))
    }
}

/// Row 7: reads a role, as an object with an id (KNOWN) or as the bare id (GUESS). One without an id is an
/// error, not an omission: a takeover deletes the account and attaches again only the roles that were read.
#[derive(Clone)]
pub(super) struct Role<'d>(pub(super) &'d AnswerNames);

impl Role<'_> {
    fn role<E: Error>(Id(id): Id) -> Result<RoleId, E> {
        if !crate::threedeye::wire::is_usable(&id) {
            return Err(E::invalid_value(Unexpected::Str("unusable"), &"a role id"));
        }
        Ok(RoleId(id))
    }
}

impl<'de> DeserializeSeed<'de> for Role<'_> {
    type Value = RoleId;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RoleId, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Role<'_> {
    type Value = RoleId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a role")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RoleId, E> {
        IdVisitor.visit_str(text).and_then(Self::role)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RoleId, E> {
        IdVisitor.visit_u64(number).and_then(Self::role)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<RoleId, E> {
        IdVisitor.visit_i64(number).and_then(Self::role)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RoleId, A::Error> {
        let only_id = OnlyId::new(&self.0.role_id);
        InObject(only_id).visit_map(map).and_then(Self::role)
    }
}

/// An object of which the id is read.
#[derive(Clone)]
pub(super) struct OnlyId<'d> {
    name: &'d Name,
    id: Option<Id>,
}

impl<'d> OnlyId<'d> {
    pub(super) const fn new(name: &'d Name) -> Self {
        Self { name, id: None }
    }
}

impl<'de> Shape<'de> for OnlyId<'_> {
    type Value = Id;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if !self.name.names(name) {
            return skip(map);
        }
        once(&mut self.id, map.next_value()?)
    }

    fn end(self) -> Option<Id> {
        self.id
    }
}

/// A number if it is one, however it is written; otherwise `None`, never an error.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Loose {
    Number(f64),
    Text(String),
    Other(IgnoredAny),
}

impl Loose {
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Other(_) => None,
        }
    }
}
