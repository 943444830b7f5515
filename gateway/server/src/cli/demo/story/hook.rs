//! A shop's endpoint: what the gateway tells it of, and how the shop knows that it is the gateway.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use purser_core::webhook::WebhookSecret;
use serde_json::{Value, json};

use super::{super::print::text, Cast, Shop};

/// An event is told of within a second; a machine that is busy may need more.
const PATIENCE: Duration = Duration::from_secs(20);
/// More than an event is.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// What the shop wants to hear of.
const EVENTS: [&str; 2] = ["purchase.paid", "refund.made"];

/// A shop's endpoint on this machine.
pub(super) struct Endpoint {
    secret: WebhookSecret,
    deliveries: Receiver<Delivery>,
}

/// A request that the gateway made.
#[derive(Default)]
struct Delivery {
    id: String,
    timestamp: i64,
    signature: String,
    body: Vec<u8>,
}

impl Cast {
    pub(super) fn endpoint(&mut self, shop: &Shop) -> Result<Endpoint> {
        self.print.step("The bookshop wants to be told when it sells: a webhook");
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/purser", listener.local_addr()?);
        let wish = json!({ "url": url, "events": EVENTS });
        let made = shop.client.post("/v1/webhooks", None, &wish)?;
        self.print
            .say(&format!("{url} gets a secret, shown once, which signs all that it is told"));
        let secret = WebhookSecret::parse(text(&made, "secret"))?;
        let (told, deliveries) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Whoever else connects says nothing that matters, and nobody may listen any more.
                if let Ok(delivery) = received(stream)
                    && told.send(delivery).is_err()
                {
                    return;
                }
            }
        });
        Ok(Endpoint { secret, deliveries })
    }

    pub(super) fn delivered(&mut self, endpoint: &Endpoint) -> Result<()> {
        self.print
            .step("What the bookshop's endpoint was told, and that it comes from the gateway");
        let mut told = BTreeMap::new();
        // They come in any order, and one may come twice.
        while EVENTS.iter().any(|kind| !told.contains_key(*kind)) {
            let delivery = endpoint.deliveries.recv_timeout(PATIENCE);
            let delivery = delivery.with_context(|| format!("the endpoint hears of {EVENTS:?}"))?;
            let event: Value = serde_json::from_slice(&delivery.body)?;
            let signature = endpoint.secret.sign(&delivery.id, delivery.timestamp, &delivery.body);
            ensure!(
                delivery.signature == signature,
                "a delivery must be signed with the endpoint's secret"
            );
            told.insert(text(&event, "type").to_owned(), delivery.id);
        }
        for (kind, id) in told {
            self.print.say(&format!("{kind}, {id}, signature verified"));
        }
        Ok(())
    }
}

/// Reads one request and answers that it was heard.
fn received(stream: TcpStream) -> Result<Delivery> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(&stream);
    let (mut delivery, mut length, mut line) = (Delivery::default(), 0, String::new());
    while reader.read_line(&mut line)? > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => value.clone_into(&mut delivery.id),
            "webhook-timestamp" => delivery.timestamp = value.parse()?,
            "webhook-signature" => value.clone_into(&mut delivery.signature),
            "content-length" => length = value.parse::<usize>()?.min(BODY_BYTES_MAX),
            _ => {}
        }
        line.clear();
    }
    delivery.body.resize(length, 0);
    reader.read_exact(&mut delivery.body)?;
    (&stream).write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
    Ok(delivery)
}
