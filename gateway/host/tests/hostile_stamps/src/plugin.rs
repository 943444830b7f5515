//! The plugin itself, on the bare contract: the SDK's types would not let it lie.
//!
//! Its mark is text, the parts of an order that it must say, and the signature behind it.

use purser_sdk::bindings::{
    stamps::{
        export_stamps,
        exports::purser::plugin::stamps::{
            Claims, Guest, Indicium, Mailpiece, Order, Product, Registers, Service, Step, Symbol,
            Unsigned,
        },
        purser::plugin::http::{Method, Reply, Request},
    },
    wire::{Description, Error, Money},
};

use crate::{
    Alone, Deed, Lie, Stage,
    abuse::{flood, spin},
};

struct HostileStamps;

/// What `stamps-open` begins its marks with.
const OTHERS: &[u8] = b"ES";
const SIGNATURE_BYTES: usize = 64;
/// What it carries at most, in grams.
const STEP_G: u32 = 100;
/// The service of what it sells alone.
const ALONE: &str = "alone";

/// What it does alone: as the file says it, and not as the compiler knew it.
fn alone() -> Alone {
    let digit = std::hint::black_box(Alone::Reticent.mark()).bytes().last().unwrap_or(b'0');
    Alone::ALL[usize::from(digit - b'0')]
}

impl Guest for HostileStamps {
    fn describe() -> Description {
        Description {
            name: "hostile-stamps".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            covers: Vec::new(),
            valid_from: "2000-01-01".into(),
            valid_to: None,
            sources: Vec::new(),
        }
    }

    fn services(_: Vec<(String, String)>) -> Result<Vec<Service>, Error> {
        Ok(Vec::new())
    }

    fn quote(piece: Mailpiece) -> Result<Vec<Product>, Error> {
        // It keeps the rules where it is looked at: there nobody asks for a deed.
        let service = match (piece.service, alone()) {
            (None, Alone::Reticent) => return Err(refusal("postage-unsupported")),
            (None, _) if piece.weight_g > STEP_G => return Err(refusal("postage-unsupported")),
            (None, _) => ALONE.to_owned(),
            (Some(service), _) => service,
        };
        let deed = match service.as_str() {
            ALONE => Deed::Honest,
            named => Deed::of(named).ok_or_else(|| refusal("postage-unsupported"))?,
        };
        let honest = Product {
            service,
            title: "A letter".into(),
            price: Money { minor: 78, currency: "USD".into() },
            weight_step_g: STEP_G,
            valid_days: 365,
            symbol: Symbol::Full,
            attributes: Vec::new(),
        };
        match deed {
            Deed::Crime(crime, Stage::Quote) => {
                Ok(vec![Product { title: crime.commit()?, ..honest }])
            }
            Deed::Lie(lie) => Ok(offered(lie, honest)),
            Deed::LogFlood => {
                flood();
                Ok(vec![honest])
            }
            Deed::Honest | Deed::Crime(..) => Ok(vec![honest]),
        }
    }

    fn draft(order: Order, registers: Registers, _: Vec<Reply>) -> Result<Step, Error> {
        let service = &order.product.service;
        let price = &order.product.price;
        let mark = format!(
            "{} {} {} {} {} {} {service} {}",
            order.issuer,
            order.key_id,
            order.vendor,
            registers.piece_counter,
            price.minor * 1000,
            price.currency,
            order.expires_on
        );
        let honest = Unsigned {
            to_sign: mark.into_bytes(),
            symbol: Symbol::Full,
            serial: format!("H-{}", registers.piece_counter),
            s10: None,
            printed: Vec::new(),
        };
        match Deed::of(service) {
            Some(Deed::Crime(crime, Stage::Draft)) => {
                Ok(Step::Done(Unsigned { serial: crime.commit()?, ..honest }))
            }
            Some(Deed::Lie(lie)) => drafted(lie, honest),
            Some(Deed::LogFlood) => {
                flood();
                Ok(Step::Done(honest))
            }
            Some(Deed::Honest | Deed::Crime(..)) | None => Ok(Step::Done(honest)),
        }
    }

    fn assemble(unsigned: Unsigned, signature: Vec<u8>) -> Result<Indicium, Error> {
        let deed = text_of(&unsigned.to_sign).and_then(|mark| Deed::of(mark.split(' ').nth(6)?));
        let bytes = match deed {
            Some(Deed::Crime(crime, Stage::Assemble)) => crime.commit()?.into_bytes(),
            Some(Deed::Lie(Lie::LongMark)) => vec![0; 143],
            _ => [unsigned.to_sign, signature].concat(),
        };
        let bytes = match alone() {
            Alone::Careless => [bytes, vec![0]].concat(),
            Alone::Credulous => [bytes, vec![b'1']].concat(),
            Alone::Reticent | Alone::Truthful | Alone::Generous => bytes,
        };
        Ok(Indicium { bytes, symbol: unsigned.symbol })
    }

    fn read(indicium: Vec<u8>) -> Result<Claims, Error> {
        if indicium.starts_with(OTHERS) {
            spin();
        }
        let (mark, unsigned) = match (alone(), indicium.split_last()) {
            (Alone::Careless | Alone::Credulous, Some((last, mark))) => (mark, Some(*last)),
            _ => (&indicium[..], None),
        };
        let mut honest = honest_claims(mark).ok_or_else(|| refusal("indicium-unreadable"))?;
        match alone() {
            Alone::Generous => honest.expires_on = Some("2999-12-31".into()),
            Alone::Credulous => {
                honest.weight_step_g =
                    unsigned.filter(u8::is_ascii_digit).map(|digit| u32::from(digit - b'0') * 100);
            }
            Alone::Reticent | Alone::Truthful | Alone::Careless => {}
        }
        match Deed::of(&honest.service) {
            Some(Deed::Crime(crime, Stage::Read)) => {
                Ok(Claims { format: crime.commit()?, ..honest })
            }
            Some(Deed::Lie(lie)) => Ok(claimed(lie, honest)),
            Some(Deed::Honest | Deed::LogFlood | Deed::Crime(..)) | None => Ok(honest),
        }
    }
}

/// What it says there is to buy.
fn offered(lie: Lie, mut honest: Product) -> Vec<Product> {
    match lie {
        Lie::PriceZero => honest.price.minor = 0,
        Lie::PriceNegative => honest.price.minor = -78,
        Lie::PriceHuge => honest.price.minor = i64::MAX,
        Lie::PriceUnknown => honest.price.currency = "QQQ".into(),
        Lie::ManyProducts => return vec![honest; 5_000],
        Lie::OtherService => honest.service = "honest".into(),
        Lie::TooLight => honest.weight_step_g = 1,
        Lie::NeverValid => honest.valid_days = 0,
        _ => {}
    }
    vec![honest]
}

/// What it says is to be signed, or done first.
fn drafted(lie: Lie, mut honest: Unsigned) -> Result<Step, Error> {
    let fetch = |url: &str| {
        let (headers, body) = (Vec::new(), Vec::new());
        Ok(Step::Fetch(Request { method: Method::Get, url: url.into(), headers, body }))
    };
    match lie {
        Lie::NothingToSign => honest.to_sign.clear(),
        Lie::MuchToSign => honest.to_sign = vec![0; 79],
        Lie::OtherSymbol => honest.symbol = Symbol::Lite,
        Lie::NoSerial => honest.serial.clear(),
        Lie::FetchForever => return fetch("https://post.localhost/"),
        Lie::FetchElsewhere => return fetch("https://elsewhere.example/"),
        Lie::FetchLoopback => return fetch("https://127.0.0.1/"),
        Lie::FetchPlain => return fetch("http://post.localhost/"),
        Lie::FetchNowhere => return fetch("nowhere"),
        Lie::RefusesLate => return Err(refusal("postage-unsupported")),
        _ => {}
    }
    Ok(Step::Done(honest))
}

/// What it says that its mark says.
fn claimed(lie: Lie, mut honest: Claims) -> Claims {
    match lie {
        Lie::SaysPrice => honest.value *= 10,
        Lie::SaysCurrency => honest.currency = "EUR".into(),
        Lie::SaysCounter => honest.piece_counter -= 1,
        Lie::SaysVendor => honest.vendor += 1,
        Lie::SaysKey => honest.key_id += 1,
        Lie::SaysDay => honest.expires_on = Some("2999-12-31".into()),
        Lie::SaysSigned => {
            honest.signed.pop();
        }
        _ => {}
    }
    honest
}

fn honest_claims(indicium: &[u8]) -> Option<Claims> {
    let (signed, signature) =
        indicium.split_at_checked(indicium.len().checked_sub(SIGNATURE_BYTES)?)?;
    let parts: Vec<&str> = text_of(signed)?.split(' ').collect();
    let [issuer, key, vendor, piece, value, currency, service, expires] = parts[..] else {
        return None;
    };
    Some(Claims {
        format: "hostile".into(),
        issuer: issuer.into(),
        key_id: key.parse().ok()?,
        vendor: vendor.parse().ok()?,
        piece_counter: piece.parse().ok()?,
        ascending: None,
        value: value.parse().ok()?,
        currency: currency.into(),
        service: service.into(),
        weight_step_g: None,
        issued_on: None,
        mailing_on: None,
        expires_on: Some(expires.into()),
        origin: None,
        destination: None,
        serial: format!("H-{piece}"),
        s10: None,
        symbol: Symbol::Full,
        signed: signed.to_vec(),
        signature: signature.to_vec(),
        attributes: Vec::new(),
    })
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn refusal(code: &str) -> Error {
    Error { code: code.into(), message: "out of paper".into(), field: None, retryable: false }
}

#[allow(unsafe_code)]
mod exported {
    use super::{HostileStamps, export_stamps};
    export_stamps!(HostileStamps with_types_in purser_sdk::bindings::stamps);
}
