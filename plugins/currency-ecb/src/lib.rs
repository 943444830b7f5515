//! The euro reference rates of the European Central Bank, and the irrevocably fixed units of the euro.
//!
//! A table gives units of a currency for one euro. So a conversion from euros multiplies, one to euros
//! divides, and one between two others does both; a rate is never inverted (Reg. (EC) 1103/97 art. 4(3)).

mod convert;
mod feed;
mod fixed;

use purser_sdk::{
    Conversion, Currency, Description, Error, Feed, Money, Problem, RateTable, Rates,
    currency::Policy, date,
};

/// The plugin.
pub struct Ecb;

const DAILY: &str = "ecb-daily";
const HISTORY: &str = "ecb-hist-90d";

impl Rates for Ecb {
    fn describe() -> Description {
        Description {
            name: "currency-ecb",
            version: env!("CARGO_PKG_VERSION"),
            covers: Vec::new(),
            valid_from: date(1999, 1, 4),
            valid_to: None,
            sources: vec![
                "https://www.ecb.europa.eu/stats/eurofxref/",
                "Regulation (EC) No 2866/98",
                "Regulation (EC) No 1103/97",
            ],
        }
    }

    /// The daily file changes at about 16:00 CET on TARGET working days; the 90 days fill what a gateway
    /// that was off has missed.
    fn feeds() -> Vec<Feed> {
        let feed = |id: &str, file: &str, every_minutes| Feed {
            id: id.to_owned(),
            url: format!("https://www.ecb.europa.eu/stats/eurofxref/{file}"),
            media_type: "text/xml".to_owned(),
            every_minutes,
        };
        vec![
            feed(DAILY, "eurofxref-daily.xml", 60),
            feed(HISTORY, "eurofxref-hist-90d.xml", 24 * 60),
        ]
    }

    fn read_feed(feed: &str, bytes: &[u8]) -> Result<Vec<RateTable>, Error> {
        match feed {
            DAILY | HISTORY => feed::read(bytes),
            _ => Err(Error::new(
                Problem::MalformedRequest,
                format!("the feeds of this plugin are {DAILY} and {HISTORY}"),
            )
            .at("feed")),
        }
    }

    fn convert(
        amount: Money,
        to: Currency,
        table: &RateTable,
        policy: &Policy,
    ) -> Result<Conversion, Error> {
        convert::convert(amount, to, table, policy)
    }
}

purser_sdk::register_currency!(Ecb);
