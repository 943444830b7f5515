//! What a merchant sold, as it happens, and refunds of its own accord.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use purser_core::{ids::ItemId, record::ItemRecord};
use purser_store::read::{
    purchase::StoredItem,
    sale::{sale_get, sales_page},
};

use super::scope;
use crate::{
    app::merchant::{goodwill, refunded},
    http::stream::{Listener, follow_events},
    pages::{
        Answered,
        call::Nothing,
        form::Form,
        paging::{After, Pager},
        shell::{Flash, Shell},
        shown::Faults,
        visit::MerchantVisit,
    },
    problem::Problem,
};

const LIST: &str = "/desk/sales";

#[derive(Template)]
#[template(path = "desk/sales.html")]
struct SalesPage<'a> {
    shell: &'a Shell,
    sales: Vec<StoredItem>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "desk/sale.html")]
struct SalePage<'a> {
    shell: &'a Shell,
    faults: Faults,
    sale: StoredItem,
    may_refund: bool,
}

/// The list, newest first.
pub async fn list(visit: MerchantVisit, after: Query<After>) -> Answered {
    visit.require(scope::SALES)?;
    let (id, page) = (visit.id, after.page()?);
    let found = visit.gateway.store.read(move |db| sales_page(db, id, &page)).await?;
    let pager = after.pager(LIST, found.next.as_deref());
    visit.show(&SalesPage { shell: &visit.shell, sales: found.rows, pager }).send()
}

/// What happens, as it happens: the list fetches itself again then.
pub async fn events(visit: MerchantVisit, request: HttpRequest) -> Answered {
    visit.require(scope::SALES)?;
    follow_events(&visit.gateway, visit.id, Listener::Desk(request)).await
}

/// One sale.
pub async fn one(visit: MerchantVisit, item: Path<String>) -> Answered {
    visit.require(scope::SALES)?;
    let sale = found(&visit, known(&item)?).await?;
    show(&visit, sale, Faults::default())
}

/// Gives the money for it back.
pub async fn refund(visit: MerchantVisit, item: Path<String>, form: Form<Nothing>) -> Answered {
    visit.require(scope::SALES)?;
    visit.require(scope::REFUNDS)?;
    let item = known(&item)?;
    let sale = found(&visit, item).await?;
    match given_back(&visit, item, &form).await {
        Ok(record) => {
            let flash =
                Flash::good("desk-refunded").arg("amount", visit.shell.money(&record.gross));
            Ok(visit.go_saying(&format!("{LIST}/{item}"), &flash))
        }
        Err(problem) => show(&visit, sale, visit.mend(problem)?),
    }
}

async fn given_back(
    visit: &MerchantVisit,
    item: ItemId,
    form: &Form<Nothing>,
) -> Result<ItemRecord, Problem> {
    let (claim, answered) = form.claim(visit.id).await?;
    let (gateway, id) = (&visit.gateway, visit.id);
    let (_, record) = match answered {
        Some(outcome) => refunded(gateway, id, outcome).await?,
        None => goodwill(gateway, id, visit.facts_version, claim, item).await?,
    };
    Ok(record)
}

fn show(visit: &MerchantVisit, sale: StoredItem, faults: Faults) -> Result<HttpResponse, Problem> {
    let may_refund = sale.refund.is_none() && visit.may(scope::REFUNDS);
    let page = SalePage { shell: &visit.shell, faults, sale, may_refund };
    visit.show(&page).about(&page.faults).send()
}

fn known(item: &str) -> Result<ItemId, Problem> {
    item.parse().map_err(|_| Problem::not_found())
}

async fn found(visit: &MerchantVisit, item: ItemId) -> Result<StoredItem, Problem> {
    let id = visit.id;
    let sale = visit.gateway.store.read(move |db| sale_get(db, id, item)).await?;
    sale.ok_or_else(Problem::not_found)
}
