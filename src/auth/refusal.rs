//! Why a credential was refused: one variant a cause. The cause goes to the log and never to the
//! client, which learns only 401 or 403. No variant carries text of the credential.

use crate::auth::KeysError;

/// The one defect for which a credential was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    #[error("no credentials")]
    CredentialsMissing,
    #[error("several Authorization headers")]
    AuthorizationRepeated,
    #[error("not the Bearer scheme")]
    SchemeNotBearer,
    /// What follows `Bearer` is not one token (RFC 6750, section 2.1).
    #[error("malformed Authorization header")]
    AuthorizationMalformed,

    #[error("no admin key")]
    AdminKeyMissing,
    #[error("several admin keys")]
    AdminKeyRepeated,
    /// The admin key is empty or not plain ASCII.
    #[error("malformed admin key")]
    AdminKeyMalformed,
    #[error("wrong admin key")]
    AdminKeyWrong,
    #[error("no admin key is configured")]
    AdminKeyNotConfigured,

    #[error("malformed API key")]
    ApiKeyMalformed,

    #[error("no token issuer is configured")]
    TokensNotConfigured,
    /// The token is longer than [`MAX_TOKEN_BYTES`](crate::auth::jwt::MAX_TOKEN_BYTES).
    #[error("token too large")]
    TokenTooLarge,
    /// The token is not three parts joined by dots (RFC 7515, section 7.1).
    #[error("token is not of three parts")]
    TokenStructure,
    /// A part is not unpadded base64url (RFC 7515, section 2).
    #[error("token is not base64url")]
    TokenEncoding,
    /// The header is not a JSON object of the expected types.
    #[error("malformed token header")]
    HeaderMalformed,
    /// `cty` announces something else than JSON claims, such as a nested token.
    #[error("content type not supported")]
    ContentTypeNotAllowed,
    /// `typ` is not one of those accepted (RFC 8725, section 3.11).
    #[error("token type not allowed")]
    TypeNotAllowed,
    /// `alg` is neither RS256 nor ES256 (RFC 8725, section 3.1).
    #[error("algorithm not allowed")]
    AlgorithmNotAllowed,
    /// `crit` asks for extensions, and none is supported (RFC 7515, section 4.1.11).
    #[error("critical extensions are not supported")]
    CriticalExtension,
    /// `kid` is absent or empty.
    #[error("no key id")]
    KeyIdMissing,
    /// `kid` is longer than [`MAX_KEY_ID_BYTES`](crate::auth::jwt::MAX_KEY_ID_BYTES).
    #[error("key id too long")]
    KeyIdTooLong,
    /// The signature's length does not fit its algorithm.
    #[error("malformed signature")]
    SignatureMalformed,

    /// The issuer publishes no key with this id for this algorithm.
    #[error("unknown key")]
    KeyUnknown,
    #[error("wrong signature")]
    SignatureWrong,
    /// The cryptography failed.
    #[error("signature could not be checked")]
    SignatureNotChecked,

    /// The claims are not a JSON object, a name occurs twice, or a date is no number.
    #[error("malformed claims")]
    ClaimsMalformed,
    #[error("no issuer")]
    IssuerMissing,
    #[error("wrong issuer")]
    IssuerWrong,
    #[error("no audience")]
    AudienceMissing,
    /// `aud` is neither a string nor a list of strings.
    #[error("malformed audience")]
    AudienceMalformed,
    /// `aud` does not name this service.
    #[error("wrong audience")]
    AudienceWrong,
    #[error("no expiration")]
    ExpirationMissing,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    NotYetValid,
    #[error("issued in the future")]
    IssuedInFuture,
    /// `sub` is there but is not a non-empty string.
    #[error("malformed subject")]
    SubjectMalformed,
    /// `auth_time` is there but is not a number.
    #[error("malformed time of authentication")]
    AuthTimeMalformed,
    #[error("authenticated in the future")]
    AuthTimeInFuture,

    /// The claim that carries the e-mail is absent, empty or not a string.
    #[error("no e-mail")]
    EmailMissing,
    /// `email_verified` is there and does not say yes.
    #[error("e-mail not verified")]
    EmailNotVerified,
    /// The only cause of a 403: everything else is right.
    #[error("e-mail domain not allowed")]
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
            Self::TokensNotConfigured => "tokens_not_configured",
            Self::TokenTooLarge => "token_too_large",
            Self::TokenStructure => "token_structure",
            Self::TokenEncoding => "token_encoding",
            Self::HeaderMalformed => "header_malformed",
            Self::ContentTypeNotAllowed => "content_type_not_allowed",
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
            Self::EmailMissing => "email_missing",
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
