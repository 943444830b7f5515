//! A merchant's months.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use purser_core::period::Month;
use purser_store::read::statement::{Statement, StatementLine};
use serde::Deserialize;

use super::scope;
use crate::{
    app::statement,
    http::{download, payouts::Statements},
    pages::{Answered, shell::Shell, visit::MerchantVisit},
    problem::Problem,
};

/// Lines that the page shows of each currency; the files have them all.
const LINES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "desk/statements.html")]
struct StatementsPage<'a> {
    shell: &'a Shell,
    month: Month,
    statements: Vec<Statement>,
}

impl StatementsPage<'_> {
    /// The lines of a statement that are shown here.
    fn shown<'s>(&self, statement: &'s Statement) -> impl Iterator<Item = &'s StatementLine> {
        statement.lines.iter().take(LINES_MAX)
    }

    /// How many lines of a statement are left out here.
    fn left_out(&self, statement: &Statement) -> usize {
        statement.lines.len().saturating_sub(LINES_MAX)
    }
}

/// Which month.
#[derive(Debug, Deserialize)]
pub struct MonthQuery {
    month: Option<String>,
}

/// A month, this one if none is asked for.
pub async fn page(visit: MerchantVisit, query: Query<MonthQuery>) -> Answered {
    visit.require(scope::PAYOUTS)?;
    let month = match query.month.as_deref().filter(|month| !month.is_empty()) {
        Some(month) => known(month)?,
        None => Month::of(visit.gateway.clock.today()),
    };
    let statements = statement::statement(&visit.gateway, visit.id, month).await?;
    visit.show(&StatementsPage { shell: &visit.shell, month, statements }).send()
}

/// The month as a table.
pub async fn csv(visit: MerchantVisit, month: Path<String>) -> Answered {
    let (month, statements) = read(&visit, &month).await?;
    let table = statement::table(month, &statements)?;
    download::file(download::CSV, &format!("statement-{month}.csv"), table)
}

/// The month as a document, as the API gives it.
pub async fn json(visit: MerchantVisit, month: Path<String>) -> Answered {
    let (month, statements) = read(&visit, &month).await?;
    let document = Statements::of(visit.id, month, statements);
    let document = serde_json::to_vec_pretty(&document).map_err(Problem::internal)?;
    let file: HttpResponse =
        download::file("application/json", &format!("statement-{month}.json"), document)?;
    Ok(file)
}

async fn read(visit: &MerchantVisit, month: &str) -> Result<(Month, Vec<Statement>), Problem> {
    visit.require(scope::PAYOUTS)?;
    let month = known(month)?;
    Ok((month, statement::statement(&visit.gateway, visit.id, month).await?))
}

fn known(month: &str) -> Result<Month, Problem> {
    month.parse().map_err(|_| Problem::not_found())
}
