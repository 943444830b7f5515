//! Parameters as OAuth sends them, in an address or in a form: each at most once, unknown ones ignored, empty ones as if
//! they were not there (RFC 6749, section 3.1).

use std::collections::BTreeMap;

use url::form_urlencoded;
use zeroize::Zeroizing;

/// A request with the longest of everything that is read stays below it.
pub const PARAMS_BYTES_MAX: usize = 16 * 1024;
/// Many more than there are; each costs a place in a map.
const PARAMS_MAX: usize = 64;

/// Parameters that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most 64 parameters of 16384 bytes together")]
pub struct TooMuch;

/// A parameter that is there more than once: two readers would see two different requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is there more than once")]
pub struct Repeated(pub &'static str);

/// The parameters of a request. Some are secrets, so none is shown.
pub struct Params(BTreeMap<String, Vec<Zeroizing<String>>>);

impl Params {
    /// Reads a query or a form.
    pub fn parse(text: &str) -> Result<Self, TooMuch> {
        let pairs = || form_urlencoded::parse(text.as_bytes());
        if text.len() > PARAMS_BYTES_MAX || pairs().count() > PARAMS_MAX {
            return Err(TooMuch);
        }
        let mut params = BTreeMap::<String, Vec<_>>::new();
        for (name, value) in pairs().filter(|(_, value)| !value.is_empty()) {
            params.entry(name.into_owned()).or_default().push(Zeroizing::new(value.into_owned()));
        }
        Ok(Self(params))
    }

    /// The value of a parameter, if it is there.
    pub fn get(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        match self.0.get(name).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([value]) => Ok(Some(value)),
            Some(_) => Err(Repeated(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_there_once_or_not_at_all() {
        let params = Params::parse("a=1&b=&c=x&c=y&d=%2B+%C3%A9&e").unwrap();
        assert_eq!(params.get("a"), Ok(Some("1")));
        assert_eq!(params.get("b"), Ok(None), "empty");
        assert_eq!(params.get("c"), Err(Repeated("c")));
        assert_eq!(params.get("d"), Ok(Some("+ é")));
        assert_eq!(params.get("e"), Ok(None));
        assert_eq!(params.get("z"), Ok(None));
    }

    #[test]
    fn a_flood_is_not_read() {
        assert!(Params::parse(&"a".repeat(PARAMS_BYTES_MAX)).is_ok());
        assert!(Params::parse(&"a".repeat(PARAMS_BYTES_MAX + 1)).is_err());
        assert!(Params::parse(&"a=1&".repeat(64)).is_ok());
        assert!(Params::parse(&"a=1&".repeat(65)).is_err());
    }
}
