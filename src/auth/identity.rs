//! The identity that a verified token describes.

use std::fmt;

use crate::auth::Refusal;
use crate::kernel::mask_email;

/// What a verified token says about its bearer.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: the user's `users.uuid` or `users.auth_subject`.
    pub subject: Option<String>,
    /// The e-mail, from the claim that `JWT_EMAIL_CLAIM` names, as spelled there.
    pub email: Option<String>,
    /// `email_verified`; `None` when the issuer does not say.
    pub email_verified: Option<bool>,
    pub is_staff: bool,
    /// `auth_time`: when the person last signed in, in seconds since the epoch.
    pub auth_time: Option<i64>,
    /// `iat`: when the token was made, in seconds since the epoch.
    pub issued_at: Option<i64>,
    /// `amr`: how the person signed in (RFC 8176), such as `otp` or `mfa`.
    pub amr: Vec<String>,
    /// `jti`: the token's id.
    pub token_id: Option<String>,
}

impl Identity {
    /// When the person last signed in, as far as the token tells: `auth_time`, else `iat`; in
    /// seconds since the epoch.
    pub fn authenticated_at(&self) -> Option<i64> {
        self.auth_time.or(self.issued_at)
    }

    /// Checks that the e-mail's domain, which is what follows the last `@`, is one of `domains`
    /// (lower case).
    ///
    /// Only ASCII letters are folded. Unicode folding turns the Kelvin sign into a `k`, and so
    /// another domain into an allowed one.
    ///
    /// # Errors
    ///
    /// [`Refusal::EmailMissing`] and [`Refusal::EmailNotVerified`] are defects
    /// of the token; [`Refusal::DomainNotAllowed`] is not.
    pub fn admin_domain(&self, domains: &[String]) -> Result<(), Refusal> {
        let email = self.email.as_deref().ok_or(Refusal::EmailMissing)?;
        if self.email_verified == Some(false) {
            return Err(Refusal::EmailNotVerified);
        }
        let domain = email
            .rsplit_once('@')
            .map(|(_, domain)| domain.to_ascii_lowercase())
            .ok_or(Refusal::DomainNotAllowed)?;
        if domains.contains(&domain) {
            Ok(())
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
            .field("email_verified", &self.email_verified)
            .field("is_staff", &self.is_staff)
            .field("auth_time", &self.auth_time)
            .field("issued_at", &self.issued_at)
            .field("amr", &self.amr)
            .field("token_id", &self.token_id)
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
            email_verified: None,
            is_staff: false,
            auth_time: None,
            issued_at: Some(7),
            amr: Vec::new(),
            token_id: None,
        }
    }

    fn check(identity: &Identity) -> Result<(), Refusal> {
        identity.admin_domain(&["smartphonekey.com".to_owned(), "spkey.co".to_owned()])
    }

    #[test]
    fn the_part_after_the_last_at_sign_decides() {
        for allowed in [
            "anna@smartphonekey.com",
            "anna@SmartPhoneKey.COM",
            "anna@spkey.co",
            "a@evil.com@smartphonekey.com",
            "\"a@b\"@spkey.co",
        ] {
            assert_eq!(check(&identity(allowed)), Ok(()), "{allowed}");
        }
        for forbidden in [
            "a@smartphonekey.com@evil.com",
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
            "a＠smartphonekey.com",
            "smartphonekey.com",
            "a@",
            "@",
        ] {
            let refusal = check(&identity(forbidden)).unwrap_err();
            assert_eq!(refusal, Refusal::DomainNotAllowed, "{forbidden}");
        }
    }

    #[test]
    fn no_domain_is_allowed_when_none_is_configured() {
        let result = identity("a@smartphonekey.com").admin_domain(&[]);
        assert_eq!(result, Err(Refusal::DomainNotAllowed));
    }

    #[test]
    fn a_missing_or_unverified_email_is_a_defect_of_the_token() {
        // Also of one whose domain would not be allowed: the token comes first.
        for email in ["a@smartphonekey.com", "a@evil.com"] {
            let unverified = Identity {
                email_verified: Some(false),
                ..identity(email)
            };
            assert_eq!(check(&unverified), Err(Refusal::EmailNotVerified));
        }
        let verified = Identity {
            email_verified: Some(true),
            ..identity("a@smartphonekey.com")
        };
        assert_eq!(check(&verified), Ok(()));
        let none = Identity {
            email: None,
            ..identity("")
        };
        assert_eq!(check(&none), Err(Refusal::EmailMissing));
    }

    #[test]
    fn debug_masks_every_email() {
        let shown = format!("{:?}", identity("jane@example.com"));
        assert!(!shown.contains("jane"), "{shown}");
        assert!(!shown.contains("anna"), "{shown}");
        assert!(shown.contains("j***@example.com"), "{shown}");
    }

    #[test]
    fn the_time_of_authentication_falls_back_to_the_tokens_own() {
        let mut person = identity("jane@example.com");
        assert_eq!(person.authenticated_at(), Some(7));
        person.auth_time = Some(3);
        assert_eq!(person.authenticated_at(), Some(3));
    }
}
