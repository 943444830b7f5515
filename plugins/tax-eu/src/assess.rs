//! One sale: where each line is taxed, at which rate, and who owes it.

use purser_sdk::{
    Assessment, Category, Country, Document, Error, Level, Levy, Percent, Policy, Problem, Reason,
    Rounding, Sale, Supply,
};

use crate::{
    BritishInvoices, Config,
    countries::{self, Land, Spot},
    rates,
    shop::one_stop_shop,
};

/// Stamps at face value, valid where they are sold.
const STAMPS: &str = "Directive 2006/112/EC art. 135(1)(h)";
const STAMPS_GB: &str = "VATA 1994 Sch. 9 group 3";
const STAMPS_CH: &str = "MWSTG Art. 21 Abs. 2 Ziff. 4";
/// Of those who issue invoices; retailers may not.
const ROUNDED_DOWN: &str =
    "the invoice's tax rounded down to a penny: VAT Notice 700 para. 17.5, HMRC VATREC12010";
/// What Northern Ireland's tax numbers begin with.
const NORTHERN_IRELAND: Country = Country::literal(b"XI");
/// Intra-Community supplies of goods, and services to businesses.
const REVERSE_CHARGE: &str = "Directive 2006/112/EC arts. 138 and 196";
/// Goods, and they alone, that a member state supplies there are supplied within the Union.
const TO_NORTHERN_IRELAND: &str =
    "Windsor Framework art. 8 and annex 3, with Directive 2006/112/EC art. 138";

pub(crate) fn assess(sale: &Sale, config: &Config) -> Result<Assessment, Error> {
    let buyer_number = sale.buyer_number()?;
    let shop = one_stop_shop(sale, config);
    let rounded_down = is_rounded_down(sale, config);
    let mut document = Document::new(policy(sale, rounded_down), sale.currency);
    let (mut sources, mut roundings) = (Vec::new(), Vec::new());
    for (index, line) in sale.lines.iter().enumerate() {
        let supplied = supplied(sale, line.category)?;
        sale.check_day(rates::COVERED_FROM, rates::COVERED_TO)?;
        let (levy, source) = levy(sale, line.category, supplied, buyer_number, config).map_err(
            |error| match error.field() {
                None => error.at(format!("lines[{index}].category")),
                Some(_) => error,
            },
        )?;
        let authority =
            shop.as_ref().filter(|shop| shop.files(&levy)).map(|shop| shop.authority.as_str());
        let levy = Levy { authority: authority.unwrap_or(levy.authority), ..levy };
        note(&mut sources, source);
        note(&mut roundings, supplied.spot.land.rounding);
        document.add(line, &[levy]).map_err(|error| error.at(format!("lines[{index}].amount")))?;
    }
    let rounded = if rounded_down {
        ROUNDED_DOWN.to_owned()
    } else {
        format!("rounded once per rate: {}", roundings.join("; "))
    };
    document.assess(format!("{}; {rounded}", sources.join("; ")))
}

/// Whether the document is an invoice of the United Kingdom whose tax the operator rounds down. Prices that include the
/// tax are those of retailers, who may not.
fn is_rounded_down(sale: &Sale, config: &Config) -> bool {
    let british = [&sale.seller, &sale.buyer].iter().all(|place| place.country.code() == "GB");
    let net = sale.lines.iter().all(|line| !line.tax_inclusive);
    british && net && config.british_invoices == BritishInvoices::Down
}

/// All of these laws round the tax of a document once for each rate, a half up; only in the United Kingdom may an
/// invoice's whole tax be rounded down. Which coins there are depends on the currency.
fn policy(sale: &Sale, rounded_down: bool) -> Policy {
    let policy = Policy::per_rate(sale.currency).in_coins_of(sale.currency);
    if rounded_down {
        return Policy { level: Level::Invoice, mode: Rounding::Down, ..policy };
    }
    policy
}

fn note(laws: &mut Vec<&'static str>, law: &'static str) {
    if !laws.contains(&law) {
        laws.push(law);
    }
}

fn levy(
    sale: &Sale,
    category: Category,
    supplied: Supplied,
    buyer_number: Option<Country>,
    config: &Config,
) -> Result<(Levy<'static>, &'static str), Error> {
    let Supplied { spot, leaves } = supplied;
    let land = spot.land;
    let levy = |reason, rate| Levy {
        name: land.tax,
        jurisdiction: spot.code(),
        authority: land.code(),
        reason,
        rate,
    };
    if leaves {
        let (reason, law) = match Supply::of(category) {
            Supply::Electronic => land.exports.services,
            Supply::Goods | Supply::Local => (Reason::Export, land.exports.goods),
        };
        return Ok((levy(reason, Percent::ZERO), law));
    }
    if category == Category::Postage {
        return Ok((levy(Reason::Exempt, Percent::ZERO), stamps(land)?));
    }
    if let Some(law) = owed_by_buyer(sale, category, land, buyer_number) {
        return Ok((levy(Reason::ReverseCharge, Percent::ZERO), law));
    }
    let row = rates::find(spot, category, sale.date, &config.rates)?;
    Ok((levy(row.reason, row.rate()?), row.source))
}

/// The law that exempts stamps.
fn stamps(land: &Land) -> Result<&'static str, Error> {
    match land.code() {
        _ if land.in_union => Ok(STAMPS),
        "GB" => Ok(STAMPS_GB),
        "CH" | "LI" => Ok(STAMPS_CH),
        code => Err(Error::new(
            Problem::TaxCategoryUnsupported,
            format!("this plugin has no sourced rule for stamps of {code}"),
        )),
    }
}

/// Where a line is taxed.
#[derive(Clone, Copy)]
struct Supplied {
    spot: Spot,
    /// Whether it goes from there to where no tax is known: then `spot` is the seller's.
    leaves: bool,
}

fn supplied(sale: &Sale, category: Category) -> Result<Supplied, Error> {
    let here = |spot| Supplied { spot, leaves: false };
    let supply = Supply::of(category);
    if supply == Supply::Local {
        return countries::find(&sale.seller).map(here).map_err(|error| error.at("seller"));
    }
    let buyer = countries::find(&sale.buyer);
    let seller = countries::find(&sale.seller);
    // A part of a member state that is outside of its tax has one of its own, which is not known here.
    let abroad = countries::of(sale.buyer.country).is_none();
    match (buyer, seller) {
        (Ok(spot), Ok(from)) if supply == Supply::Goods && is_between_regions(spot, from) => {
            let text = format!(
                "no sourced rule says which rate goods from {} to {} bear",
                from.code(),
                spot.code()
            );
            Err(Error::new(Problem::TaxCountryUnsupported, text).at("buyer"))
        }
        (Ok(spot), _) => Ok(here(spot)),
        (Err(_), Ok(spot)) if abroad => Ok(Supplied { spot, leaves: true }),
        (Err(error), _) => Err(error.at("buyer")),
    }
}

/// Whether goods stay in a country but change between its parts of different rates.
fn is_between_regions(one: Spot, other: Spot) -> bool {
    one.land.code() == other.land.code() && one.region != other.region
}

/// The law by which a business that buys from abroad owes the tax itself, if it does.
fn owed_by_buyer(
    sale: &Sale,
    category: Category,
    land: &Land,
    buyer_number: Option<Country>,
) -> Option<&'static str> {
    let seller = sale.seller.country;
    let is_business =
        buyer_number.is_some_and(|number| number != seller && land.issues_numbers_of(number));
    if !is_business || land.is_home_of(seller) {
        return None;
    }
    // A seller on the Canary Islands is beyond the border, though in a member state.
    let from_union = countries::find(&sale.seller).is_ok_and(|from| from.land.in_union);
    let within_union = land.in_union && from_union;
    match Supply::of(category) {
        Supply::Local => None,
        Supply::Goods | Supply::Electronic if within_union => Some(REVERSE_CHARGE),
        Supply::Goods if from_union && buyer_number == Some(NORTHERN_IRELAND) => {
            Some(TO_NORTHERN_IRELAND)
        }
        // Goods from beyond a border are imported, which a sale does not tell enough about.
        Supply::Goods => None,
        Supply::Electronic => Some(land.services),
    }
}

#[cfg(test)]
mod tests;
