//! One sale: where each line is taxed, at which rate, and who owes it.

use purser_sdk::{
    Assessment, Category, Country, Document, Error, Levy, Line, Percent, Place, Policy, Problem,
    Reason, Sale, Verdict, tax_id,
};

use crate::{
    countries::{self, Land},
    rates,
};

/// Directive 2006/112/EC art. 135(1)(h).
const STAMPS: &str = "Directive 2006/112/EC art. 135(1)(h)";
/// Intra-Community supplies of goods, and services to businesses.
const REVERSE_CHARGE: &str = "Directive 2006/112/EC arts. 138 and 196";

pub(crate) fn assess(sale: &Sale) -> Result<Assessment, Error> {
    rates::check_day(sale.date)?;
    let buyer_number = buyer_number(sale)?;
    let mut document = Document::new(Policy::per_rate(sale.currency), sale.currency);
    let mut sources: Vec<&str> = Vec::new();
    for (index, line) in sale.lines.iter().enumerate() {
        let (levy, source) =
            levy(sale, line, buyer_number).map_err(|(field, error)| match field {
                Some(field) => error.at(field),
                None => error.at(format!("lines[{index}].category")),
            })?;
        if !sources.contains(&source) {
            sources.push(source);
        }
        document.add(line, &[levy])?;
    }
    document.assess(format!("{}; rounded once per rate: EN 16931, BR-CO-17", sources.join("; ")))
}

type Fault = (Option<&'static str>, Error);

fn levy(
    sale: &Sale,
    line: &Line,
    buyer_number: Option<Country>,
) -> Result<(Levy<'static>, &'static str), Fault> {
    let land = place_of_supply(sale, line.category)?;
    let levy = |reason, rate| Levy {
        name: land.tax,
        jurisdiction: land.code(),
        authority: land.code(),
        reason,
        rate,
    };
    if line.category == Category::Postage {
        return Ok((levy(Reason::Exempt, Percent::ZERO), STAMPS));
    }
    if !taxed_at_seller(line.category) && owed_by_buyer(sale, land, buyer_number) {
        return Ok((levy(Reason::ReverseCharge, Percent::ZERO), REVERSE_CHARGE));
    }
    let row = rates::find(land, line.category, sale.date).map_err(|error| (None, error))?;
    let rate = row.rate().map_err(|error| (None, error))?;
    Ok((levy(row.reason, rate), row.source))
}

/// Lodging is where the house stands, a meal where it is served, a journey where it goes.
fn taxed_at_seller(category: Category) -> bool {
    match category {
        Category::Accommodation
        | Category::Restaurant
        | Category::PassengerTransport
        | Category::Postage => true,
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Newspaper
        | Category::Food
        | Category::Medicine => false,
    }
}

fn place_of_supply(sale: &Sale, category: Category) -> Result<&'static Land, Fault> {
    let (place, field): (&Place, _) =
        if taxed_at_seller(category) { (&sale.seller, "seller") } else { (&sale.buyer, "buyer") };
    countries::find(place).map_err(|error| (Some(field), error))
}

/// Whether a business of one member state buys from another.
fn owed_by_buyer(sale: &Sale, land: &Land, buyer_number: Option<Country>) -> bool {
    let in_union =
        |country| countries::of(country).is_some_and(|land: &'static Land| land.in_union);
    let seller = sale.seller.country;
    buyer_number.is_some_and(|number| in_union(number) && number != seller)
        && land.in_union
        && land.country != seller
        && in_union(seller)
}

/// The country of the buyer's tax number, where one is given. A wrong one is refused, since
/// to ignore it would charge a business as a consumer without telling it.
fn buyer_number(sale: &Sale) -> Result<Option<Country>, Error> {
    let Some(number) = &sale.buyer_tax_id else { return Ok(None) };
    match tax_id::recognise(sale.buyer.country, number) {
        Verdict::Valid { country, .. } => Ok(Some(country)),
        Verdict::Invalid { country, reason } => Err(Error::new(
            Problem::TaxIdInvalid,
            format!("this is no tax number of {country}: {reason}"),
        )
        .at("tax_id")),
    }
}
