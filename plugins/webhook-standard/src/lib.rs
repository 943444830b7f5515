//! Events as Standard Webhooks 1.0 words them: `type`, `timestamp` and `data`. The gateway signs them.

use purser_sdk::{
    Description, Error, Problem, Webhook, date,
    webhook::{Delivery, Endpoint, Event, Signing},
};
use serde::de::IgnoredAny;

/// The plugin.
pub struct Standard;

impl Webhook for Standard {
    fn describe() -> Description {
        Description {
            name: "webhook-standard",
            version: env!("CARGO_PKG_VERSION"),
            covers: Vec::new(),
            valid_from: date(2024, 1, 1),
            valid_to: None,
            sources: vec![
                "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
            ],
        }
    }

    fn render(event: &Event, endpoint: &Endpoint) -> Result<Vec<Delivery>, Error> {
        // Passed on as it is, so that a receipt in it keeps every byte; but only if it is one value.
        serde_json::from_str::<IgnoredAny>(&event.data).map_err(|_| no_json())?;
        let text = |text: &str| serde_json::to_string(text).map_err(|_| no_json());
        let (kind, at) = (text(&event.kind)?, text(&event.created_at)?);
        let body = format!(r#"{{"type":{kind},"timestamp":{at},"data":{}}}"#, event.data.trim());
        Ok(vec![Delivery::json(endpoint, body, Signing::StandardWebhooks)])
    }
}

fn no_json() -> Error {
    Error::new(Problem::MalformedRequest, "the event's data is no JSON").at("event.data")
}

purser_sdk::register_webhook!(Standard);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

    use serde_json::Value;

    use super::*;

    fn render(kind: &str, data: &str) -> Result<Vec<Delivery>, Error> {
        let event = Event {
            id: "evt_1".to_owned(),
            kind: kind.to_owned(),
            created_at: "2026-01-15T12:00:00Z".to_owned(),
            data: data.to_owned(),
            attributes: Vec::new(),
        };
        let endpoint = Endpoint {
            id: "wh_1".to_owned(),
            url: "https://shop.example/hooks".to_owned(),
            attributes: Vec::new(),
        };
        Standard::render(&event, &endpoint)
    }

    #[test]
    fn an_event_keeps_its_data_to_the_byte() {
        let data = r#"{"b": 1.10, "a": "\u00e9", "big": 123456789012345678901234567890}"#;
        let deliveries = render("purchase.paid", data).unwrap();
        let body = String::from_utf8(deliveries[0].body.clone()).unwrap();
        assert_eq!(
            body,
            format!(
                r#"{{"type":"purchase.paid","timestamp":"2026-01-15T12:00:00Z","data":{data}}}"#
            )
        );
        assert_eq!(deliveries.len(), 1);
        assert_eq!(deliveries[0].signing, Signing::StandardWebhooks);
    }

    #[test]
    fn nothing_in_an_event_breaks_out_of_its_place() {
        let deliveries = render("x\",\"data\":1,\"y\":\"\u{0}", "null").unwrap();
        let body: Value = serde_json::from_slice(&deliveries[0].body).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 3);
        for data in ["", "{", "1,\"x\":2", "{} {}", "\u{0}"] {
            assert!(render("purchase.paid", data).is_err(), "{data:?}");
        }
    }
}
