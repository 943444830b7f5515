//! What goes wrong between a shop and its provider, by the names that RFC 6749, RFC 6750 and OpenID Connect give it.

/// A name of what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// A part is missing, repeated or malformed.
    InvalidRequest,
    /// The client is unknown, or its secret is wrong.
    InvalidClient,
    /// The code or refresh token is wrong, used, expired, or another client's.
    InvalidGrant,
    /// No grant that is given here.
    UnsupportedGrantType,
    /// Only `code` is.
    UnsupportedResponseType,
    /// Without `openid`, nothing is.
    InvalidScope,
    /// The buyer said no.
    AccessDenied,
    /// The buyer would have to sign in, and must not be asked.
    LoginRequired,
    /// The buyer would have to agree, and must not be asked.
    ConsentRequired,
    /// Request objects are not read.
    RequestNotSupported,
    /// Nor fetched.
    RequestUriNotSupported,
    /// Clients are registered beforehand.
    RegistrationNotSupported,
    /// The access token is wrong, expired or ended.
    InvalidToken,
    /// Something went wrong here.
    ServerError,
    /// It may work again in a moment.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// The name, as it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}
