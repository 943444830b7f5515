//! Events as messages that people read in a channel: for Slack's incoming webhooks, and for Mattermost, Rocket.Chat, Discord
//! (`/slack`) and whatever else takes them.
//!
//! Titles are written by merchants and may quote anybody. So the text is sent as plain text, with Slack's three
//! characters escaped and everything invisible taken out: it mentions nobody, links nowhere and hides nothing.

mod words;

use purser_sdk::{
    Description, Error, Problem, Webhook, date,
    webhook::{Delivery, Endpoint, Event, Signing},
};
use serde::Serialize;
use serde_json::Value;

/// The plugin.
pub struct Chat;

/// What Slack takes. Nothing in the text is markup, and no address in it is looked up.
#[derive(Serialize)]
struct Message {
    text: String,
    mrkdwn: bool,
    unfurl_links: bool,
    unfurl_media: bool,
}

impl Webhook for Chat {
    fn describe() -> Description {
        Description {
            name: "webhook-chat",
            version: env!("CARGO_PKG_VERSION"),
            covers: Vec::new(),
            valid_from: date(2024, 1, 1),
            valid_to: None,
            sources: vec![
                "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/",
                "https://docs.slack.dev/messaging/formatting-message-text/",
            ],
        }
    }

    fn render(event: &Event, endpoint: &Endpoint) -> Result<Vec<Delivery>, Error> {
        let data: Value = serde_json::from_str(&event.data).map_err(|_| {
            Error::new(Problem::MalformedRequest, "the event's data is no JSON").at("event.data")
        })?;
        let text = words::escaped(&words::of(&event.kind, &data));
        let message = Message { text, mrkdwn: false, unfurl_links: false, unfurl_media: false };
        let body = serde_json::to_string(&message)
            .map_err(|error| Error::new(Problem::MalformedRequest, error.to_string()))?;
        // Whoever knows the channel's address may write to it: that is all the secret that there is.
        Ok(vec![Delivery::json(endpoint, body, Signing::None)])
    }
}

purser_sdk::register_webhook!(Chat);
