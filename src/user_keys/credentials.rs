//! The keys that a request presents.
//!
//! Published clients put them in different places. Of each kind of key the first one that is
//! not empty counts, even if it is malformed and a later one is not.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};

use crate::auth::admin_key::API_KEY_HEADER;
use crate::user_keys::{Key, Parity};

pub const USER_KEY_HEADER: HeaderName = HeaderName::from_static("x-user-key");

const API_KEY_PARAMETERS: [&str; 2] = ["api_key", "apikey"];
const USER_KEY_PARAMETERS: [&str; 2] = ["user_key", "userkey"];

#[derive(Debug, Clone)]
pub enum Presented {
    Key(Key),
    /// A text that cannot be a key.
    Malformed,
}

impl Presented {
    fn of(text: &str) -> Self {
        Key::parse(text).map_or(Self::Malformed, Self::Key)
    }

    /// User keys are even.
    fn unless_odd(self) -> Self {
        match self {
            Self::Key(key) if key.parity() == Parity::Even => Self::Key(key),
            _ => Self::Malformed,
        }
    }

    pub const fn key(&self) -> Option<&Key> {
        match self {
            Self::Key(key) => Some(key),
            Self::Malformed => None,
        }
    }
}

/// The keys that a request presents; `None`: none, or only empty ones.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Meant as an instance API key or an account key.
    pub api_key: Option<Presented>,
    /// Meant as a user key.
    pub user_key: Option<Presented>,
}

impl Credentials {
    /// `query`: as it was sent.
    pub fn of(headers: &HeaderMap, query: Option<&str>) -> Self {
        let query = query.unwrap_or_default();
        let api_key = header(headers, &API_KEY_HEADER)
            .or_else(|| parameter(query, &API_KEY_PARAMETERS))
            .or_else(|| authorization(headers));
        let user_key =
            header(headers, &USER_KEY_HEADER).or_else(|| parameter(query, &USER_KEY_PARAMETERS));
        Self {
            api_key,
            user_key: user_key.map(Presented::unless_odd),
        }
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<Presented> {
    let value = headers.get(name)?;
    // A value that is not text counts as malformed, not as empty.
    let text = value.to_str().unwrap_or("?").trim();
    (!text.is_empty()).then(|| Presented::of(text))
}

/// `names` are in order of precedence.
fn parameter(query: &str, names: &[&str]) -> Option<Presented> {
    names.iter().find_map(|wanted| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, value)| name == wanted && !value.is_empty())
            .map(|(_, value)| Presented::of(&value))
    })
}

/// `Authorization: <any word> <key>`.
fn authorization(headers: &HeaderMap) -> Option<Presented> {
    let value = headers.get(AUTHORIZATION)?.to_str().unwrap_or("? ?");
    let (_, key) = value.trim().split_once([' ', '\t'])?;
    Some(Presented::of(key.trim_start()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PLACES: [&str; 4] = ["X-API-KEY", "api_key", "apikey", "Authorization"];

    fn key(digit: usize) -> String {
        digit.to_string().repeat(40)
    }

    /// A request with a text in some of the places.
    fn request(texts: &[(&str, &str)]) -> Credentials {
        let mut headers = HeaderMap::new();
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (place, text) in texts {
            match *place {
                "X-API-KEY" | "X-USER-KEY" | "Authorization" => {
                    let name = HeaderName::try_from(*place).unwrap();
                    headers.insert(name, HeaderValue::from_str(text).unwrap());
                }
                parameter => {
                    query.append_pair(parameter, text);
                }
            }
        }
        Credentials::of(&headers, Some(&query.finish()))
    }

    fn shown(presented: Option<&Presented>) -> Option<String> {
        presented.map(|presented| match presented {
            Presented::Key(key) => key.expose().to_owned(),
            Presented::Malformed => "malformed".to_owned(),
        })
    }

    fn api_key(texts: &[(&str, &str)]) -> Option<String> {
        shown(request(texts).api_key.as_ref())
    }

    #[test]
    fn a_key_is_found_in_each_of_its_places() {
        let two = key(2);
        for place in ["X-API-KEY", "api_key", "apikey"] {
            assert_eq!(api_key(&[(place, &two)]), Some(key(2)), "{place}");
        }
        for scheme in ["token ", "ApiKey  ", "Bearer\t", "x \t"] {
            let value = format!("{scheme}{two}");
            assert_eq!(api_key(&[("Authorization", &value)]), Some(key(2)));
        }
        for place in ["X-USER-KEY", "user_key", "userkey"] {
            let user_key = request(&[(place, &two)]).user_key;
            assert_eq!(shown(user_key.as_ref()), Some(key(2)), "{place}");
        }
    }

    #[test]
    fn an_odd_key_is_no_user_key() {
        let odd = key(1);
        assert_eq!(api_key(&[("X-API-KEY", &odd)]), Some(key(1)));
        let user_key = request(&[("X-USER-KEY", &odd)]).user_key;
        assert_eq!(shown(user_key.as_ref()).as_deref(), Some("malformed"));
    }

    #[test]
    fn nothing_and_emptiness_are_no_key() {
        assert_eq!(api_key(&[]), None);
        let empty = [("X-API-KEY", " "), ("api_key", ""), ("apikey", "")];
        assert_eq!(api_key(&empty), None);
        for unfinished in ["", "token", "token ", " token "] {
            assert_eq!(
                api_key(&[("Authorization", unfinished)]),
                None,
                "{unfinished}"
            );
        }
    }

    #[test]
    fn an_empty_header_gives_way_to_the_query() {
        let two = key(2);
        assert_eq!(
            api_key(&[("X-API-KEY", ""), ("api_key", &two)]),
            Some(key(2))
        );
        assert_eq!(api_key(&[("api_key", ""), ("apikey", &two)]), Some(key(2)));
        assert_eq!(api_key(&[("api_key", ""), ("api_key", &two)]), Some(key(2)));
        let user = request(&[("X-USER-KEY", ""), ("userkey", &two)]).user_key;
        assert_eq!(shown(user.as_ref()), Some(key(2)));
    }

    #[test]
    fn a_malformed_key_gives_way_to_nothing() {
        let two = key(2);
        for bad in ["x", "1", "222", "two words and more"] {
            let given = [("X-API-KEY", bad), ("api_key", two.as_str())];
            assert_eq!(api_key(&given).as_deref(), Some("malformed"), "{bad}");
        }
        assert_eq!(
            api_key(&[("Authorization", "a b c")]).as_deref(),
            Some("malformed")
        );
        let mut headers = HeaderMap::new();
        for (name, query) in [(AUTHORIZATION, ""), (API_KEY_HEADER, "api_key=2222")] {
            headers.insert(name, HeaderValue::from_bytes(b"\xff").unwrap());
            let credentials = Credentials::of(&headers, Some(query));
            let key = shown(credentials.api_key.as_ref());
            assert_eq!(key.as_deref(), Some("malformed"));
        }
    }

    #[test]
    fn a_kind_of_key_is_not_looked_for_in_the_places_of_the_other() {
        let one = key(1);
        for place in PLACES {
            assert!(request(&[(place, &one)]).user_key.is_none());
        }
        assert_eq!(api_key(&[("X-USER-KEY", &one), ("user_key", &one)]), None);
    }

    proptest! {
        #[test]
        fn the_first_place_that_is_not_empty_counts(
            filled in proptest::array::uniform4(proptest::option::of(any::<bool>())),
        ) {
            // None: the place is left out; false: empty there; true: a key of its own.
            let mut texts = Vec::new();
            let mut expected = None;
            for (index, (place, filled)) in PLACES.into_iter().zip(filled).enumerate() {
                let text = match filled {
                    None => continue,
                    Some(false) => String::new(),
                    Some(true) => key(index),
                };
                if filled == Some(true) && expected.is_none() {
                    expected = Some(key(index));
                }
                let scheme = if place == "Authorization" { "token " } else { "" };
                texts.push((place, format!("{scheme}{text}")));
            }
            let texts: Vec<(&str, &str)> = texts.iter().map(|(p, t)| (*p, t.as_str())).collect();
            prop_assert_eq!(api_key(&texts), expected);
        }

        #[test]
        fn arbitrary_requests_never_panic(header in "[ -~]*", query: String) {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_str(&header).unwrap();
            for name in [API_KEY_HEADER, USER_KEY_HEADER, AUTHORIZATION] {
                headers.insert(name, value.clone());
            }
            let _ = Credentials::of(&headers, Some(&query));
        }
    }
}
