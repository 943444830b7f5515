//! A batch as it is printed, and the sheet of its codes, which is shown once.

use actix_web::web::Path;
use askama::Template;
use purser_core::{Timestamp, ids::BatchId};
use purser_money::Money;

use crate::{
    app::stock::printing::{self, Progress},
    pages::{
        Answered,
        call::Nothing,
        form::Form,
        shell::{Flash, Shell},
        visit::OperatorVisit,
    },
};

#[derive(Template)]
#[template(path = "operator/printing.html")]
struct PrintingPage<'a> {
    shell: &'a Shell,
    here: String,
    progress: Progress,
}

#[derive(Template)]
#[template(path = "operator/sheet.html")]
struct SheetPage<'a> {
    shell: &'a Shell,
    batch: BatchId,
    cards: Vec<Card>,
}

/// A card on the sheet.
struct Card {
    serial: String,
    code: String,
    face: Money,
    expires_at: Option<Timestamp>,
}

/// How far it is. Nothing is taken by looking.
pub async fn page(visit: OperatorVisit, name: Path<String>) -> Answered {
    let progress = printing::progress(&visit.gateway, &name)?;
    let here = format!("/operator/cards/printing/{name}");
    visit.show(&PrintingPage { shell: &visit.shell, here, progress }).send()
}

/// Shows the codes, this once.
pub async fn sheet(visit: OperatorVisit, name: Path<String>, _form: Form<Nothing>) -> Answered {
    let Some((batch, printed)) = printing::take(&visit.gateway, &name)? else {
        let here = format!("/operator/cards/printing/{name}");
        return Ok(visit.go_saying(&here, &Flash::bad("op-codes-gone")));
    };
    let card = |printed: crate::app::stock::Printed| Card {
        serial: printed.record.serial,
        code: printed.code.reveal().expose().to_owned(),
        face: printed.record.face,
        expires_at: printed.record.expires_at,
    };
    let cards = printed.into_iter().map(card).collect();
    visit.show(&SheetPage { shell: &visit.shell, batch, cards }).send()
}
