//! What the operator configured the plugin with.

use serde::de::DeserializeOwned;

use crate::{Error, Problem};

/// The attribute that holds it.
const NAME: &str = "config";
/// What the gateway stores with a binding at most.
const LEN_MAX: usize = 64 * 1024;

/// The operator's configuration, which is JSON in the attribute `config`; the default where there is none.
///
/// A `T` that is marked `#[serde(deny_unknown_fields)]` refuses a misspelt name instead of ignoring it. What does not fit is
/// refused by its path, like `config.rates[2].percent`.
pub fn config<T: DeserializeOwned + Default>(attributes: &[(String, String)]) -> Result<T, Error> {
    let Some((_, text)) = attributes.iter().find(|(name, _)| name == NAME) else {
        return Ok(T::default());
    };
    if text.len() > LEN_MAX {
        return Err(misconfigured(NAME, &format!("it has more than {LEN_MAX} bytes")));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let config = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            root if root == "." => NAME.to_owned(),
            path => format!("{NAME}.{path}"),
        };
        misconfigured(&path, &error.inner().to_string())
    })?;
    deserializer.end().map_err(|error| misconfigured(NAME, &error.to_string()))?;
    Ok(config)
}

/// The refusal of a configuration: where, like `config.rates[2].percent`, and what is wrong with it.
pub fn misconfigured(path: &str, why: &str) -> Error {
    let text =
        format!("the operator's configuration of this plugin cannot be used, at {path}: {why}");
    Error::new(Problem::MalformedRequest, text).at(path)
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
    fn what_cannot_be_read_is_refused_by_its_path() {
        let long = format!("{{\"level\":\"{}\"}}", "x".repeat(LEN_MAX));
        let refused = |text: &str, field: &str| {
            let error = read(text).unwrap_err();
            assert_eq!(error.field(), Some(field));
            assert_eq!(error.problem(), Problem::MalformedRequest);
            assert!(error.to_string().contains(field), "{error}");
        };
        for text in ["", "[", "null", r#"{"level":"line"} {}"#, long.as_str()] {
            refused(text, NAME);
        }
        refused(r#"{"levle":"line"}"#, "config.levle");
        refused(r#"{"level":5}"#, "config.level");
    }
}
