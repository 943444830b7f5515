//! What an offer says, once it is known to be genuine and valid: each claim read into its type, or
//! named.

use jiff::Timestamp;
use purser_money::{Currency, Money, MoneyError};
use serde_json::{Map, Value};
use url::Url;

use super::{ContentFault, Offer, OfferError, OfferedItem};
use crate::{period::day, tax::Category, tender::is_tender};

/// As the contract says of `jti`; an item's id is held to the same.
const ID_CHARS_MAX: usize = 128;
/// Fits two lines of a receipt.
const TITLE_CHARS_MAX: usize = 200;
/// What browsers and proxies carry without trouble.
const URL_BYTES_MAX: usize = 2048;
/// Ten years: longer than any warranty that a refund would serve.
const REFUND_WINDOW_DAYS_MAX: u32 = 3650;
/// Fifteen digits, the point and the decimals of any currency, with room for zeros.
const AMOUNT_BYTES_MAX: usize = 32;

/// Reads the claims that are not about key, audience and time.
pub(super) fn read(
    claims: &Map<String, Value>,
    (issued_at_s, expires_at_s): (i64, i64),
    now_s: i64,
) -> Result<Offer, OfferError> {
    Ok(Offer {
        id: id(claim(claims, "jti"), "jti")?,
        issued_at_s,
        expires_at_s,
        item: item(object(claim(claims, "item"), "item")?)?,
        price: price(object(claim(claims, "price"), "price")?, now_s)?,
        tax_inclusive: flag(claim(claims, "tax_inclusive"), "tax_inclusive")?,
        single_use: flag(claim(claims, "single_use"), "single_use")?,
        refund_window_days: refund_window(claim(claims, "refund_window_days"))?,
        return_url: web_address(claim(claims, "return_url"), "return_url")?,
    })
}

fn item(item: &Map<String, Value>) -> Result<OfferedItem, OfferError> {
    Ok(OfferedItem {
        id: id(claim(item, "id"), "item.id")?,
        title: title(claim(item, "title"))?,
        category: category(claim(item, "category"))?,
        url: web_address(claim(item, "url"), "item.url")?,
    })
}

/// A price in a currency that something can be sold in at that moment: an offer may outlive its currency.
fn price(price: &Map<String, Value>, now_s: i64) -> Result<Money, OfferError> {
    let currency = text(claim(price, "currency"), "price.currency")?;
    let unknown = |error: MoneyError| fault("price.currency", error.into());
    let currency = Currency::parse(currency).map_err(unknown)?;
    let today = Timestamp::from_second(now_s).map(day);
    if !today.is_ok_and(|today| is_tender(currency, today)) {
        return Err(unknown(MoneyError::UnknownCurrency));
    }
    let amount = text(claim(price, "amount"), "price.amount")?;
    if amount.len() > AMOUNT_BYTES_MAX {
        return not("price.amount", "an amount like 12.34");
    }
    let money =
        Money::parse(amount, currency).map_err(|error| fault("price.amount", error.into()))?;
    if money.is_positive() {
        Ok(money)
    } else {
        Err(fault("price.amount", ContentFault::NotPositive))
    }
}

fn id(value: Option<&Value>, field: &'static str) -> Result<String, OfferError> {
    let id = text(value, field)?;
    if is_printable(id, ID_CHARS_MAX) {
        Ok(id.to_owned())
    } else {
        not(field, "1 to 128 printable characters")
    }
}

fn title(value: Option<&Value>) -> Result<String, OfferError> {
    let title = text(value, "item.title")?;
    if is_printable(title, TITLE_CHARS_MAX) && !title.trim().is_empty() {
        Ok(title.to_owned())
    } else {
        not("item.title", "1 to 200 printable characters")
    }
}

fn category(value: Option<&Value>) -> Result<Category, OfferError> {
    let Some(value) = value else { return Ok(Category::default()) };
    let known = value.as_str().and_then(Category::parse);
    known.map_or_else(|| not("item.category", "one of the categories of the contract"), Ok)
}

fn flag(value: Option<&Value>, field: &'static str) -> Result<bool, OfferError> {
    let Some(value) = value else { return Ok(false) };
    value.as_bool().map_or_else(|| not(field, "true or false"), Ok)
}

fn refund_window(value: Option<&Value>) -> Result<Option<u32>, OfferError> {
    let Some(value) = value else { return Ok(None) };
    let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
    match days {
        Some(days) if days <= REFUND_WINDOW_DAYS_MAX => Ok(Some(days)),
        _ => not("refund_window_days", "a whole number of days from 0 to 3650"),
    }
}

/// An address that a browser may be sent to. No other scheme (`javascript:`), and no name before
/// the host, behind which another host could be hidden.
fn web_address(value: Option<&Value>, field: &'static str) -> Result<Option<Url>, OfferError> {
    let Some(value) = value else { return Ok(None) };
    let text = text(Some(value), field)?;
    let fits = text.len() <= URL_BYTES_MAX && is_printable(text, URL_BYTES_MAX);
    let url = if fits { Url::parse(text).ok() } else { None };
    let safe = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    };
    match url.filter(safe) {
        Some(url) => Ok(Some(url)),
        None => not(field, "an http or https address of at most 2048 bytes"),
    }
}

/// A claim that is there. `null` says the same as nothing: some libraries write it for what is not
/// set.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).filter(|value| !value.is_null())
}

fn object<'a>(
    value: Option<&'a Value>,
    field: &'static str,
) -> Result<&'a Map<String, Value>, OfferError> {
    let value = value.ok_or_else(|| fault(field, ContentFault::Missing))?;
    value.as_object().map_or_else(|| not(field, "an object"), Ok)
}

fn text<'a>(value: Option<&'a Value>, field: &'static str) -> Result<&'a str, OfferError> {
    let value = value.ok_or_else(|| fault(field, ContentFault::Missing))?;
    value.as_str().map_or_else(|| not(field, "a string"), Ok)
}

/// Whether text is there, short enough, and shows what it holds: no control characters, no line or
/// paragraph separators and nothing that turns the direction of what follows, which could show
/// another title than the one signed.
fn is_printable(text: &str, chars_max: usize) -> bool {
    let marks = |character| matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}');
    let isolates = |character| matches!(character, '\u{2066}'..='\u{2069}');
    let breaks = |character| matches!(character, '\u{2028}' | '\u{2029}' | '\u{FEFF}');
    let invisible = |character| matches!(character, '\u{61C}' | '\u{200B}' | '\u{2060}'..='\u{2064}' | '\u{E0000}'..='\u{E007F}');
    let hidden = |character: char| {
        character.is_control()
            || marks(character)
            || isolates(character)
            || breaks(character)
            || invisible(character)
    };
    !text.is_empty() && text.chars().count() <= chars_max && !text.chars().any(hidden)
}

fn not<T>(field: &'static str, expected: &'static str) -> Result<T, OfferError> {
    Err(fault(field, ContentFault::Not(expected)))
}

fn fault(field: &'static str, fault: ContentFault) -> OfferError {
    OfferError::Content { field, fault }
}
