//! Exchange rates: how old they are, what they say, and feeds that are brought in by hand.

use actix_web::{HttpResponse, web::Query};
use askama::Template;
use purser_host::Limits;
use serde::Deserialize;

use crate::{
    app::{
        health::{self, Rates},
        rates::{self, Shown},
    },
    http::body,
    pages::{
        Answered,
        call::given,
        shell::{Flash, Shell},
        shown::Faults,
        upload::{Upload, UploadForm},
        visit::OperatorVisit,
    },
    problem::Problem,
};

#[derive(Template)]
#[template(path = "operator/rates.html")]
struct RatesPage<'a> {
    shell: &'a Shell,
    faults: Faults,
    newest: Vec<Rates>,
    feeds: Vec<String>,
    max_age_days: u32,
    pair: &'a PairQuery,
    shown: Option<Shown>,
}

/// Between which currencies a rate is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct PairQuery {
    #[serde(default)]
    rate_from: String,
    #[serde(default)]
    rate_to: String,
}

/// A feed that is brought in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedForm {
    feed: String,
}

impl UploadForm for FeedForm {
    fn file_bytes_max() -> usize {
        Limits::default().input_bytes
    }
}

/// The newest rates, and the one that is asked for.
pub async fn page(visit: OperatorVisit, query: Query<PairQuery>) -> Answered {
    match shown(&visit, &query).await {
        Ok(found) => show(&visit, Faults::default(), (&query, found)).await,
        Err(problem) => show(&visit, visit.mend(problem)?, (&query, None)).await,
    }
}

/// Reads the tables of a feed that is uploaded.
pub async fn import(visit: OperatorVisit, upload: Upload<FeedForm>) -> Answered {
    match rates::import(&visit.gateway, &upload.fields.feed, &upload.file).await {
        Ok(imported) => {
            let flash = Flash::good("op-rates-imported")
                .arg("source", imported.newest.table.source)
                .arg("day", imported.newest.table.as_of)
                .arg("new", imported.new)
                .arg("corrected", imported.corrected);
            Ok(visit.go_saying("/operator/rates", &flash))
        }
        Err(problem) => {
            let faults = visit.mend(problem)?;
            show(&visit, faults, (&PairQuery::default(), None)).await
        }
    }
}

async fn shown(visit: &OperatorVisit, pair: &PairQuery) -> Result<Option<Shown>, Problem> {
    let asked = (given(&pair.rate_from), given(&pair.rate_to));
    let (Some(from), Some(to)) = asked else { return Ok(None) };
    let (from, to) = (body::currency(from, "rate_from")?, body::currency(to, "rate_to")?);
    let shown = rates::show(&visit.gateway, from, to).await;
    // Other forms have a field of that name too.
    let of_pair = |problem: Problem| match problem.field.as_deref() {
        Some("from") => problem.field("rate_from"),
        Some("to") => problem.field("rate_to"),
        _ => problem,
    };
    shown.map(Some).map_err(of_pair)
}

async fn show(
    visit: &OperatorVisit,
    faults: Faults,
    (pair, shown): (&PairQuery, Option<Shown>),
) -> Result<HttpResponse, Problem> {
    let sources = rates::sources(&visit.gateway).await?;
    let page = RatesPage {
        shell: &visit.shell,
        faults,
        newest: health::rates(&visit.gateway).await?,
        feeds: sources.into_iter().map(|source| source.feed.id).collect(),
        max_age_days: visit.gateway.settings.rates_max_age_days,
        pair,
        shown,
    };
    visit.show(&page).about(&page.faults).send()
}
