//! Files that are downloaded. What is in them comes from plugins and merchants, so a browser that opens one does nothing
//! with it but save it.

use actix_web::{
    HttpResponse,
    http::header::{
        CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
        X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::problem::Problem;

/// A table.
pub const CSV: &str = "text/csv; charset=utf-8";

/// A file with its name.
pub fn file(media_type: &str, name: &str, body: Vec<u8>) -> Result<HttpResponse, Problem> {
    let media_type = HeaderValue::from_str(media_type).map_err(Problem::internal)?;
    let disposition = format!("attachment; filename=\"{}\"", plain(name));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(body))
}

/// A name of letters, digits, dots, hyphens and underscores, which needs no quoting anywhere and hides no file.
fn plain(name: &str) -> String {
    let safe = |char: char| {
        if char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.') { char } else { '_' }
    };
    let name: String = name.trim_start_matches('.').chars().map(safe).collect();
    if name.is_empty() { "file".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain() {
        for (name, expected) in [
            ("oss-FI-2026Q4.csv", "oss-FI-2026Q4.csv"),
            ("..\"x\r\nSet-Cookie: a=b", "_x__Set-Cookie__a_b"),
            ("", "file"),
            ("å/b", "__b"),
        ] {
            assert_eq!(plain(name), expected);
        }
    }
}
