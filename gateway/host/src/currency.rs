//! Asking a currency plugin.

use std::sync::Arc;

use jiff::{Span, civil::Date};
use purser_core::{
    money::{Currency, Leg, Money},
    rate::{ConversionError, ConversionPolicy, RateTable, Route},
};
use serde::Serialize;

use crate::{
    convert,
    evidence::{Called, Digest},
    fault::CallError,
    json,
    registry::{Loaded, Question},
    tax::{question, written},
    wire,
};

type Answer<T> = (Result<T, wire::Error>,);

/// A plugin that knows feeds of rates, reads them and converts by them.
#[derive(Clone)]
pub struct CurrencyPlugin(pub(crate) Arc<Loaded>, pub(crate) Option<Arc<str>>);

/// What the gateway should fetch for a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its name within the plugin, e.g. `ecb-daily`.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// What it is.
    pub media_type: String,
    /// How often it changes at most.
    pub every_minutes: u32,
}

#[derive(Serialize)]
struct NoInput {}

#[derive(Serialize)]
struct ReadFeedInput<'a> {
    feed: &'a str,
    #[serde(serialize_with = "json::bytes")]
    bytes: &'a [u8],
}

#[derive(Serialize)]
struct ConvertInput<'a> {
    amount: &'a wire::Money,
    to: &'a str,
    table: &'a wire::RateTable,
    policy: &'a wire::Policy,
}

impl CurrencyPlugin {
    /// The same with the operator's configuration, which goes with every table that it converts by.
    pub fn configured(self, config: Option<Arc<str>>) -> Self {
        Self(self.0, config)
    }

    /// The SHA-256 of its component.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// What to fetch.
    pub async fn feeds(&self) -> Result<Called<Vec<Feed>>, CallError> {
        let question = question("feeds", &NoInput {}, ())?;
        let read = |(feeds,): (Vec<wire::Feed>,)| {
            convert::list("feeds", feeds.len())?;
            let output = written(&feeds)?;
            Ok((feeds.into_iter().map(read_feed).collect::<Result<_, _>>()?, output))
        };
        self.0.ask(question, read).await
    }

    /// The rates in a feed's bytes: a table for each day, newest first. Currencies that ISO 4217 does not know are
    /// left out.
    pub async fn read_feed(
        &self,
        feed: &str,
        bytes: &[u8],
    ) -> Result<Called<Vec<RateTable>>, CallError> {
        let input = written(&ReadFeedInput { feed, bytes })?;
        let input_bytes = feed.len().saturating_add(bytes.len());
        let question =
            Question { function: "read-feed", input, input_bytes, params: (feed, bytes) };
        let read = |(answer,): Answer<Vec<wire::RateTable>>| {
            let tables = answer.map_err(CallError::refused)?;
            Ok((convert::read_rate_tables(&tables)?, written(&tables)?))
        };
        self.0.ask(question, read).await
    }

    /// A conversion, as a way for any amount: recomputed from its legs, and by rates that are not too old,
    /// whatever the plugin says of either.
    pub async fn convert(
        &self,
        amount: Money,
        to: Currency,
        table: &RateTable,
        policy: &ConversionPolicy,
    ) -> Result<Called<Route>, CallError> {
        let (sum, code) = (convert::money(amount), to.code());
        let (rates, terms) =
            (convert::rate_table(table, self.1.as_deref()), convert::policy(policy));
        let input = ConvertInput { amount: &sum, to: code, table: &rates, policy: &terms };
        let question = question("convert", &input, (&sum, code, &rates, &terms))?;
        let read = |(answer,): Answer<wire::Conversion>| {
            let answer = answer.map_err(CallError::refused)?;
            let output = written(&answer)?;
            let conversion = convert::read_conversion(&answer)?;
            let route = Route::check(amount, to, conversion, policy.rounding);
            let route = route.map_err(|error| match error {
                ConversionError::Overflow => CallError::too_large(),
                error => CallError::bad_output(error.to_string()),
            })?;
            Ok((in_time(route, table, policy)?, output))
        };
        self.0.ask(question, read).await
    }
}

/// Longer than any policy means, short of where days overflow.
const AGE_DAYS_MAX: u32 = 3_660;

/// Holds a plugin to the age of the rates that it was given: it may end a route earlier, never later.
fn in_time(
    mut route: Route,
    table: &RateTable,
    policy: &ConversionPolicy,
) -> Result<Route, CallError> {
    if route.as_of > table.as_of {
        let problem = format!("as-of: {} is after the table's {}", route.as_of, table.as_of);
        return Err(CallError::bad_output(problem));
    }
    if grows_old(&route, table) {
        route.valid_until = route.valid_until.min(last_day(table.as_of, policy.max_age_days));
    }
    let (as_of, last, today) = (route.as_of, route.valid_until, policy.today);
    if table.as_of > today || last < today {
        let text = format!("the rates are of {as_of} and good until {last}; today is {today}");
        return Err(CallError::rates_too_old(text));
    }
    Ok(route)
}

/// Whether a route stands on anything but the euro's fixed rates, which never change.
fn grows_old(route: &Route, table: &RateTable) -> bool {
    let is_fixed = |currency: Currency| currency == table.base || currency.is_former();
    let is_published = |leg: &Leg| table.rates.iter().any(|(_, rate)| *rate == leg.rate);
    !is_fixed(route.from()) || !is_fixed(route.to()) || route.legs().iter().any(is_published)
}

fn last_day(as_of: Date, age_days: u32) -> Date {
    let days = i64::from(age_days.min(AGE_DAYS_MAX));
    as_of.saturating_add(Span::new().days(days))
}

fn read_feed(feed: wire::Feed) -> Result<Feed, CallError> {
    let wire::Feed { id, url, media_type, every_minutes } = feed;
    Ok(Feed {
        id: convert::short("id", id)?,
        url: convert::long("url", url)?,
        media_type: convert::short("media-type", media_type)?,
        every_minutes,
    })
}
