//! The printable stamp.

use actix_web::{
    HttpResponse,
    http::header::CACHE_CONTROL,
    web::{Data, Path, Query},
};
use purser_core::ids::StampId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answered;
use crate::{
    app::stamp::print::{PRINTED_MAX, one, several},
    gateway::Gateway,
    http::auth::Buyer,
    problem::Problem,
    stamp::{Paper, StampView, label, png, sheet, svg},
};

/// Stamps to be printed together.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SheetParams {
    /// Stamps, separated by commas: 1 to 100.
    #[param(required, max_length = 3300, example = "stamp_01j1,stamp_01j2")]
    ids: Option<String>,
    /// The sheets: `a4` (the default) or `letter`.
    #[param(pattern = "^(a4|letter)$")]
    paper: Option<String>,
}

impl SheetParams {
    fn paper(&self) -> Result<Paper, Problem> {
        match self.paper.as_deref() {
            None | Some("a4") => Ok(Paper::A4),
            Some("letter") => Ok(Paper::Letter),
            Some(_) => Err(Problem::malformed("paper", "a4 or letter")),
        }
    }

    fn ids(&self) -> Result<Vec<StampId>, Problem> {
        let ids: Vec<&str> = self.ids.as_deref().unwrap_or_default().split(',').collect();
        if ids.len() > PRINTED_MAX || ids == [""] {
            let detail = format!("1 to {PRINTED_MAX} stamps, separated by commas");
            return Err(Problem::malformed("ids", detail));
        }
        let read = |id: &str| id.parse().map_err(|_| Problem::not_found().field("ids"));
        ids.into_iter().map(read).collect()
    }
}

async fn view(gateway: &Gateway, buyer: &Buyer, id: &str) -> Result<StampView, Problem> {
    let id: StampId = id.parse().map_err(|_| Problem::not_found())?;
    one(gateway, buyer.account, id).await
}

/// Whoever has the mark has the postage: nothing between the gateway and the buyer keeps it.
fn printed(media_type: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type(media_type).insert_header((CACHE_CONTROL, "private, no-store"));
    response.body(body.into())
}

/// The symbol of a stamp as an image without a size of its own.
#[utoipa::path(get, path = "/v1/stamps/{id}.svg", tag = "buyer", security(("buyer" = [])),
    params(("id" = String, Path)), responses(
        (status = 200, content_type = "image/svg+xml", body = String), crate::http::openapi::Problems))]
pub async fn stamp_svg(gateway: Data<Gateway>, buyer: Buyer, id: Path<String>) -> Answered {
    let image = svg(&view(&gateway, &buyer, &id).await?).map_err(Problem::internal)?;
    Ok(printed("image/svg+xml", image))
}

/// The symbol of a stamp as an image: opaque, black on white, with the margin that scanners need.
#[utoipa::path(get, path = "/v1/stamps/{id}.png", tag = "buyer", security(("buyer" = [])),
    params(("id" = String, Path)), responses(
        (status = 200, content_type = "image/png", body = Vec<u8>), crate::http::openapi::Problems))]
pub async fn stamp_png(gateway: Data<Gateway>, buyer: Buyer, id: Path<String>) -> Answered {
    let image = png(&view(&gateway, &buyer, &id).await?).map_err(Problem::internal)?;
    Ok(printed("image/png", image))
}

/// A stamp as a label: its symbol, and what people read.
#[utoipa::path(get, path = "/v1/stamps/{id}.pdf", tag = "buyer", security(("buyer" = [])),
    params(("id" = String, Path)), responses(
        (status = 200, content_type = "application/pdf", body = Vec<u8>), crate::http::openapi::Problems))]
pub async fn stamp_pdf(gateway: Data<Gateway>, buyer: Buyer, id: Path<String>) -> Answered {
    let document = label(&view(&gateway, &buyer, &id).await?).map_err(Problem::internal)?;
    Ok(printed("application/pdf", document))
}

/// Several stamps on sheets of labels.
#[utoipa::path(get, path = "/v1/stamps/sheet.pdf", tag = "buyer", security(("buyer" = [])), params(SheetParams),
    responses((status = 200, content_type = "application/pdf", body = Vec<u8>), crate::http::openapi::Problems))]
pub async fn stamp_sheet(
    gateway: Data<Gateway>,
    buyer: Buyer,
    params: Result<Query<SheetParams>, actix_web::Error>,
) -> Answered {
    let params = params.map_err(|_| {
        Problem::malformed("ids", "the query is `ids`, and `paper` if it is not A4")
    })?;
    let (paper, ids) = (params.paper()?, params.ids()?);
    let views = several(&gateway, buyer.account, ids).await?;
    let document = sheet(&views, paper, 0).map_err(Problem::internal)?;
    Ok(printed("application/pdf", document))
}
