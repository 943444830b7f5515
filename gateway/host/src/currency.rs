//! Asking a currency plugin.

use std::sync::Arc;

use purser_core::{
    money::{Currency, Money},
    rate::{Conversion, ConversionPolicy, RateTable},
};
use serde::Serialize;

use crate::{
    convert,
    evidence::{Called, Digest},
    fault::CallError,
    json,
    registry::{Loaded, Question},
    tax::{question, refused, written},
    wire,
};

type Answer<T> = (Result<T, wire::Error>,);

/// A plugin that knows feeds of rates, reads them and converts by them.
#[derive(Clone)]
pub struct CurrencyPlugin(pub(crate) Arc<Loaded>);

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
            let tables = answer.map_err(refused)?;
            Ok((convert::read_rate_tables(&tables)?, written(&tables)?))
        };
        self.0.ask(question, read).await
    }

    /// A conversion with its legs. `purser_core::rate::Route::check` recomputes it before it is used.
    pub async fn convert(
        &self,
        amount: Money,
        to: Currency,
        table: &RateTable,
        policy: &ConversionPolicy,
    ) -> Result<Called<Conversion>, CallError> {
        let (amount, to) = (convert::money(amount), to.code());
        let (table, policy) = (convert::rate_table(table), convert::policy(policy));
        let input = ConvertInput { amount: &amount, to, table: &table, policy: &policy };
        let question = question("convert", &input, (&amount, to, &table, &policy))?;
        let read = |(answer,): Answer<wire::Conversion>| {
            let conversion = answer.map_err(refused)?;
            Ok((convert::read_conversion(&conversion)?, written(&conversion)?))
        };
        self.0.ask(question, read).await
    }
}

fn read_feed(feed: wire::Feed) -> Result<Feed, CallError> {
    let wire::Feed { id, url, media_type, every_minutes } = feed;
    Ok(Feed {
        id: convert::short("id", &id)?,
        url: convert::long("url", &url)?,
        media_type: convert::short("media-type", &media_type)?,
        every_minutes,
    })
}
