//! Where somebody goes after signing in: a path of this gateway, and never another site.

use serde::Deserialize;

/// A pay link with ten offers fits; what is longer is no address that we gave.
const BYTES_MAX: usize = 16 * 1024;

/// A path of this gateway.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Next(Option<String>);

impl From<String> for Next {
    fn from(text: String) -> Self {
        Self(Some(text).filter(|text| is_path(text)))
    }
}

impl Next {
    /// The path, if one was given that is ours.
    pub fn path(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// Browsers read `//host`, `/\host` and paths with control characters as addresses of other sites.
fn is_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    text.len() <= BYTES_MAX
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_gateway_are_followed() {
        let check = |text: &str, good: bool| {
            assert_eq!(Next::from(text.to_owned()).path(), good.then_some(text), "{text:?}");
        };
        check("/wallet", true);
        check("/pay?offer=a.b.c&lang=de", true);
        check("/", true);
        for elsewhere in [
            "",
            "wallet",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " /wallet",
            "/wällt",
        ] {
            check(elsewhere, false);
        }
        check(&format!("/{}", "a".repeat(BYTES_MAX)), false);
    }
}
