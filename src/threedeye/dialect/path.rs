//! A path below the base URL, with places for ids.

/// Where the id of a user goes.
pub(super) const USER_ID: &str = "{userId}";

/// Where the id of a role goes.
pub(super) const ROLE_ID: &str = "{roleId}";

/// What a path may hold beside letters, digits and places for ids: what RFC 3986 has in a path, but for
/// `%`, by which a parser of URLs could be made to see dots.
const MARKS: &[u8] = b"/-._~!$&'()*+,;=:@";

/// A path that stays below the base URL, whatever the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate(String);

impl PathTemplate {
    pub(super) fn assumed(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// `None`: not a path, or one that names another host, leaves the base URL's path, or holds a brace
    /// that belongs to none of `places`, or one of them twice.
    pub(super) fn new(path: String, places: &[&str]) -> Option<Self> {
        let mut fixed = path.clone();
        for place in places {
            // Not by nothing: what is left must not become another place.
            fixed = fixed.replacen(place, "-", 1);
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || MARKS.contains(&byte);
        let is_path = path.starts_with('/') && !path.starts_with("//");
        let has_dots = path.contains("..") || path.split('/').any(|segment| segment == ".");
        (is_path && !has_dots && fixed.bytes().all(is_allowed)).then_some(Self(path))
    }

    pub(super) fn holds(&self, place: &str) -> bool {
        self.0.contains(place)
    }

    /// The path without ids.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of a user, and of a role where it has a place for one; both are escaped already, so that
    /// neither holds a brace.
    pub fn filled(&self, user: &str, role: &str) -> String {
        self.0.replace(USER_ID, user).replace(ROLE_ID, role)
    }
}
