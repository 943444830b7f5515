//! What the operator can set, with its defaults. Where a value comes from (flag, environment, `purser.toml`) is
//! the command line's business.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use jiff::{SignedDuration, Timestamp};
use purser_core::policy::Limits;
use purser_money::{Currency, Money, Percent};

use crate::network::Network;

/// A minute is longer than it takes to pay one shop and then another, as those do who are not one buyer's.
pub const SHOPS_TOLD_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// What [`Settings::logins_end_within`] is unless the operator says otherwise.
pub const LOGINS_END_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The issuer: the address under which clients reach the gateway, without trailing slash. By default
    /// `http://` and the bound address.
    pub base_url: Option<String>,
    /// Proxies in front of the gateway, which are believed when they say whom they heard from.
    pub trusted_proxies: Vec<Network>,
    /// A SQLite file, or `postgres://...`. By default `purser.db` in the data directory.
    pub database: Option<String>,
    /// Keys, compiled plugins, and the database by default.
    pub data: PathBuf,
    /// The currency that vaults are held in.
    pub unit_of_account: Currency,
    /// What a conversion costs whoever loads a card.
    pub fx_spread: Percent,
    /// Test keys, receipts and pages; the clock can be set.
    pub sandbox: bool,
    /// Where the sandbox clock starts.
    pub clock: Option<Timestamp>,
    /// Rates older than this convert nothing: weekends and holidays leave gaps of up to five days.
    pub rates_max_age_days: u32,
    /// How long shops that are paid in one purchase may wait until they are told of it, each some other time: no two
    /// can tell from the time that one buyer paid both. Zero tells all of them at once.
    pub shops_told_within: SignedDuration,
    /// How long shops may go on seeing what a buyer showed them when a new PIN or password, a new passkey or an erased
    /// account ends that, each for some other time: buyers who do so are rarer than such who pay.
    pub logins_end_within: SignedDuration,
    /// A payment above this needs the PIN.
    pub step_up_limit: Option<Money>,
    /// A tap that loads more than this needs the printed code too, by currency of the card.
    pub tap_limits: BTreeMap<Currency, Money>,
    /// What a country allows of anonymous stored value.
    pub limits: BTreeMap<String, Limits>,
    /// What is allowed where the buyer names no country, or one that is not among these: whoever leaves the country
    /// out must not be allowed more for it.
    pub limits_elsewhere: Limits,
    /// Failures that are allowed in ten minutes.
    pub throttle: Throttle,
    /// Logs as JSON lines instead of text.
    pub log_json: bool,
    /// Whether plugins have to be signed.
    pub plugin_signatures: Signatures,
}

/// Whether a plugin's file has to be signed by somebody whom the operator trusts. A signature that is there must always
/// be good, and by somebody trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signatures {
    /// A file without a signature is refused. What a gateway with real money does unless it is told otherwise.
    Required,
    /// A file without a signature is taken. What the sandbox does.
    Optional,
}

/// Failures that are allowed in ten minutes; ten times as many in the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Wrong logins with one e-mail from one address, and from all where nobody signed in with it lately.
    pub logins_per_email: u32,
    /// Wrong logins from one address.
    pub logins_per_address: u32,
    /// Wrong logins that one merchant's website asked for, where nobody signed in with the e-mail lately.
    pub logins_per_merchant: u32,
    /// Wrong card codes and taps for one vault.
    pub cards_per_vault: u32,
    /// Wrong card codes and taps from one address.
    pub cards_per_address: u32,
    /// Sign-ups from one address in a minute.
    pub sign_ups_per_minute: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            logins_per_email: 10,
            logins_per_address: 100,
            logins_per_merchant: 500,
            cards_per_vault: 20,
            cards_per_address: 200,
            sign_ups_per_minute: 60,
        }
    }
}

impl Throttle {
    /// The budgets of the sandbox.
    pub fn times_ten(self) -> Self {
        Self {
            logins_per_email: self.logins_per_email.saturating_mul(10),
            logins_per_address: self.logins_per_address.saturating_mul(10),
            logins_per_merchant: self.logins_per_merchant.saturating_mul(10),
            cards_per_vault: self.cards_per_vault.saturating_mul(10),
            cards_per_address: self.cards_per_address.saturating_mul(10),
            sign_ups_per_minute: self.sign_ups_per_minute.saturating_mul(10),
        }
    }
}

impl Settings {
    /// The limits of a buyer's country.
    pub fn limits_of(&self, country: Option<&str>) -> Limits {
        let own = country.and_then(|country| self.limits.get(country));
        *own.unwrap_or(&self.limits_elsewhere)
    }

    /// Where the database is: a file in the data directory, unless another is named.
    pub fn database_url(&self) -> String {
        let named = self.database.clone();
        named.unwrap_or_else(|| self.data.join("purser.db").display().to_string())
    }

    /// The budgets in force.
    pub fn throttle_in_force(&self) -> Throttle {
        if self.sandbox { self.throttle.times_ten() } else { self.throttle }
    }
}
