//! The transaction log: in pages, and as a table of all of it.

use std::{collections::VecDeque, io};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION},
    web::{Bytes, Query},
};
use askama::Template;
use futures_util::stream;
use purser_core::ids::AccountId;
use purser_store::read::page::Page;

use super::{Line, lines};
use crate::{
    app::transactions::{table_head, table_rows},
    gateway::Gateway,
    http::download::CSV,
    pages::{
        Answered,
        paging::{After, Pager},
        shell::Shell,
        visit::BuyerVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "wallet/log.html")]
struct LogPage<'a> {
    shell: &'a Shell,
    lines: Vec<Line>,
    pager: Pager,
}

/// A page of it.
pub async fn page(visit: BuyerVisit, after: Query<After>) -> Answered {
    let found = lines(&visit.gateway, visit.payer.account, after.page()?).await?;
    let page = LogPage {
        shell: &visit.shell,
        lines: found.rows.iter().map(|line| Line::of(visit.shell.words, line)).collect(),
        pager: after.pager("/wallet/log", found.next.as_deref()),
    };
    visit.show(&page).send()
}

/// All of it. It is read and sent a hundred lines at a time, however long it is.
pub async fn table(visit: BuyerVisit) -> Answered {
    let mut table = Table::of(visit.gateway.clone(), visit.payer.account)?;
    // Read before anything is answered: what is wrong now is still told.
    table.read().await?;
    let rows = stream::unfold(table, |mut table| async move {
        match table.next().await {
            Ok(Some(rows)) => Some((Ok(rows), table)),
            Ok(None) => None,
            Err(problem) => {
                tracing::warn!(%problem, "a transaction log was cut off");
                Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), table))
            }
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(CSV)
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"transactions.csv\""))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .streaming(rows))
}

/// A table that is being sent.
struct Table {
    gateway: Gateway,
    account: AccountId,
    ready: VecDeque<Bytes>,
    /// What is read next; nothing behind the last line.
    page: Option<Page>,
}

impl Table {
    fn of(gateway: Gateway, account: AccountId) -> Result<Self, Problem> {
        let ready = VecDeque::from([Bytes::from(table_head()?)]);
        Ok(Self { gateway, account, ready, page: Page::new(None, Page::LIMIT_MAX) })
    }

    /// What is to be sent next, if anything is.
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.ready.is_empty() {
            self.read().await?;
        }
        Ok(self.ready.pop_front())
    }

    async fn read(&mut self) -> Result<(), Problem> {
        let Some(page) = self.page.take() else { return Ok(()) };
        let found = lines(&self.gateway, self.account, page).await?;
        self.page = found.next.and_then(|next| Page::new(Some(next), Page::LIMIT_MAX));
        // A piece of nothing would end the answer.
        if !found.rows.is_empty() {
            self.ready.push_back(table_rows(&found.rows)?.into());
        }
        Ok(())
    }
}
