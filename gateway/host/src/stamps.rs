//! Asking a stamps plugin.

use std::sync::Arc;

use purser_core::{
    outbound::Reply,
    stamp::piece::{
        Claims, Indicium, Mailpiece, Order, Product, Registers, Service, Step, Unsigned,
    },
};
use purser_pack::Manifest;
use serde::Serialize;

use crate::{
    convert::{http, stamps as convert},
    evidence::{Called, Digest},
    fault::CallError,
    json,
    registry::{Loaded, Question},
    tax::{question, written},
    wire::{Attributes, Error, http::Reply as WireReply, stamps as wire},
};

type Answer<T> = (Result<T, Error>,);

/// A plugin that sells one vendor's postage and writes and reads its marks. `config` is what the operator configured it
/// with.
#[derive(Clone)]
pub struct StampsPlugin(pub(crate) Arc<Loaded>, pub(crate) Option<Arc<str>>);

#[derive(Serialize)]
struct ServicesInput<'a> {
    attributes: &'a Attributes,
}

#[derive(Serialize)]
struct QuoteInput<'a> {
    piece: &'a wire::Mailpiece,
}

#[derive(Serialize)]
struct DraftInput<'a> {
    order: &'a wire::Order,
    registers: &'a wire::Registers,
    replies: &'a [WireReply],
}

#[derive(Serialize)]
struct AssembleInput<'a> {
    unsigned: &'a wire::Unsigned,
    #[serde(serialize_with = "json::bytes")]
    signature: &'a [u8],
}

#[derive(Serialize)]
struct ReadInput<'a> {
    #[serde(serialize_with = "json::bytes")]
    indicium: &'a [u8],
}

impl StampsPlugin {
    /// The same with the operator's configuration, which goes with every call that names no other.
    pub fn configured(self, config: Option<Arc<str>>) -> Self {
        Self(self.0, config)
    }

    /// The SHA-256 of its component.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// What its file says of it: the hosts that it asks for among others.
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// All that there is to buy.
    pub async fn services(&self, config: Option<&str>) -> Result<Called<Vec<Service>>, CallError> {
        let attributes = convert::attributes(config.or(self.1.as_deref()));
        let input = ServicesInput { attributes: &attributes };
        let question = question("services", &input, (&attributes,))?;
        let read = |(answer,): Answer<Vec<wire::Service>>| {
            let services = answer.map_err(CallError::refused)?;
            let output = written(&services)?;
            Ok((convert::read_services(services)?, output))
        };
        self.0.ask(question, read).await
    }

    /// What can carry the piece, and for how much.
    pub async fn quote(
        &self,
        piece: &Mailpiece,
        config: Option<&str>,
    ) -> Result<Called<Vec<Product>>, CallError> {
        let input = convert::mailpiece(piece, convert::attributes(config.or(self.1.as_deref())));
        let question = question("quote", &QuoteInput { piece: &input }, (&input,))?;
        let read = |(answer,): Answer<Vec<wire::Product>>| {
            let products = answer.map_err(CallError::refused)?;
            let output = written(&products)?;
            Ok((convert::read_products(products, piece)?, output))
        };
        self.0.ask(question, read).await
    }

    /// What is to be signed for an order; or a request whose reply is wanted first, among all replies so far.
    pub async fn draft(
        &self,
        order: &Order,
        registers: &Registers,
        replies: &[Reply],
        config: Option<&str>,
    ) -> Result<Called<Step>, CallError> {
        let facts = convert::order(order, convert::attributes(config.or(self.1.as_deref())));
        let registers = convert::registers(registers);
        let replies = replies.iter().map(http::reply).collect::<Vec<_>>();
        let input = DraftInput { order: &facts, registers: &registers, replies: &replies };
        let question = question("draft", &input, (&facts, &registers, &replies))?;
        let read = |(answer,): Answer<wire::Step>| {
            let step = answer.map_err(CallError::refused)?;
            let output = written(&step)?;
            Ok((convert::read_step(step, order)?, output))
        };
        self.0.ask(question, read).await
    }

    /// The mark, from what was drafted and signed.
    pub async fn assemble(
        &self,
        unsigned: &Unsigned,
        signature: &[u8],
    ) -> Result<Called<Indicium>, CallError> {
        let draft = convert::unsigned(unsigned);
        let input = AssembleInput { unsigned: &draft, signature };
        let question = question("assemble", &input, (&draft, signature))?;
        let read = |(answer,): Answer<wire::Indicium>| {
            let indicium = answer.map_err(CallError::refused)?;
            let output = written(&indicium)?;
            Ok((convert::read_indicium(indicium, unsigned)?, output))
        };
        self.0.ask(question, read).await
    }

    /// What a mark says. Its signature is for the gateway to check.
    pub async fn read(&self, indicium: &[u8]) -> Result<Called<Claims>, CallError> {
        let input = written(&ReadInput { indicium })?;
        let input_bytes = indicium.len();
        let question = Question { function: "read", input, input_bytes, params: (indicium,) };
        let read = |(answer,): Answer<wire::Claims>| {
            let claims = answer.map_err(CallError::refused)?;
            let output = written(&claims)?;
            Ok((convert::read_claims(claims, indicium)?, output))
        };
        self.0.ask(question, read).await
    }
}
