//! The tax role across the border: what comes in is checked once, here, and right by type from then on.

use std::marker::PhantomData;

use purser_money::{Currency, Money, Percent};

use super::{
    Assessed, Assessment, Filing, Line, PeriodLine, PeriodTotals, Registration, Sale, Tax, Verdict,
};
use crate::{
    Category, Country, Error, Place, Problem, Reason,
    bindings::{tax::exports::purser::plugin::tax as raw, wire},
    date::parse_date,
    log,
    rounding::Level,
};

/// `T` as the contract sees it.
pub struct Exported<T>(PhantomData<T>);

impl<T: Tax> raw::Guest for Exported<T> {
    fn describe() -> wire::Description {
        log::panics();
        T::describe().into()
    }

    fn assess(sale: raw::Sale) -> Result<raw::Assessment, wire::Error> {
        log::panics();
        Ok(T::assess(&Sale::try_from(sale)?)?.into())
    }

    fn check_tax_id(country: String, number: String) -> Result<raw::Verdict, wire::Error> {
        log::panics();
        let country = Country::parse(&country).map_err(|error| error.at("country"))?;
        Ok(T::check_tax_id(country, &number)?.into())
    }

    fn file_return(totals: raw::PeriodTotals) -> Result<raw::Filing, wire::Error> {
        log::panics();
        let Filing { media_type, file_name, body } =
            T::file_return(&PeriodTotals::try_from(totals)?)?;
        Ok(raw::Filing { media_type, file_name, body })
    }
}

impl TryFrom<raw::Sale> for Sale {
    type Error = Error;

    fn try_from(sale: raw::Sale) -> Result<Self, Error> {
        let currency =
            Currency::parse(&sale.currency).map_err(|error| Error::from(error).at("currency"))?;
        let lines = sale.lines.into_iter().enumerate().map(|(index, raw)| {
            line(raw, currency)
                .map_err(|(field, error)| error.at(format!("lines[{index}].{field}")))
        });
        Ok(Self {
            date: parse_date(&sale.date).map_err(|error| error.at("date"))?,
            currency,
            seller: Place::try_from(sale.seller).map_err(|error| error.at("seller"))?,
            registrations: sale.registrations.into_iter().map(Registration::from).collect(),
            buyer: Place::try_from(sale.buyer).map_err(|error| error.at("buyer"))?,
            buyer_tax_id: sale.buyer_tax_id.filter(|number| !number.trim().is_empty()),
            lines: lines.collect::<Result<_, _>>()?,
            attributes: sale.attributes,
        })
    }
}

fn line(raw: raw::Line, currency: Currency) -> Result<Line, (&'static str, Error)> {
    if raw.amount.currency != currency.code() {
        let text = format!("every line of this sale is in {currency}");
        return Err(("amount", Error::new(Problem::InvalidAmount, text)));
    }
    if raw.quantity == 0 {
        let text = "a line has at least one of what it sells";
        return Err(("quantity", Error::new(Problem::MalformedRequest, text)));
    }
    Ok(Line {
        id: raw.id,
        category: Category::parse(&raw.category).map_err(|error| ("category", error))?,
        quantity: raw.quantity,
        amount: Money::new(raw.amount.minor, currency),
        tax_inclusive: raw.tax_inclusive,
        attributes: raw.attributes,
    })
}

impl From<raw::Registration> for Registration {
    fn from(raw: raw::Registration) -> Self {
        Self { authority: raw.authority, scheme: raw.scheme, number: raw.number }
    }
}

impl From<Assessment> for raw::Assessment {
    fn from(assessment: Assessment) -> Self {
        let policy = assessment.rounding;
        Self {
            taxes: assessment.taxes.into_iter().map(raw::Assessed::from).collect(),
            rounding: raw::Rounding {
                level: policy.level.into(),
                mode: policy.mode.into(),
                decimals: policy.decimals,
                cash_step: policy.cash_step,
            },
            law: assessment.law,
        }
    }
}

impl From<Level> for raw::RoundingLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Unit => Self::Unit,
            Level::Line => Self::Line,
            Level::Rate => Self::Rate,
            Level::Invoice => Self::Invoice,
        }
    }
}

impl From<Assessed> for raw::Assessed {
    fn from(assessed: Assessed) -> Self {
        Self {
            name: assessed.name,
            jurisdiction: assessed.jurisdiction,
            authority: assessed.authority,
            category: assessed.category.name().to_owned(),
            reason: assessed.reason.name().to_owned(),
            rate: assessed.rate.into(),
            base: assessed.base.into(),
            tax: assessed.tax.into(),
            lines: assessed.lines,
        }
    }
}

impl From<Verdict> for raw::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Valid { country, normalized } => {
                Self { valid: true, normalized, country: country.to_string(), reason: None }
            }
            Verdict::Invalid { country, reason } => Self {
                valid: false,
                normalized: String::new(),
                country: country.to_string(),
                reason: Some(reason.to_owned()),
            },
        }
    }
}

impl TryFrom<raw::PeriodTotals> for PeriodTotals {
    type Error = Error;

    fn try_from(totals: raw::PeriodTotals) -> Result<Self, Error> {
        let lines = totals.lines.into_iter().enumerate().map(|(index, raw)| {
            PeriodLine::try_from(raw).map_err(|error| error.at(format!("lines[{index}]")))
        });
        Ok(Self {
            authority: totals.authority,
            period: totals.period,
            number: totals.number,
            lines: lines.collect::<Result<_, _>>()?,
            attributes: totals.attributes,
        })
    }
}

impl TryFrom<raw::PeriodLine> for PeriodLine {
    type Error = Error;

    fn try_from(raw: raw::PeriodLine) -> Result<Self, Error> {
        Ok(Self {
            jurisdiction: raw.jurisdiction,
            category: Category::parse(&raw.category)?,
            reason: Reason::parse(&raw.reason)?,
            rate: Percent::try_from(raw.rate)?,
            base: Money::try_from(raw.base)?,
            tax: Money::try_from(raw.tax)?,
            corrects: raw.corrects,
        })
    }
}
