//! Style sheet and scripts: part of the binary, and served under the hash of their content, so that a browser may keep
//! them for ever and never has an old one.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header, web::Path};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::Answered;
use crate::problem::Problem;

/// Digits of the hash: enough to tell versions apart, which is all that it is for.
const HASH_DIGITS: usize = 16;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

static ASSETS: [Asset; 6] = [
    Asset {
        name: "purser.css",
        media_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/purser.css"),
    },
    Asset {
        name: "desk.css",
        media_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/desk.css"),
    },
    Asset {
        name: "purser.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/purser.js"),
    },
    Asset {
        name: "passkey.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/passkey.js"),
    },
    Asset {
        name: "htmx.min.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/htmx.min.js"),
    },
    Asset {
        name: "icon.svg",
        media_type: "image/svg+xml",
        bytes: include_bytes!("../../assets/icon.svg"),
    },
];

static ADDRESSES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let address = |asset: &Asset| {
        let hash = HEXLOWER.encode(&Sha256::digest(asset.bytes));
        let hash: String = hash.chars().take(HASH_DIGITS).collect();
        format!("/assets/{hash}/{}", asset.name)
    };
    ASSETS.iter().map(address).collect()
});

/// The address of an asset.
pub fn address(name: &str) -> &'static str {
    let mut named = ASSETS.iter().zip(&*ADDRESSES).filter(|(asset, _)| asset.name == name);
    named.next().map_or("", |(_, address)| address)
}

/// An asset, under its current address only.
pub async fn asset(path: Path<(String, String)>) -> Answered {
    let asked = format!("/assets/{}/{}", path.0, path.1);
    let found = ASSETS.iter().zip(&*ADDRESSES).find(|(_, address)| **address == asked);
    let (asset, _) = found.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type(asset.media_type)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.bytes))
}
