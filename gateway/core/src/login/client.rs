//! A shop as a client: who it is, and where buyers may be sent back to.

use std::fmt;

use jiff::Timestamp;
use url::{Host, Url, form_urlencoded};

use super::scope::Scopes;
use crate::ids::{LoginClientId, MerchantId};

/// Longer than any address that a shop's software makes.
const URI_BYTES_MAX: usize = 1_024;

/// An address of a shop that buyers may be sent to. It is compared as it was written, letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    url: Url,
}

/// Where a shop may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// On the internet, behind https.
    Internet,
    /// Also on the machine itself, without: in a sandbox.
    Loopback,
}

/// Why an address is none that buyers may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// It is no absolute address.
    #[error(
        "an absolute address of at most 1024 ASCII characters, as it will be sent: https://shop.example/callback"
    )]
    NoAddress,
    /// Who listens could read the code.
    #[error("https; http only to localhost, 127.0.0.1 or [::1], and only in a sandbox")]
    NotSecure,
    /// A code behind a fragment would never reach the shop.
    #[error("no fragment (#): it never reaches the shop")]
    Fragment,
    /// A name before the host hides the host.
    #[error("no user name or password before the host")]
    UserInfo,
}

impl RedirectUri {
    /// Reads an address.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, RedirectUriError> {
        let plain = text.len() <= URI_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        // Browsers read a backslash as a slash, others do not.
        let plain = plain && !text.contains('\\');
        let url = Some(text).filter(|_| plain).and_then(|text| Url::parse(text).ok());
        let url = url.filter(has_plain_host).ok_or(RedirectUriError::NoAddress)?;
        let secure = match (url.scheme(), reach) {
            ("https", _) => true,
            ("http", Reach::Loopback) => is_loopback(&url),
            _ => false,
        };
        if !secure {
            return Err(RedirectUriError::NotSecure);
        }
        if url.fragment().is_some() {
            return Err(RedirectUriError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectUriError::UserInfo);
        }
        Ok(Self { text: text.to_owned(), url })
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, as browsers write them.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether it is on the machine of whoever opens it.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// The address with these parameters behind its own.
    pub fn with(&self, pairs: &[(&str, &str)]) -> String {
        let mut url = self.url.clone();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        let added = query.finish();
        let whole = match url.query() {
            Some(own) if !own.is_empty() => format!("{own}&{added}"),
            _ => added,
        };
        url.set_query(Some(&whole).filter(|query| !query.is_empty()).map(String::as_str));
        url.into()
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A host of letters, digits, hyphens and dots, or an IP address: it is named in the policies of pages (CSP), where other
/// characters mean something.
fn has_plain_host(url: &Url) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    match url.host() {
        Some(Host::Domain(name)) => !name.is_empty() && name.bytes().all(plain),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// How an ID token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdTokenAlg {
    /// With the key of receipts.
    EdDsa,
    /// With RSA, for software that knows nothing else.
    Rs256,
}

impl IdTokenAlg {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::EdDsa, Self::Rs256];

    /// The name in JOSE.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }
}

/// Whether a client has to prove that it asked for the code that it exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// Each request needs a challenge.
    Required,
    /// For software that knows none. A challenge that is there is checked all the same.
    Optional,
}

/// A shop as a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginClient {
    /// `client_id`.
    pub id: LoginClientId,
    /// Whose.
    pub merchant: MerchantId,
    /// What the merchant calls it, for itself.
    pub name: Option<String>,
    /// Where buyers go back to with a code.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where they go when they have signed out.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Whether challenges are needed.
    pub pkce: Pkce,
    /// How its ID tokens are signed.
    pub id_token_alg: IdTokenAlg,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl LoginClient {
    /// The registered address that is exactly this one.
    pub fn redirect_uri(&self, text: &str) -> Option<&RedirectUri> {
        self.redirect_uris.iter().find(|uri| uri.text == text)
    }

    /// The same of addresses after signing out.
    pub fn post_logout_redirect_uri(&self, text: &str) -> Option<&RedirectUri> {
        self.post_logout_redirect_uris.iter().find(|uri| uri.text == text)
    }
}

/// What a buyer agreed to at a merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    /// Who sees it.
    pub merchant: MerchantId,
    /// What it sees.
    pub scopes: Scopes,
    /// Since when.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_is_sent_over_https_only_and_to_the_machine_itself_only_in_a_sandbox() {
        let check = |text: &str, reach, expected: Result<(), RedirectUriError>| {
            assert_eq!(RedirectUri::parse(text, reach).map(drop), expected, "{text}");
        };
        use Reach::{Internet, Loopback};
        check("https://shop.example/callback?page=1", Internet, Ok(()));
        check("https://shop.example", Internet, Ok(()));
        check("http://127.0.0.1:3000/cb", Loopback, Ok(()));
        check("http://[::1]/cb", Loopback, Ok(()));
        check("http://localhost/cb", Loopback, Ok(()));
        for text in ["http://127.0.0.1/cb", "http://localhost/cb", "http://shop.example/"] {
            check(text, Internet, Err(RedirectUriError::NotSecure));
        }
        for text in [
            "http://shop.example/",
            "http://localhost.example/",
            "ftp://localhost/",
            "shop://callback",
        ] {
            check(text, Loopback, Err(RedirectUriError::NotSecure));
        }
        check("https://shop.example/#a", Internet, Err(RedirectUriError::Fragment));
        check("https://shop.example/#", Internet, Err(RedirectUriError::Fragment));
        check("https://shop.example@evil.example/", Internet, Err(RedirectUriError::UserInfo));
        let long = format!("https://shop.example/{}", "a".repeat(1_024));
        for text in [
            "",
            "/callback",
            "javascript:alert(1)",
            "https:///",
            "https://shop.example/ a",
            "https://shop.example\\@evil",
            "https://shop.example/é",
            "https://shop.example/\n",
            "https://*/callback",
            "https://shop;sandbox/callback",
            "https://shop,evil/callback",
            "https://shop'evil/callback",
            &long,
        ] {
            check(text, Loopback, Err(RedirectUriError::NoAddress));
        }
    }

    #[test]
    fn an_answer_goes_behind_what_the_address_says_itself() {
        let with = |text: &str| {
            let uri = RedirectUri::parse(text, Reach::Internet).unwrap();
            uri.with(&[("code", "a b"), ("state", "&=#é")])
        };
        let added = "code=a+b&state=%26%3D%23%C3%A9";
        assert_eq!(with("https://shop.example/cb"), format!("https://shop.example/cb?{added}"));
        assert_eq!(with("https://shop.example"), format!("https://shop.example/?{added}"));
        assert_eq!(
            with("https://shop.example/?p=%20x"),
            format!("https://shop.example/?p=%20x&{added}")
        );
        assert_eq!(with("https://shop.example/?"), format!("https://shop.example/?{added}"));
        let uri = RedirectUri::parse("https://shop.example/cb", Reach::Internet).unwrap();
        assert_eq!(uri.with(&[]), "https://shop.example/cb");
    }
}
