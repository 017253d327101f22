//! What can be read from a column.

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error, StrDeserializer};

use super::Value;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};

/// A type that columns hold. `None`: the value is none of its values.
pub trait FromColumn: Sized {
    fn from_column(value: &Value<'_>) -> Option<Self>;
}

/// NULL is `None`.
impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_column(value).map(Some),
        }
    }
}

impl FromColumn for String {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        text(value).map(str::to_owned)
    }
}

impl FromColumn for i64 {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromColumn for u64 {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        i64::from_column(value)?.try_into().ok()
    }
}

impl FromColumn for u32 {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        i64::from_column(value)?.try_into().ok()
    }
}

impl FromColumn for u8 {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        i64::from_column(value)?.try_into().ok()
    }
}

/// SQLite has no booleans: 1 is true, and 0 false.
impl FromColumn for bool {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            _ => None,
        }
    }
}

impl FromColumn for Timestamp {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        i64::from_column(value).map(Self::from_millis)
    }
}

/// Stored ids are not checked again.
impl FromColumn for UserId {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        String::from_column(value).map(Self::new)
    }
}

impl FromColumn for Sealed {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        String::from_column(value).map(Self::from_stored)
    }
}

/// In the normal form or not.
impl FromColumn for EmailKey {
    fn from_column(value: &Value<'_>) -> Option<Self> {
        Self::of(text(value)?)
    }
}

fn text<'a>(value: &'a Value<'_>) -> Option<&'a str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// A text that `T` is read from as from JSON.
pub fn named<'a, T: Deserialize<'a>>(value: &'a Value<'_>) -> Option<T> {
    let text: StrDeserializer<'a, Error> = text(value)?.into_deserializer();
    T::deserialize(text).ok()
}

/// Columns hold the names that these types have in JSON.
macro_rules! named_columns {
    ($($type:ty),+) => {
        $(impl $crate::db::FromColumn for $type {
            fn from_column(value: &$crate::db::Value<'_>) -> Option<Self> {
                $crate::db::named(value)
            }
        })+
    };
}
pub(crate) use named_columns;

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    const NULL: Value = Value::Null;

    const fn number(number: i64) -> Value<'static> {
        Value::Integer(number)
    }

    const fn text(text: &str) -> Value<'_> {
        Value::Text(Cow::Borrowed(text))
    }

    #[test]
    fn a_flag_is_0_or_1() {
        for (column, read) in [
            (number(0), Some(false)),
            (number(1), Some(true)),
            (number(2), None),
            (number(-1), None),
            (Value::Real(1.0), None),
            (text("1"), None),
            (NULL, None),
        ] {
            assert_eq!(bool::from_column(&column), read, "{column:?}");
        }
    }

    #[test]
    fn null_is_an_error_unless_it_is_expected() {
        assert_eq!(String::from_column(&NULL), None);
        assert_eq!(Option::<String>::from_column(&NULL), Some(None));
        let read = Option::<String>::from_column(&text("x"));
        assert_eq!(read, Some(Some("x".to_owned())));
        assert_eq!(Option::<String>::from_column(&number(1)), None);
    }

    #[test]
    fn a_number_must_fit() {
        assert_eq!(u8::from_column(&number(255)), Some(255));
        assert_eq!(u8::from_column(&number(256)), None);
        assert_eq!(u32::from_column(&number(-1)), None);
        assert_eq!(u64::from_column(&number(i64::MAX)), Some(i64::MAX as u64));
        assert_eq!(i64::from_column(&Value::Real(1.5)), None);
        assert_eq!(i64::from_column(&text("1")), None);
    }
}
