//! Why a credential was refused: one variant a cause. The cause goes to the log and never to the
//! client, which learns only 401 or 403. No variant carries text of the credential.

use crate::auth::KeysError;

/// The one defect for which a credential was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.code())]
pub enum Refusal {
    CredentialsMissing,
    AuthorizationRepeated,
    SchemeNotBearer,
    /// What follows `Bearer` is not one token (RFC 6750, section 2.1).
    AuthorizationMalformed,

    AdminKeyMissing,
    AdminKeyRepeated,
    /// The admin key is empty or not plain ASCII.
    AdminKeyMalformed,
    AdminKeyWrong,
    AdminKeyNotConfigured,

    ApiKeyMalformed,

    /// The cookie of a session is not one token.
    SessionMalformed,
    /// The session ended, idled out, or its operator was disabled.
    SessionUnknown,
    /// The settings have changed since the session began, and would not let its operator sign in so any more.
    SessionNotAllowed,

    TokensNotConfigured,
    /// The token is longer than [`MAX_TOKEN_BYTES`](crate::auth::jwt::MAX_TOKEN_BYTES).
    TokenTooLarge,
    /// The token is not three parts joined by dots (RFC 7515, section 7.1).
    TokenStructure,
    /// A part is not unpadded base64url (RFC 7515, section 2).
    TokenEncoding,
    /// The header is not a JSON object of the expected types.
    HeaderMalformed,
    /// `typ` is not one of those accepted (RFC 8725, section 3.11).
    TypeNotAllowed,
    /// `alg` is neither RS256 nor ES256 (RFC 8725, section 3.1).
    AlgorithmNotAllowed,
    /// `crit` asks for extensions, and none is supported (RFC 7515, section 4.1.11).
    CriticalExtension,
    /// `kid` is absent or empty.
    KeyIdMissing,
    /// `kid` is longer than [`MAX_KEY_ID_BYTES`](crate::auth::jwt::MAX_KEY_ID_BYTES).
    KeyIdTooLong,
    /// The signature's length does not fit its algorithm.
    SignatureMalformed,

    /// The issuer publishes no key with this id for this algorithm.
    KeyUnknown,
    SignatureWrong,
    /// The cryptography failed.
    SignatureNotChecked,

    /// The claims are not a JSON object, a name occurs twice, or a date is no number.
    ClaimsMalformed,
    IssuerMissing,
    IssuerWrong,
    AudienceMissing,
    /// `aud` is neither a string nor a list of strings.
    AudienceMalformed,
    /// `aud` does not name this service.
    AudienceWrong,
    ExpirationMissing,
    Expired,
    NotYetValid,
    IssuedInFuture,
    /// `sub` is there but is not a non-empty string.
    SubjectMalformed,
    /// `auth_time` is there but is not a number.
    AuthTimeMalformed,
    AuthTimeInFuture,
    /// An ID token has no `auth_time`, or one that is longer ago than was asked for.
    AuthTimeTooOld,
    /// An ID token has no `sub`.
    SubjectMissing,
    /// `nonce` is not that of the sign-in which the ID token answers.
    NonceWrong,
    /// `azp` names another client than the one the ID token was asked for by.
    AuthorizedPartyWrong,

    /// The claim that carries the e-mail is absent, empty or not a string.
    EmailMissing,
    /// The e-mail has no `@`, or more than one.
    EmailMalformed,
    /// `email_verified` is there and does not say yes.
    EmailNotVerified,
    /// The only cause of a 403: everything else is right.
    DomainNotAllowed,
}

impl Refusal {
    /// A stable name for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CredentialsMissing => "credentials_missing",
            Self::AuthorizationRepeated => "authorization_repeated",
            Self::SchemeNotBearer => "scheme_not_bearer",
            Self::AuthorizationMalformed => "authorization_malformed",
            Self::AdminKeyMissing => "admin_key_missing",
            Self::AdminKeyRepeated => "admin_key_repeated",
            Self::AdminKeyMalformed => "admin_key_malformed",
            Self::AdminKeyWrong => "admin_key_wrong",
            Self::AdminKeyNotConfigured => "admin_key_not_configured",
            Self::ApiKeyMalformed => "api_key_malformed",
            Self::SessionMalformed => "session_malformed",
            Self::SessionUnknown => "session_unknown",
            Self::SessionNotAllowed => "session_not_allowed",
            Self::TokensNotConfigured => "tokens_not_configured",
            Self::TokenTooLarge => "token_too_large",
            Self::TokenStructure => "token_structure",
            Self::TokenEncoding => "token_encoding",
            Self::HeaderMalformed => "header_malformed",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::CriticalExtension => "critical_extension",
            Self::KeyIdMissing => "key_id_missing",
            Self::KeyIdTooLong => "key_id_too_long",
            Self::SignatureMalformed => "signature_malformed",
            Self::KeyUnknown => "key_unknown",
            Self::SignatureWrong => "signature_wrong",
            Self::SignatureNotChecked => "signature_not_checked",
            Self::ClaimsMalformed => "claims_malformed",
            Self::IssuerMissing => "issuer_missing",
            Self::IssuerWrong => "issuer_wrong",
            Self::AudienceMissing => "audience_missing",
            Self::AudienceMalformed => "audience_malformed",
            Self::AudienceWrong => "audience_wrong",
            Self::ExpirationMissing => "expiration_missing",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::SubjectMalformed => "subject_malformed",
            Self::AuthTimeMalformed => "auth_time_malformed",
            Self::AuthTimeInFuture => "auth_time_in_future",
            Self::AuthTimeTooOld => "auth_time_too_old",
            Self::SubjectMissing => "subject_missing",
            Self::NonceWrong => "nonce_wrong",
            Self::AuthorizedPartyWrong => "authorized_party_wrong",
            Self::EmailMissing => "email_missing",
            Self::EmailMalformed => "email_malformed",
            Self::EmailNotVerified => "email_not_verified",
            Self::DomainNotAllowed => "domain_not_allowed",
        }
    }

    /// 403 rather than 401.
    pub const fn is_forbidden(self) -> bool {
        matches!(self, Self::DomainNotAllowed)
    }
}

/// Why there is no verified identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The credential is at fault: 401 or 403.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No token can be verified, because there is no key set: 503.
    #[error("no key set can be had: {0}")]
    KeysUnavailable(KeysError),
}

impl AuthError {
    /// A stable name for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::KeysUnavailable(_) => "keys_unavailable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wrong_domain_is_forbidden() {
        assert!(Refusal::DomainNotAllowed.is_forbidden());
        for unauthorized in [
            Refusal::EmailMissing,
            Refusal::EmailNotVerified,
            Refusal::AdminKeyWrong,
            Refusal::Expired,
        ] {
            assert!(!unauthorized.is_forbidden(), "{unauthorized}");
        }
    }

    #[test]
    fn codes_tell_a_refusal_from_missing_keys() {
        assert_eq!(AuthError::from(Refusal::Expired).code(), "expired");
        let unavailable = AuthError::KeysUnavailable(KeysError::TimedOut);
        assert_eq!(unavailable.code(), "keys_unavailable");
    }
}
