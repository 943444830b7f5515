//! What callers ask for, and what each answer means for the vaults.

use std::io;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::http::{Client, Request};
use crate::shop::{minor, text};

/// One command under its own idempotency key.
pub(super) struct Command {
    pub(super) buyer: usize,
    pub(super) key: String,
    pub(super) body: String,
    pub(super) kind: Kind,
    pub(super) asks: Asks,
}

/// Who asks.
pub(super) enum Asks {
    /// The buyer, under a token that is renewed.
    Buyer,
    /// A merchant, the operator, or somebody who is here for this alone.
    Other(String),
}

/// A thing that was bought and did not go back.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) merchant: String,
    pub(super) charged_minor: i64,
}

/// A stamp that was bought, and neither used nor given back.
pub(super) struct Stamp {
    pub(super) id: String,
}

#[derive(Clone)]
pub(super) enum Kind {
    Load,
    Purchase,
    /// A stamp is bought.
    Stamp,
    /// A stamp is given back.
    Void {
        stamp: String,
    },
    Refund,
    /// To another buyer.
    Transfer {
        to: usize,
    },
    /// A merchant gives the money for an item back.
    Goodwill {
        item: String,
        charged_minor: i64,
    },
    /// The operator sells a batch of cards.
    Activation {
        batch: String,
    },
    /// An account is erased, which nobody else knows.
    Erasure,
}

/// A command and the answer that acknowledged it.
pub(super) struct Answered {
    pub(super) command: Command,
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Command {
    /// Sends it; an I/O error means that its fate is unknown, `None` that it was refused for now.
    pub(super) fn send(
        &self,
        client: &mut Client,
        token: &str,
    ) -> io::Result<Result<Option<Sent>>> {
        let (method, path) = match &self.kind {
            Kind::Load => ("POST", "/v1/vault/loads".to_owned()),
            Kind::Purchase => ("POST", "/v1/purchases".to_owned()),
            Kind::Stamp => ("POST", "/v1/stamps".to_owned()),
            Kind::Void { stamp } => ("POST", format!("/v1/stamps/{stamp}/void")),
            Kind::Refund => ("POST", "/v1/refunds".to_owned()),
            Kind::Transfer { .. } => ("POST", "/v1/transfers".to_owned()),
            Kind::Goodwill { item, .. } => ("POST", format!("/v1/sales/{item}/refund")),
            Kind::Activation { batch } => ("POST", format!("/v1/card-batches/{batch}/activate")),
            Kind::Erasure => ("DELETE", "/v1/account".to_owned()),
        };
        let request = Request { method, ..Request::post(&path, &self.body) };
        let answer = client.send(request.by(token).once(&self.key))?;
        Ok(match answer.status {
            200 | 201 | 402 => {
                answer.json().map(|body| Some((answer.status, without_request(body))))
            }
            // Said before the teller decided anything: the key is still free.
            409 if is_in_progress(&answer.body) => Ok(None),
            429 | 503 => Ok(None),
            _ => fail(&path, &self.key, &answer.to_string()),
        })
    }
}

/// A status and a body.
pub(super) type Sent = (u16, Value);

impl Answered {
    /// What the command did to which buyer's vault, in cents.
    pub(super) fn effects(&self) -> Result<Vec<(usize, i64)>> {
        let Self { command, status, body } = self;
        if !matches!(status, 200 | 201) {
            return Ok(Vec::new());
        }
        let buyer = command.buyer;
        Ok(match &command.kind {
            Kind::Load | Kind::Refund => vec![(buyer, minor(body, "/credited")?)],
            Kind::Purchase => vec![(buyer, -minor(body, "/total")?)],
            Kind::Stamp => vec![(buyer, -minor(body, "/price")?)],
            Kind::Void { .. } => vec![(buyer, minor(body, "/refund/credited")?)],
            Kind::Transfer { to } => {
                let amount = minor(body, "/amount")?;
                vec![(buyer, -amount), (*to, amount)]
            }
            Kind::Goodwill { charged_minor, .. } => vec![(buyer, *charged_minor)],
            Kind::Activation { .. } | Kind::Erasure => Vec::new(),
        })
    }

    /// The stamp that was bought.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let bought = matches!(self.command.kind, Kind::Stamp) && self.status == 201;
        let of = |pointer| text(&self.body, pointer).to_owned();
        bought.then(|| Stamp { id: of("/id") })
    }

    /// What a purchase bought, to be refunded later.
    pub(super) fn items(&self) -> Result<Vec<Item>> {
        let bought = matches!(self.command.kind, Kind::Purchase) && self.status == 201;
        let items = self.body.get("items").and_then(Value::as_array).filter(|_| bought);
        let item = |item: &Value| {
            let of = |pointer| text(item, pointer).to_owned();
            let charged_minor = minor(item, "/charged")?;
            Ok(Item { id: of("/id"), merchant: of("/merchant"), charged_minor })
        };
        items.into_iter().flatten().map(item).collect()
    }
}

/// An answer given again is the same but for the id of the request that it answers.
fn without_request(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    body
}

/// Somebody else asks with the same key right now.
pub(super) fn is_in_progress(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("/problems/request-in-progress")
}

fn fail(path: &str, key: &str, answer: &str) -> Result<Option<Sent>> {
    bail!("POST {path} with the key {key} gave {answer}")
}
