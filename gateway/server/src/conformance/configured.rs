//! Whether a plugin can work under a configuration: asked before it is bound, so that no sale finds out.

use std::sync::Arc;

use jiff::civil::Date;
use purser_core::{
    ids::WebhookId,
    rate::ConversionPolicy,
    webhook::{Endpoint, TEST_KIND},
};
use purser_host::{CallError, Plugin};
use purser_money::{Currency, Rounding};

use super::{
    document, messages,
    patience::{Late, Patience},
    samples::odd_price,
    table,
};
use crate::problem;

/// What a tax plugin says of a country that it does not know.
const UNSUPPORTED: &str = problem::TAX_COUNTRY_UNSUPPORTED.name();

/// Why a plugin cannot work under a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// What it has against it, in its own words, or how it fails.
    Says(String),
    /// It got no time to say anything, twice.
    Late,
}

/// Makes one call of the role's own under a configuration, for a place and a day. Only what is said of the configuration
/// counts: another sample might be answered.
pub async fn configured(
    plugin: &Plugin,
    config: Option<&str>,
    place: &str,
    day: Date,
) -> Result<(), Unusable> {
    let (patience, shared) = (Patience::default(), config.map(Arc::from));
    if let Some(tax) = plugin.tax() {
        let tax = tax.configured(shared);
        let Some(sale) = document(place, 1, day) else { return Ok(()) };
        let assessed = patience.ask(async || tax.assess(&sale).await).await;
        // A plugin that covers no country by itself has those that its configuration has.
        return match assessed {
            Err(CallError::Refused(refusal))
                if refusal.code == UNSUPPORTED && plugin.manifest().countries.is_empty() =>
            {
                Err(Unusable::Says(refusal.message))
            }
            assessed => judged(assessed),
        };
    }
    if let Some(currency) = plugin.currency() {
        let currency = currency.configured(shared);
        let (Ok(from), Ok(to), Some(table)) =
            (Currency::parse("EUR"), Currency::parse("USD"), table(day))
        else {
            return Ok(());
        };
        let policy = ConversionPolicy { today: day, max_age_days: 5, rounding: Rounding::Down };
        let amount = odd_price(from, 1);
        let convert = async || currency.convert(amount, to, &table, &policy).await;
        return judged(patience.ask(convert).await);
    }
    if let Some(webhook) = plugin.webhook() {
        let Some(url) = messages::url() else { return Ok(()) };
        let endpoint =
            Endpoint { id: WebhookId::from_random(1), url, config: config.map(str::to_owned) };
        let event = messages::event(TEST_KIND, 1);
        return judged(patience.ask(async || webhook.render(&event, &endpoint).await).await);
    }
    match plugin.stamps() {
        Some(stamps) => {
            let stamps = stamps.configured(shared);
            judged(patience.ask(async || stamps.services(None).await).await)
        }
        None => Ok(()),
    }
}

fn judged<T>(called: Result<T, CallError>) -> Result<(), Unusable> {
    match called {
        Ok(_) => Ok(()),
        Err(CallError::Refused(refusal)) => match refusal.field.as_deref() {
            Some(field) if is_of_configuration(field) => Err(Unusable::Says(refusal.message)),
            Some(_) | None => Ok(()),
        },
        Err(error) if error.is_late() => Err(Unusable::Late),
        Err(error) => Err(Unusable::Says(error.to_string())),
    }
}

/// `config.rates[2].percent`, as the SDK names the places of a configuration.
fn is_of_configuration(field: &str) -> bool {
    let rest = field.strip_prefix("config");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_refusal_is_of_the_configuration_if_its_field_is() {
        for (field, expected) in [
            ("config", true),
            ("config.rates[2].percent", true),
            ("config[0]", true),
            ("configuration", false),
            ("buyer.country", false),
            ("", false),
        ] {
            assert_eq!(super::is_of_configuration(field), expected, "{field}");
        }
    }
}
