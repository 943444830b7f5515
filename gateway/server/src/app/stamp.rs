//! E-stamps: quoting, buying and finishing them, giving them back, and telling whether one is good.

pub mod buy;
pub mod complete;
mod fetch;
pub mod key;
pub mod print;
pub mod quote;
pub mod scan;
pub mod verify;
pub mod void;

use std::sync::Arc;

use purser_core::{
    ids::MerchantId,
    place::Place,
    stamp::{
        Stamp,
        piece::{
            Address, Issuer, ItemSerial, Mailpiece, NONCE_BYTES, Order, Product, Registers,
            ServiceId, StampKeyId, Thousandths, VendorNumber,
        },
    },
};
use purser_host::{Role, StampsPlugin};
use purser_store::facts::merchant::{Merchant, StampTerms};
use serde::{Deserialize, Serialize};

use super::{
    facts::{Answering, Facts},
    intent::Making,
};
use crate::{
    clock::day,
    gateway::Gateway,
    problem::{self, Problem},
};

/// Who issues, as stamps say it, until posts and operators are told apart.
const ISSUER: &str = "PUR";

/// What is to be sent, and by whom.
#[derive(Debug, Clone)]
pub struct Wish {
    /// A merchant that sells postage; nothing, if what the client named is no merchant's id at all.
    pub vendor: Option<MerchantId>,
    /// From where.
    pub origin: Address,
    /// To where.
    pub destination: Address,
    /// Its weight in grams.
    pub weight_g: u32,
    /// One service only.
    pub service: Option<ServiceId>,
}

/// A vendor, and the plugin that knows its stamps.
struct Post {
    merchant: Arc<Merchant>,
    terms: StampTerms,
    plugin: StampsPlugin,
}

/// What is kept of an order, so that an interrupted purchase is finished with the same words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ordered {
    issuer: Issuer,
    plugin: String,
    product: Product,
    mailpiece: Mailpiece,
    nonce: [u8; NONCE_BYTES],
}

impl Wish {
    /// As the plugin is asked.
    fn mailpiece(&self, making: &Making) -> Mailpiece {
        Mailpiece {
            date: day(making.at),
            mailing_on: None,
            origin: self.origin.clone(),
            destination: self.destination.clone(),
            weight_g: self.weight_g,
            service: self.service.clone(),
        }
    }

    /// Whose tax law it is: postage is consumed where it is valid, which is where the piece is posted
    /// (Dir. 2006/112/EC art. 135(1)(h): stamps valid within their respective territory).
    fn country(&self) -> Result<Place, Problem> {
        crate::place::place(self.origin.country(), "origin")
    }

    async fn post(&self, gateway: &Gateway, making: &Making) -> Result<Post, Problem> {
        let unknown = || {
            let detail = "there is no merchant of that id that sells postage";
            Problem::not_found().field("vendor").detail(detail)
        };
        let id = self.vendor.ok_or_else(unknown)?;
        let merchant = making.facts.merchant(gateway, id).await?.ok_or_else(unknown)?;
        let terms = merchant.stamps.clone().ok_or_else(unknown)?;
        let plugin = plugin_named(gateway, &making.facts, &terms.plugin, day(making.at)).await?;
        Ok(Post { merchant, terms, plugin })
    }
}

/// The version of a stamps plugin that answers on a day.
async fn plugin_named(
    gateway: &Gateway,
    facts: &Facts,
    name: &str,
    day: purser_core::Date,
) -> Result<StampsPlugin, Problem> {
    let answering = facts.plugin(gateway, Role::Stamps, name, day).await?;
    let plugin = answering.and_then(|Answering { plugin, config }| {
        plugin.stamps().map(|stamps| stamps.configured(config))
    });
    plugin.ok_or_else(|| {
        let detail = format!("the stamps plugin {name} is not enabled");
        Problem::new(problem::PLUGIN_FAILED).detail(detail)
    })
}

/// Refuses terms whose plugin does not answer: a vendor that could sell nothing.
pub async fn check_plugin(gateway: &Gateway, terms: &StampTerms) -> Result<(), Problem> {
    let facts = gateway.facts.at(gateway.store.facts_version_recent().await?);
    let plugin = facts.plugin(gateway, Role::Stamps, &terms.plugin, day(gateway.now())).await?;
    if plugin.is_some() {
        return Ok(());
    }
    Err(Problem::malformed("stamps_plugin", "no stamps plugin of that name is enabled"))
}

impl Ordered {
    fn of(stamp: &Stamp) -> Result<Self, Problem> {
        serde_json::from_str(&stamp.record.order).map_err(Problem::internal)
    }

    /// What the plugin is told: the order as it was sold, and the registers as they were taken.
    fn order(&self, stamp: &Stamp) -> Result<(Order, Registers), Problem> {
        let record = &stamp.record;
        let order = Order {
            issuer: self.issuer,
            key_id: StampKeyId(record.key_id),
            vendor: VendorNumber(record.vendor_number),
            product: self.product.clone(),
            mailpiece: self.mailpiece.clone(),
            expires_on: record.expires_on,
            item_serial: ItemSerial::new(record.item_serial).map_err(Problem::internal)?,
            nonce: self.nonce,
        };
        let registers = Registers {
            piece_counter: record.piece,
            ascending: Thousandths::new(record.ascending),
            descending: Thousandths::new(record.descending),
        };
        Ok((order, registers))
    }
}

fn issuer() -> Result<Issuer, Problem> {
    Issuer::parse(ISSUER).map_err(Problem::internal)
}
