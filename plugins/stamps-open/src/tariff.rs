//! What there is to buy: the operator's tariff, or an example in US dollars that is no post's.
//!
//! A tariff has zones and services. The zone of a mailpiece is the first that its destination is in: one for the country it
//! is posted in (`"domestic": true`), one of the countries that it lists, or, without a list, everywhere. A service has a
//! price for each weight step of each zone that it carries to. `example.json` is the example, and shows every field but
//! these: `origins`, the countries where the post collects (else all), `valid_days` of one service, and `countries`:
//!
//! ```json
//! {"id": "europe", "countries": ["AT", "BE", "CH"]}
//! ```

use std::collections::BTreeMap;

use purser_sdk::{
    Country, Currency, Error, Money, Problem, config, misconfigured,
    s10::S10 as Item,
    stamps::{Attributes, Mailpiece, Product, Service, Symbol},
};
use serde::Deserialize;

use crate::mark::SERVICE_LEN_MAX;

/// The attribute of a product that holds the S10 service indicator.
pub(crate) const S10: &str = "s10";

/// In the operator's own form.
const EXAMPLE: &str = include_str!("example.json");

/// More than a price list has lines.
const SERVICES_MAX: usize = 100;
const STEPS_MAX: usize = 100;
/// A stamp has one line for it.
const TITLE_CHARS_MAX: usize = 40;
/// Three bytes of a mark.
const WEIGHT_G_MAX: u32 = 0x00ff_ffff;
/// Five bytes of a mark, in minor units.
const PRICE_MINOR_MAX: i64 = 0x00ff_ffff_ffff / 1000;
const VALID_DAYS_MAX: u32 = 3_660;

/// A tariff as it is configured.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    currency: String,
    valid_days: u32,
    #[serde(default)]
    origins: Vec<String>,
    zones: Vec<ZoneConfig>,
    services: Vec<ServiceConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneConfig {
    id: String,
    #[serde(default)]
    domestic: bool,
    #[serde(default)]
    countries: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceConfig {
    id: String,
    title: String,
    symbol: SymbolConfig,
    valid_days: Option<u32>,
    s10: Option<String>,
    prices: BTreeMap<String, Vec<StepConfig>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SymbolConfig {
    Full,
    Lite,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepConfig {
    up_to_g: u32,
    price: String,
}

/// A tariff that can be sold by.
pub(crate) struct Tariff {
    origins: Vec<Country>,
    zones: Vec<Zone>,
    services: Vec<Offered>,
}

struct Zone {
    id: String,
    reach: Reach,
}

/// Which destinations a zone has.
enum Reach {
    Domestic,
    Countries(Vec<Country>),
    Everywhere,
}

struct Offered {
    id: String,
    title: String,
    symbol: Symbol,
    valid_days: u32,
    s10: Option<String>,
    /// By zone, each with its steps from the lightest on.
    prices: BTreeMap<String, Vec<PricedStep>>,
}

struct PricedStep {
    up_to_g: u32,
    price: Money,
}

impl Tariff {
    /// The operator's, or the example where none is configured.
    pub(crate) fn of(attributes: &Attributes) -> Result<Self, Error> {
        match config::<Option<Config>>(attributes)? {
            Some(configured) => Self::check(configured),
            None => {
                let example = ("config".to_owned(), EXAMPLE.to_owned());
                let example = config::<Option<Config>>(&[example])?;
                Self::check(example.ok_or_else(|| misconfigured("config", "it is empty"))?)
            }
        }
    }

    fn check(config: Config) -> Result<Self, Error> {
        let currency = Currency::parse(&config.currency)
            .map_err(|error| misconfigured("config.currency", &error.to_string()))?;
        let zones = each("config.zones", config.zones, zone)?;
        once("config.zones", zones.iter().map(|zone| zone.id.as_str()))?;
        if config.services.is_empty() || config.services.len() > SERVICES_MAX {
            let text = format!("a tariff has 1 to {SERVICES_MAX} services");
            return Err(misconfigured("config.services", &text));
        }
        let terms = Terms { currency, valid_days: config.valid_days, zones: &zones };
        let services =
            each("config.services", config.services, |path, it| terms.service(path, it))?;
        once("config.services", services.iter().map(|service| service.id.as_str()))?;
        Ok(Self { origins: countries("config.origins", &config.origins)?, zones, services })
    }

    /// Everything, for any destination.
    pub(crate) fn services(&self) -> Vec<Service> {
        let service = |offered: &Offered| Service {
            id: offered.id.clone(),
            title: offered.title.clone(),
            weight_g_max: offered.heaviest(),
            destinations: self.destinations(offered),
            valid_days: offered.valid_days,
            symbol: offered.symbol,
            attributes: offered.attributes(),
        };
        self.services.iter().map(service).collect()
    }

    /// The countries of all zones that a service has prices for; none in particular where one of them is everywhere.
    fn destinations(&self, offered: &Offered) -> Vec<String> {
        let mut found = Vec::new();
        for zone in self.zones.iter().filter(|zone| offered.prices.contains_key(&zone.id)) {
            match &zone.reach {
                Reach::Countries(countries) => found.extend(countries.iter().copied()),
                Reach::Domestic if !self.origins.is_empty() => {
                    found.extend(self.origins.iter().copied())
                }
                Reach::Domestic | Reach::Everywhere => return Vec::new(),
            }
        }
        found.sort_unstable();
        found.dedup();
        found.iter().map(Country::to_string).collect()
    }

    /// What carries the piece, cheapest first.
    pub(crate) fn quote(&self, piece: &Mailpiece) -> Result<Vec<Product>, Error> {
        let origin = piece.origin.country;
        if !self.origins.is_empty() && !self.origins.contains(&origin) {
            let text = format!("nothing is collected in {origin}");
            return Err(Error::new(Problem::PostageUnsupported, text).at("origin"));
        }
        let destination = piece.destination.country;
        let reaches = |zone: &&Zone| match &zone.reach {
            Reach::Domestic => destination == origin,
            Reach::Countries(countries) => countries.contains(&destination),
            Reach::Everywhere => true,
        };
        let Some(zone) = self.zones.iter().find(reaches) else { return Ok(Vec::new()) };
        let wanted = |offered: &&Offered| {
            piece.service.as_ref().is_none_or(|service| *service == offered.id)
        };
        let offered = self.services.iter().filter(wanted);
        let mut products: Vec<Product> =
            offered.filter_map(|offered| offered.product(&zone.id, piece.weight_g)).collect();
        products.sort_by_key(|product| product.price.minor());
        Ok(products)
    }
}

impl Offered {
    fn product(&self, zone: &str, weight_g: u32) -> Option<Product> {
        let step = self.prices.get(zone)?.iter().find(|step| weight_g <= step.up_to_g)?;
        Some(Product {
            service: self.id.clone(),
            title: self.title.clone(),
            price: step.price,
            weight_step_g: step.up_to_g,
            valid_days: self.valid_days,
            symbol: self.symbol,
            attributes: self.attributes(),
        })
    }

    fn heaviest(&self) -> u32 {
        self.prices.values().flatten().map(|step| step.up_to_g).max().unwrap_or_default()
    }

    fn attributes(&self) -> Attributes {
        self.s10.iter().map(|indicator| (S10.to_owned(), indicator.clone())).collect()
    }
}

/// What all services of a tariff share.
struct Terms<'a> {
    currency: Currency,
    valid_days: u32,
    zones: &'a [Zone],
}

impl Terms<'_> {
    fn service(&self, path: &str, config: ServiceConfig) -> Result<Offered, Error> {
        let refuse = |field: &str, why: &str| Err(misconfigured(&format!("{path}.{field}"), why));
        let ServiceConfig { id, title, symbol, valid_days, s10, prices } = config;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=SERVICE_LEN_MAX).contains(&id.len()) || !id.bytes().all(plain) {
            return refuse("id", "1 to 6 letters, digits and hyphens, which is what a mark holds");
        }
        let printable = !title.is_empty() && !title.chars().any(char::is_control);
        if !printable || title.chars().count() > TITLE_CHARS_MAX {
            return refuse("title", "1 to 40 characters");
        }
        let valid_days = valid_days.unwrap_or(self.valid_days);
        if !(1..=VALID_DAYS_MAX).contains(&valid_days) {
            return refuse("valid_days", "1 to 3660 days");
        }
        let (symbol, s10) = match (symbol, s10) {
            (SymbolConfig::Full, s10) => (Symbol::Full, s10),
            (SymbolConfig::Lite, None) => (Symbol::Lite, None),
            (SymbolConfig::Lite, Some(_)) => {
                return refuse("s10", "a lite mark has no room for an item number");
            }
        };
        if let Some(indicator) = &s10 {
            check_indicator(&format!("{path}.s10"), indicator)?;
        }
        if prices.is_empty() {
            return refuse("prices", "a service has prices for at least one zone");
        }
        let prices = prices.into_iter().map(|(zone, steps)| {
            let path = format!("{path}.prices.{zone}");
            if !self.zones.iter().any(|known| known.id == zone) {
                return Err(misconfigured(&path, "no zone has this id"));
            }
            Ok((zone, self.steps(&path, steps)?))
        });
        let prices = prices.collect::<Result<_, _>>()?;
        Ok(Offered { id, title, symbol, valid_days, s10, prices })
    }

    fn steps(&self, path: &str, steps: Vec<StepConfig>) -> Result<Vec<PricedStep>, Error> {
        if steps.is_empty() || steps.len() > STEPS_MAX {
            return Err(misconfigured(path, "1 to 100 weight steps"));
        }
        let steps = each(path, steps, |path, step| self.step(path, &step))?;
        let ascending = steps.iter().zip(steps.iter().skip(1));
        if ascending.into_iter().any(|(one, next)| one.up_to_g >= next.up_to_g) {
            return Err(misconfigured(path, "weight steps are in order, each once"));
        }
        Ok(steps)
    }

    fn step(&self, path: &str, step: &StepConfig) -> Result<PricedStep, Error> {
        if !(1..=WEIGHT_G_MAX).contains(&step.up_to_g) {
            return Err(misconfigured(&format!("{path}.up_to_g"), "1 to 16777215 grams"));
        }
        let refuse = |why: &str| misconfigured(&format!("{path}.price"), why);
        let price =
            Money::parse(&step.price, self.currency).map_err(|error| refuse(&error.to_string()))?;
        if !(1..=PRICE_MINOR_MAX).contains(&price.minor()) {
            return Err(refuse("a price is positive, and not more than a mark can say"));
        }
        Ok(PricedStep { up_to_g: step.up_to_g, price })
    }
}

fn zone(path: &str, config: ZoneConfig) -> Result<Zone, Error> {
    let countries = countries(&format!("{path}.countries"), &config.countries)?;
    let reach = match (config.domestic, countries.is_empty()) {
        (true, true) => Reach::Domestic,
        (true, false) => {
            let text = "a zone is either domestic or of countries";
            return Err(misconfigured(path, text));
        }
        (false, true) => Reach::Everywhere,
        (false, false) => Reach::Countries(countries),
    };
    Ok(Zone { id: config.id, reach })
}

fn countries(path: &str, codes: &[String]) -> Result<Vec<Country>, Error> {
    let country = |code: &String| {
        Country::parse(code)
            .map_err(|_| misconfigured(path, "countries are codes of ISO 3166-1, like DE"))
    };
    codes.iter().map(country).collect()
}

/// Whether items of this kind can be numbered at all.
fn check_indicator(path: &str, indicator: &str) -> Result<(), Error> {
    let letters = indicator.as_bytes().try_into().ok();
    let letters = letters
        .ok_or_else(|| misconfigured(path, "an S10 service indicator is two capital letters"))?;
    let item = Item::new(letters, 0, Country::literal(b"ZZ"));
    item.map(drop).map_err(|error| misconfigured(path, &error.to_string()))
}

/// Checks each row, which is told where it stands.
fn each<T, U>(
    path: &str,
    rows: Vec<T>,
    mut check: impl FnMut(&str, T) -> Result<U, Error>,
) -> Result<Vec<U>, Error> {
    let rows = rows.into_iter().enumerate();
    rows.map(|(index, row)| check(&format!("{path}[{index}]"), row)).collect()
}

fn once<'a>(path: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    let twice = ids.iter().zip(ids.iter().skip(1)).find(|(one, next)| one == next);
    match twice {
        Some((id, _)) => Err(misconfigured(path, &format!("{id:?} is there twice"))),
        None => Ok(()),
    }
}
