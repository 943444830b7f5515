//! Where a sale is taxed and who owes the tax: the distinctions that most countries' laws make.

use purser_money::{Currency, Money, Percent};
use serde::Deserialize;

use crate::{
    Assessment, Category, Country, Date, Document, Error, Levy, Line, Policy, Problem, Sale,
    Verdict, misconfigured, tax_id,
};

/// What decides where a line is taxed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Supply {
    /// Happens somewhere: lodging where the house stands, a meal where it is served, a journey where it goes.
    Local,
    /// Is sent to the buyer.
    Goods,
    /// Reaches the buyer over the network.
    Electronic,
}

impl Supply {
    /// How things of this category are supplied.
    pub const fn of(category: Category) -> Self {
        match category {
            Category::Accommodation
            | Category::Restaurant
            | Category::PassengerTransport
            | Category::Postage => Self::Local,
            Category::DigitalService | Category::Ebook => Self::Electronic,
            Category::General
            | Category::Book
            | Category::Newspaper
            | Category::Food
            | Category::Medicine => Self::Goods,
        }
    }
}

/// A sale as one country sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crossing {
    /// Made and consumed within it, whatever is supplied.
    Domestic,
    /// Things from a seller abroad to a buyer within it.
    ImportedGoods,
    /// Comes over the network from a seller abroad to a buyer within it.
    ImportedService,
    /// Things from a seller within it to a buyer abroad.
    ExportedGoods,
    /// Goes over the network from a seller within it to a buyer abroad.
    ExportedService,
}

impl Sale {
    /// The country of the buyer's tax number, where one is given. A wrong one is refused, since to ignore it would
    /// charge a business as a consumer without telling it.
    pub fn buyer_number(&self) -> Result<Option<Country>, Error> {
        let Some(number) = &self.buyer_tax_id else { return Ok(None) };
        match tax_id::recognise(self.buyer.country, number) {
            Verdict::Valid { country, .. } => Ok(Some(country)),
            Verdict::Invalid { country, reason } => Err(Error::new(
                Problem::TaxIdInvalid,
                format!("this is no tax number of {country}: {reason}"),
            )
            .at("tax_id")),
        }
    }

    /// Refuses a day outside of those of which a plugin's rates speak.
    pub fn check_day(&self, from: Date, to: Date) -> Result<(), Error> {
        if (from..=to).contains(&self.date) {
            return Ok(());
        }
        let text = format!(
            "the rates of this release are those of {from} to {to}; install one that knows {}",
            self.date
        );
        Err(Error::new(Problem::TaxCategoryUnsupported, text).at("date"))
    }

    /// How a line of `category` touches `home`; an error if it does not.
    pub fn crossing(&self, category: Category, home: Country) -> Result<Crossing, Error> {
        let foreign = |country: Country, field: &str| {
            let text = format!("this plugin knows the taxes of {home}, and not those of {country}");
            Err(Error::new(Problem::TaxCountryUnsupported, text).at(field))
        };
        let (seller, buyer) = (self.seller.country == home, self.buyer.country == home);
        match (Supply::of(category), seller, buyer) {
            (Supply::Local, true, _) | (_, true, true) => Ok(Crossing::Domestic),
            (Supply::Local, false, _) => foreign(self.seller.country, "seller"),
            (Supply::Goods, false, true) => Ok(Crossing::ImportedGoods),
            (Supply::Goods, true, false) => Ok(Crossing::ExportedGoods),
            (Supply::Electronic, false, true) => Ok(Crossing::ImportedService),
            (Supply::Electronic, true, false) => Ok(Crossing::ExportedService),
            (Supply::Goods | Supply::Electronic, false, false) => {
                foreign(self.buyer.country, "buyer")
            }
        }
    }

    /// The taxes of a sale whose lines bear one tax each, which `levy` names with its law.
    pub fn assess_lines<'a>(
        &self,
        policy: Policy,
        rounding: &str,
        levy: impl Fn(&Line) -> Result<(Levy<'a>, &'a str), Error>,
    ) -> Result<Assessment, Error> {
        let mut document = Document::new(policy, self.currency);
        let mut laws: Vec<&str> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let (levy, law) = levy(line).map_err(|error| match error.field() {
                None => error.at(format!("lines[{index}].category")),
                Some(_) => error,
            })?;
            if !laws.contains(&law) {
                laws.push(law);
            }
            let amount = |error: Error| error.at(format!("lines[{index}].amount"));
            document.add(line, &[levy]).map_err(amount)?;
        }
        laws.push(rounding);
        document.assess(laws.join("; "))
    }
}

/// What goods are worth at most that a seller abroad charges the buyer's tax on: what is worth more is taxed by
/// customs. Each country names an amount in its own currency; for sales in others the operator
/// names the equivalent: `{"USD": "650.00"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct LowValue(std::collections::BTreeMap<String, String>);

impl LowValue {
    /// Whether each of the line's goods is worth no more than the limit, without the tax of `rate` in its price.
    /// `path` is where the operator configures the limits.
    pub fn includes(
        &self,
        line: &Line,
        rate: Percent,
        own: Money,
        path: &str,
    ) -> Result<bool, Error> {
        let limit = self.limit(line.amount.currency(), own, path)?;
        // price / (1 + rate) <= limit x quantity, with the rate as mantissa / 10^scale percent.
        let (mantissa, scale) = rate.parts();
        let hundred = 10_i128.checked_pow(u32::from(scale).saturating_add(2));
        let with_tax = hundred.and_then(|it| it.checked_add(i128::from(mantissa)));
        let (price, limit) = (i128::from(line.amount.minor()), i128::from(limit.minor()));
        let worth = hundred.and_then(|hundred| price.checked_mul(hundred));
        let per_unit = if line.tax_inclusive { with_tax } else { hundred };
        let most = per_unit
            .and_then(|it| it.checked_mul(limit))
            .and_then(|it| it.checked_mul(i128::from(line.quantity)));
        match (worth, most) {
            (Some(worth), Some(most)) => Ok(worth <= most),
            _ => Err(Error::new(Problem::InvalidAmount, "the amount is too large")),
        }
    }

    fn limit(&self, currency: Currency, own: Money, path: &str) -> Result<Money, Error> {
        if currency == own.currency() {
            return Ok(own);
        }
        let code = currency.code();
        let Some(limit) = self.0.get(code) else {
            let text = format!(
                "goods from abroad up to {own} are taxed by their seller: price them in {}, or let the operator configure \
                 what that is in {code} at {path}",
                own.currency()
            );
            return Err(Error::new(Problem::CurrencyUnsupported, text).at("currency"));
        };
        let path = format!("{path}.{code}");
        Money::parse(limit, currency).map_err(|error| misconfigured(&path, &error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date;

    fn sale(seller: &str, buyer: &str) -> Sale {
        let place = |code| crate::Place::of(Country::parse(code).unwrap());
        Sale {
            date: date(2026, 1, 15),
            currency: Currency::parse("AUD").unwrap(),
            seller: place(seller),
            registrations: vec![],
            buyer: place(buyer),
            buyer_tax_id: None,
            lines: vec![],
            attributes: vec![],
        }
    }

    #[test]
    fn a_sale_touches_a_country_in_one_way() {
        let check = |seller, buyer, category, expected: Result<Crossing, &str>| {
            let found = sale(seller, buyer).crossing(category, Country::literal(b"AU"));
            let found = found.map_err(|error| error.field().unwrap().to_owned());
            assert_eq!(found, expected.map_err(str::to_owned), "{seller} {buyer} {category}");
        };
        use Category::{Accommodation, Ebook, General};
        check("AU", "AU", General, Ok(Crossing::Domestic));
        check("NZ", "AU", General, Ok(Crossing::ImportedGoods));
        check("NZ", "AU", Ebook, Ok(Crossing::ImportedService));
        check("AU", "NZ", General, Ok(Crossing::ExportedGoods));
        check("AU", "NZ", Ebook, Ok(Crossing::ExportedService));
        check("AU", "NZ", Accommodation, Ok(Crossing::Domestic));
        check("NZ", "AU", Accommodation, Err("seller"));
        check("NZ", "NZ", General, Err("buyer"));
    }

    #[test]
    fn goods_are_of_low_value_by_the_piece_and_without_their_tax() {
        let check = |amount: &str, quantity, tax_inclusive, expected| {
            let (aud, rate) = (Currency::parse("AUD").unwrap(), Percent::parse("10").unwrap());
            let line = Line {
                id: 1,
                category: Category::General,
                quantity,
                amount: Money::parse(amount, aud).unwrap(),
                tax_inclusive,
                attributes: vec![],
            };
            let own = Money::parse("1000.00", aud).unwrap();
            let found = LowValue::default().includes(&line, rate, own, "config.low_value");
            assert_eq!(found, Ok(expected), "{amount}");
        };
        check("1000.00", 1, false, true);
        check("1000.01", 1, false, false);
        check("1100.00", 1, true, true);
        check("1100.01", 1, true, false);
        check("3000.00", 3, false, true);
        check("3000.01", 3, false, false);
        check("0.00", 1, false, true);
    }
}
