//! What stamps plugins are held to: a mark says what was stamped, and no piece and no mark is too odd.

use jiff::civil::Date;
use purser_core::stamp::piece::Symbol;
use purser_host::{ByHandError, CallError, Plugin};
use serde_json::{Value, json};

use super::samples::Sample;
use crate::cli::report::Finding;

/// A stamp of a vendor, in the middle of its series.
const VENDOR: u64 = 3;
const COUNTER: u64 = 7;
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

/// What is quoted can be drafted, fits its symbol, and is read again as what it is.
pub(super) async fn run(plugin: &Plugin, country: &str, today: Date) -> Finding {
    let mut read_again = 0_usize;
    for weight_g in WEIGHTS_G {
        let piece = piece(&today.to_string(), country, country, weight_g);
        let Some(Value::Array(products)) = ask(plugin, "quote", &piece).await.unwrap_or(None)
        else {
            continue;
        };
        for product in products {
            match mark(plugin, &piece, &product, today).await {
                Ok(true) => read_again = read_again.saturating_add(1),
                Ok(false) => {}
                Err(why) => {
                    let cure = "read what `draft` wrote; keep within the symbol's bytes";
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
        _ => Finding::ok("marks", format!("{read_again} say what was stamped")),
    }
}

/// Whether a mark was made: what asks its vendor first, or refuses, makes none here.
async fn mark(
    plugin: &Plugin,
    piece: &Value,
    product: &Value,
    today: Date,
) -> Result<bool, String> {
    let order = json!({
        "issuer": "PUR", "key-id": 1, "vendor": VENDOR, "product": product, "mailpiece": piece,
        "expires-on": today.saturating_add(jiff::Span::new().days(30)).to_string(), "item-serial": 42,
        "nonce": data_encoding::BASE64.encode(&[7; 16]), "attributes": [],
    });
    let registers =
        json!({ "piece-counter": COUNTER, "ascending": 10_000_000, "descending": 10_000_000 });
    let draft = json!({ "order": order, "registers": registers, "replies": [] });
    let Some(step) = ask(plugin, "draft", &draft).await? else { return Ok(false) };
    let Some(unsigned) = step.get("done") else { return Ok(false) };
    let symbol = if unsigned.get("symbol") == Some(&json!(Symbol::Lite.name())) {
        Symbol::Lite
    } else {
        Symbol::Full
    };
    let signature = vec![0; symbol.signature_bytes()];
    let assemble =
        json!({ "unsigned": unsigned, "signature": data_encoding::BASE64.encode(&signature) });
    let Some(indicium) = ask(plugin, "assemble", &assemble).await? else { return Ok(false) };
    let bytes = indicium.get("bytes").and_then(Value::as_str).unwrap_or_default();
    let length = data_encoding::BASE64.decode(bytes.as_bytes()).map_or(0, |bytes| bytes.len());
    if length > symbol.bytes_max() {
        return Err(format!(
            "the mark has {length} bytes; its symbol holds {}",
            symbol.bytes_max()
        ));
    }
    let claims = ask(plugin, "read", &json!({ "indicium": bytes })).await?;
    let claims = claims.ok_or("the plugin does not read its own mark")?;
    for (name, stamped) in
        [("vendor", json!(VENDOR)), ("piece-counter", json!(COUNTER)), ("issuer", json!("PUR"))]
    {
        let said = claims.get(name).cloned().unwrap_or_default();
        if said != stamped {
            return Err(format!("{name} is {stamped}, and the mark says {said}"));
        }
    }
    Ok(true)
}

/// An answer; none where the plugin refuses.
async fn ask(plugin: &Plugin, function: &str, input: &Value) -> Result<Option<Value>, String> {
    match plugin.call_json(function, &input.to_string()).await {
        Ok(called) => serde_json::from_str(&called.value).map(Some).map_err(|it| it.to_string()),
        Err(ByHandError::Call(CallError::Refused(_))) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
