//! The transaction log as it grows, for pages that keep up with it.

use actix_web::HttpRequest;

use crate::{
    http::stream,
    pages::{Answered, visit::BuyerVisit},
};

/// The stream.
pub async fn stream(visit: BuyerVisit, request: HttpRequest) -> Answered {
    stream::follow_log(&visit.gateway, &request, (visit.payer.account, visit.payer.session)).await
}
