//! Postage and its marks, to the contract's records and back.

use std::collections::BTreeSet;

use jiff::civil::Date;
use purser_core::stamp::piece::{
    Address, Attributes, Claims, FaceValue, Indicium, Issuer, Mailpiece, NameError, Order, Product,
    Registers, Service, ServiceId, StampKeyId, Step, Symbol, Thousandths, Unsigned, VendorNumber,
};

pub(crate) use super::attributes;
use super::{Read, http, long, money, read_money, short, within};
use crate::{
    fault::CallError,
    wire::{self as shared, stamps as wire},
};

/// No vendor has more kinds of postage than a price list has lines.
const SERVICES_MAX: usize = 300;
/// There are 249 countries.
const DESTINATIONS_MAX: usize = 256;
/// Postage that is good for ten years is good for ever.
const VALID_DAYS_MAX: u16 = 3_660;
/// What one record carries beside its fields.
const ATTRIBUTES_MAX: usize = 64;
/// What fits on a stamp beside value, date, service and serial.
const PRINTED_MAX: usize = 6;
/// A line of a stamp, of the name or of the value.
const PRINTED_CHARS_MAX: usize = 32;
/// A serial is printed, and read out over the telephone.
const SERIAL_CHARS_MAX: usize = 40;

pub(crate) fn mailpiece(piece: &Mailpiece, attributes: shared::Attributes) -> wire::Mailpiece {
    wire::Mailpiece {
        date: piece.date.to_string(),
        mailing_on: piece.mailing_on.map(|date| date.to_string()),
        origin: address(&piece.origin),
        destination: address(&piece.destination),
        weight_g: piece.weight_g,
        service: piece.service.as_ref().map(ServiceId::to_string),
        attributes,
    }
}

fn address(address: &Address) -> wire::Address {
    wire::Address {
        country: address.country().to_owned(),
        postcode: address.postcode().map(str::to_owned),
    }
}

/// The configuration stands beside the order, and not once more in its mailpiece.
pub(crate) fn order(order: &Order, attributes: shared::Attributes) -> wire::Order {
    wire::Order {
        issuer: order.issuer.to_string(),
        key_id: order.key_id.0,
        vendor: order.vendor.0,
        product: product(&order.product),
        mailpiece: mailpiece(&order.mailpiece, Vec::new()),
        expires_on: order.expires_on.to_string(),
        item_serial: order.item_serial.get(),
        nonce: order.nonce.to_vec(),
        attributes,
    }
}

fn product(product: &Product) -> wire::Product {
    wire::Product {
        service: product.service.to_string(),
        title: product.title.clone(),
        price: money(product.price),
        weight_step_g: product.weight_step_g,
        valid_days: product.valid_days.into(),
        symbol: symbol(product.symbol),
        attributes: product.attributes.clone(),
    }
}

pub(crate) const fn registers(registers: &Registers) -> wire::Registers {
    wire::Registers {
        piece_counter: registers.piece_counter,
        ascending: registers.ascending.get(),
        descending: registers.descending.get(),
    }
}

pub(crate) fn unsigned(unsigned: &Unsigned) -> wire::Unsigned {
    wire::Unsigned {
        to_sign: unsigned.to_sign.clone(),
        symbol: symbol(unsigned.symbol),
        serial: unsigned.serial.clone(),
        s10: unsigned.s10.clone(),
        printed: unsigned.printed.clone(),
    }
}

const fn symbol(symbol: Symbol) -> wire::Symbol {
    match symbol {
        Symbol::Full => wire::Symbol::Full,
        Symbol::Lite => wire::Symbol::Lite,
    }
}

const fn read_symbol(symbol: wire::Symbol) -> Symbol {
    match symbol {
        wire::Symbol::Full => Symbol::Full,
        wire::Symbol::Lite => Symbol::Lite,
    }
}

pub(crate) fn read_services(services: Vec<wire::Service>) -> Read<Vec<Service>> {
    within("services", services.len(), SERVICES_MAX)?;
    let services = services.into_iter().map(read_service).collect::<Read<Vec<_>>>()?;
    once("services", services.iter().map(|service| &service.id))?;
    Ok(services)
}

fn read_service(service: wire::Service) -> Read<Service> {
    within("destinations", service.destinations.len(), DESTINATIONS_MAX)?;
    let destination = |country: &String| match Address::new(country, None) {
        Ok(_) => Ok(country.clone()),
        Err(error) => Err(CallError::bad_output(format!("destinations: {error}"))),
    };
    Ok(Service {
        id: name(ServiceId::parse(&service.id))?,
        title: short("title", service.title)?,
        weight_g_max: service.weight_g_max,
        destinations: service.destinations.iter().map(destination).collect::<Read<_>>()?,
        valid_days: valid_days(service.valid_days)?,
        symbol: read_symbol(service.symbol),
    })
}

/// Products of `piece`: each carries it, costs something, and is of the service that was asked for.
pub(crate) fn read_products(products: Vec<wire::Product>, piece: &Mailpiece) -> Read<Vec<Product>> {
    within("products", products.len(), SERVICES_MAX)?;
    let products = products.into_iter().map(read_product).collect::<Read<Vec<_>>>()?;
    once("products", products.iter().map(|product| &product.service))?;
    for product in &products {
        if product.weight_step_g < piece.weight_g {
            return Err(CallError::bad_output("weight-step-g: less than the piece weighs"));
        }
        if piece.service.as_ref().is_some_and(|asked| *asked != product.service) {
            return Err(CallError::bad_output("service: another one was asked for"));
        }
    }
    Ok(products)
}

fn read_product(product: wire::Product) -> Read<Product> {
    let price = read_money("price", &product.price)?;
    if !price.is_positive() || Thousandths::of(price).is_none() {
        return Err(CallError::bad_output("price: not positive, or too large for a register"));
    }
    Ok(Product {
        service: name(ServiceId::parse(&product.service))?,
        title: short("title", product.title)?,
        price,
        weight_step_g: product.weight_step_g,
        valid_days: valid_days(product.valid_days)?,
        symbol: read_symbol(product.symbol),
        attributes: read_attributes(product.attributes)?,
    })
}

pub(crate) fn read_step(step: wire::Step, order: &Order) -> Read<Step> {
    match step {
        wire::Step::Done(unsigned) => read_unsigned(unsigned, order).map(Step::Done),
        wire::Step::Fetch(request) => http::read_request(request).map(Step::Fetch),
    }
}

fn read_unsigned(unsigned: wire::Unsigned, order: &Order) -> Read<Unsigned> {
    let symbol = read_symbol(unsigned.symbol);
    if symbol != order.product.symbol {
        return Err(CallError::bad_output("symbol: not the one of the product"));
    }
    let room = symbol.bytes_max().saturating_sub(symbol.signature_bytes());
    if unsigned.to_sign.is_empty() || unsigned.to_sign.len() > room {
        let problem = format!("to-sign: 1 to {room} bytes, so that the signature fits beside it");
        return Err(CallError::bad_output(problem));
    }
    within("printed", unsigned.printed.len(), PRINTED_MAX)?;
    let line = |text: String| super::text("printed", text, PRINTED_CHARS_MAX);
    let printed = unsigned.printed.into_iter().map(|(name, value)| Ok((line(name)?, line(value)?)));
    Ok(Unsigned {
        to_sign: unsigned.to_sign,
        symbol,
        serial: serial(unsigned.serial)?,
        s10: unsigned.s10.as_deref().map(s10).transpose()?,
        printed: printed.collect::<Read<_>>()?,
    })
}

pub(crate) fn read_indicium(indicium: wire::Indicium, unsigned: &Unsigned) -> Read<Indicium> {
    let symbol = read_symbol(indicium.symbol);
    if symbol != unsigned.symbol {
        return Err(CallError::bad_output("symbol: not the one of the draft"));
    }
    let bytes_max = symbol.bytes_max();
    if indicium.bytes.is_empty() || indicium.bytes.len() > bytes_max {
        return Err(CallError::bad_output(format!("bytes: 1 to {bytes_max}")));
    }
    Ok(Indicium { bytes: indicium.bytes, symbol })
}

/// What `indicium` says: what was signed, and by what, is not longer than all of it.
pub(crate) fn read_claims(claims: wire::Claims, indicium: &[u8]) -> Read<Claims> {
    if claims.signed.len() > indicium.len() || claims.signature.len() > indicium.len() {
        return Err(CallError::bad_output("signed: more than was read"));
    }
    let currency = super::currency("currency", &claims.currency)?;
    let day = |field, text: Option<String>| -> Read<Option<Date>> {
        text.map(|text| super::date(field, &text)).transpose()
    };
    Ok(Claims {
        format: short("format", claims.format)?,
        issuer: name(Issuer::parse(&claims.issuer))?,
        key_id: StampKeyId(claims.key_id),
        vendor: VendorNumber(claims.vendor),
        piece_counter: claims.piece_counter,
        ascending: claims.ascending.map(Thousandths::new),
        face: FaceValue { value: Thousandths::new(claims.value), currency },
        service: name(ServiceId::parse(&claims.service))?,
        weight_step_g: claims.weight_step_g,
        issued_on: day("issued-on", claims.issued_on)?,
        mailing_on: day("mailing-on", claims.mailing_on)?,
        expires_on: day("expires-on", claims.expires_on)?,
        origin: claims.origin.as_ref().map(read_address).transpose()?,
        destination: claims.destination.as_ref().map(read_address).transpose()?,
        serial: serial(claims.serial)?,
        s10: claims.s10.as_deref().map(s10).transpose()?,
        symbol: read_symbol(claims.symbol),
        signed: claims.signed,
        signature: claims.signature,
        attributes: read_attributes(claims.attributes)?,
    })
}

fn read_address(address: &wire::Address) -> Read<Address> {
    let address = Address::new(&address.country, address.postcode.as_deref());
    address.map_err(|error| CallError::bad_output(error.to_string()))
}

fn read_attributes(attributes: shared::Attributes) -> Read<Attributes> {
    within("attributes", attributes.len(), ATTRIBUTES_MAX)?;
    let pair = |(name, value): (String, String)| {
        Ok((short("attributes", name)?, long("attributes", value)?))
    };
    attributes.into_iter().map(pair).collect()
}

fn name<T>(read: Result<T, NameError>) -> Read<T> {
    read.map_err(|error| CallError::bad_output(error.to_string()))
}

fn valid_days(days: u32) -> Read<u16> {
    let days = u16::try_from(days).ok().filter(|days| (1..=VALID_DAYS_MAX).contains(days));
    days.ok_or_else(|| CallError::bad_output(format!("valid-days: 1 to {VALID_DAYS_MAX}")))
}

fn serial(text: String) -> Read<String> {
    if text.is_empty() {
        return Err(CallError::bad_output("serial: empty"));
    }
    super::text("serial", text, SERIAL_CHARS_MAX)
}

/// The form of an item number; its check digit is for the plugin to get right.
fn s10(text: &str) -> Read<String> {
    let form = |(place, byte): (usize, u8)| match place {
        2..=10 => byte.is_ascii_digit(),
        _ => byte.is_ascii_uppercase(),
    };
    if text.len() == 13 && text.bytes().enumerate().all(form) {
        return Ok(text.to_owned());
    }
    Err(CallError::bad_output("s10: two letters, nine digits, two letters"))
}

fn once<'a>(field: &'static str, ids: impl Iterator<Item = &'a ServiceId>) -> Read<()> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(CallError::bad_output(format!("{field}: {id} is there twice")));
        }
    }
    Ok(())
}
