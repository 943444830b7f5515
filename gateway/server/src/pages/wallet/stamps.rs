//! Stamps: those that were bought, and buying one: what carries a piece, for how much, and then the stamp.

use actix_web::web::Query;
use askama::Template;
use purser_core::{
    command::{Answer, Outcome},
    ids::StampId,
    stamp::{Stamp, StampState, Use},
};
use purser_money::Money;
use purser_store::{facts::merchant::Merchant, read::stamp::stamps_page};
use serde::Deserialize;

use crate::{
    app::{
        session,
        stamp::{
            Wish,
            buy::{self, Agreement},
            quote::{self, Quoted},
            void,
        },
    },
    http::{buyer, stamp},
    pages::{
        Answered,
        form::Form,
        paging::{After, Pager},
        shell::{Flash, Shell},
        shown::Faults,
        visit::BuyerVisit,
    },
    problem::{self, Problem},
};

#[derive(Template)]
#[template(path = "wallet/stamps.html")]
struct StampsPage<'a> {
    shell: &'a Shell,
    stamps: &'a [Stamp],
    pager: Pager,
}

#[derive(Template)]
#[template(path = "wallet/stamp_new.html")]
struct NewPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    piece: &'a Piece,
    vendors: &'a [Merchant],
    quotes: Option<Vec<Quote>>,
    path: String,
    needs_pin: bool,
}

/// What a piece can be sent by, and for how much.
struct Quote {
    service: String,
    title: String,
    price: Money,
    charged: Money,
    weight_step_g: u32,
    valid_days: u16,
}

/// What is to be sent. It stands in the address, so that the page with the prices is the same when it is loaded again.
#[derive(Default, Deserialize)]
pub struct Piece {
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    destination: String,
    #[serde(default)]
    weight_g: String,
}

/// One of the services, at the price that was shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuyForm {
    #[serde(default)]
    chosen: String,
    pin: Option<String>,
}

impl StampsPage<'_> {
    /// Whether it still has a mark to print.
    fn is_printable(&self, stamp: &Stamp) -> bool {
        is_printable(stamp)
    }

    fn status(&self, stamp: &Stamp) -> &'static str {
        status(stamp)
    }
}

/// What its buyer is told of a stamp: to everybody else one that was not made is void.
pub(super) const fn status(stamp: &Stamp) -> &'static str {
    match stamp.state {
        StampState::Failed(_) => "failed",
        StampState::Issuing | StampState::Issued(..) => stamp.status(),
    }
}

/// Whether a stamp has a mark to print: of one whose money came back it has no more.
pub(super) const fn is_printable(stamp: &Stamp) -> bool {
    matches!(
        stamp.state,
        StampState::Issued(_, Use::Unused | Use::Used(_) | Use::VoidPending { .. })
    )
}

impl Piece {
    fn is_empty(&self) -> bool {
        [&self.vendor, &self.origin, &self.destination, &self.weight_g]
            .iter()
            .all(|text| text.is_empty())
    }

    fn wish(&self) -> Result<Wish, Problem> {
        let weight_g = self.weight_g.trim().parse();
        let weight_g =
            weight_g.map_err(|_| Problem::malformed("weight_g", "a whole number of grams"))?;
        let (origin, destination) = (place(&self.origin), place(&self.destination));
        stamp::wish(self.vendor.trim(), (&origin, &destination), weight_g, None)
    }

    fn path(&self) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("vendor", &self.vendor)
            .append_pair("origin", &self.origin)
            .append_pair("destination", &self.destination)
            .append_pair("weight_g", &self.weight_g)
            .finish();
        format!("/wallet/stamps/new?{query}")
    }
}

/// A country, with a postcode or without, as people type it: `de 10115`.
fn place(text: &str) -> String {
    let text = text.trim().to_uppercase();
    match text.split_once(' ') {
        Some((country, postcode)) if country.chars().count() == 2 => {
            format!("{country}-{}", postcode.trim())
        }
        _ => text,
    }
}

impl Quote {
    fn of(quoted: &Quoted) -> Option<Self> {
        let product = &quoted.product;
        let item = quoted.basket.items.first()?;
        Some(Self {
            service: product.service.to_string(),
            title: product.title.clone(),
            price: product.price,
            charged: item.price.charged,
            weight_step_g: product.weight_step_g,
            valid_days: product.valid_days,
        })
    }

    /// Service and price in one value: what is chosen is chosen at that price.
    fn value(&self) -> String {
        format!("{} {}", self.service, self.charged.amount())
    }
}

/// The stamps.
pub async fn list(visit: BuyerVisit, after: Query<After>) -> Answered {
    let (account, page) = (visit.payer.account, after.page()?);
    let found = visit.gateway.store.read(move |db| stamps_page(db, account, &page)).await?;
    let page = StampsPage {
        shell: &visit.shell,
        stamps: &found.rows,
        pager: after.pager("/wallet/stamps", found.next.as_deref()),
    };
    visit.show(&page).send()
}

/// The form for a piece; with a piece, what carries it.
pub async fn new_page(visit: BuyerVisit, piece: Query<Piece>) -> Answered {
    show(&visit, &piece, Faults::default()).await
}

/// Buys.
pub async fn buy(visit: BuyerVisit, piece: Query<Piece>, form: Form<BuyForm>) -> Answered {
    let outcome = match paid(&visit, &piece, &form).await {
        Ok(outcome) => outcome,
        Err(problem) => {
            let faults = visit.mend(in_form(problem))?;
            return show(&visit, &piece, faults).await;
        }
    };
    let stamp = match &outcome {
        Ok(Answer::StampBought { stamp }) => Some(*stamp),
        Ok(_) | Err(_) => None,
    };
    match (buy::bought(&visit.gateway, visit.payer.account, outcome).await, stamp) {
        (Ok(stamp), _) => {
            let path = format!("/wallet/stamps/{}", stamp.record.id);
            Ok(visit.go_saying(&path, &Flash::good("wallet-stamp-bought")))
        }
        (Err(problem), Some(stamp)) => not_made(&visit, stamp, problem).await,
        (Err(problem), None) => {
            let faults = visit.mend(in_form(problem))?;
            show(&visit, &piece, faults).await
        }
    }
}

/// The money moved, and the stamp is not there: its own page says what became of both.
async fn not_made(visit: &BuyerVisit, stamp: StampId, problem: Problem) -> Answered {
    let found = void::own(&visit.gateway, visit.payer.account, stamp).await?;
    let flash = match found.state {
        StampState::Issuing => Flash::bad("wallet-stamp-later"),
        StampState::Failed(_) => Flash::bad("wallet-stamp-failed"),
        StampState::Issued(..) => return Err(problem),
    };
    Ok(visit.go_saying(&format!("/wallet/stamps/{stamp}"), &flash))
}

async fn paid(visit: &BuyerVisit, piece: &Piece, form: &Form<BuyForm>) -> Result<Outcome, Problem> {
    let (claim, answered) = form.claim(visit.payer.account).await?;
    if let Some(outcome) = answered {
        return Ok(outcome);
    }
    let BuyForm { chosen, pin } = &form.fields;
    let none = || Problem::malformed("chosen", "one of the services");
    let (service, most) = chosen.split_once(' ').ok_or_else(none)?;
    let unit = visit.gateway.settings.unit_of_account;
    let agreement = Agreement {
        wish: piece.wish()?,
        service: stamp::service_id(service)?,
        max_total: Some(Money::parse(most, unit).map_err(|_| none())?),
        pin: buyer::pin(pin.clone())?,
    };
    buy::begin(&visit.gateway, &visit.payer, claim, &agreement).await
}

/// What is said of these as a whole says more than what could be said of a field.
fn in_form(problem: Problem) -> Problem {
    match problem.kind {
        problem::PIN_REQUIRED | problem::POSTAGE_UNSUPPORTED | problem::TAX_COUNTRY_UNSUPPORTED => {
            Problem { field: None, ..problem }
        }
        _ => problem,
    }
}

async fn show(visit: &BuyerVisit, piece: &Piece, faults: Faults) -> Answered {
    let vendors = quote::vendors(&visit.gateway).await?;
    let mut page = NewPage {
        shell: &visit.shell,
        faults,
        piece,
        vendors: &vendors,
        quotes: None,
        path: piece.path(),
        needs_pin: false,
    };
    if !piece.is_empty() {
        match quoted(visit, piece).await {
            Ok(quoted) => {
                let total = quoted.iter().map(|quoted| quoted.basket.total);
                page.needs_pin =
                    total.into_iter().any(|total| session::needs_pin(&visit.gateway, total));
                page.quotes = Some(quoted.iter().filter_map(Quote::of).collect());
            }
            // What was said before is why the buyer is here.
            Err(problem) if page.faults.any() => drop(visit.mend(problem)?),
            Err(problem) => page.faults = visit.mend(in_form(problem))?,
        }
    }
    visit.show(&page).about(&page.faults).send()
}

async fn quoted(visit: &BuyerVisit, piece: &Piece) -> Result<Vec<Quoted>, Problem> {
    quote::quote(&visit.gateway, &visit.payer, &piece.wish()?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_people_type_it() {
        for (typed, read) in [
            ("de 10115", "DE-10115"),
            (" DE-10115 ", "DE-10115"),
            ("gb sw1a 1aa", "GB-SW1A 1AA"),
            ("gb-sw1a 1aa", "GB-SW1A 1AA"),
            ("fr", "FR"),
        ] {
            assert_eq!(place(typed), read);
        }
    }
}
