//! What the operator configured the plugin with.

use serde::de::DeserializeOwned;

use crate::{Error, Problem};

/// The attribute that holds it.
const NAME: &str = "config";
/// What the gateway stores with a binding at most.
const LEN_MAX: usize = 64 * 1024;

/// The operator's configuration, which is JSON in the attribute `config`; the default where there is none.
///
/// A `T` that is marked `#[serde(deny_unknown_fields)]` refuses a misspelt name instead of ignoring it.
pub fn config<T: DeserializeOwned + Default>(attributes: &[(String, String)]) -> Result<T, Error> {
    let Some((_, text)) = attributes.iter().find(|(name, _)| name == NAME) else {
        return Ok(T::default());
    };
    let refused = |text: String| Error::new(Problem::MalformedRequest, text).at(NAME);
    if text.len() > LEN_MAX {
        return Err(refused(format!("a configuration has at most {LEN_MAX} bytes")));
    }
    serde_json::from_str(text).map_err(|error| {
        refused(format!("the operator's configuration of this plugin cannot be read: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Config {
        level: String,
    }

    fn read(text: &str) -> Result<Config, Error> {
        config(&[("other".to_owned(), "?".to_owned()), (NAME.to_owned(), text.to_owned())])
    }

    #[test]
    fn nothing_configured_is_the_default() {
        assert_eq!(config(&[]), Ok(Config::default()));
        assert_eq!(read("{}"), Ok(Config::default()));
        assert_eq!(read(r#"{"level":"line"}"#), Ok(Config { level: "line".to_owned() }));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        let long = format!("{{\"level\":\"{}\"}}", "x".repeat(LEN_MAX));
        for text in ["", "[", "null", r#"{"levle":"line"}"#, long.as_str()] {
            let error = read(text).unwrap_err();
            assert_eq!(error.field(), Some(NAME));
            assert_eq!(error.problem(), Problem::MalformedRequest);
        }
        assert!(read(r#"{"levle":"line"}"#).unwrap_err().to_string().contains("levle"));
    }
}
