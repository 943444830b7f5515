//! The postage of one post of __COUNTRY__.

use purser_sdk::{
    Currency, Description, Error, Money, Problem, date, parse_date,
    stamps::{
        Attributes, Claims, Mailpiece, Order, Product, Registers, Reply, Service, Stamps, Step, Symbol, Unsigned,
    },
};

const COUNTRY: &str = "__COUNTRY__";

/// A weight step and its price in EUR. These are made up: put the post's price list in their place, with its day and address.
const LETTERS: [(u32, &str); 2] = [(20, "0.95"), (50, "1.10")];

struct Plugin;

impl Stamps for Plugin {
    fn describe() -> Description {
        Description {
            name: "__NAME__",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec![COUNTRY],
            valid_from: date(2026, 1, 1),
            valid_to: None,
            sources: vec!["made up: name the price list and its address"],
        }
    }

    fn services(_: &Attributes) -> Result<Vec<Service>, Error> {
        Ok(vec![Service {
            id: "letter".to_owned(),
            title: "Letter".to_owned(),
            weight_g_max: LETTERS[LETTERS.len() - 1].0,
            destinations: vec![COUNTRY.to_owned()],
            valid_days: 365,
            symbol: Symbol::Full,
            attributes: Vec::new(),
        }])
    }

    fn quote(piece: &Mailpiece) -> Result<Vec<Product>, Error> {
        let wanted = piece.service.as_ref().is_none_or(|service| service == "letter");
        let inland = piece.origin.country.code() == COUNTRY && piece.destination.country.code() == COUNTRY;
        let step = LETTERS.iter().find(|(grams, _)| piece.weight_g <= *grams);
        // Nothing carries it: that is an answer, and no error.
        let Some((grams, price)) = step.filter(|_| wanted && inland) else { return Ok(Vec::new()) };
        Ok(vec![Product {
            service: "letter".to_owned(),
            title: format!("Letter up to {grams} g"),
            price: Money::parse(price, Currency::parse("EUR")?)?,
            weight_step_g: *grams,
            valid_days: 365,
            symbol: Symbol::Full,
            attributes: Vec::new(),
        }])
    }

    /// The mark is a line of text, which the gateway signs. A real one is binary: a symbol has room for 142 bytes.
    fn draft(order: &Order, registers: &Registers, _: &[Reply]) -> Result<Step, Error> {
        let (product, counter) = (&order.product, registers.piece_counter);
        let fields = [
            order.issuer.clone(),
            order.key_id.to_string(),
            order.vendor.to_string(),
            counter.to_string(),
            product.thousandths()?.to_string(),
            product.price.currency().to_string(),
            order.mailpiece.date.to_string(),
            order.expires_on.to_string(),
        ];
        Ok(Step::Done(Unsigned {
            to_sign: fields.join(" ").into_bytes(),
            symbol: product.symbol,
            serial: format!("{}-{counter}", order.vendor),
            s10: None,
            printed: vec![("up to".to_owned(), format!("{} g", product.weight_step_g))],
        }))
    }

    /// The bytes are from a scanner, or from a forger.
    fn read(mark: &[u8]) -> Result<Claims, Error> {
        let unreadable = || Error::new(Problem::IndiciumUnreadable, "this is no mark of ours");
        let end = mark.len().checked_sub(Symbol::Full.signature_bytes()).ok_or_else(unreadable)?;
        let (signed, signature) = mark.split_at(end);
        let text = str::from_utf8(signed).map_err(|_| unreadable())?;
        let words: Vec<&str> = text.split(' ').collect();
        let [issuer, key_id, vendor, counter, value, currency, issued_on, expires_on] = words[..] else {
            return Err(unreadable());
        };
        Ok(Claims {
            format: "__NAME__".to_owned(),
            issuer: issuer.to_owned(),
            key_id: key_id.parse().map_err(|_| unreadable())?,
            vendor: vendor.parse().map_err(|_| unreadable())?,
            piece_counter: counter.parse().map_err(|_| unreadable())?,
            ascending: None,
            value: value.parse().map_err(|_| unreadable())?,
            currency: Currency::parse(currency).map_err(|_| unreadable())?,
            service: "letter".to_owned(),
            weight_step_g: None,
            issued_on: Some(parse_date(issued_on).map_err(|_| unreadable())?),
            mailing_on: None,
            expires_on: Some(parse_date(expires_on).map_err(|_| unreadable())?),
            origin: None,
            destination: None,
            serial: format!("{vendor}-{counter}"),
            s10: None,
            symbol: Symbol::Full,
            signed: signed.to_vec(),
            signature: signature.to_vec(),
            attributes: Vec::new(),
        })
    }
}

purser_sdk::register_stamps!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_up() {
        assert!(LETTERS.is_sorted_by(|lighter, heavier| lighter.0 < heavier.0));
    }

    #[test]
    fn what_is_no_mark_is_refused() {
        for mark in [&b""[..], &[b' '; 64], &[0xff; 142]] {
            assert!(Plugin::read(mark).is_err());
        }
    }
}
