//! Rows, read by the names of their columns. One reader for all of them: code that is made for each type of
//! row, as `derive(Deserialize)` makes it, was a tenth of the Worker.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{DatabaseError, FromColumn};

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(Cow<'a, str>),
    /// Which D1 tells as a list of bytes. Nothing reads one, but other services may store it.
    Blob,
}

/// One row of an answer.
#[derive(Debug)]
pub struct Row<'a> {
    columns: Vec<(Cow<'a, str>, Value<'a>)>,
    /// Behind the column that was read last: most rows are read in the order of their columns.
    next: Cell<usize>,
}

/// What can be read from a row; see [`row!`](crate::db::row).
pub trait FromRow: Sized {
    /// # Errors
    ///
    /// When a column holds something else than the type has room for. The error names the column.
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError>;
}

/// For statements of which only the number of rows matters.
impl FromRow for () {
    fn from_row(_: &Row<'_>) -> Result<Self, DatabaseError> {
        Ok(())
    }
}

impl Row<'_> {
    /// A column. One that the statement does not return is NULL.
    ///
    /// # Errors
    ///
    /// As [`FromRow::from_row`].
    #[inline(never)]
    pub fn get<T: FromColumn>(&self, name: &'static str) -> Result<T, DatabaseError> {
        T::from_column(self.value(name)).ok_or_else(|| unreadable(name))
    }

    /// A column that holds JSON in a text.
    ///
    /// # Errors
    ///
    /// As [`FromRow::from_row`].
    pub fn json<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, DatabaseError> {
        let Value::Text(text) = self.value(name) else {
            return Err(unreadable(name));
        };
        serde_json::from_str(text).map_err(|_| unreadable(name))
    }

    fn value(&self, name: &str) -> &Value<'_> {
        let is_it = |index: &usize| matches!(self.columns.get(*index), Some((it, _)) if it == name);
        let next = Some(self.next.get()).filter(is_it);
        let index = next.or_else(|| (0..self.columns.len()).find(is_it));
        let Some((index, (_, value))) = index.and_then(|at| Some((at, self.columns.get(at)?)))
        else {
            return &Value::Null;
        };
        self.next.set(index + 1);
        value
    }
}

/// The value itself is not quoted: it may be a secret.
#[cold]
fn unreadable(column: &str) -> DatabaseError {
    DatabaseError(format!("the column {column} of a row cannot be read"))
}

/// The rows that a statement answered, a JSON array of objects.
pub(super) fn rows_of(text: &str) -> Result<Vec<Row<'_>>, DatabaseError> {
    // The cause would quote the value that it stumbled over.
    serde_json::from_str(text).map_err(|_| DatabaseError("the rows cannot be read".to_owned()))
}

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;

        impl<'de> Visitor<'de> for Columns {
            type Value = Row<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
                let mut columns = Vec::with_capacity(16);
                while let Some(Name(name)) = map.next_key()? {
                    columns.push((name, map.next_value()?));
                }
                Ok(Row {
                    columns,
                    next: Cell::new(0),
                })
            }
        }

        deserializer.deserialize_map(Columns)
    }
}

/// The name of a column, which is copied only where it is escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Held;

        impl<'de> Visitor<'de> for Held {
            type Value = Value<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a value of SQLite")
            }

            fn visit_unit<E>(self) -> Result<Value<'de>, E> {
                Ok(Value::Null)
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
                Ok(Value::Integer(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
                // SQLite has no such integers, so this is a REAL.
                Ok(i64::try_from(number).map_or(Value::Real(number as f64), Value::Integer))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
                Ok(Value::Real(number))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Value<'de>, A::Error> {
                while bytes.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::Blob)
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
                Ok(Value::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
                Ok(Value::Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_any(Held)
    }
}

/// A struct that is read from a row. A field has the name of its column, unless another is given:
/// `user: UserId = "user_id"`. `= or_default` has a default for NULL, `= json` reads JSON in a text, `= flatten` a
/// part that is a row itself.
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $(<$part:ident>)? {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty $(= $column:tt)?,)+
    }) => {
        $(#[$meta])*
        $vis struct $name $(<$part>)? {
            $($(#[$field_meta])* $field_vis $field: $type,)+
        }

        impl $(<$part: $crate::db::FromRow>)? $crate::db::FromRow for $name $(<$part>)? {
            fn from_row(row: &$crate::db::Row<'_>) -> Result<Self, $crate::db::DatabaseError> {
                Ok(Self { $($field: $crate::db::column!(row, $field $(, $column)?),)+ })
            }
        }
    };
}

/// One field of [`row!`].
macro_rules! column {
    ($row:ident, $field:ident) => {
        $row.get(stringify!($field))?
    };
    ($row:ident, $field:ident, or_default) => {
        $row.get::<Option<_>>(stringify!($field))?
            .unwrap_or_default()
    };
    ($row:ident, $field:ident, json) => {
        $row.json(stringify!($field))?
    };
    ($row:ident, $field:ident, flatten) => {
        $crate::db::FromRow::from_row($row)?
    };
    ($row:ident, $field:ident, $column:literal) => {
        $row.get($column)?
    };
}
pub(crate) use {column, row};

/// Tests compare whole rows.
#[cfg(test)]
impl FromRow for serde_json::Map<String, serde_json::Value> {
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
        let columns = row.columns.iter().map(|(name, value)| {
            let value = match value {
                Value::Null => serde_json::Value::Null,
                Value::Integer(number) => (*number).into(),
                Value::Real(number) => (*number).into(),
                Value::Text(text) => text.as_ref().into(),
                Value::Blob => serde_json::Value::Array(Vec::new()),
            };
            (name.clone().into_owned(), value)
        });
        Ok(columns.collect())
    }
}

#[cfg(test)]
impl FromRow for serde_json::Value {
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
        serde_json::Map::from_row(row).map(Self::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::UserId;

    row! {
        #[derive(Debug, PartialEq)]
        struct Named {
            user: UserId = "user_id",
            name: Option<String>,
        }
    }

    row! {
        #[derive(Debug, PartialEq)]
        struct Person {
            named: Named = flatten,
            is_old: bool,
            numbers: Vec<u8> = json,
        }
    }

    fn read<T: FromRow>(text: &str) -> Result<Vec<T>, DatabaseError> {
        rows_of(text)?.iter().map(T::from_row).collect()
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let people: Vec<Person> = read(
            r#"[{"is_old":1,"more":2,"name":"A\nn","user_id":"u1","numbers":"[1,2]"},
                {"user_id":"u2","name":null,"is_old":0,"numbers":"[]","more":1.5}]"#,
        )
        .unwrap();
        let person = |user: &str, name: Option<&str>, is_old, numbers: &[u8]| Person {
            named: Named {
                user: UserId::new(user.to_owned()),
                name: name.map(str::to_owned),
            },
            is_old,
            numbers: numbers.to_vec(),
        };
        assert_eq!(
            people,
            [
                person("u1", Some("A\nn"), true, &[1, 2]),
                person("u2", None, false, &[])
            ]
        );
    }

    #[test]
    fn a_column_that_is_not_returned_is_null() {
        let named: Vec<Named> = read(r#"[{"user_id":"u"}]"#).unwrap();
        assert_eq!(named[0].name, None);
        assert!(read::<Named>(r#"[{"name":"Ann"}]"#).is_err());
    }

    #[test]
    fn a_blob_is_no_text_and_spoils_no_other_column() {
        let blob = r#"[{"user_id":"u","name":[1,2]}]"#;
        assert!(read::<Named>(blob).is_err());
        assert_eq!(read::<()>(blob).unwrap().len(), 1);
        let named: Vec<Named> = read(r#"[{"more":[1,2],"user_id":"u","name":"Ann"}]"#).unwrap();
        assert_eq!(named[0].name.as_deref(), Some("Ann"));
    }

    #[test]
    fn an_error_names_the_column_and_quotes_no_value() {
        for (numbers, is_old) in [(r#""c0nfidential""#, "0"), (r#""[]""#, r#""c0nfidential""#)] {
            let row = format!(r#"[{{"user_id":"u","is_old":{is_old},"numbers":{numbers}}}]"#);
            let error = read::<Person>(&row).unwrap_err().to_string();
            assert!(!error.contains("c0nfidential"));
            assert!(error.contains("numbers") || error.contains("is_old"));
        }
        let cut = read::<Named>(r#"[{"user_id":"c0nfidential"#).unwrap_err();
        assert!(!cut.to_string().contains("c0nfidential"));
    }

    #[test]
    fn json_is_read_from_a_text() {
        for bad in ["null", "[1,2]", r#""[1""#, r#""{}""#] {
            let row = format!(r#"[{{"user_id":"u","is_old":0,"numbers":{bad}}}]"#);
            assert!(read::<Person>(&row).is_err(), "{bad}");
        }
    }
}
