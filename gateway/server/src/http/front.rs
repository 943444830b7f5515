//! What somebody sees who opens the gateway's address in a browser.

use actix_web::HttpResponse;

const PAGE: &str = include_str!("front.html");

/// A page without scripts, which says what this is and where to go.
pub async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(PAGE)
}
