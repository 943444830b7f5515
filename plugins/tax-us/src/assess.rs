//! One sale: in which state each line is taxed, whether the seller collects there, and at which rates.

use std::collections::{BTreeMap, btree_map::Entry};

use purser_sdk::{
    Assessment, Category, Document, Error, Level as RoundedAt, Levy, Percent, Place, Policy,
    Problem, Reason, Sale, Together, Verdict, misconfigured, tax_id,
};

use crate::{
    Config, Rounding, Taxes,
    local::{self, Column, Files, Level},
    rates::{self, Treatment},
    states::{self, Sourcing, State},
};

/// Where the sale's attributes have the buyer's ZIP code.
const POSTCODE: &str = "postcode";
const NO_NEXUS: &str =
    "South Dakota v. Wayfair, 585 U.S. 162 (2018): the seller is registered elsewhere";
const EXPORT: &str = "U.S. Const. art. I § 10 cl. 2: exports are not taxed";
const STATE_ONLY: &str = "the state's own tax; the place within it is not known";
const ROUNDED: &str = "rounded: Streamlined Sales and Use Tax Agreement s 324";

/// One tax. Names of local jurisdictions are made here.
struct Owed {
    name: &'static str,
    jurisdiction: String,
    authority: &'static str,
    reason: Reason,
    rate: Percent,
}

impl Owed {
    fn levy(&self) -> Levy<'_> {
        let Self { name, jurisdiction, authority, reason, rate } = self;
        Levy { name, jurisdiction, authority, reason: *reason, rate: *rate }
    }
}

pub(crate) fn assess(sale: &Sale, config: &Config) -> Result<Assessment, Error> {
    check_buyer_number(sale)?;
    rates::check_day(sale.date)?;
    let mut laws = Vec::new();
    let book = Book {
        sale,
        files: read_files(config)?,
        postcode: postcode(sale)?,
        origins: origins(config)?,
    };
    // All lines of a category bear the same: a thousand of them look into the files once.
    let mut owed = BTreeMap::new();
    for (index, line) in sale.lines.iter().enumerate() {
        let Entry::Vacant(unknown) = owed.entry(line.category) else { continue };
        let (taxes, sources) = book.taxes(line.category).map_err(|error| match error.field() {
            Some(_) => error,
            None => error.at(format!("lines[{index}].category")),
        })?;
        unknown.insert(taxes);
        for source in sources {
            if !laws.contains(&source) {
                laws.push(source);
            }
        }
    }
    let mut document = Document::new(policy(sale, config), sale.currency);
    for (index, line) in sale.lines.iter().enumerate() {
        let taxes = owed.get(&line.category).into_iter().flatten();
        let levies: Vec<Levy<'_>> = taxes.map(Owed::levy).collect();
        document.add(line, &levies).map_err(|error| error.at(format!("lines[{index}].amount")))?;
    }
    document.assess(format!("{}; {ROUNDED}", laws.join("; ")))
}

/// A half cent is a cent: the third decimal decides, up if it is greater than four.
fn policy(sale: &Sale, config: &Config) -> Policy {
    let (level, together) = match (config.rounding, config.taxes) {
        (Rounding::Invoice, Taxes::Apart) => (RoundedAt::Rate, Together::Rate),
        (Rounding::Invoice, Taxes::Together) => (RoundedAt::Invoice, Together::All),
        (Rounding::Item, Taxes::Apart) => (RoundedAt::Line, Together::Rate),
        (Rounding::Item, Taxes::Together) => (RoundedAt::Line, Together::All),
    };
    Policy { level, together, ..Policy::per_rate(sale.currency) }
}

/// The files of each state that the operator has rows of.
fn read_files(config: &Config) -> Result<BTreeMap<&'static str, Files>, Error> {
    let read = |(code, files): (&String, _)| {
        let state = state_named(code, "config.local")?;
        Ok((state.code, Files::read(state, files)?))
    };
    config.local.iter().map(read).collect()
}

/// The seller's ZIP code in each state.
fn origins(config: &Config) -> Result<BTreeMap<&'static str, u32>, Error> {
    let read = |(code, zip): (&String, &String)| {
        let state = state_named(code, "config.origin")?;
        let zip = local::zip(zip).ok_or_else(|| {
            misconfigured(
                &format!("config.origin.{code}"),
                "a ZIP code has five digits, like 78701",
            )
        })?;
        Ok((state.code, zip))
    };
    config.origin.iter().map(read).collect()
}

fn state_named(code: &str, path: &str) -> Result<&'static State, Error> {
    let state = code.strip_prefix("US-").and_then(states::of);
    state.ok_or_else(|| misconfigured(&format!("{path}.{code}"), "a state is named like US-TX"))
}

fn postcode(sale: &Sale) -> Result<Option<u32>, Error> {
    let Some((_, text)) = sale.attributes.iter().find(|(name, _)| name == POSTCODE) else {
        return Ok(None);
    };
    local::zip(text).map(Some).ok_or_else(|| local::no_zip("attributes.postcode"))
}

/// A sale and all that is known for it.
struct Book<'a> {
    sale: &'a Sale,
    files: BTreeMap<&'static str, Files>,
    postcode: Option<u32>,
    origins: BTreeMap<&'static str, u32>,
}

impl Book<'_> {
    /// The taxes on a category, and the laws behind them.
    fn taxes(&self, category: Category) -> Result<(Vec<Owed>, Vec<&'static str>), Error> {
        let is_local = is_local(category);
        let (place, field): (&Place, _) =
            if is_local { (&self.sale.seller, "seller") } else { (&self.sale.buyer, "buyer") };
        let from_here = self.sale.seller.country.code() == "US";
        if !is_local && from_here && place.country.code() != "US" {
            let state = states::find(&self.sale.seller).map_err(|error| error.at("seller"))?;
            return Ok((vec![own(state, Reason::Export, Percent::ZERO)], vec![EXPORT]));
        }
        let state = states::find(place).map_err(|error| error.at(field))?;
        if !self.collects(state) {
            return Ok((vec![own(state, Reason::OutsideScope, Percent::ZERO)], vec![NO_NEXUS]));
        }
        let treatment = rates::find(state, category, self.sale.date)?;
        let mut laws: Vec<&str> =
            [Some(treatment.source), treatment.as_general].into_iter().flatten().collect();
        let column = Column {
            is_food: category == Category::Food,
            is_within: from_here && self.sale.seller.subdivision.as_deref() == Some(state.part),
        };
        let mut taxes = vec![self.state_tax(state, &treatment, category, column)];
        if !bears_local_tax(category, &treatment) {
            return Ok((taxes, laws));
        }
        match self.local_taxes(state, column, is_local)? {
            Some(local) => taxes.extend(local),
            None if treatment.rate.is_zero() => {}
            None => laws.push(STATE_ONLY),
        }
        Ok((taxes, laws))
    }

    /// Registered there, or sold for by the operator.
    fn collects(&self, state: &State) -> bool {
        let registrations = &self.sale.registrations;
        registrations.is_empty() || registrations.iter().any(|it| it.authority == state.code)
    }

    /// The state's own tax; where the operator has the state's row of the rate file, that one is fresher than ours.
    fn state_tax(
        &self,
        state: &'static State,
        treatment: &Treatment,
        category: Category,
        column: Column,
    ) -> Owed {
        let filed = self.files.get(state.code).and_then(|files| files.state(self.sale.date));
        match filed.filter(|_| bears_local_tax(category, treatment)) {
            None => own(state, treatment.reason, treatment.rate),
            Some(row) => {
                let rate = row.of(column);
                let general = row.of(Column { is_food: false, ..column });
                let reason = match rate {
                    rate if rate.is_zero() => Reason::Exempt,
                    rate if rate == general => Reason::Standard,
                    _ => Reason::Reduced,
                };
                own(state, reason, rate)
            }
        }
    }

    /// The local taxes, or none where the operator has no rows of the state or the place within it is not known.
    fn local_taxes(
        &self,
        state: &'static State,
        column: Column,
        is_local: bool,
    ) -> Result<Option<Vec<Owed>>, Error> {
        let Some(files) = self.files.get(state.code) else { return Ok(None) };
        let origin = self.origins.get(state.code).copied();
        let from_origin = |level: Level| match state.sourcing {
            _ if is_local => true,
            _ if !column.is_within => false,
            Sourcing::Destination => false,
            Sourcing::Origin => true,
            Sourcing::Hybrid => level != Level::District,
        };
        let mut taxes = Vec::new();
        let levels = [Level::County, Level::City, Level::District];
        for (zip, is_origin) in [(origin, true), (self.postcode, false)] {
            if !levels.into_iter().any(|level| from_origin(level) == is_origin) {
                continue;
            }
            let Some(zip) = zip else { return Ok(None) };
            let found = files.at(zip, self.sale.date)?;
            for (level, code, rate) in found {
                if from_origin(level) == is_origin {
                    taxes.push(local_tax(state, level, code, rate.of(column), column));
                }
            }
        }
        // What takes nothing needs no row beside the state's.
        taxes.retain(|tax| !tax.rate.is_zero());
        Ok(Some(taxes))
    }
}

fn own(state: &'static State, reason: Reason, rate: Percent) -> Owed {
    let State { code, .. } = state;
    Owed { name: "Sales tax", jurisdiction: (*code).to_owned(), authority: code, reason, rate }
}

/// Local taxes are paid to the state, which shares them out (Agreement s 301).
fn local_tax(
    state: &'static State,
    level: Level,
    code: u32,
    rate: Percent,
    column: Column,
) -> Owed {
    let reason = if column.is_food { Reason::Reduced } else { Reason::Standard };
    let jurisdiction = format!("{}-{code:05}", state.code);
    Owed { name: level.tax(), jurisdiction, authority: state.code, reason, rate }
}

/// Taken where the seller is.
fn is_local(category: Category) -> bool {
    match category {
        Category::Accommodation | Category::Restaurant | Category::PassengerTransport => true,
        Category::General
        | Category::DigitalService
        | Category::Book
        | Category::Ebook
        | Category::Newspaper
        | Category::Food
        | Category::Medicine
        | Category::Postage => false,
    }
}

/// The general and the food rates are what the files have.
fn bears_local_tax(category: Category, treatment: &Treatment) -> bool {
    matches!(category, Category::General | Category::Food) || treatment.as_general.is_some()
}

/// No number changes a sales tax; a wrong one is refused all the same, since the buyer expects something of it.
fn check_buyer_number(sale: &Sale) -> Result<(), Error> {
    let Some(number) = &sale.buyer_tax_id else { return Ok(()) };
    match tax_id::recognise(sale.buyer.country, number) {
        Verdict::Valid { .. } => Ok(()),
        Verdict::Invalid { country, reason } => Err(Error::new(
            Problem::TaxIdInvalid,
            format!("this is no tax number of {country}: {reason}"),
        )
        .at("tax_id")),
    }
}
