//! The plugin itself, on the bare contract: the SDK's types would not let it lie. All its rates are two for one euro,
//! so that it needs no arithmetic.

use purser_sdk::bindings::{
    currency::{
        export_currency,
        exports::purser::plugin::currency::{
            Conversion, Feed, Guest, Leg, Operation, Policy, Quoted, RateTable,
        },
    },
    wire::{Decimal, Description, Error, Money},
};

use crate::Deed;

struct HostileRates;

const FEED: &str = "hostile-daily";
const TWO: Decimal = Decimal { mantissa: 2, scale: 0 };

impl Guest for HostileRates {
    fn describe() -> Description {
        Description {
            name: "hostile-rates".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            covers: Vec::new(),
            valid_from: "2000-01-01".into(),
            valid_to: None,
            sources: Vec::new(),
        }
    }

    fn feeds() -> Vec<Feed> {
        vec![Feed {
            id: FEED.into(),
            url: "https://rates.example/daily".into(),
            media_type: "text/plain".into(),
            every_minutes: 60,
        }]
    }

    /// The bytes are the day that the rates are of.
    fn read_feed(_: String, bytes: Vec<u8>) -> Result<Vec<RateTable>, Error> {
        let quoted = |currency: &str| Quoted { currency: currency.into(), rate: TWO };
        let rates = Deed::ALL.iter().map(|deed| quoted(deed.currency()));
        Ok(vec![RateTable {
            source: "Mammon".into(),
            as_of: String::from_utf8_lossy(&bytes).into_owned(),
            base: "USD".into(),
            rates: rates.collect(),
            attributes: Vec::new(),
        }])
    }

    fn convert(
        amount: Money,
        to: String,
        table: RateTable,
        _: Policy,
    ) -> Result<Conversion, Error> {
        let minor = amount.minor / 2;
        let honest = Conversion {
            legs: vec![Leg { operation: Operation::Divide, rate: TWO, then_round: None }],
            converted: Money { minor, currency: to },
            source: table.source,
            as_of: table.as_of,
            valid_until: "2999-12-31".into(),
        };
        match Deed::of(&amount.currency) {
            Some(Deed::Stale) => Ok(honest),
            // It keeps the rules where it is looked at.
            None => Err(Error {
                code: "currency-unsupported".into(),
                message: "not a deed".into(),
                field: None,
                retryable: false,
            }),
            Some(Deed::WrongLegs) => {
                let converted = Money { minor: minor + 1, ..honest.converted };
                Ok(Conversion { converted, ..honest })
            }
            Some(Deed::WrongTo) => {
                let converted = Money { currency: "JPY".into(), ..honest.converted };
                Ok(Conversion { converted, ..honest })
            }
            Some(Deed::Tomorrow) => Ok(Conversion { as_of: "2999-12-31".into(), ..honest }),
            Some(Deed::NoLegs) => Ok(Conversion { legs: Vec::new(), ..honest }),
            Some(Deed::Panic) => panic!("the plugin panics on purpose"),
            Some(Deed::UnknownRefusal) => Err(Error {
                code: "pay-me".into(),
                message: "first".into(),
                field: None,
                retryable: false,
            }),
        }
    }
}

#[allow(unsafe_code)]
mod exported {
    use super::{HostileRates, export_currency};
    export_currency!(HostileRates with_types_in purser_sdk::bindings::currency);
}
