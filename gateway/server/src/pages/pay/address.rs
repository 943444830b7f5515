//! The address of the till: `/pay?offer=<jws>`, several offers by repeating `offer`, and the country where it was asked.

use actix_web::HttpRequest;
use purser_core::{ids::PurchaseId, place::Place};
use url::form_urlencoded::{Serializer, byte_serialize, parse};

use crate::{
    app::basket::OFFERS_MAX,
    place::place,
    problem::{self, Problem},
};

/// What is to be paid, as the address says it.
pub(super) struct PayAddress {
    offers: Vec<String>,
    country: Option<String>,
}

impl PayAddress {
    /// Reads the address of a request. What else stands there is no business of the till.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        Self::read(request.query_string())
    }

    fn read(query: &str) -> Result<Self, Problem> {
        let (mut offers, mut country) = (Vec::new(), None);
        for (name, value) in parse(query.as_bytes()) {
            match &*name {
                "offer" => offers.push(value.into_owned()),
                "country" => country = Some(value.trim().to_uppercase()),
                _ => {}
            }
        }
        if offers.is_empty() {
            let detail = "a pay link has an offer: /pay?offer=...";
            return Err(Problem::new(problem::OFFER_TAMPERED).detail(detail));
        }
        if offers.len() > OFFERS_MAX {
            let detail = format!("a pay link has 1 to {OFFERS_MAX} offers");
            return Err(Problem::malformed("offer", detail));
        }
        Ok(Self { offers, country: country.filter(|country| !country.is_empty()) })
    }

    /// The offers, 1 to 50.
    pub(super) fn offers(&self) -> &[String] {
        &self.offers
    }

    /// The country, if the address names one.
    pub(super) fn country(&self) -> Result<Option<Place>, Problem> {
        self.country.as_deref().map(|country| place(country, "country")).transpose()
    }

    /// The country as it was typed.
    pub(super) fn typed_country(&self) -> &str {
        self.country.as_deref().unwrap_or_default()
    }

    /// The address.
    pub(super) fn path(&self) -> String {
        let offers = self.offers.iter().map(|offer| ("offer", offer.as_str()));
        let country = self.country.iter().map(|country| ("country", country.as_str()));
        let query = Serializer::new(String::new()).extend_pairs(offers.chain(country)).finish();
        format!("/pay?{query}")
    }

    /// The address of the ways back, after this was paid.
    pub(super) fn done_path(&self, purchase: PurchaseId) -> String {
        let offers = self.offers.iter().map(|offer| ("offer", offer.as_str()));
        let query = Serializer::new(String::new())
            .append_pair("purchase", &purchase.to_string())
            .extend_pairs(offers)
            .finish();
        format!("/pay/done?{query}")
    }

    /// The address as the value of a parameter.
    pub(super) fn encoded(&self) -> String {
        byte_serialize(self.path().as_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_the_same() {
        let check = |query: &str, path: &str| {
            assert_eq!(PayAddress::read(query).unwrap().path(), path, "{query}");
        };
        check("offer=a.b-_c.d", "/pay?offer=a.b-_c.d");
        check("offer=a&lang=de&offer=b&country=de", "/pay?offer=a&offer=b&country=DE");
        check("country=&offer=%3C%26", "/pay?offer=%3C%26");
        let many = vec!["offer=a"; OFFERS_MAX + 1].join("&");
        let refused = |query: &str| PayAddress::read(query).err().map(|problem| problem.kind);
        for wrong in ["", "offers=a", "country=DE"] {
            assert_eq!(refused(wrong), Some(problem::OFFER_TAMPERED), "{wrong}");
        }
        assert_eq!(refused(&many), Some(problem::MALFORMED_REQUEST));
    }
}
