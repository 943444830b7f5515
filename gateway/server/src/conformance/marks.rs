//! What stamps plugins are held to: a mark says what was stamped, and no piece and no mark is too odd.

use jiff::civil::Date;
use purser_core::stamp::piece::{
    Address, Claims, Issuer, ItemSerial, Mailpiece, NONCE_BYTES, Order, Product, Registers,
    StampKeyId, Step, Symbol, Thousandths, VendorNumber,
};
use purser_host::{CallError, Called, StampsPlugin};
use serde_json::{Value, json};

use super::{damage, patience::Patience, samples::Sample};
use crate::cli::report::Finding;

/// A stamp of a vendor, in the middle of its series: no two numbers of it are the same, so that none is taken for another.
const ISSUER: &str = "PUR";
const KEY: StampKeyId = StampKeyId(11);
const VENDOR: VendorNumber = VendorNumber(3);
const ITEM_SERIAL: u32 = 42;
const NONCE: [u8; NONCE_BYTES] = [0x5a; NONCE_BYTES];
const REGISTERS: Registers = Registers {
    piece_counter: 7,
    ascending: Thousandths::new(10_000_000),
    descending: Thousandths::new(20_000_000),
};
const WEIGHTS_G: [u32; 5] = [1, 20, 100, 1000, 20_000];

/// Pieces that there are not, and marks that are none.
pub(super) fn samples(country: &str) -> Vec<Sample> {
    let quote = |name, input: Value| Sample { name, function: "quote", input };
    let read = |name, bytes: &[u8]| Sample {
        name,
        function: "read",
        input: json!({ "indicium": data_encoding::BASE64.encode(bytes) }),
    };
    let day = "2026-01-15";
    vec![
        quote("a piece of no weight", piece(day, country, country, 0)),
        quote("the heaviest piece", piece(day, country, country, u32::MAX)),
        quote("to an unknown country", piece(day, country, "ZZ", 20)),
        quote("to a country that is no code", piece(day, country, "\u{202e}\u{0}", 20)),
        quote("on the first day", piece("0001-01-01", country, country, 20)),
        quote("on a day that is none", piece("2026-13-45", country, country, 20)),
        read("no mark", b""),
        read("a short mark", b"\0"),
        read("a mark of zeros", &[0; 142]),
        read("a mark that is no text", &[0xff; 142]),
        read("a mark that is too long", &[b'0'; 4096]),
    ]
}

fn piece(day: &str, from: &str, to: &str, weight_g: u32) -> Value {
    json!({
        "date": day, "origin": { "country": from }, "destination": { "country": to }, "weight-g": weight_g,
        "attributes": [],
    })
}

/// A mark that its plugin made and read again.
pub(super) struct Mark {
    /// What the symbol holds.
    pub(super) bytes: Vec<u8>,
    /// What it says.
    pub(super) claims: Claims,
    /// What it cost to read it.
    pub(super) fuel: u64,
}

/// What is quoted can be drafted, fits its symbol, and is read again as what it is and as nothing else.
pub(super) async fn run(
    stamps: &StampsPlugin,
    country: &str,
    today: Date,
    patience: &Patience,
) -> Finding {
    let (mut read_again, mut damaged) = (0_usize, Vec::new());
    for weight_g in WEIGHTS_G {
        let Some(piece) = mailpiece(country, today, weight_g) else { continue };
        let products = match answered(patience.ask(async || stamps.quote(&piece, None).await).await)
        {
            Ok(products) => products.unwrap_or_default(),
            Err(why) => return fails(weight_g, &why),
        };
        for product in products {
            let mark = match made(stamps, &piece, product, patience).await {
                Ok(Some(mark)) => mark,
                Ok(None) => continue,
                Err(why) => return fails(weight_g, &why),
            };
            read_again = read_again.saturating_add(1);
            // One of each symbol: what is read of damaged bytes does not depend on what was bought.
            if !damaged.contains(&mark.claims.symbol) {
                damaged.push(mark.claims.symbol);
                if let Err(why) = damage::run(stamps, &mark, patience).await {
                    let cure = "refuse with `indicium-unreadable` what is not, byte for byte, a mark that `assemble` makes";
                    return Finding::fail("marks", format!("{weight_g} g: {why}"), cure);
                }
            }
        }
    }
    match read_again {
        0 => Finding::warn(
            "marks",
            "no piece of the samples was stamped",
            "show pieces that the plugin carries in tests/*.json",
        ),
        _ => Finding::ok(
            "marks",
            format!("{read_again} say what was stamped, and nothing else does"),
        ),
    }
}

fn fails(weight_g: u32, why: &str) -> Finding {
    let cure = "read what `draft` wrote; keep within the symbol's bytes";
    Finding::fail("marks", format!("{weight_g} g: {why}"), cure)
}

/// A piece within a country; none where the plugin names a place that is none.
fn mailpiece(country: &str, date: Date, weight_g: u32) -> Option<Mailpiece> {
    let here = Address::parse(country).ok()?;
    let (origin, destination) = (here.clone(), here);
    Some(Mailpiece { date, mailing_on: None, origin, destination, weight_g, service: None })
}

fn order(product: Product, mailpiece: &Mailpiece) -> Option<Order> {
    Some(Order {
        issuer: Issuer::parse(ISSUER).ok()?,
        key_id: KEY,
        vendor: VENDOR,
        expires_on: product.expires_on(mailpiece.date),
        product,
        mailpiece: mailpiece.clone(),
        item_serial: ItemSerial::new(ITEM_SERIAL).ok()?,
        nonce: NONCE,
    })
}

/// A mark, held against what was ordered; none where the plugin asks its vendor first, or refuses.
async fn made(
    stamps: &StampsPlugin,
    piece: &Mailpiece,
    product: Product,
    patience: &Patience,
) -> Result<Option<Mark>, String> {
    let Some(order) = order(product, piece) else { return Ok(None) };
    let draft = async || stamps.draft(&order, &REGISTERS, &[], None).await;
    let Some(Step::Done(unsigned)) = answered(patience.ask(draft).await)? else {
        return Ok(None);
    };
    let signature = signature(unsigned.symbol);
    let assemble = async || stamps.assemble(&unsigned, &signature).await;
    let Some(indicium) = answered(patience.ask(assemble).await)? else {
        return Ok(None);
    };
    let fuel_of = |called: Result<Called<Claims>, CallError>| match called {
        Ok(Called { value, evidence }) => Ok((value, evidence.fuel)),
        Err(CallError::Refused(refused)) => {
            Err(format!("the plugin does not read its own mark: {}", refused.message))
        }
        Err(error) => Err(error.to_string()),
    };
    let (claims, fuel) = fuel_of(patience.ask(async || stamps.read(&indicium.bytes).await).await)?;
    claims
        .agree(&order, &REGISTERS, &unsigned, &signature)
        .map_err(|disagreement| disagreement.to_string())?;
    Ok(Some(Mark { bytes: indicium.bytes, claims, fuel }))
}

/// No two bytes of it are the same, so that none can be taken for another.
fn signature(symbol: Symbol) -> Vec<u8> {
    (0x80..=u8::MAX).take(symbol.signature_bytes()).collect()
}

/// An answer; none where the plugin refuses.
fn answered<T>(called: Result<Called<T>, CallError>) -> Result<Option<T>, String> {
    match called {
        Ok(called) => Ok(Some(called.value)),
        Err(CallError::Refused(_)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
