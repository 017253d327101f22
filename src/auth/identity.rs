//! The identity that a verified token describes.

use std::fmt;
use std::time::Duration;

use crate::auth::{Refusal, admin};
use crate::kernel::{Timestamp, mask_email};

/// How long a sign-in counts as recent.
const RECENT_SIGN_IN: Duration = Duration::from_secs(2 * 60 * 60);

/// When the bearer of a token must have signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    AnyTime,
    /// Within the last 2 h.
    Recently,
    /// An operator recently; of a holder of the admin pair the handler asks it, as there is an exception.
    RecentlyAsOperator,
}

/// What a verified token says about its bearer.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: the user's `users.uuid` or `users.auth_subject`.
    pub subject: Option<String>,
    /// As spelled. Whether it is the bearer's only [`Identity::verified_email`] tells.
    pub email: Option<String>,
    pub is_email_verified: bool,
    /// Whether the issuer calls the bearer staff. An e-mail never does.
    pub is_staff: bool,
    /// Whether the token was given to a program. Programs are never staff.
    pub is_machine: bool,
    /// When the person signed in, in seconds since the epoch.
    pub signed_in_at: Option<i64>,
    /// How the person signed in (RFC 8176), such as `pwd` or `mfa`.
    pub amr: Vec<String>,
}

impl Identity {
    /// Names the person in the audit trail, by masked e-mail and subject.
    pub fn name(&self) -> String {
        let email = self.email.as_deref().unwrap_or_default();
        admin::name(self.subject.as_deref(), email)
    }

    /// The e-mail, where the issuer vouches for it.
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.is_email_verified)
    }

    /// Whether the person signed in within the last 2 h. A token that does not tell when counts as old.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        self.signed_in_at.is_some_and(|second| {
            let at = Timestamp::from_millis(second.saturating_mul(1000));
            now.since(at) < RECENT_SIGN_IN
        })
    }

    /// Whether the person showed more than one factor. `otp` says nothing of the kind: a one-time
    /// password may be the only factor of a sign-in (RFC 8176, section 2).
    pub fn has_shown_second_factor(&self) -> bool {
        self.amr.iter().any(|method| method == "mfa")
    }

    /// Checks that the e-mail's domain is one of `domains` (lower case), and tells the e-mail.
    ///
    /// Only ASCII letters are folded. Unicode folding turns the Kelvin sign into a `k`, and so
    /// another domain into an allowed one. With two `@` it would be a matter of taste which part is
    /// the domain.
    ///
    /// # Errors
    ///
    /// [`Refusal::DomainNotAllowed`]; the others are defects of the token.
    pub fn admin_email(&self, domains: &[String]) -> Result<&str, Refusal> {
        let email = self.email.as_deref().ok_or(Refusal::EmailMissing)?;
        if !self.is_email_verified {
            return Err(Refusal::EmailNotVerified);
        }
        let domain = email
            .split_once('@')
            .map(|(_, domain)| domain.to_ascii_lowercase())
            .filter(|domain| !domain.contains('@'))
            .ok_or(Refusal::EmailMalformed)?;
        if domains.contains(&domain) {
            Ok(email)
        } else {
            Err(Refusal::DomainNotAllowed)
        }
    }
}

impl fmt::Debug for Identity {
    /// Masks e-mails; some providers use one as the subject.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = |text: &String| {
            if text.contains('@') {
                mask_email(text)
            } else {
                text.clone()
            }
        };
        f.debug_struct("Identity")
            .field("subject", &self.subject.as_ref().map(masked))
            .field("email", &self.email.as_deref().map(mask_email))
            .field("is_email_verified", &self.is_email_verified)
            .field("is_staff", &self.is_staff)
            .field("is_machine", &self.is_machine)
            .field("signed_in_at", &self.signed_in_at)
            .field("amr", &self.amr)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(email: &str) -> Identity {
        Identity {
            subject: Some("anna@smartphonekey.com".to_owned()),
            email: Some(email.to_owned()),
            is_email_verified: true,
            is_staff: false,
            is_machine: false,
            signed_in_at: None,
            amr: Vec::new(),
        }
    }

    fn check(identity: &Identity) -> Result<(), Refusal> {
        let domains = ["smartphonekey.com".to_owned(), "spkey.co".to_owned()];
        identity.admin_email(&domains).map(drop)
    }

    #[test]
    fn the_part_after_the_one_at_sign_decides() {
        for allowed in [
            "anna@smartphonekey.com",
            "anna@SmartPhoneKey.COM",
            "anna@spkey.co",
        ] {
            assert_eq!(check(&identity(allowed)), Ok(()), "{allowed}");
        }
        for forbidden in [
            "a@mail.smartphonekey.com",
            "a@notsmartphonekey.com",
            "a@smartphonekey.com.evil.com",
            "a@smartphonekey.com.",
            "a@smartphonekey.com ",
            "a@ smartphonekey.com",
            "a@smartphonekey.com\u{0}",
            "a@smartphone\u{212a}ey.com",
            "a@ſmartphonekey.com",
            "a@smartphonekey.cοm",
            "a@",
            "@",
        ] {
            let refusal = check(&identity(forbidden)).unwrap_err();
            assert_eq!(refusal, Refusal::DomainNotAllowed, "{forbidden}");
        }
    }

    #[test]
    fn an_email_without_exactly_one_at_sign_gives_no_privilege() {
        for malformed in [
            "a@evil.com@smartphonekey.com",
            "a@smartphonekey.com@evil.com",
            "\"a@b\"@spkey.co",
            "a@@smartphonekey.com",
            "smartphonekey.com",
            "a＠smartphonekey.com",
            " ",
        ] {
            let refusal = check(&identity(malformed)).unwrap_err();
            assert_eq!(refusal, Refusal::EmailMalformed, "{malformed}");
        }
    }

    #[test]
    fn no_domain_is_allowed_when_none_is_configured() {
        let result = identity("a@smartphonekey.com").admin_email(&[]).map(drop);
        assert_eq!(result, Err(Refusal::DomainNotAllowed));
    }

    #[test]
    fn an_email_that_is_missing_or_not_verified_is_a_defect_of_the_token() {
        // Also of one whose domain would not be allowed: the token comes first.
        for email in ["a@smartphonekey.com", "a@evil.com"] {
            let unverified = Identity {
                is_email_verified: false,
                ..identity(email)
            };
            assert_eq!(check(&unverified), Err(Refusal::EmailNotVerified));
            assert_eq!(unverified.verified_email(), None);
            assert_eq!(identity(email).verified_email(), Some(email));
        }
        let none = Identity {
            email: None,
            ..identity("")
        };
        assert_eq!(check(&none), Err(Refusal::EmailMissing));
        assert_eq!(none.verified_email(), None);
    }

    #[test]
    fn debug_masks_every_email() {
        let shown = format!("{:?}", identity("jane@example.com"));
        assert!(!shown.contains("jane"), "{shown}");
        assert!(!shown.contains("anna"), "{shown}");
        assert!(shown.contains("j***@example.com"), "{shown}");
    }

    #[test]
    fn a_sign_in_is_recent_for_two_hours_and_an_unknown_one_is_old() {
        let now = Timestamp::from_millis(1_750_000_000_000);
        let recent = |signed_in_at| {
            let person = Identity {
                signed_in_at,
                ..identity("jane@example.com")
            };
            person.is_recent(now)
        };
        assert!(recent(Some(1_750_000_000 - 7199)));
        assert!(recent(Some(1_750_000_000 + 60)));
        for old in [Some(1_750_000_000 - 7200), Some(0), Some(i64::MIN), None] {
            assert!(!recent(old), "{old:?}");
        }
    }

    #[test]
    fn only_mfa_tells_of_a_second_factor() {
        let shown = |amr: &[&str]| {
            let amr = amr.iter().map(|method| (*method).to_owned()).collect();
            Identity {
                amr,
                ..identity("")
            }
            .has_shown_second_factor()
        };
        assert!(shown(&["pwd", "mfa"]));
        for nothing in [&[][..], &["otp"], &["pwd", "otp"], &["MFA"], &["mfa "]] {
            assert!(!shown(nothing), "{nothing:?}");
        }
    }
}
