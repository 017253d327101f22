//! Lists, a page at a time: `limit` and `after` in the query, `next` in the answer.

use super::ApiError;
#[cfg(test)]
use super::openapi::Parameter;
use super::query::Query;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

/// The most rows that the caller wants on a page.
#[derive(Debug, Clone, Copy)]
pub struct Limit(u32);

impl Limit {
    /// The parameter `limit`.
    ///
    /// # Errors
    ///
    /// 400 that names it.
    pub fn of(query: &Query) -> Result<Self, ApiError> {
        Self::up_to(query, MAX_LIMIT)
    }

    /// The same of a list whose pages have at most `max` rows.
    ///
    /// # Errors
    ///
    /// 400 that names it.
    pub fn up_to(query: &Query, max: u32) -> Result<Self, ApiError> {
        query.count("limit", DEFAULT_LIMIT, max).map(Self)
    }

    /// The limit of a page that has at most `max` rows.
    ///
    /// # Errors
    ///
    /// 400 that names it.
    pub fn new(field: &str, rows: u32, max: u32) -> Result<Self, ApiError> {
        if (1..=max).contains(&rows) {
            return Ok(Self(rows));
        }
        let message = format!("{field}: must be an integer from 1 to {max}");
        Err(ApiError::bad_request(message))
    }

    /// How many rows to read: one more than is shown, to know whether there is a next page.
    pub const fn to_read(self) -> u32 {
        self.0 + 1
    }

    /// The rows that are shown and, if more follow, the last one's id.
    pub fn cut<T, I>(self, mut rows: Vec<T>, id: impl Fn(&T) -> I) -> (Vec<T>, Option<I>) {
        let limit = self.0 as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(id);
        (rows, last.filter(|_| has_more))
    }

    #[cfg(test)]
    pub fn openapi(description: &'static str) -> Parameter {
        Self::openapi_up_to(description, MAX_LIMIT)
    }

    #[cfg(test)]
    pub fn openapi_up_to(description: &'static str, max: u32) -> Parameter {
        Parameter::count("limit", description, DEFAULT_LIMIT, max)
    }
}

/// The parameter `after` of a list of keys: the id of one, which begins with `prefix`.
///
/// # Errors
///
/// 400 that names it.
pub fn after_key<'a>(query: &'a Query, prefix: &str) -> Result<Option<&'a str>, ApiError> {
    after(query, prefix, "a key")
}

/// The parameter `after` of a list of things that are called `thing`: the id of one, which begins with
/// `prefix`.
///
/// # Errors
///
/// 400 that names it.
pub fn after<'a>(query: &'a Query, prefix: &str, thing: &str) -> Result<Option<&'a str>, ApiError> {
    let Some(text) = query.text("after") else {
        return Ok(None);
    };
    let ulid = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'));
    let is_id = ulid
        .is_some_and(|ulid| ulid::Ulid::from_string(ulid).is_ok_and(|id| id.to_string() == ulid));
    if is_id {
        Ok(Some(text))
    } else {
        let message = format!("after: must be the id of {thing}");
        Err(ApiError::bad_request(message))
    }
}

/// [`after_key`] in `openapi.json`.
#[cfg(test)]
pub fn openapi_after_key(prefix: &str) -> Parameter {
    let description = "Only keys made before this one: `next` of the page before.";
    openapi_after(prefix, description)
}

/// [`after`] in `openapi.json`.
#[cfg(test)]
pub fn openapi_after(prefix: &str, description: &'static str) -> Parameter {
    let schema = serde_json::json!({
        "type": "string",
        "pattern": format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$"),
    });
    Parameter::query("after", description, schema)
}

/// The parameter `revoked` of a list of keys, in `openapi.json`.
#[cfg(test)]
pub fn openapi_revoked() -> Parameter {
    let schema = serde_json::json!({ "type": "boolean", "default": false });
    Parameter::query("revoked", "Revoked keys as well.", schema)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_goes_on_after_the_id_of_a_key() {
        let after = |text: &str| {
            let query = Query::parse(Some(text), &["after"])?;
            after_key(&query, "key").map(|id| id.map(str::to_owned))
        };
        assert_eq!(after("").unwrap(), None);
        let id = "key_01JZX0000000000000000000EX";
        assert_eq!(after(&format!("after={id}")).unwrap().as_deref(), Some(id));
        for bad in [
            "after=",
            "after=key_",
            "after=akey_01JZX0000000000000000000EX",
            "after=01JZX0000000000000000000EX",
            "after=key_01jzx0000000000000000000ex",
            "after=key_01JZX0000000000000000000E",
            "after=key_81JZX0000000000000000000EX",
        ] {
            let refused = after(bad).unwrap_err();
            assert_eq!(refused.message, "after: must be the id of a key", "{bad}");
        }
    }

    proptest! {
        #[test]
        fn pages_end_to_end_are_the_list(count in 0usize..40, limit in 1u32..10) {
            let limit = Limit(limit);
            let mut seen: Vec<usize> = Vec::new();
            loop {
                let rest = seen.len()..count;
                let (rows, next) = limit.cut(rest.take(limit.to_read() as usize).collect(), |row| *row);
                prop_assert!(rows.len() <= limit.0 as usize);
                seen.extend(rows);
                let Some(next) = next else { break };
                prop_assert_eq!(seen.last(), Some(&next));
            }
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }
}
