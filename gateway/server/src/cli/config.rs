//! Configuration: flags, then environment variables (`PURSER_...`), then `purser.toml`, then defaults.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use purser_core::{policy::Limits, purchase::TOLD_WITHIN_MAX};
use purser_money::{Currency, Money, Percent};
use url::Url;

use crate::{
    network::Network,
    place::place,
    settings::{LOGINS_END_WITHIN, SHOPS_TOLD_WITHIN, Settings, Signatures, Throttle},
};

mod file;

use self::file::{FileLimits, FileSettings, FileThrottle};

/// The configuration that is read when none is named, if it is there.
const FILE: &str = "purser.toml";
/// A configuration holds some fifty lines.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// A week. What a buyer ended is over some day.
const LOGINS_END_WITHIN_MAX: SignedDuration = SignedDuration::from_hours(168);
/// The name of the limits that hold in no country of its own.
const ELSEWHERE: &str = "default";
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Where a gateway keeps what it knows. Every command that works on one takes these.
#[derive(Debug, Clone, Default, Args)]
pub struct PlaceFlags {
    /// Configuration file; `purser.toml` here, if there is one
    #[arg(long, env = "PURSER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Directory of keys, compiled plugins, and by default the database [default: ./purser-data]
    #[arg(long, env = "PURSER_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// SQLite file, or postgres://user@host/name [default: purser.db in the data directory]
    #[arg(long, env = "PURSER_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Currency that vaults are held in; fixed once the database is made [default: USD]
    #[arg(long, env = "PURSER_UNIT_OF_ACCOUNT", value_name = "CURRENCY", value_parser = currency)]
    pub unit_of_account: Option<Currency>,
    /// Test keys, test receipts and a clock that can be set; listens on this machine only
    #[arg(
        long,
        env = "PURSER_SANDBOX",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub sandbox: Option<bool>,
    /// Time that the sandbox starts at, like 2026-11-22T12:00:00Z
    #[arg(long, env = "PURSER_CLOCK", value_name = "TIME", value_parser = time)]
    pub clock: Option<Timestamp>,
    /// Whether plugins have to be signed by somebody trusted [default: required; optional in the sandbox]
    #[arg(long, env = "PURSER_PLUGIN_SIGNATURES", value_name = "POLICY")]
    pub plugin_signatures: Option<Signatures>,
}

/// How a gateway is run.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  purser serve
      a gateway on 127.0.0.1:8080 with a SQLite database in ./purser-data
  purser serve --sandbox --clock 2026-11-22T12:00:00Z
      a gateway to develop against, at a time of your choosing
  purser serve --listen 0.0.0.0:8080 --base-url https://pay.example.org --database postgres://purser@127.0.0.1/purser
      a gateway for the world, behind a proxy that ends TLS
  PURSER_DATA=/var/lib/purser purser serve --log json
      every flag can be an environment variable, or a line of purser.toml: data = \"/var/lib/purser\"

Without files: PURSER_MASTER_KEY and PURSER_SIGNING_KEYS hold what master.key and signing.keys in the data directory
would; PURSER_LOG sets the level of the log (default: info).")]
pub struct ServeFlags {
    /// Where it keeps what it knows.
    #[command(flatten)]
    pub place: PlaceFlags,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "PURSER_LISTEN", value_name = "ADDRESS", value_parser = listen)]
    pub listen: Option<SocketAddr>,
    /// Address under which clients reach it; it is the issuer of tokens and receipts [default: http://ADDRESS]
    #[arg(long, env = "PURSER_BASE_URL", value_name = "URL", value_parser = base_url)]
    pub base_url: Option<String>,
    /// Addresses and networks of proxies, separated by commas, whose X-Forwarded-For or Forwarded header is believed
    /// [default: none]
    #[arg(long, env = "PURSER_TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',')]
    pub trusted_proxies: Option<Vec<Network>>,
    /// What a conversion costs whoever loads a card [default: 0.5]
    #[arg(long, env = "PURSER_FX_SPREAD_PERCENT", value_name = "PERCENT", value_parser = percent)]
    pub fx_spread_percent: Option<Percent>,
    /// Days after which rates convert nothing [default: 5]
    #[arg(long, env = "PURSER_RATES_MAX_AGE_DAYS", value_name = "DAYS")]
    pub rates_max_age_days: Option<u32>,
    /// Seconds within which shops that are paid in one purchase are told, each another time, so that they cannot tell that
    /// one buyer paid them all; 0 to 600 [default: 60]
    #[arg(long, env = "PURSER_SHOPS_TOLD_WITHIN_SECONDS", value_name = "SECONDS")]
    pub shops_told_within_seconds: Option<u16>,
    /// Hours within which a new PIN or password, or an erased account, ends what shops see of the buyer, at each another
    /// time, so that they cannot tell that it is one buyer; 0 to 168 [default: 24]
    #[arg(long, env = "PURSER_LOGINS_END_WITHIN_HOURS", value_name = "HOURS")]
    pub logins_end_within_hours: Option<u16>,
    /// Amount in the unit of account above which a payment needs the PIN [default: none]
    #[arg(long, env = "PURSER_STEP_UP_LIMIT", value_name = "AMOUNT")]
    pub step_up_limit: Option<String>,
    /// Form of the log [default: text]
    #[arg(long, env = "PURSER_LOG_FORMAT", value_name = "FORM")]
    pub log: Option<LogForm>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogForm {
    /// For people.
    Text,
    /// For machines: a JSON object in each line.
    Json,
}

/// What is wrong with the configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error("cannot read {path}: {why}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong, where, and what was probably meant.
        why: String,
    },
    /// A variable that looks like a misspelt one.
    #[error("no setting is called {name}; did you mean {nearest}?")]
    Variable {
        /// As it is set.
        name: String,
        /// As it should probably be.
        nearest: String,
    },
    /// A value.
    #[error("{setting}: {why}")]
    Value {
        /// Of which setting.
        setting: String,
        /// What is wrong.
        why: String,
    },
    /// The world would reach a gateway that does not know its own address.
    #[error(
        "{0} can be reached from other machines; name the address that clients use with --base-url https://..."
    )]
    NoBaseUrl(SocketAddr),
    /// The world would reach a gateway whose money is not real.
    #[error(
        "{0} can be reached from other machines, and a sandbox must not be; listen on 127.0.0.1"
    )]
    SandboxInPublic(SocketAddr),
    /// Real money needs the real time.
    #[error("only a sandbox has a clock that can be set; add --sandbox or leave --clock out")]
    ClockWithoutSandbox,
}

impl ServeFlags {
    /// The settings that these flags, the environment and the file make together.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        check_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
        self.with_file(&read_file(self.place.config.as_deref())?)
    }

    fn with_file(&self, file: &FileSettings) -> Result<Settings, ConfigError> {
        let place = &self.place;
        let unit = or_parse(
            place.unit_of_account,
            "unit_of_account",
            file.unit_of_account.as_deref(),
            currency,
        )?;
        let unit_of_account =
            unit.map_or_else(|| currency("USD").map_err(|why| value("unit_of_account", why)), Ok)?;
        let spread = or_parse(
            self.fx_spread_percent,
            "fx_spread_percent",
            file.fx_spread_percent.as_deref(),
            percent,
        )?;
        let half = || percent("0.5").map_err(|why| value("fx_spread_percent", why));
        let clock = or_parse(place.clock, "clock", file.clock.as_deref(), time)?;
        let step_up = self.step_up_limit.as_ref().or(file.step_up_limit.as_ref());
        let (limits, limits_elsewhere) = limits(&file.limits, unit_of_account)?;
        let sandbox = place.sandbox.or(file.sandbox).unwrap_or(false);
        let settings = Settings {
            listen: or_parse(self.listen, "listen", file.listen.as_deref(), listen)?
                .unwrap_or(LISTEN),
            base_url: or_parse(
                self.base_url.clone(),
                "base_url",
                file.base_url.as_deref(),
                base_url,
            )?,
            trusted_proxies: match &self.trusted_proxies {
                Some(networks) => networks.clone(),
                None => trusted_proxies(&file.trusted_proxies)?,
            },
            database: place.database.clone().or_else(|| file.database.clone()),
            data: place
                .data
                .clone()
                .or_else(|| file.data.clone())
                .unwrap_or_else(|| "purser-data".into()),
            unit_of_account,
            fx_spread: spread.map_or_else(half, Ok)?,
            sandbox,
            clock,
            rates_max_age_days: self.rates_max_age_days.or(file.rates_max_age_days).unwrap_or(5),
            shops_told_within: self.told_within(file)?,
            logins_end_within: self.end_within(file)?,
            step_up_limit: step_up
                .map(|amount| money("step_up_limit", amount, unit_of_account))
                .transpose()?,
            tap_limits: tap_limits(&file.tap_limits)?,
            limits,
            limits_elsewhere,
            throttle: throttle(&file.throttle),
            log_json: self.log.or(file.log) == Some(LogForm::Json),
            plugin_signatures: place
                .plugin_signatures
                .or(file.plugin_signatures)
                .unwrap_or(if sandbox { Signatures::Optional } else { Signatures::Required }),
        };
        check(settings)
    }

    fn told_within(&self, file: &FileSettings) -> Result<SignedDuration, ConfigError> {
        let seconds = self.shops_told_within_seconds.or(file.shops_told_within_seconds);
        let within = seconds.map(|seconds| SignedDuration::from_secs(seconds.into()));
        let within = within.unwrap_or(SHOPS_TOLD_WITHIN);
        if within > TOLD_WITHIN_MAX {
            let why = format!("at most {} seconds", TOLD_WITHIN_MAX.as_secs());
            return Err(value("shops_told_within_seconds", why));
        }
        Ok(within)
    }

    fn end_within(&self, file: &FileSettings) -> Result<SignedDuration, ConfigError> {
        let hours = self.logins_end_within_hours.or(file.logins_end_within_hours);
        let within = hours.map(|hours| SignedDuration::from_hours(hours.into()));
        let within = within.unwrap_or(LOGINS_END_WITHIN);
        if within > LOGINS_END_WITHIN_MAX {
            let why = format!("at most {} hours", LOGINS_END_WITHIN_MAX.as_hours());
            return Err(value("logins_end_within_hours", why));
        }
        Ok(within)
    }
}

impl PlaceFlags {
    /// The settings for a command that works on a gateway's data and does not listen.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        ServeFlags { place: self.clone(), ..ServeFlags::default() }.settings()
    }
}

/// What must hold between settings.
fn check(settings: Settings) -> Result<Settings, ConfigError> {
    if !settings.listen.ip().to_canonical().is_loopback() {
        if settings.sandbox {
            return Err(ConfigError::SandboxInPublic(settings.listen));
        }
        if settings.base_url.is_none() {
            return Err(ConfigError::NoBaseUrl(settings.listen));
        }
    }
    if settings.clock.is_some() && !settings.sandbox {
        return Err(ConfigError::ClockWithoutSandbox);
    }
    Ok(settings)
}

fn read_file(named: Option<&Path>) -> Result<FileSettings, ConfigError> {
    let path = named.unwrap_or(Path::new(FILE));
    let fault = |why: String| ConfigError::File { path: path.to_owned(), why };
    if named.is_none() && !path.exists() {
        return Ok(FileSettings::default());
    }
    let size = fs::metadata(path).map_err(|error| fault(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(fault(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    file::parse(&text).map_err(fault)
}

/// Refuses variables that look like a misspelt setting. Others are somebody else's: Kubernetes, for one, sets
/// `PURSER_PORT` for a service of that name.
fn check_variables(names: impl Iterator<Item = String>) -> Result<(), ConfigError> {
    let flags = ServeFlags::augment_args(clap::Command::new("serve"));
    let of_flags =
        flags.get_arguments().filter_map(|flag| flag.get_env()?.to_str().map(str::to_owned));
    let others = ["PURSER_MASTER_KEY", "PURSER_SIGNING_KEYS", "PURSER_LOG"].map(str::to_owned);
    let known: Vec<String> = of_flags.chain(others).collect();
    for name in names.filter(|name| name.starts_with("PURSER_") && !known.contains(name)) {
        let near = |other: &&String| strsim::damerau_levenshtein(&name, other) <= 2;
        if let Some(nearest) = known.iter().find(near) {
            return Err(ConfigError::Variable { name, nearest: nearest.clone() });
        }
    }
    Ok(())
}

fn or_parse<T>(
    flag: Option<T>,
    setting: &str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    match flag {
        Some(flag) => Ok(Some(flag)),
        None => text.map(parse).transpose().map_err(|why| value(setting, why)),
    }
}

fn value(setting: impl Into<String>, why: impl ToString) -> ConfigError {
    ConfigError::Value { setting: setting.into(), why: why.to_string() }
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    let text = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| "an address and a port, like 127.0.0.1:8080 or [::1]:8080".to_owned())
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| "a time like 2026-11-22T12:00:00Z".to_owned())
}

fn base_url(text: &str) -> Result<String, String> {
    let wrong = || "an address like https://pay.example.org, without query or fragment".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    // What clients compare is text, so it is kept as it was written.
    if web && plain { Ok(text.trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}

fn trusted_proxies(file: &[String]) -> Result<Vec<Network>, ConfigError> {
    let network = |text: &String| text.parse().map_err(|why| value("trusted_proxies", why));
    file.iter().map(network).collect()
}

fn currency(code: &str) -> Result<Currency, String> {
    let known = Currency::parse(code).ok().filter(|currency| !currency.is_former());
    known.ok_or_else(|| "an active currency of ISO 4217 with a minor unit, like USD".to_owned())
}

fn percent(text: &str) -> Result<Percent, String> {
    let wrong = || "a percentage below 100, like 0.5".to_owned();
    let hundred = Percent::from_parts(100, 0).map_err(|_| wrong())?;
    Percent::parse(text).ok().filter(|percent| *percent < hundred).ok_or_else(wrong)
}

fn money(setting: &str, amount: &str, currency: Currency) -> Result<Money, ConfigError> {
    Money::parse(amount, currency).map_err(|error| value(setting, format!("{error} ({currency})")))
}

fn tap_limits(file: &BTreeMap<String, String>) -> Result<BTreeMap<Currency, Money>, ConfigError> {
    let limit = |(code, amount): (&String, &String)| {
        let setting = format!("tap_limits.{code}");
        let currency = currency(code).map_err(|why| value(&setting, why))?;
        Ok((currency, money(&setting, amount, currency)?))
    };
    file.iter().map(limit).collect()
}

/// The limits by country, and those of everywhere else.
fn limits(
    file: &BTreeMap<String, FileLimits>,
    unit: Currency,
) -> Result<(BTreeMap<String, Limits>, Limits), ConfigError> {
    let (mut by_country, mut elsewhere) = (BTreeMap::new(), Limits::default());
    for (country, file) in file {
        let setting = format!("limits.{country}");
        let limits = limits_in(&setting, file, unit)?;
        if country == ELSEWHERE {
            elsewhere = limits;
            continue;
        }
        let place = place(country, &setting).ok().filter(|place| place.subdivision().is_none());
        place.ok_or_else(|| {
            value(
                &setting,
                "a country is two capital letters of ISO 3166-1; `default` is all others",
            )
        })?;
        by_country.insert(country.clone(), limits);
    }
    Ok((by_country, elsewhere))
}

fn limits_in(setting: &str, file: &FileLimits, unit: Currency) -> Result<Limits, ConfigError> {
    let limit = |name: &str, amount: &Option<String>| {
        let amount = amount.as_deref();
        amount.map(|amount| money(&format!("{setting}.{name}"), amount, unit)).transpose()
    };
    Ok(Limits {
        load_max: limit("load_max", &file.load_max)?,
        balance_max: limit("balance_max", &file.balance_max)?,
        payment_max: limit("payment_max", &file.payment_max)?,
    })
}

fn throttle(file: &FileThrottle) -> Throttle {
    let standard = Throttle::default();
    Throttle {
        logins_per_email: file.logins_per_email.unwrap_or(standard.logins_per_email),
        logins_per_address: file.logins_per_address.unwrap_or(standard.logins_per_address),
        logins_per_merchant: file.logins_per_merchant.unwrap_or(standard.logins_per_merchant),
        cards_per_vault: file.cards_per_vault.unwrap_or(standard.cards_per_vault),
        cards_per_address: file.cards_per_address.unwrap_or(standard.cards_per_address),
        sign_ups_per_minute: file.sign_ups_per_minute.unwrap_or(standard.sign_ups_per_minute),
    }
}

#[cfg(test)]
mod tests;
