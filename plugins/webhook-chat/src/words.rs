//! What is said of an event.

use serde_json::{Map, Value};

/// Lines of one message: a basket of more is told by its number.
const ITEMS_MAX: usize = 10;
/// Fields of an event that this plugin does not know.
const FIELDS_MAX: usize = 8;
/// A title, or the value of a field.
const TEXT_CHARS_MAX: usize = 200;

/// The text of an event, still as it is: see [`escaped`].
pub(crate) fn of(kind: &str, data: &Value) -> String {
    let known = match kind {
        "purchase.paid" => paid(data),
        "refund.made" => refunded(data),
        _ => None,
    };
    known.unwrap_or_else(|| other(kind, data))
}

/// As Slack takes text: three characters are markup, whatever else is said of the text.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn paid(data: &Value) -> Option<String> {
    let items = data.get("items")?.as_array().filter(|items| !items.is_empty())?;
    let line = |item: &Value| {
        Some(format!(
            "Paid: {}, {}",
            short(item.get("title")?.as_str()?),
            money(item.get("gross")?)?
        ))
    };
    let mut lines: Vec<String> =
        items.iter().take(ITEMS_MAX).map(line).collect::<Option<Vec<String>>>()?;
    let more = items.len().saturating_sub(ITEMS_MAX);
    if more > 0 {
        lines.push(format!("... and {more} more"));
    }
    Some(lines.join("\n"))
}

fn refunded(data: &Value) -> Option<String> {
    let gross = money(data.get("gross")?)?;
    let offer = short(data.get("offer_id")?.as_str()?);
    let who = if data.get("goodwill") == Some(&Value::Bool(true)) { ", by the shop" } else { "" };
    Some(format!("Refunded: {gross} for the offer {offer}{who}"))
}

/// `payout.sent` with its amount: "Payout sent: amount 12.34 EUR".
fn other(kind: &str, data: &Value) -> String {
    let mut words = short(&kind.replace(['.', '-', '_'], " "));
    if let Some(first) = words.get(..1).map(str::to_ascii_uppercase) {
        words.replace_range(..1, &first);
    }
    let empty = Map::new();
    let fields = data.as_object().unwrap_or(&empty).iter();
    let field = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) if text.chars().count() <= TEXT_CHARS_MAX => short(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Object(_) => money(value)?,
            // Too long to read (a receipt), or with parts of its own.
            Value::String(_) | Value::Null | Value::Array(_) => return None,
        };
        Some(format!("{} {value}", short(&name.replace('_', " "))))
    };
    let told: Vec<String> = fields.filter_map(field).take(FIELDS_MAX).collect();
    if told.is_empty() { words } else { format!("{words}: {}", told.join(", ")) }
}

/// An amount with its currency, as the gateway writes it.
fn money(value: &Value) -> Option<String> {
    let part = |name| value.get(name)?.as_str().map(short);
    Some(format!("{} {}", part("amount")?, part("currency")?))
}

/// A piece of text in one line, without what cannot be seen: control characters, and those that turn or hide text
/// (Unicode's format characters in common use).
fn short(text: &str) -> String {
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            && !matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
            && !matches!(c, '\u{e0000}'..='\u{e007f}')
    };
    let mut shown: String = text.chars().filter(visible).take(TEXT_CHARS_MAX).collect();
    if text.chars().filter(visible).count() > TEXT_CHARS_MAX {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(title: &str) -> Value {
        json!({ "title": title, "gross": { "amount": "11.90", "currency": "EUR" } })
    }

    #[test]
    fn an_event_is_told_in_words() {
        let gross = json!({ "amount": "11.90", "currency": "EUR" });
        for (kind, data, expected) in [
            (
                "purchase.paid",
                json!({ "items": [item("A notebook")] }),
                "Paid: A notebook, 11.90 EUR",
            ),
            (
                "purchase.paid",
                json!({ "items": [item("A"), item("B")] }),
                "Paid: A, 11.90 EUR\nPaid: B, 11.90 EUR",
            ),
            (
                "refund.made",
                json!({ "gross": gross, "offer_id": "o-1", "goodwill": false }),
                "Refunded: 11.90 EUR for the offer o-1",
            ),
            (
                "refund.made",
                json!({ "gross": gross, "offer_id": "o-1", "goodwill": true }),
                "Refunded: 11.90 EUR for the offer o-1, by the shop",
            ),
            (
                "payout.sent",
                json!({ "amount": gross, "payout": "pay_1", "lines": [1, 2], "note": null }),
                "Payout sent: amount 11.90 EUR, payout pay_1",
            ),
            ("webhook.test", json!({}), "Webhook test"),
            ("purchase.paid", json!({ "items": [] }), "Purchase paid"),
            ("purchase.paid", json!("unexpected"), "Purchase paid"),
            ("", json!(null), ""),
            ("é.x", json!({}), "é x"),
        ] {
            assert_eq!(of(kind, &data), expected, "{kind} {data}");
        }
    }

    #[test]
    fn a_large_basket_is_told_in_short() {
        let items: Vec<Value> = (0..50).map(|_| item(&"x".repeat(500))).collect();
        let told = of("purchase.paid", &json!({ "items": items }));
        assert_eq!(told.lines().count(), 11);
        assert!(told.ends_with("\n... and 40 more"), "{told}");
        assert!(told.chars().count() < 2_500);
    }

    #[test]
    fn what_a_title_says_does_nothing() {
        let told = of(
            "purchase.paid",
            &json!({ "items": [item("<!channel> <https://evil.example|your bank> &\u{202e}\n\u{7}x")] }),
        );
        let text = escaped(&told);
        assert_eq!(
            text,
            "Paid: &lt;!channel&gt; &lt;https://evil.example|your bank&gt; &amp;x, 11.90 EUR"
        );
    }
}
