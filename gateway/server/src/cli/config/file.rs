//! `purser.toml`: the same settings as the flags, and the tables that flags are too short for.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use super::LogForm;
use crate::settings::Signatures;

/// The file as it is written. Values are judged where flags are, under the same names.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileSettings {
    pub(super) listen: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) database: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) unit_of_account: Option<String>,
    pub(super) fx_spread_percent: Option<String>,
    pub(super) sandbox: Option<bool>,
    pub(super) clock: Option<String>,
    pub(super) rates_max_age_days: Option<u32>,
    pub(super) shops_told_within_seconds: Option<u16>,
    pub(super) logins_end_within_hours: Option<u16>,
    pub(super) step_up_limit: Option<String>,
    pub(super) log: Option<LogForm>,
    pub(super) plugin_signatures: Option<Signatures>,
    /// By currency of the card.
    pub(super) tap_limits: BTreeMap<String, String>,
    /// By country, and `default` for every other and for none; in the unit of account.
    pub(super) limits: BTreeMap<String, FileLimits>,
    pub(super) throttle: FileThrottle,
}

/// What a country allows.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileLimits {
    pub(super) load_max: Option<String>,
    pub(super) balance_max: Option<String>,
    pub(super) payment_max: Option<String>,
}

/// Failures that are allowed in ten minutes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileThrottle {
    pub(super) logins_per_email: Option<u32>,
    pub(super) logins_per_address: Option<u32>,
    pub(super) logins_per_merchant: Option<u32>,
    pub(super) cards_per_vault: Option<u32>,
    pub(super) cards_per_address: Option<u32>,
    pub(super) sign_ups_per_minute: Option<u32>,
}

/// Reads the file, or says where it is wrong and what was probably meant.
pub(super) fn parse(text: &str) -> Result<FileSettings, String> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let message = error.message();
        let nearest = nearest(message);
        let place = before.map_or_else(String::new, |before| {
            let lines = before.matches('\n').count();
            let line = text.lines().nth(lines).unwrap_or_default();
            let setting = line.split_once('=').filter(|_| nearest.is_none());
            let setting = setting.map(|(setting, _)| format!("{}: ", setting.trim()));
            format!("line {}: {}", lines.saturating_add(1), setting.unwrap_or_default())
        });
        let said = nearest.or_else(|| wanted(message));
        format!("{place}{}", said.unwrap_or_else(|| message.to_owned()))
    })
}

/// What is wanted in the place of something else, in people's words.
fn wanted(message: &str) -> Option<String> {
    let (found, wanted) = message.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?;
    let wanted = match wanted {
        "a string" => "a text in quotes, like \"0.5\"",
        "u16" | "u32" | "u64" => "a whole number without quotes, like 5",
        "a boolean" => "true or false, without quotes",
        "a sequence" => "a list, like [\"one\", \"two\"]",
        other => other,
    };
    Some(format!("this is to be {wanted}; here is {found}"))
}

/// serde names the unknown key and all known ones; people want the one that they meant.
fn nearest(message: &str) -> Option<String> {
    let mut names = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let distance = |known: &&str| strsim::damerau_levenshtein(unknown, known);
    let nearest = names.min_by_key(distance)?;
    Some(format!("no setting is called `{unknown}`; did you mean `{nearest}`?"))
}
