//! One sale: in which province each line is taxed, at which rates, and who collects.

use purser_sdk::{
    Assessment, Category, Country, Currency, Date, Document, Error, Extraction, Level, Levy,
    Percent, Place, Policy, Problem, Reason, Sale, Verdict, tax_id,
};

use crate::{
    Config, Hst, Rounding,
    provinces::{self, Province, Scheme},
    rates::{self, Kind},
};

/// The Canada Revenue Agency.
const CRA: &str = "CA";
const EXPORT: &str = "Excise Tax Act Sch. VI part V: exports are zero-rated";
const SMALL: &str = "Excise Tax Act s 148, T-0.1 s 294 and the provinces' acts: a seller who is not registered does not collect";
/// A business that buys a digital service from a seller abroad accounts for the tax itself.
const SELF_ASSESSED: &str = "Excise Tax Act ss 211.12 and 218";
const SELF_ASSESSED_QUEBEC: &str = "T-0.1 ss 18 and 477.5";

/// The taxes of one line, and the laws behind them.
type Taxed = (Vec<Levy<'static>>, Vec<&'static str>);

pub(crate) fn assess(sale: &Sale, config: Config) -> Result<Assessment, Error> {
    let buyer = buyer_number(sale)?;
    rates::check_day(sale.date)?;
    let mut laws = Vec::new();
    let mut taxed = Vec::with_capacity(sale.lines.len());
    for (index, line) in sale.lines.iter().enumerate() {
        let (levies, sources) = levies(sale, line.category, buyer, config)
            .map_err(|error| named(error, || format!("lines[{index}].category")))?;
        for source in sources {
            if !laws.contains(&source) {
                laws.push(source);
            }
        }
        taxed.push(levies);
    }
    let in_quebec = taxed.iter().flatten().any(|levy| levy.name == "QST" && !levy.rate.is_zero());
    let mut document = Document::new(policy(sale.currency, in_quebec, config), sale.currency);
    for (index, (line, levies)) in sale.lines.iter().zip(&taxed).enumerate() {
        document.add(line, levies).map_err(|error| error.at(format!("lines[{index}].amount")))?;
    }
    document.assess(format!("{}; rounded: Excise Tax Act s 165.2", laws.join("; ")))
}

/// Keeps the place that an error already names.
fn named(error: Error, field: impl FnOnce() -> String) -> Error {
    if error.field().is_some() { error } else { error.at(field()) }
}

/// A half cent is a cent. Only what is paid in Canadian coins knows the five cents.
fn policy(currency: Currency, in_quebec: bool, config: Config) -> Policy {
    let base = Policy::per_rate(currency).in_coins_of(currency);
    let level = match config.rounding {
        Rounding::Rate => Level::Rate,
        Rounding::Line => Level::Line,
        Rounding::Document => Level::Invoice,
    };
    let extraction = if in_quebec { Extraction::NetFirst } else { Extraction::Fraction };
    Policy { level, extraction, ..base }
}

/// The taxes on `category` where it is supplied.
fn levies(
    sale: &Sale,
    category: Category,
    buyer: Option<Number>,
    config: Config,
) -> Result<Taxed, Error> {
    let (place, field): (&Place, _) = match category {
        Category::Accommodation | Category::Restaurant | Category::PassengerTransport => {
            (&sale.seller, "seller")
        }
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Newspaper
        | Category::Food
        | Category::Medicine
        | Category::Postage => (&sale.buyer, "buyer"),
    };
    if field == "buyer" && place.country.code() != "CA" && sale.seller.country.code() == "CA" {
        let levy = levy("GST", CRA, CRA, Reason::Export, Percent::ZERO);
        return Ok((vec![levy], vec![EXPORT]));
    }
    let province = provinces::find(place).map_err(|error| error.at(field))?;
    let line = Supply { sale, province, category, buyer };
    match province.scheme {
        Scheme::Gst => line.federal(),
        Scheme::Hst => line.harmonized(config.hst),
        Scheme::With(name) => {
            let (mut levies, mut laws) = line.federal()?;
            // A seller that is not registered with the province need not know its rates.
            if !collects(sale, province.code) {
                laws.push(SMALL);
                return Ok((levies, laws));
            }
            let (provincial, law) = line.provincial(name)?;
            levies.push(provincial);
            laws.push(law);
            Ok((levies, laws))
        }
    }
}

/// One line, in the province that taxes it.
struct Supply<'a> {
    sale: &'a Sale,
    province: &'static Province,
    category: Category,
    buyer: Option<Number>,
}

impl Supply<'_> {
    fn federal(&self) -> Result<Taxed, Error> {
        if let Some(not_collected) = self.not_collected("GST", CRA) {
            return Ok(not_collected);
        }
        let row = self.row(Kind::Federal)?;
        let levy = levy("GST", CRA, CRA, row.reason, row.rate()?);
        Ok((vec![levy], vec![row.source]))
    }

    fn harmonized(&self, hst: Hst) -> Result<Taxed, Error> {
        let code = self.province.code;
        if let Some(not_collected) = self.not_collected("HST", code) {
            return Ok(not_collected);
        }
        let federal = self.row(Kind::Federal)?;
        // What the federal tax does not reach has no provincial part either (s 165(2)).
        if federal.rate()?.is_zero() {
            let levy = levy("HST", code, CRA, federal.reason, Percent::ZERO);
            return Ok((vec![levy], vec![federal.source]));
        }
        let provincial = self.row(Kind::Provincial)?;
        self.refuse_small_meal()?;
        let laws = vec![federal.source, provincial.source];
        let (one, other) = (federal.rate()?, provincial.rate()?);
        let reason = if other.is_zero() { Reason::Reduced } else { Reason::Standard };
        let levies = match hst {
            _ if other.is_zero() => vec![levy("HST", code, CRA, reason, one)],
            Hst::Combined => vec![levy("HST", code, CRA, reason, one.plus(other)?)],
            Hst::Split => vec![
                levy("HST (federal part)", code, CRA, reason, one),
                levy("HST (provincial part)", code, CRA, reason, other),
            ],
        };
        Ok((levies, laws))
    }

    /// The province's own tax.
    fn provincial(&self, name: &'static str) -> Result<(Levy<'static>, &'static str), Error> {
        let code = self.province.code;
        if name == "QST" && self.is_self_assessed(Number::Quebec) {
            let levy = levy(name, code, code, Reason::ReverseCharge, Percent::ZERO);
            return Ok((levy, SELF_ASSESSED_QUEBEC));
        }
        let row = self.row(Kind::Provincial)?;
        Ok((levy(name, code, code, row.reason, row.rate()?), row.source))
    }

    fn row(&self, kind: Kind) -> Result<&'static rates::Row, Error> {
        let day: Date = self.sale.date;
        rates::find(kind, self.province.part, self.category, day)
    }

    /// Ontario gives its part back on prepared food of 4.00 dollars together, or less (CRA GI-064): what a meal is to
    /// that rule, a sale does not tell.
    fn refuse_small_meal(&self) -> Result<(), Error> {
        if self.category != Category::Restaurant || self.province.part != "ON" {
            return Ok(());
        }
        let meals = self.sale.lines.iter().filter(|line| line.category == Category::Restaurant);
        let (mut total, mut limit) = (0_i64, 4_00_i64);
        for meal in meals {
            total = total.saturating_add(meal.amount.minor());
            limit = if meal.tax_inclusive { 4_52 } else { limit };
        }
        if total > limit {
            return Ok(());
        }
        let text = "this plugin has no rule for prepared food of up to 4.00 dollars in CA-ON";
        Err(Error::new(Problem::TaxCategoryUnsupported, text))
    }

    /// Why the federal tax is not collected, where it is not.
    fn not_collected(&self, name: &'static str, jurisdiction: &'static str) -> Option<Taxed> {
        let (reason, law) = if !collects(self.sale, CRA) {
            (Reason::OutsideScope, SMALL)
        } else if self.is_self_assessed(Number::Federal) {
            (Reason::ReverseCharge, SELF_ASSESSED)
        } else {
            return None;
        };
        Some((vec![levy(name, jurisdiction, CRA, reason, Percent::ZERO)], vec![law]))
    }

    /// Whether the buyer, a business that is registered for this tax, buys a digital service from abroad.
    fn is_self_assessed(&self, number: Number) -> bool {
        let digital = matches!(self.category, Category::DigitalService | Category::Ebook);
        digital && self.sale.seller.country.code() != "CA" && self.buyer == Some(number)
    }
}

fn levy(
    name: &'static str,
    jurisdiction: &'static str,
    authority: &'static str,
    reason: Reason,
    rate: Percent,
) -> Levy<'static> {
    Levy { name, jurisdiction, authority, reason, rate }
}

/// Whether the tax of `authority` is collected: by the operator, or by a seller who is registered for it.
fn collects(sale: &Sale, authority: &str) -> bool {
    sale.registrations.is_empty() || sale.registrations.iter().any(|it| it.authority == authority)
}

/// Which tax a buyer's number is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    /// GST/HST.
    Federal,
    /// QST.
    Quebec,
}

/// The buyer's Canadian number, where one is given. A wrong one is refused, since to ignore it would charge a
/// business as a consumer without telling it.
fn buyer_number(sale: &Sale) -> Result<Option<Number>, Error> {
    let Some(number) = &sale.buyer_tax_id else { return Ok(None) };
    match tax_id::recognise(sale.buyer.country, number) {
        Verdict::Valid { country, normalized } if country == Country::literal(b"CA") => {
            let quebec = normalized.contains("TQ") || normalized.starts_with("NR");
            Ok(Some(if quebec { Number::Quebec } else { Number::Federal }))
        }
        Verdict::Valid { .. } => Ok(None),
        Verdict::Invalid { country, reason } => Err(Error::new(
            Problem::TaxIdInvalid,
            format!("this is no tax number of {country}: {reason}"),
        )
        .at("tax_id")),
    }
}
