//! The stamps role across the border: what comes in is checked once, here, and right by type from then on.

use std::marker::PhantomData;

use purser_money::Money;

use super::{
    Address, Attributes, Claims, Indicium, Mailpiece, Order, Product, Registers, Reply, Service,
    Stamps, Step, Symbol, Unsigned,
};
use crate::{
    Country, Date, Error, Problem,
    bindings::{
        stamps::{exports::purser::plugin::stamps as raw, purser::plugin::http},
        wire,
    },
    date::parse_date,
    log,
};

/// `T` as the contract sees it.
pub struct Exported<T>(PhantomData<T>);

impl<T: Stamps> raw::Guest for Exported<T> {
    fn describe() -> wire::Description {
        log::panics();
        T::describe().into()
    }

    fn services(attributes: Attributes) -> Result<Vec<raw::Service>, wire::Error> {
        log::panics();
        Ok(T::services(&attributes)?.into_iter().map(raw::Service::from).collect())
    }

    fn quote(piece: raw::Mailpiece) -> Result<Vec<raw::Product>, wire::Error> {
        log::panics();
        let piece = Mailpiece::try_from(piece)?;
        Ok(T::quote(&piece)?.into_iter().map(raw::Product::from).collect())
    }

    fn draft(
        order: raw::Order,
        registers: raw::Registers,
        replies: Vec<http::Reply>,
    ) -> Result<raw::Step, wire::Error> {
        log::panics();
        let raw::Registers { piece_counter, ascending, descending } = registers;
        let registers = Registers { piece_counter, ascending, descending };
        let replies = replies.into_iter().map(Reply::from).collect::<Vec<_>>();
        Ok(match T::draft(&Order::try_from(order)?, &registers, &replies)? {
            Step::Done(unsigned) => raw::Step::Done(unsigned.into()),
            Step::Fetch(request) => raw::Step::Fetch(request.into()),
        })
    }

    fn assemble(unsigned: raw::Unsigned, signature: Vec<u8>) -> Result<raw::Indicium, wire::Error> {
        log::panics();
        let Indicium { bytes, symbol } = T::assemble(&unsigned.into(), &signature)?;
        Ok(raw::Indicium { bytes, symbol: symbol.into() })
    }

    fn read(indicium: Vec<u8>) -> Result<raw::Claims, wire::Error> {
        log::panics();
        Ok(T::read(&indicium)?.into())
    }
}

/// The longest that the contract knows, of Iran with a hyphen.
const POSTCODE_LEN_MAX: usize = 12;

impl TryFrom<raw::Address> for Address {
    type Error = Error;

    fn try_from(address: raw::Address) -> Result<Self, Error> {
        let raw::Address { country, postcode } = address;
        let country = Country::parse(&country).map_err(|_| {
            let text = "a country is two capital letters of ISO 3166-1, like DE";
            Error::new(Problem::PostageUnsupported, text)
        })?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'-';
        let fits = |text: &String| text.len() <= POSTCODE_LEN_MAX && text.bytes().all(plain);
        if !postcode.as_ref().is_none_or(fits) {
            let text = "a postcode is at most 12 letters, digits, spaces and hyphens";
            return Err(Error::new(Problem::MalformedRequest, text));
        }
        let postcode = postcode.map(|text| text.trim().to_ascii_uppercase());
        Ok(Self { country, postcode: postcode.filter(|text| !text.is_empty()) })
    }
}

impl From<Address> for raw::Address {
    fn from(address: Address) -> Self {
        Self { country: address.country.code().to_owned(), postcode: address.postcode }
    }
}

impl From<raw::Symbol> for Symbol {
    fn from(symbol: raw::Symbol) -> Self {
        match symbol {
            raw::Symbol::Full => Self::Full,
            raw::Symbol::Lite => Self::Lite,
        }
    }
}

impl From<Symbol> for raw::Symbol {
    fn from(symbol: Symbol) -> Self {
        match symbol {
            Symbol::Full => Self::Full,
            Symbol::Lite => Self::Lite,
        }
    }
}

impl From<Service> for raw::Service {
    fn from(service: Service) -> Self {
        let Service { id, title, weight_g_max, destinations, valid_days, symbol, attributes } =
            service;
        let symbol = symbol.into();
        Self { id, title, weight_g_max, destinations, valid_days, symbol, attributes }
    }
}

impl TryFrom<raw::Mailpiece> for Mailpiece {
    type Error = Error;

    fn try_from(piece: raw::Mailpiece) -> Result<Self, Error> {
        let day = |text: Option<String>| text.map(|text| parse_date(&text)).transpose();
        Ok(Self {
            date: parse_date(&piece.date).map_err(|error| error.at("date"))?,
            mailing_on: day(piece.mailing_on).map_err(|error| error.at("mailing-on"))?,
            origin: Address::try_from(piece.origin).map_err(|error| error.at("origin"))?,
            destination: Address::try_from(piece.destination)
                .map_err(|error| error.at("destination"))?,
            weight_g: piece.weight_g,
            service: piece.service,
            attributes: piece.attributes,
        })
    }
}

impl TryFrom<raw::Product> for Product {
    type Error = Error;

    fn try_from(product: raw::Product) -> Result<Self, Error> {
        let price = Money::try_from(product.price).map_err(|error| error.at("product.price"))?;
        Ok(Self {
            service: product.service,
            title: product.title,
            price,
            weight_step_g: product.weight_step_g,
            valid_days: product.valid_days,
            symbol: product.symbol.into(),
            attributes: product.attributes,
        })
    }
}

impl From<Product> for raw::Product {
    fn from(product: Product) -> Self {
        Self {
            service: product.service,
            title: product.title,
            price: product.price.into(),
            weight_step_g: product.weight_step_g,
            valid_days: product.valid_days,
            symbol: product.symbol.into(),
            attributes: product.attributes,
        }
    }
}

impl TryFrom<raw::Order> for Order {
    type Error = Error;

    fn try_from(order: raw::Order) -> Result<Self, Error> {
        let refuse = |text: &str| Error::new(Problem::MalformedRequest, text);
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if order.issuer.len() != 3 || !order.issuer.bytes().all(plain) {
            return Err(refuse("an issuer is three capital letters or digits").at("issuer"));
        }
        let nonce = order.nonce.try_into();
        Ok(Self {
            issuer: order.issuer,
            key_id: order.key_id,
            vendor: order.vendor,
            product: order.product.try_into()?,
            mailpiece: order.mailpiece.try_into()?,
            expires_on: parse_date(&order.expires_on).map_err(|error| error.at("expires-on"))?,
            item_serial: order.item_serial,
            nonce: nonce.map_err(|_| refuse("a nonce is 16 bytes").at("nonce"))?,
            attributes: order.attributes,
        })
    }
}

impl From<raw::Unsigned> for Unsigned {
    fn from(unsigned: raw::Unsigned) -> Self {
        let raw::Unsigned { to_sign, symbol, serial, s10, printed } = unsigned;
        Self { to_sign, symbol: symbol.into(), serial, s10, printed }
    }
}

impl From<Unsigned> for raw::Unsigned {
    fn from(unsigned: Unsigned) -> Self {
        let Unsigned { to_sign, symbol, serial, s10, printed } = unsigned;
        Self { to_sign, symbol: symbol.into(), serial, s10, printed }
    }
}

impl From<Claims> for raw::Claims {
    fn from(claims: Claims) -> Self {
        let day = |date: Option<Date>| date.map(|date| date.to_string());
        Self {
            format: claims.format,
            issuer: claims.issuer,
            key_id: claims.key_id,
            vendor: claims.vendor,
            piece_counter: claims.piece_counter,
            ascending: claims.ascending,
            value: claims.value,
            currency: claims.currency.code().to_owned(),
            service: claims.service,
            weight_step_g: claims.weight_step_g,
            issued_on: day(claims.issued_on),
            mailing_on: day(claims.mailing_on),
            expires_on: day(claims.expires_on),
            origin: claims.origin.map(raw::Address::from),
            destination: claims.destination.map(raw::Address::from),
            serial: claims.serial,
            s10: claims.s10,
            symbol: claims.symbol.into(),
            signed: claims.signed,
            signature: claims.signature,
            attributes: claims.attributes,
        }
    }
}
