//! Amounts for people: symbols, grouping and the place of the minus sign, by `currency_rs`.
//!
//! This is the only file that names it. It is binary floating point inside, so it computes nothing here: an
//! amount whose digits it would not show exactly is shown plainly instead.

use currency_rs::{Currency as Formatter, CurrencyOpts};
use purser_money::Money;

/// An amount with its symbol and grouped digits: `€1,234.50`, `¥5,000`, `1,234.500 KWD`.
pub fn for_people(money: Money) -> String {
    let plain = money.to_string();
    let exact = money.amount();
    let (pattern, negative) = match symbol(money.currency().code()) {
        Some(symbol) => (format!("{symbol}#"), format!("-{symbol}#")),
        None => (format!("# {}", money.currency()), format!("-# {}", money.currency())),
    };
    let options = CurrencyOpts::new()
        .set_precision(money.currency().decimals().into())
        .set_symbol("")
        .set_pattern(&pattern)
        .set_negative_pattern(&negative)
        .set_error_on_invalid(true);
    let Ok(formatter) = Formatter::new_string(&exact, Some(options)) else { return plain };
    let shown = formatter.format();
    if digits(&shown).eq(digits(&exact)) { shown } else { plain }
}

fn digits(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(char::is_ascii_digit)
}

/// Symbols that stand for one currency only.
fn symbol(code: &str) -> Option<&'static str> {
    match code {
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "INR" => Some("₹"),
        "JPY" => Some("¥"),
        "KRW" => Some("₩"),
        "USD" => Some("$"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_money::Currency;

    #[test]
    fn what_is_shown_has_the_digits_of_the_amount() {
        let check = |minor, code, expected: &str| {
            assert_eq!(for_people(Money::new(minor, Currency::parse(code).unwrap())), expected);
        };
        check(123_450, "EUR", "€1,234.50");
        check(5_000, "JPY", "¥5,000");
        check(1_234_500, "KWD", "1,234.500 KWD");
        check(-5, "USD", "-$0.05");
        check(0, "CHF", "0.00 CHF");
        // Beyond 2^53 a double loses digits, so the amount is shown plainly.
        check(9_007_199_254_740_993, "USD", "90071992547409.93 USD");
    }
}
