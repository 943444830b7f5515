//! What an endpoint is told of an event.

use purser_sdk::{
    Description, Error, Webhook, date,
    webhook::{Delivery, Endpoint, Event, Signing},
};

struct Plugin;

impl Webhook for Plugin {
    fn describe() -> Description {
        Description {
            name: "__NAME__",
            version: env!("CARGO_PKG_VERSION"),
            covers: Vec::new(),
            valid_from: date(2026, 1, 1),
            valid_to: None,
            sources: vec!["made up: name the receiving service's documentation and its address"],
        }
    }

    fn render(event: &Event, endpoint: &Endpoint) -> Result<Vec<Delivery>, Error> {
        // Whom an event does not concern is not told of it: that is an answer, and no error.
        if event.kind != "purchase.paid" {
            return Ok(Vec::new());
        }
        // `event.data` is JSON that merchants and buyers wrote parts of: trust none of it.
        let body = format!(r#"{{"event":"{}","kind":"{}"}}"#, event.id, event.kind);
        Ok(vec![Delivery::json(endpoint, body, Signing::StandardWebhooks)])
    }
}

purser_sdk::register_webhook!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sales_are_told() {
        let event = |kind: &str| Event {
            id: "evt_1".to_owned(),
            kind: kind.to_owned(),
            created_at: "2026-01-15T12:00:00Z".to_owned(),
            data: "{}".to_owned(),
            attributes: Vec::new(),
        };
        let endpoint = Endpoint {
            id: "whe_1".to_owned(),
            url: "https://shop.example/hooks".to_owned(),
            attributes: Vec::new(),
        };
        let count = |kind| Plugin::render(&event(kind), &endpoint).map(|told| told.len());
        assert_eq!((count("purchase.paid"), count("refund.made")), (Ok(1), Ok(0)));
    }
}
