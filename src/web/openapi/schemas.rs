//! Schemas, derived from the types that bodies are read into and written from.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use crate::kernel::text::hidden_class;

/// What no control character is in, nor another that cannot be seen.
pub const NO_CONTROL: &str = concat!("^[^", hidden_class!(), "]*$");

/// The named schemas that the operations refer to. Requests and answers are of two minds about
/// what may be left out, and answers have no members beyond those that are described.
pub struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
            })
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    /// The schema of a body that is read into `T`.
    pub fn request<T: JsonSchema>(&mut self) -> Value {
        tidied(self.requests.subschema_for::<T>().to_value())
    }

    /// The schema of a body that is written from `T`.
    pub fn answer<T: JsonSchema>(&mut self) -> Value {
        closed(tidied(self.answers.subschema_for::<T>().to_value()))
    }

    /// Those that have a name, by name.
    pub fn named(mut self) -> BTreeMap<String, Value> {
        let mut named = BTreeMap::new();
        for (name, schema) in self.requests.take_definitions(false) {
            named.insert(name, tidied(schema));
        }
        for (name, schema) in self.answers.take_definitions(false) {
            let schema = closed(tidied(schema));
            let other = named.insert(name.clone(), schema.clone());
            assert!(
                other.is_none_or(|other| other == schema),
                "{name} is read in another way than it is written: it needs two names"
            );
        }
        for name in named.keys() {
            // How schemars tells types of the same name apart.
            assert!(
                !name.ends_with(char::is_numeric),
                "two schemas are called {name}"
            );
        }
        named
    }
}

/// Descriptions on one line, and no formats that are Rust's own.
fn tidied(value: Value) -> Value {
    transformed(value, |schema| {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ");
        }
        let format = schema.get("format").and_then(Value::as_str);
        let is_of_rust = |format: &str| format == "double" || format.starts_with("uint");
        if format.is_some_and(is_of_rust) {
            schema.remove("format");
        }
        if schema.get("enum").is_some() {
            schema.remove("minimum");
            schema.remove("maximum");
        }
    })
}

fn closed(value: Value) -> Value {
    transformed(value, |schema| {
        if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
    })
}

fn transformed(value: Value, change: fn(&mut Schema)) -> Value {
    let mut schema = Schema::try_from(value).unwrap();
    RecursiveTransform(change).transform(&mut schema);
    schema.to_value()
}
