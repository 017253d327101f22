//! A session of the console: the cookie that carries it, and what it proves.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::COOKIE;

use super::Role;
use crate::auth::Refusal;
use crate::kernel::audit::Actor;
use crate::kernel::{EmailKey, Random, Secret, Timestamp, mask_email, sha256_hex};

/// The cookie of a session. `__Host-` binds it to this host and to https (RFC 6265bis, section 4.1.3.2).
pub const SESSION_COOKIE: &str = "__Host-spkey_console";

/// How long a session lasts at most.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);

/// A session without requests ends after this.
pub const SESSION_IDLE: Duration = Duration::from_secs(60 * 60);

/// How many sessions an operator has at most: more browsers than a person has at hand. A further sign-in ends the
/// oldest.
pub const MAX_SESSIONS: u32 = 10;

/// How long a sign-in at the identity provider is good for what takes a recent one.
pub const STEP_UP_AGE: Duration = Duration::from_secs(15 * 60);

const TOKEN_BYTES: usize = 32;

/// The secret in the cookie, 256 random bits in base64url.
pub struct SessionToken(Secret);

impl SessionToken {
    pub fn mint(random: &dyn Random) -> Self {
        let mut bytes = [0; TOKEN_BYTES];
        random.fill(&mut bytes);
        Self(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The token of a request's cookie; `None`: there is no such cookie.
    ///
    /// # Errors
    ///
    /// [`Refusal::SessionMalformed`]: it is not such a token, or there are two.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let Some(value) = cookie(headers, SESSION_COOKIE)? else {
            return Ok(None);
        };
        let is_token = URL_SAFE_NO_PAD
            .decode(value)
            .is_ok_and(|bytes| bytes.len() == TOKEN_BYTES);
        if is_token {
            Ok(Some(Self(Secret::new(value))))
        } else {
            Err(Refusal::SessionMalformed)
        }
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the database stores of it. The token has too many bits to be guessed from its hash.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.expose().as_bytes())
    }
}

/// The value of the one cookie with this name. What other cookies hold does not matter: a sibling subdomain
/// can set them for our host as well, and must not lock operators out by that.
///
/// # Errors
///
/// [`Refusal::SessionMalformed`]: there are two, so that it is open which one is meant, or the value is not
/// plain ASCII.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Refusal> {
    let headers = headers.get_all(COOKIE).into_iter();
    let pairs = headers.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| value_of(pair, name));
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.is_ascii());
    match (text, values.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Refusal::SessionMalformed),
    }
}

/// The value in `name=value`; `None`: it has another name, or none.
fn value_of<'p>(pair: &'p [u8], name: &str) -> Option<&'p [u8]> {
    let (given, value) = trimmed(pair).split_at_checked(name.len())?;
    let value = trimmed(value).strip_prefix(b"=")?;
    (given == name.as_bytes()).then(|| trimmed(value))
}

/// Without what a parser of cookies passes over (RFC 6265bis, 5.7); to it other blanks are part of a name.
fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// A person who may use the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// `op_` and a ULID.
    pub id: String,
    pub email: EmailKey,
    pub role: Role,
    /// The identity provider's `sub`, once they have signed in.
    pub subject: Option<String>,
}

impl Operator {
    /// Names the operator in the audit trail.
    pub fn actor(&self) -> Actor {
        Actor::operator(&self.id, &mask_email(self.email.as_str()))
    }
}

/// A session that has neither ended nor idled out, of an operator who is not disabled. Only
/// [`store::find_session`](super::store::find_session) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub(super) id_hash: String,
    pub(super) operator: Operator,
    pub(super) authenticated_at: Timestamp,
    pub(super) has_shown_second_factor: bool,
    pub(super) seen_at: Timestamp,
    pub(super) ends_at: Timestamp,
}

impl Session {
    /// What the database knows the session by.
    pub fn id_hash(&self) -> &str {
        &self.id_hash
    }

    pub const fn operator(&self) -> &Operator {
        &self.operator
    }

    /// When the person signed in at the identity provider.
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }

    /// Whether the person showed a second factor at that.
    pub const fn has_shown_second_factor(&self) -> bool {
        self.has_shown_second_factor
    }

    pub const fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// When it ends if no further request comes.
    pub fn idle_ends_at(&self) -> Timestamp {
        self.seen_at.plus(SESSION_IDLE).min(self.ends_at)
    }

    /// Whether the person signed in within [`STEP_UP_AGE`].
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now.since(self.authenticated_at) < STEP_UP_AGE
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::random::seeded::Seeded;

    fn headers(cookies: &[impl AsRef<[u8]>]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, HeaderValue::from_bytes(cookie.as_ref()).unwrap());
        }
        headers
    }

    #[test]
    fn a_minted_token_is_read_from_the_cookie_beside_others() {
        let token = SessionToken::mint(&Seeded::new(1));
        let cookie = format!("theme=dark; {SESSION_COOKIE}={}; x=1", token.expose());
        let read = SessionToken::of(&headers(&[&cookie])).unwrap().unwrap();
        assert_eq!(read.hash(), token.hash());
        assert!(!token.hash().contains(token.expose()));
    }

    #[test]
    fn only_a_whole_token_counts_and_two_are_refused() {
        let token = SessionToken::mint(&Seeded::new(1));
        let good = format!("{SESSION_COOKIE}={}", token.expose());
        assert!(SessionToken::of(&HeaderMap::new()).unwrap().is_none());
        assert!(SessionToken::of(&headers(&["a=b"])).unwrap().is_none());
        for bad in [
            &[good.as_str(), good.as_str()][..],
            &[&format!("{good}; {good}")],
            &[&format!("{SESSION_COOKIE}=")],
            &[&format!("{good}x")],
            &[&format!("{SESSION_COOKIE}=\"{}\"", token.expose())],
            &[&format!("{SESSION_COOKIE}=é{}", token.expose())],
            &[&format!("{good}; {SESSION_COOKIE}=é")],
        ] {
            assert!(SessionToken::of(&headers(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_other_cookies_are_called_and_hold_does_not_matter() {
        let token = SessionToken::mint(&Seeded::new(1));
        let good = format!("{SESSION_COOKIE}={}", token.expose());
        // No-break space and next line are blanks to Unicode, and part of a name to browsers.
        for other in [
            "x=é",
            "é=x",
            "=",
            "",
            "x",
            "x=\"a",
            SESSION_COOKIE,
            &format!("{SESSION_COOKIE}2=x"),
            &format!("x{SESSION_COOKIE}=x"),
            &format!("\u{a0}{SESSION_COOKIE}=x"),
            &format!("{SESSION_COOKIE}\u{85}=x"),
        ] {
            for beside in [
                format!("{other}; {good}"),
                format!("{good};{other}"),
                format!("{other};\t {SESSION_COOKIE} =\t{} ", token.expose()),
            ] {
                let read = SessionToken::of(&headers(&[&beside])).unwrap().unwrap();
                assert_eq!(read.hash(), token.hash(), "{beside}");
            }
        }
        let latin = [b"x=\xe9; ", good.as_bytes()].concat();
        assert!(SessionToken::of(&headers(&[latin])).unwrap().is_some());
    }

    proptest! {
        #[test]
        fn any_cookie_is_read_or_refused(value in "[ -~é\u{a0}]{0,80}") {
            let _ = SessionToken::of(&headers(&[&value]));
            let _ = SessionToken::of(&headers(&[&format!("{SESSION_COOKIE}={value}")]));
        }
    }
}
