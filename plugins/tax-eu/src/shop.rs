//! The one-stop shop (Directive 2006/112/EC, title XII, chapter 6).

use purser_sdk::{Country, Levy, Reason, Sale, tax::Registration};

use crate::{
    Config,
    countries::{self, Land},
};

/// The one-stop shop in which a seller files what it owes to other member states.
pub(crate) struct OneStopShop<'a> {
    /// `OSS-DE`: to whom it pays.
    pub(crate) authority: String,
    /// Where it is identified.
    home: &'static Land,
    sale: &'a Sale,
}

/// Where the operator has it so: by itself the authority is that of the state whose tax it is.
pub(crate) fn one_stop_shop<'a>(sale: &'a Sale, config: &Config) -> Option<OneStopShop<'a>> {
    let shop = |one: &&Registration| one.scheme.eq_ignore_ascii_case("oss");
    let registration = sale.registrations.iter().find(shop).filter(|_| config.one_stop_shop)?;
    let home = Country::parse(&registration.authority).ok().and_then(countries::of)?;
    let authority = format!("OSS-{}", home.prefix());
    home.in_union.then_some(OneStopShop { authority, home, sale })
}

impl OneStopShop<'_> {
    /// Whether a tax is filed there: that of another member state in which the seller is not registered.
    pub(crate) fn files(&self, levy: &Levy<'_>) -> bool {
        let bears = matches!(levy.reason, Reason::Standard | Reason::Reduced);
        let there = countries::within(levy.jurisdiction);
        let registered = |land: &Land| {
            let own = |one: &Registration| {
                one.scheme.eq_ignore_ascii_case("vat") && one.authority == land.code()
            };
            self.sale.registrations.iter().any(own)
        };
        let elsewhere =
            |land: &Land| land.in_union && land.code() != self.home.code() && !registered(land);
        bears && there.is_some_and(elsewhere)
    }
}
