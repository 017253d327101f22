//! A sign-in that is under way: what the callback must find again, sealed in a cookie.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::kernel::{Purpose, Random, SealError, Sealed, Sealer, Secret, Timestamp, UserId};

/// The cookie of a sign-in that is under way. Unlike that of a session it has to come along from another
/// site.
pub const LOGIN_COOKIE: &str = "__Host-spkey_login";

/// The oldest sign-in at the provider that is accepted, in seconds: as long as a session lasts.
pub const MAX_AGE: u32 = 8 * 60 * 60;

/// Less could not be met by a person who types a password.
pub const MIN_AGE: u32 = 60;

/// How long a person may take at the provider.
pub const LOGIN_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The most bytes a place to return to may have; a cookie has 4096 for all.
const MAX_RETURN_BYTES: usize = 1024;

/// What a fragment may not hold as it is (WHATWG URL, fragment percent-encode set).
const FRAGMENT: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// Where the console goes on after the sign-in: a fragment, so that it can lead to no other site.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// Parses `#/…`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for the client.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with("#/") || text.chars().any(char::is_control) {
            return Err("return: must begin with #/ and have no control characters".to_owned());
        }
        if text.len() > MAX_RETURN_BYTES {
            return Err(format!(
                "return: must have at most {MAX_RETURN_BYTES} bytes"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// As a URL can have it.
    pub fn fragment(&self) -> String {
        utf8_percent_encode(&self.0, FRAGMENT).to_string()
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("#/".to_owned())
    }
}

/// A sign-in that is under way.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    state: String,
    verifier: String,
    nonce: String,
    return_to: ReturnTo,
    max_age: u32,
    /// The hash of the session that the browser has, which the new one replaces. Its cookie does not come
    /// back from another site.
    replaces: Option<String>,
    /// Milliseconds since the epoch.
    ends_at: i64,
}

/// Why a callback does not belong to a sign-in of this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// There is no cookie, or not one that was sealed here.
    #[error("no sign-in of this browser is under way")]
    None,
    #[error("the sign-in took too long")]
    Late,
    /// `state` is that of another sign-in.
    #[error("the state is another's")]
    OtherState,
}

impl Login {
    pub fn begin(
        return_to: ReturnTo,
        max_age: u32,
        replaces: Option<String>,
        now: Timestamp,
        random: &dyn Random,
    ) -> Self {
        Self {
            state: token(random),
            verifier: token(random),
            nonce: token(random),
            return_to,
            max_age,
            replaces,
            ends_at: now.plus(LOGIN_LIFETIME).as_millis(),
        }
    }

    /// The cookie's value.
    pub fn seal(&self, sealer: &Sealer, random: &dyn Random) -> Result<Sealed, SealError> {
        let text = serde_json::to_string(self).map_err(|_| SealError::MalformedValue)?;
        sealer.seal(Purpose::ConsoleLogin, &owner(), &Secret::new(text), random)
    }

    /// The sign-in that `cookie` holds, if `state` is its own.
    pub fn open(
        cookie: Option<&str>,
        state: &str,
        sealer: &Sealer,
        now: Timestamp,
    ) -> Result<Self, LoginError> {
        let sealed = Sealed::from_stored(cookie.ok_or(LoginError::None)?);
        let text = sealer
            .open(Purpose::ConsoleLogin, &owner(), &sealed)
            .map_err(|_| LoginError::None)?;
        let login: Self = serde_json::from_str(text.expose()).map_err(|_| LoginError::None)?;
        if !Secret::new(login.state.as_str()).matches(state) {
            return Err(LoginError::OtherState);
        }
        if login.ends_at <= now.as_millis() {
            return Err(LoginError::Late);
        }
        Ok(login)
    }

    pub fn state(&self) -> &str {
        &self.state
    }

    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    pub const fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// In seconds.
    pub const fn max_age(&self) -> u32 {
        self.max_age
    }

    pub fn replaces(&self) -> Option<&str> {
        self.replaces.as_deref()
    }

    pub fn verifier(&self) -> &str {
        &self.verifier
    }

    /// What the provider is told of the verifier: S256 of RFC 7636, 4.2.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

/// No user is known yet; what the cookie holds is bound to the browser by being in its cookie.
fn owner() -> UserId {
    UserId::new("")
}

/// 256 random bits.
fn token(random: &dyn Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
