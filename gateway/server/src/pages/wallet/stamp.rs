//! One stamp: what became of it, its mark to print, and giving it back. And several on a sheet.

use actix_web::{HttpRequest, HttpResponse, http::header::CACHE_CONTROL, web::Path};
use askama::Template;
use purser_core::{
    Timestamp,
    ids::{PurchaseId, StampId},
    record::ItemRecord,
    stamp::{Stamp, StampState, Use},
};
use purser_money::Money;
use purser_store::read::purchase::item_get;
use serde::Deserialize;

use super::{
    Back, agree_to_closing,
    stamps::{is_printable, status},
    vault_of,
};
use crate::{
    app::stamp::{
        print::{PRINTED_MAX, one, several},
        void,
    },
    http::download,
    pages::{
        Answered,
        form::Form,
        shell::{Flash, Shell},
        shown::Faults,
        visit::BuyerVisit,
    },
    problem::Problem,
    stamp::{Paper, label, sheet as printed_sheet, svg as printed_svg},
};

const PDF: &str = "application/pdf";

#[derive(Template)]
#[template(path = "wallet/stamp.html")]
struct StampPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    stamp: &'a Stamp,
    vendor: String,
    purchase: Option<PurchaseId>,
    serial: Option<&'a str>,
    s10: Option<&'a str>,
    status: &'static str,
    can_print: bool,
    giving_back: Option<GivingBack>,
    due_at: Option<Timestamp>,
    seen_at: Option<Timestamp>,
}

/// An unused stamp goes back like anything else that was bought.
struct GivingBack {
    back: Back,
    /// Whether the vault closes by it.
    closes: bool,
    left: Money,
}

/// A form that says yes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoidForm {
    /// That the vault closes by it, the buyer knows.
    agreed: Option<String>,
}

/// The stamp.
pub async fn page(visit: BuyerVisit, id: Path<String>) -> Answered {
    show(&visit, &own(&visit, &id).await?, Faults::default()).await
}

/// Gives it back.
pub async fn give_back(visit: BuyerVisit, id: Path<String>, form: Form<VoidForm>) -> Answered {
    let stamp = own(&visit, &id).await?;
    let path = format!("/wallet/stamps/{}", stamp.record.id);
    let void::Voided { credited, .. } = match voided(&visit, &stamp, &form).await {
        Ok(voided) => voided,
        Err(problem) => return show(&visit, &stamp, visit.mend(problem)?).await,
    };
    let Some((_, credited)) = credited else {
        return Ok(visit.go_saying(&path, &Flash::good("wallet-stamp-void-held")));
    };
    let credited = visit.shell.words.money(credited);
    if !vault_of(&visit, &visit.payer).await?.active {
        let closed = Flash::bad("wallet-refunded-closed").arg("amount", credited);
        return Ok(visit.go_saying("/wallet", &closed));
    }
    Ok(visit.go_saying(&path, &Flash::good("wallet-stamp-voided").arg("amount", credited)))
}

/// Its mark, as an image.
pub async fn svg(visit: BuyerVisit, id: Path<String>) -> Answered {
    let image = one(&visit.gateway, visit.payer.account, parse(&id)?).await?;
    let image = printed_svg(&image).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(image))
}

/// The stamp as a label.
pub async fn pdf(visit: BuyerVisit, id: Path<String>) -> Answered {
    let stamp = parse(&id)?;
    let view = one(&visit.gateway, visit.payer.account, stamp).await?;
    let document = label(&view).map_err(Problem::internal)?;
    download::file(PDF, &format!("{stamp}.pdf"), document)
}

/// Several stamps on sheets of labels: `?ids=...&ids=...`, as check boxes send them.
pub async fn sheet(visit: BuyerVisit, request: HttpRequest) -> Answered {
    let (mut ids, mut paper) = (Vec::new(), Paper::A4);
    for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        match (&*name, &*value) {
            ("ids", id) => ids.push(parse(id)?),
            ("paper", "letter") => paper = Paper::Letter,
            ("paper", "a4") => paper = Paper::A4,
            ("paper", _) => return Err(Problem::malformed("paper", "a4 or letter")),
            _ => {}
        }
    }
    if ids.is_empty() || ids.len() > PRINTED_MAX {
        return Err(Problem::malformed("ids", format!("1 to {PRINTED_MAX} stamps")));
    }
    let views = several(&visit.gateway, visit.payer.account, ids).await?;
    let document = printed_sheet(&views, paper, 0).map_err(Problem::internal)?;
    download::file(PDF, "stamps.pdf", document)
}

fn parse(id: &str) -> Result<StampId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

async fn own(visit: &BuyerVisit, id: &str) -> Result<Stamp, Problem> {
    void::own(&visit.gateway, visit.payer.account, parse(id)?).await
}

async fn voided(
    visit: &BuyerVisit,
    stamp: &Stamp,
    form: &Form<VoidForm>,
) -> Result<void::Voided, Problem> {
    let (claim, answered) = form.claim(visit.payer.account).await?;
    if let Some(outcome) = answered {
        return void::voided(&visit.gateway, visit.payer.account, outcome).await;
    }
    if let Some(item) = item_of(visit, stamp).await? {
        // What the post holds back for some days comes under the same rule when it is due.
        let vault = vault_of(visit, &visit.payer).await?;
        agree_to_closing(&vault, item.charged, form.fields.agreed.as_deref())?;
    }
    void::void(&visit.gateway, &visit.payer, claim, stamp.record.id).await
}

async fn item_of(visit: &BuyerVisit, stamp: &Stamp) -> Result<Option<ItemRecord>, Problem> {
    let item = stamp.record.item;
    let found = visit.gateway.store.read(move |db| item_get(db, item)).await?;
    Ok(found.map(|found| found.record))
}

/// Whether and how it may go back, while it is unused.
async fn giving_back(
    visit: &BuyerVisit,
    stamp: &Stamp,
    item: Option<&ItemRecord>,
) -> Result<Option<GivingBack>, Problem> {
    let unused = matches!(stamp.state, StampState::Issued(_, Use::Unused));
    let Some(item) = item.filter(|_| unused) else { return Ok(None) };
    let vault = vault_of(visit, &visit.payer).await?;
    Ok(Some(GivingBack {
        back: Back::of(&vault, item, visit.gateway.now()),
        closes: vault.is_closed_by(item.charged),
        left: vault.refund_left(),
    }))
}

async fn show(visit: &BuyerVisit, stamp: &Stamp, faults: Faults) -> Answered {
    let facts = visit.gateway.facts.at(visit.payer.facts_version);
    let vendor = facts.merchant(&visit.gateway, stamp.record.vendor).await?;
    let item = item_of(visit, stamp).await?;
    let (issue, used) = match &stamp.state {
        StampState::Issued(issue, used) => (Some(issue), Some(used)),
        StampState::Issuing | StampState::Failed(_) => (None, None),
    };
    let page = StampPage {
        shell: &visit.shell,
        stamp,
        vendor: vendor.map(|vendor| vendor.name.clone()).unwrap_or_default(),
        purchase: item.as_ref().map(|item| item.purchase),
        giving_back: giving_back(visit, stamp, item.as_ref()).await?,
        serial: issue.map(|issue| issue.serial.as_str()),
        s10: issue.and_then(|issue| issue.s10.as_deref()),
        status: status(stamp),
        can_print: is_printable(stamp),
        due_at: match used {
            Some(Use::VoidPending { due_at, .. }) => Some(*due_at),
            Some(Use::Unused | Use::Used(_) | Use::Void) | None => None,
        },
        seen_at: match used {
            Some(Use::Used(seen)) => Some(seen.at),
            Some(Use::Unused | Use::VoidPending { .. } | Use::Void) | None => None,
        },
        faults,
    };
    visit.show(&page).about(&page.faults).send()
}
