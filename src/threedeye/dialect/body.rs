//! The body with which a role is attached, with places for ids.

use serde_json::{Map, Value};

use super::path::{ROLE_ID, USER_ID};

/// An object whose texts may hold the ids of the role and the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyTemplate(Map<String, Value>);

impl BodyTemplate {
    /// `None`: one of its texts holds a brace that belongs to neither id.
    pub(super) fn new(body: Map<String, Value>) -> Option<Self> {
        let is_known = |text: &str| {
            !text
                .replace(USER_ID, "-")
                .replace(ROLE_ID, "-")
                .contains(['{', '}'])
        };
        let are_known = body.values().all(|value| texts_in(value, &is_known));
        are_known.then_some(Self(body))
    }

    pub(super) fn holds(&self, place: &str) -> bool {
        let lacks = |text: &str| !text.contains(place);
        !self.0.values().all(|value| texts_in(value, &lacks))
    }

    /// The body for this user and role.
    pub fn filled(&self, user: &str, role: &str) -> Value {
        fill(&Value::Object(self.0.clone()), user, role)
    }
}

/// Whether all texts in a value have a property.
fn texts_in(value: &Value, are: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => are(text),
        Value::Array(values) => values.iter().all(|value| texts_in(value, are)),
        Value::Object(members) => members.values().all(|value| texts_in(value, are)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

fn fill(value: &Value, user: &str, role: &str) -> Value {
    match value {
        Value::String(text) => {
            // Cut first: an id may look like a place.
            let parts = text
                .split(USER_ID)
                .map(|part| part.split(ROLE_ID).collect::<Vec<_>>().join(role));
            Value::String(parts.collect::<Vec<_>>().join(user))
        }
        Value::Array(values) => values.iter().map(|value| fill(value, user, role)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (name.clone(), fill(value, user, role)))
                .collect()
        }
        other => other.clone(),
    }
}
