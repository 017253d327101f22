//! How columns are read that mean something else than their SQL type says: SQLite has neither booleans nor JSON
//! values, and ids are not checked again.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::kernel::UserId;

/// Reads a column that holds 0 or 1. NULL is an error.
pub fn flag<'de, D: Deserializer<'de>>(column: D) -> Result<bool, D::Error> {
    u8::deserialize(column).map(|number| number == 1)
}

/// Reads a column that holds 0 or 1, or NULL, which counts as 0: the row that it is of may be missing.
pub fn flag_or_null<'de, D: Deserializer<'de>>(column: D) -> Result<bool, D::Error> {
    Option::<u8>::deserialize(column).map(|number| number == Some(1))
}

/// Reads a column that holds the id of a user. NULL is an error.
pub fn user_id<'de, D: Deserializer<'de>>(column: D) -> Result<UserId, D::Error> {
    String::deserialize(column).map(UserId::new)
}

/// Reads a column that holds the id of a user, or NULL.
pub fn user_id_or_null<'de, D: Deserializer<'de>>(column: D) -> Result<Option<UserId>, D::Error> {
    Option::<String>::deserialize(column).map(|id| id.map(UserId::new))
}

/// Reads a column that holds JSON in a text. NULL is an error.
pub fn json<'de, D, T>(column: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let text = String::deserialize(column)?;
    serde_json::from_str(&text).map_err(D::Error::custom)
}

/// Part of a row: the columns that `T` knows. [`row_of_parts!`] reads rows by it.
pub fn part<T: DeserializeOwned, E: Error>(row: &RawValue) -> Result<T, E> {
    serde_json::from_str(row.get()).map_err(E::custom)
}

/// A row of parts, each of which reads the columns that it knows. `serde(flatten)` reads the same, but copies
/// every column and its name before it reads one.
macro_rules! row_of_parts {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $(<$details:ident>)? {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $part:ty,)+
    }) => {
        $(#[$meta])*
        $vis struct $name $(<$details>)? {
            $($(#[$field_meta])* $field_vis $field: $part,)+
        }

        impl<'de $(, $details: ::serde::de::DeserializeOwned)?> ::serde::Deserialize<'de>
            for $name $(<$details>)?
        {
            fn deserialize<D: ::serde::Deserializer<'de>>(row: D) -> Result<Self, D::Error> {
                let row = <&::serde_json::value::RawValue as ::serde::Deserialize>::deserialize(row)?;
                Ok(Self { $($field: $crate::db::part(row)?,)+ })
            }
        }
    };
}
pub(crate) use row_of_parts;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_flag_is_0_or_1_and_null_where_it_is_expected() {
        for (column, strict, lenient) in [
            (json!(0), Some(false), Some(false)),
            (json!(1), Some(true), Some(true)),
            (Value::Null, None, Some(false)),
            (json!("1"), None, None),
            (json!(-1), None, None),
        ] {
            assert_eq!(flag(&column).ok(), strict, "{column}");
            assert_eq!(flag_or_null(&column).ok(), lenient, "{column}");
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        name: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Aged {
        #[serde(deserialize_with = "flag")]
        is_old: bool,
    }

    row_of_parts! {
        #[derive(Debug, PartialEq)]
        struct Person {
            named: Named,
            aged: Aged,
        }
    }

    #[test]
    fn each_part_of_a_row_reads_its_columns() {
        let rows: Vec<Person> =
            serde_json::from_str(r#"[{"is_old":1,"more":2,"name":"Ann"},{"is_old":0}]"#).unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.named.name.as_deref()).collect();
        assert_eq!(names, [Some("Ann"), None]);
        assert!(rows[0].aged.is_old && !rows[1].aged.is_old);
        assert!(serde_json::from_str::<Person>(r#"{"name":"Ann"}"#).is_err());
    }

    #[test]
    fn json_is_read_from_a_text() {
        let list = json::<_, Vec<u8>>(json!("[1,2]"));
        assert_eq!(list.unwrap(), [1, 2]);
        for bad in [Value::Null, json!("[1"), json!("{}"), json!([1, 2])] {
            assert!(json::<_, Vec<u8>>(bad).is_err());
        }
    }
}
