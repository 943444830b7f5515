//! How clients show who they are, and which token they hold.

use actix_web::{HttpMessage as _, HttpRequest, http::header::AUTHORIZATION};
use data_encoding::BASE64;
use purser_core::{
    login::{client::LoginClient, error::ErrorCode, params::Params},
    secret::SecretText,
};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use crate::{
    app::oidc::{client::authenticate, fault::Fault},
    gateway::Gateway,
};

const FORM: &str = "application/x-www-form-urlencoded";
/// Longer than any token or secret of ours.
const CREDENTIAL_BYTES_MAX: usize = 2_048;

/// The form that a client sends.
pub(super) fn form(request: &HttpRequest, body: &[u8]) -> Result<Params, Refusal> {
    let fault = |text: &str| Fault::new(ErrorCode::InvalidRequest, text);
    if request.content_type() != FORM {
        return Err(fault("the body is `application/x-www-form-urlencoded`").into());
    }
    let text = std::str::from_utf8(body).map_err(|_| fault("the form is text in UTF-8"))?;
    Ok(Params::parse(text)?)
}

/// The client that asks: by `Authorization: Basic`, or by `client_id` and `client_secret` in the form, and not by both
/// (RFC 6749, section 2.3).
pub(super) async fn client(
    gateway: &Gateway,
    request: &HttpRequest,
    params: &Params,
) -> Result<LoginClient, Refusal> {
    let refused = |text: &str| Fault::new(ErrorCode::InvalidClient, text);
    let id = params.get("client_id").map_err(Fault::from)?;
    let secret = params.get("client_secret").map_err(Fault::from)?;
    let Some(header) = single(request, "Basic")? else {
        let needed = || refused("a client shows `client_id` and `client_secret`");
        let (id, secret) = id.zip(secret).ok_or_else(needed)?;
        return Ok(authenticate(gateway, id, secret).await?);
    };
    let (known, password) = basic(&header).ok_or_else(|| refused("the header is malformed"))?;
    if secret.is_some() || id.is_some_and(|id| id != known.as_str()) {
        let text = "a client shows its secret in the header or in the form, and names itself alike";
        return Err(Fault::new(ErrorCode::InvalidRequest, text).into());
    }
    Ok(authenticate(gateway, &known, &password).await?)
}

/// The access token, in the header, or in the form of a POST (RFC 6750, section 2).
pub(super) fn bearer(request: &HttpRequest, body: &[u8]) -> Result<SecretText, Refusal> {
    if let Some(token) = single(request, "Bearer")? {
        return Ok(SecretText::new(token.to_string()));
    }
    if request.content_type() != FORM {
        return Err(Refusal::no_token());
    }
    let params = form(request, body)?;
    let token = params.get("access_token").map_err(Fault::from)?;
    token.map(|token| SecretText::new(token.to_owned())).ok_or_else(Refusal::no_token)
}

/// What stands behind the scheme in the only `Authorization` header, if there is one.
fn single(request: &HttpRequest, scheme: &str) -> Result<Option<Zeroizing<String>>, Fault> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let (first, second) = (headers.next(), headers.next());
    let Some(header) = first else { return Ok(None) };
    let behind = || {
        let (named, rest) = header.to_str().ok()?.split_once(' ')?;
        let fits = named.eq_ignore_ascii_case(scheme) && rest.len() <= CREDENTIAL_BYTES_MAX;
        fits.then(|| Zeroizing::new(rest.trim_matches(' ').to_owned()))
    };
    let found = if second.is_none() { behind() } else { None };
    let wanted = format!("one header `Authorization: {scheme} ...`");
    let error = if scheme == "Basic" { ErrorCode::InvalidClient } else { ErrorCode::InvalidToken };
    found.map(Some).ok_or_else(|| Fault::new(error, wanted))
}

/// Id and secret, each encoded like a field of a form (RFC 6749, section 2.3.1).
fn basic(encoded: &str) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let pair = Zeroizing::new(BASE64.decode(encoded.as_bytes()).ok()?);
    let (id, secret) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    let decoded = |text: &str| {
        let mut fields = form_urlencoded::parse(text.as_bytes());
        match (fields.next(), fields.next()) {
            (Some((name, value)), None) if value.is_empty() => {
                Some(Zeroizing::new(name.into_owned()))
            }
            _ => None,
        }
    };
    Some((decoded(id)?, decoded(secret)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_are_decoded_each_by_itself() {
        let check = |pair: &str, expected: Option<(&str, &str)>| {
            let read = basic(&BASE64.encode(pair.as_bytes()));
            let read = read.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str()));
            assert_eq!(read, expected, "{pair}");
        };
        check("client_1:cs_a-b", Some(("client_1", "cs_a-b")));
        check("client%5F1:cs%5Fa%2Db", Some(("client_1", "cs_a-b")));
        check("a%3Ab:c+d", Some(("a:b", "c d")));
        check("a:b:c", Some(("a", "b:c")));
        for pair in ["client_1", ":secret", "id:", "id:a&b", "id:a=b", ""] {
            check(pair, None);
        }
        assert!(basic("no base64").is_none());
    }
}
