//! One sale: in which state each line is supplied, from where, at which rate, and who owes the tax.

use purser_sdk::{
    Assessment, Category, Country, Document, Error, Levy, Line, Percent, Policy, Problem, Reason,
    Sale, Verdict, tax_id,
};

use crate::{
    Config, Rounding, rates,
    states::{self, State},
};

/// The centre, which is paid CGST and IGST.
const CENTRE: &str = "IN";
const INDIA: Country = Country::literal(b"IN");
const EXPORT: &str = "IGST Act s 16: exports are zero-rated";
const IMPORT: &str =
    "IGST Act s 5(1) proviso: goods from abroad are taxed by customs, not by the seller";
const REVERSE_CHARGE: &str = "Notification 10/2017-Integrated Tax (Rate) no. 1: a registered recipient owes the tax on services from abroad";
const ONLINE: &str = "IGST Act ss 13(12) and 14: online services from abroad";
const UNREGISTERED: &str = "CGST Act s 32: who is not registered does not collect";

/// The taxes of one line, and the laws behind them.
type Taxed = (Vec<Levy<'static>>, Vec<&'static str>);

pub(crate) fn assess(sale: &Sale, config: &Config) -> Result<Assessment, Error> {
    let buyer_number = buyer_number(sale)?;
    rates::check_day(sale.date)?;
    check_codes(config)?;
    let (policy, rounded) = policy(sale, config);
    let mut document = Document::new(policy, sale.currency);
    let mut laws = Vec::new();
    for (index, line) in sale.lines.iter().enumerate() {
        let supply = Supply { sale, line, config, buyer_number: buyer_number.as_deref() };
        let (levies, sources) = supply.levies().map_err(|error| {
            if error.field().is_some() {
                error
            } else {
                error.at(format!("lines[{index}].category"))
            }
        })?;
        for source in sources {
            if !laws.contains(&source) {
                laws.push(source);
            }
        }
        document.add(line, &levies).map_err(|error| error.at(format!("lines[{index}].amount")))?;
    }
    document.assess(format!("{}; {rounded}", laws.join("; ")))
}

/// Rupees are what is payable in rupees: a sale in another currency is rounded in its own, and converted for the return.
fn policy(sale: &Sale, config: &Config) -> (Policy, &'static str) {
    match config.rounding {
        Rounding::Rupee if sale.currency.code() == "INR" => {
            (Policy::india(sale.currency), "rounded to the rupee: CGST Act s 170")
        }
        Rounding::Rupee | Rounding::Paise => (
            Policy::per_rate(sale.currency),
            "rounded to the minor unit; CGST Act s 170 in the return",
        ),
    }
}

/// A category that the operator configures and that does not exist would never be noticed.
fn check_codes(config: &Config) -> Result<(), Error> {
    for name in config.hsn.keys() {
        Category::parse(name)
            .map_err(|error| purser_sdk::misconfigured("config.hsn", &error.to_string()))?;
    }
    Ok(())
}

/// How a thing comes to the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// Happens where the seller is.
    Local,
    /// Is sent.
    Goods,
    /// Reaches the buyer over the network.
    Online,
}

fn means(category: Category) -> Means {
    match category {
        Category::Accommodation
        | Category::Restaurant
        | Category::PassengerTransport
        | Category::Postage => Means::Local,
        Category::DigitalService | Category::Ebook => Means::Online,
        Category::General
        | Category::Book
        | Category::Newspaper
        | Category::Food
        | Category::Medicine => Means::Goods,
    }
}

/// One line on its way.
struct Supply<'a> {
    sale: &'a Sale,
    line: &'a Line,
    config: &'a Config,
    buyer_number: Option<&'a str>,
}

impl Supply<'_> {
    fn levies(&self) -> Result<Taxed, Error> {
        let (seller, buyer) = (&self.sale.seller, &self.sale.buyer);
        let means = means(self.line.category);
        let abroad = seller.country != INDIA;
        if means != Means::Local && buyer.country != INDIA && !abroad {
            return Ok(nothing(Reason::Export, EXPORT));
        }
        let to = match means {
            Means::Local => states::find(seller).map_err(|error| error.at("seller"))?,
            Means::Goods | Means::Online => {
                states::find(buyer).map_err(|error| error.at("buyer"))?
            }
        };
        if !self.is_registered() {
            return Ok(nothing(Reason::OutsideScope, UNREGISTERED));
        }
        if abroad {
            return match (means, self.buyer_number) {
                (Means::Goods, _) => Ok(nothing(Reason::OutsideScope, IMPORT)),
                (Means::Online, Some(_)) => Ok(nothing(Reason::ReverseCharge, REVERSE_CHARGE)),
                (Means::Online | Means::Local, _) => self.integrated(Some(ONLINE)),
            };
        }
        let from = states::find(seller).map_err(|error| error.at("seller"))?.ok_or_else(|| {
            let text =
                "taxes of India depend on the seller's state: give its country with it, like IN-MH";
            Error::new(Problem::TaxCountryUnsupported, text).at("seller")
        })?;
        let to = self.state_of_supply(means, to).unwrap_or(from);
        if from == to { self.halves(to) } else { self.integrated(None) }
    }

    /// The state that the buyer names, or that its tax number is of; of services to a business its number decides
    /// (IGST Act s 12(2)(a)). None where it is the seller's.
    fn state_of_supply(
        &self,
        means: Means,
        named: Option<&'static State>,
    ) -> Option<&'static State> {
        let registered = self.buyer_number.and_then(states::of_number);
        match means {
            Means::Local => None,
            Means::Goods => named.or(registered),
            Means::Online => registered.or(named),
        }
    }

    fn integrated(&self, law: Option<&'static str>) -> Result<Taxed, Error> {
        let row = self.row()?;
        let levy = levy("IGST", CENTRE, row.reason, row.whole()?);
        Ok((vec![levy], law.into_iter().chain([row.source]).collect()))
    }

    fn halves(&self, state: &'static State) -> Result<Taxed, Error> {
        let row = self.row()?;
        let levies = vec![
            levy("CGST", CENTRE, row.reason, row.half()?),
            levy(state.local, state.code, row.reason, row.half()?),
        ];
        Ok((levies, vec![row.source]))
    }

    fn row(&self) -> Result<&'static rates::Row, Error> {
        let line = self.line.attributes.iter().find(|(name, _)| name == "hsn");
        let configured = || self.config.hsn.get(self.line.category.name());
        match line.map(|(_, code)| code).or_else(configured) {
            Some(code) => rates::of_code(code, self.sale.date),
            None => rates::of_category(self.line.category, self.sale.date),
        }
    }

    /// Sold by the operator, or by a seller with a number in any state: a registration is for all supplies from there.
    fn is_registered(&self) -> bool {
        let indian = |authority: &str| authority == CENTRE || authority.starts_with("IN-");
        let registrations = &self.sale.registrations;
        registrations.is_empty() || registrations.iter().any(|it| indian(&it.authority))
    }
}

fn levy(name: &'static str, place: &'static str, reason: Reason, rate: Percent) -> Levy<'static> {
    Levy { name, jurisdiction: place, authority: place, reason, rate }
}

fn nothing(reason: Reason, law: &'static str) -> Taxed {
    (vec![levy("IGST", CENTRE, reason, Percent::ZERO)], vec![law])
}

/// The buyer's GSTIN, where one is given. A wrong number is refused, since to ignore it would charge a business as a
/// consumer without telling it.
fn buyer_number(sale: &Sale) -> Result<Option<String>, Error> {
    let Some(number) = &sale.buyer_tax_id else { return Ok(None) };
    match tax_id::recognise(sale.buyer.country, number) {
        Verdict::Valid { country, normalized } => Ok((country == INDIA).then_some(normalized)),
        Verdict::Invalid { country, reason } => Err(Error::new(
            Problem::TaxIdInvalid,
            format!("this is no tax number of {country}: {reason}"),
        )
        .at("tax_id")),
    }
}
