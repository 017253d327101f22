//! JSON whose members keep their order, so that the document reads as it was written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// JSON as it stands in the source: `example!({ "limit": 50 })`.
macro_rules! example {
    ($json:tt) => {
        $crate::web::openapi::Json::parse(stringify!($json))
    };
}
pub(crate) use example;

#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// Anything without members.
    Scalar(Value),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// What a value of the service's own is written as.
    pub fn of(value: &impl Serialize) -> Self {
        Self::parse(&serde_json::to_string(value).unwrap())
    }

    pub fn object<K: Into<String>, V: Into<Self>>(
        members: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let members = members.into_iter();
        Self::Object(
            members
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    pub fn array<V: Into<Self>>(items: impl IntoIterator<Item = V>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }

    /// `{"$ref": "#/components/<kind>/<name>"}`
    pub fn reference(kind: &str, name: &str) -> Self {
        Self::object([("$ref", format!("#/components/{kind}/{name}"))])
    }

    /// The same with another value of a member.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Self>) -> Self {
        if let Self::Object(members) = &mut self {
            let found = members.iter_mut().find(|(name, _)| name == member);
            found.unwrap().1 = value.into();
        }
        self
    }

    /// A schema: its keywords in the order of [`KEYWORDS`], its properties in that of `required`.
    pub fn schema(schema: &Value) -> Self {
        match schema {
            Value::Object(keywords) => {
                let mut names: Vec<&String> = keywords.keys().collect();
                names.sort_by_key(|name| KEYWORDS.iter().position(|known| known == name));
                let empty = Vec::new();
                let required = keywords.get("required").and_then(Value::as_array);
                let required = required.unwrap_or(&empty);
                let members = names.into_iter().map(|name| {
                    let value = match (name.as_str(), &keywords[name]) {
                        ("properties", Value::Object(all)) => {
                            let mut all: Vec<_> = all.iter().collect();
                            all.sort_by_key(|(name, _)| {
                                let mut required = required.iter();
                                required.position(|one| one == *name).unwrap_or(usize::MAX)
                            });
                            let all = all.into_iter();
                            Self::object(all.map(|(name, one)| (name, Self::schema(one))))
                        }
                        ("default" | "const" | "enum" | "examples", value) => value.clone().into(),
                        (_, value) => Self::schema(value),
                    };
                    (name.clone(), value)
                });
                Self::Object(members.collect())
            }
            Value::Array(schemas) => Self::array(schemas.iter().map(Self::schema)),
            scalar => Self::Scalar(scalar.clone()),
        }
    }
}

/// How a schema is read: what it is, what it holds, what it looks like.
const KEYWORDS: [&str; 27] = [
    "examples",
    "$ref",
    "type",
    "description",
    "format",
    "pattern",
    "const",
    "enum",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "default",
    "additionalProperties",
    "required",
    "properties",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "maxProperties",
    "oneOf",
    "anyOf",
    "allOf",
    "if",
    "then",
    "else",
];

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(members) => Self::object(members),
            Value::Array(items) => Self::array(items),
            scalar => Self::Scalar(scalar),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Scalar(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Scalar(text.into())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Scalar(value.into())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Scalar(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Scalar(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Scalar(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(value.into())
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Scalar(Value::Null))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::Array(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}
