//! What callers ask for, and what each answer means for the vaults.

use std::io;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::http::{Client, Request};
use crate::shop::minor;

/// One command under its own idempotency key.
pub(super) struct Command {
    pub(super) buyer: usize,
    pub(super) key: String,
    pub(super) body: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Load,
    Purchase,
    Refund,
    /// To another buyer.
    Transfer {
        to: usize,
    },
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
        let path = match self.kind {
            Kind::Load => "/v1/vault/loads",
            Kind::Purchase => "/v1/purchases",
            Kind::Refund => "/v1/refunds",
            Kind::Transfer { .. } => "/v1/transfers",
        };
        let answer = client.send(Request::post(path, &self.body).by(token).once(&self.key))?;
        Ok(match answer.status {
            201 | 402 => answer.json().map(|body| Some((answer.status, without_request(body)))),
            // Said before the teller decided anything: the key is still free.
            409 if is_in_progress(&answer.body) => Ok(None),
            429 | 503 => Ok(None),
            _ => fail(path, &self.key, &answer.to_string()),
        })
    }
}

/// A status and a body.
pub(super) type Sent = (u16, Value);

impl Answered {
    /// What the command did to which buyer's vault, in cents.
    pub(super) fn effects(&self) -> Result<Vec<(usize, i64)>> {
        let Self { command, status, body } = self;
        if *status != 201 {
            return Ok(Vec::new());
        }
        let buyer = command.buyer;
        Ok(match command.kind {
            Kind::Load | Kind::Refund => vec![(buyer, minor(body, "/credited")?)],
            Kind::Purchase => vec![(buyer, -minor(body, "/total")?)],
            Kind::Transfer { to } => {
                let amount = minor(body, "/amount")?;
                vec![(buyer, -amount), (to, amount)]
            }
        })
    }

    /// What a purchase bought, to be refunded later.
    pub(super) fn items(&self) -> impl Iterator<Item = String> {
        let bought = matches!(self.command.kind, Kind::Purchase) && self.status == 201;
        let items = self.body.get("items").and_then(Value::as_array).filter(|_| bought);
        items.into_iter().flatten().filter_map(|item| Some(item.get("id")?.as_str()?.to_owned()))
    }
}

/// An answer given again is the same but for the id of the request that it answers.
fn without_request(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    body
}

fn is_in_progress(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("/problems/request-in-progress")
}

fn fail(path: &str, key: &str, answer: &str) -> Result<Option<Sent>> {
    bail!("POST {path} with the key {key} gave {answer}")
}
