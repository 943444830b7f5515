//! One sale.

use purser_sdk::{
    Assessment, Category, Document, Error, Levy, Line, Money, Percent, Place, Policy, Problem,
    Reason, Sale, Supply,
};

use crate::{
    number::is_business,
    table::{Business, Collected, Prices, Row, Table, Territory, is_local},
};

/// Where one line is taxed, and how it came there.
struct Supplied<'a> {
    /// Its place in the table.
    index: usize,
    territory: &'a Territory,
    how: How,
}

enum How {
    AtHome,
    FromAbroad,
    ToAbroad,
}

pub(crate) fn assess(sale: &Sale, table: &Table) -> Result<Assessment, Error> {
    let Some(first) = sale.lines.first() else {
        return Document::new(Policy::per_rate(sale.currency), sale.currency).assess(String::new());
    };
    let rounding = supplied(sale, table, first)?.territory.rounding;
    let codes: Vec<String> = table.places.iter().map(Territory::code).collect();
    let mut document = Document::new(rounding.policy(sale.currency), sale.currency);
    let mut laws: Vec<&str> = Vec::new();
    let mut found = Found::default();
    for (index, line) in sale.lines.iter().enumerate() {
        let at = |field: &str| format!("lines[{index}].{field}");
        let supplied = supplied(sale, table, line)?;
        if supplied.territory.rounding != rounding {
            let text =
                "lines that are taxed in places of different rounding are different documents";
            return Err(Error::new(Problem::TaxCountryUnsupported, text).at(at("category")));
        }
        check_price(line, supplied.territory).map_err(|error| error.at(at("tax-inclusive")))?;
        let code = codes.get(supplied.index).map_or("", String::as_str);
        let levies =
            levies(sale, line, &supplied, code, &mut found).map_err(|error| {
                match error.field() {
                    None => error.at(at("category")),
                    Some(_) => error,
                }
            })?;
        for (_, law) in &levies {
            if !laws.contains(law) {
                laws.push(law);
            }
        }
        let levies: Vec<Levy<'_>> = levies.into_iter().map(|(levy, _)| levy).collect();
        document.add(line, &levies).map_err(|error| error.at(at("amount")))?;
    }
    document.assess(laws.join("; "))
}

fn supplied<'a>(sale: &Sale, table: &'a Table, line: &Line) -> Result<Supplied<'a>, Error> {
    let unknown = |place: &Place, field: &str| {
        let text = format!("the operator's table has no taxes of {}", place.country);
        Error::new(Problem::TaxCountryUnsupported, text).at(field)
    };
    let seller = table.find(&sale.seller);
    if is_local(line.category) {
        let (index, territory) = seller.ok_or_else(|| unknown(&sale.seller, "seller"))?;
        return Ok(Supplied { index, territory, how: How::AtHome });
    }
    let abroad = sale.seller.country != sale.buyer.country;
    match (table.find(&sale.buyer), seller) {
        (Some((index, territory)), _) => {
            let how = if abroad { How::FromAbroad } else { How::AtHome };
            Ok(Supplied { index, territory, how })
        }
        (None, Some((index, territory))) if abroad && territory.exports.is_some() => {
            Ok(Supplied { index, territory, how: How::ToAbroad })
        }
        (None, _) => Err(unknown(&sale.buyer, "buyer")),
    }
}

fn check_price(line: &Line, territory: &Territory) -> Result<(), Error> {
    let text = match (territory.prices, line.tax_inclusive) {
        (Some(Prices::Inclusive), false) => "prices there include the tax, by the operator's table",
        (Some(Prices::Exclusive), true) => {
            "the tax is added to prices there, by the operator's table"
        }
        (None | Some(Prices::Inclusive | Prices::Exclusive), _) => return Ok(()),
    };
    Err(Error::new(Problem::MalformedRequest, text))
}

fn levies<'a>(
    sale: &Sale,
    line: &Line,
    supplied: &Supplied<'a>,
    code: &'a str,
    found: &mut Found<'a>,
) -> Result<Vec<(Levy<'a>, &'a str)>, Error> {
    let Supplied { index, territory, how } = supplied;
    let place = Levy {
        name: &territory.tax.0,
        jurisdiction: code,
        authority: territory.authority.as_ref().map_or(code, |it| it.0.as_str()),
        reason: Reason::OutsideScope,
        rate: Percent::ZERO,
    };
    if let How::ToAbroad = how {
        let law = territory.exports.as_ref().map_or("", |source| source.0.as_str());
        return Ok(vec![(Levy { reason: Reason::Export, ..place }, law)]);
    }
    let rows = found.rows(sale, line, (*index, territory))?;
    let is_business = is_business(sale, territory)?;
    if let How::FromAbroad = how
        && let Some(reason) = from_abroad(line, (*index, territory), &rows, is_business)?
    {
        let law = territory.imports.source.as_ref().map_or("", |source| source.0.as_str());
        return Ok(vec![(Levy { reason, ..place }, law)]);
    }
    let levy = |row: &&'a Row| {
        let name = row.tax.as_ref().map_or(place.name, |name| name.0.as_str());
        let authority = row.authority.as_ref().map_or(place.authority, |it| it.0.as_str());
        let levy = Levy { name, authority, reason: row.reason.0, rate: row.percent, ..place };
        (levy, row.source.0.as_str())
    };
    Ok(rows.iter().map(levy).collect())
}

/// The rows of a territory and category: a document has many lines of few, and a table may be long.
#[derive(Default)]
struct Found<'a>(Vec<(usize, Category, Vec<&'a Row>)>);

impl<'a> Found<'a> {
    fn rows(
        &mut self,
        sale: &Sale,
        line: &Line,
        (index, territory): (usize, &'a Territory),
    ) -> Result<Vec<&'a Row>, Error> {
        let of = |(known, category, _): &&(usize, Category, Vec<&Row>)| {
            *known == index && *category == line.category
        };
        if let Some((.., rows)) = self.0.iter().find(of) {
            return Ok(rows.clone());
        }
        let rows: Vec<&Row> = territory.rows(line.category, sale.date).collect();
        if rows.is_empty() {
            let text = format!(
                "the operator's table has no rate of {} in {} on {}",
                line.category,
                territory.code(),
                sale.date
            );
            return Err(Error::new(Problem::TaxCategoryUnsupported, text));
        }
        self.0.push((index, line.category, rows.clone()));
        Ok(rows)
    }
}

/// Why what comes from abroad bears no tax that the seller collects, if it bears none.
fn from_abroad(
    line: &Line,
    (index, territory): (usize, &Territory),
    rows: &[&Row],
    is_business: bool,
) -> Result<Option<Reason>, Error> {
    let imports = &territory.imports;
    // What is free at home is free from abroad.
    if rows.iter().all(|row| row.percent.is_zero()) {
        return Ok(None);
    }
    let (collected, low_value) = match Supply::of(line.category) {
        Supply::Goods => (imports.goods, imports.low_value.as_ref()),
        Supply::Electronic | Supply::Local => (imports.services, None),
    };
    if collected == Collected::ByOthers {
        return Ok(Some(Reason::OutsideScope));
    }
    if let Some(limit) = low_value {
        let total = rows.iter().try_fold(Percent::ZERO, |sum, row| sum.plus(row.percent))?;
        let own = Money::parse(&limit.amount, limit.currency.0)?;
        let path = format!("config.places[{index}].imports.low_value.others");
        if !limit.others.includes(line, total, own, &path)? {
            return Ok(Some(Reason::OutsideScope));
        }
    }
    let owed = is_business && imports.business == Business::ReverseCharge;
    Ok(owed.then_some(Reason::ReverseCharge))
}
