//! How single values are spelt in 3dEye's JSON (rows 5 and 7).
//!
//! Names come in camelCase (KNOWN) or, from a .NET serializer left at its
//! defaults, in PascalCase (GUESS); each field lists both.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::threedeye::RoleId;

/// Row 5: an object, or a list, under `data`.
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    #[serde(alias = "Data")]
    pub(super) data: T,
}

/// Row 7: an id, as a string (KNOWN) or as a whole number (GUESS).
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

/// Row 7: a role, as an object with an id (KNOWN) or as the bare id (GUESS).
pub(super) struct Role(pub(super) RoleId);

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RoleVisitor)
    }
}

/// Reads a [`Role`]. One without an id is an error, not an omission: a takeover
/// deletes the account and attaches again only the roles that were read.
struct RoleVisitor;

impl RoleVisitor {
    fn role<E: Error>(Id(id): Id) -> Result<Role, E> {
        if !crate::threedeye::wire::is_usable(&id) {
            return Err(E::invalid_value(Unexpected::Str("unusable"), &"a role id"));
        }
        Ok(Role(RoleId(id)))
    }
}

impl<'de> Visitor<'de> for RoleVisitor {
    type Value = Role;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a role")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Role, E> {
        IdVisitor.visit_str(text).and_then(Self::role)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Role, E> {
        IdVisitor.visit_u64(number).and_then(Self::role)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Role, E> {
        IdVisitor.visit_i64(number).and_then(Self::role)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Role, A::Error> {
        let mut id = None;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "id" | "Id" => id = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        id.ok_or_else(|| A::Error::missing_field("id"))
            .and_then(Self::role)
    }
}

/// A text that must be there by name but may be null; null reads as "".
pub(super) fn nullable_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A list that may be null; null reads as empty. Anything else is an error.
pub(super) fn nullable_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A number if it is one, however it is written; otherwise `None`, never an error.
#[derive(Deserialize)]
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
