//! What every page tells the browser to keep to, and that no page needs more than it allows.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    browser::{Browser, Page},
    support::{Process, World, login, text},
};

/// The tables of contents themselves, so that no page is forgotten.
fn routes() -> String {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
    let parts = fs::read_dir(pages.join("routes")).unwrap().map(|entry| entry.unwrap().path());
    let files = parts.chain([pages.join("routes.rs")]);
    files.map(|file| fs::read_to_string(file).unwrap()).collect::<Vec<_>>().join("\n")
}

/// The address of every page, with an id that nothing has where it takes one.
fn addresses() -> Vec<String> {
    let routes = routes();
    assert!(!routes.contains("format!"), "a route is written out, so that this test finds it");
    let literals = routes.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    // `/{id}.pdf` becomes `/unknown.pdf`.
    let part = |part: &str| match part.split_once('{') {
        Some((before, rest)) => {
            let after = rest.split_once('}').map_or("", |(_, after)| after);
            format!("{before}unknown{after}")
        }
        None => part.to_owned(),
    };
    let filled = literals.map(|path| path.split('/').map(part).collect::<Vec<_>>().join("/"));
    filled.collect()
}

/// A browser that is signed in everywhere.
fn everybody(world: &World) -> Browser {
    let (mut browser, _) = Browser::of_buyer(world);
    let merchant = world.merchant("DE");
    let scopes = json!([
        "offers",
        "sales:read",
        "sales:refund",
        "webhooks",
        "payouts:read",
        "stamps:scan",
        "keys"
    ]);
    let key = merchant.client.post("/v1/api-keys", None, &json!({ "scopes": scopes })).ok(201);
    browser.open_desk("/desk", &text(&key, "/key"));
    let operator = std::fs::read_to_string(world.gateway.settings.data.join("operator.key"));
    browser.open_desk("/operator", operator.unwrap().trim());
    browser
}

fn check(path: &str, page: &Page) {
    let header = |name: &str| page.header(name).unwrap_or_default().to_owned();
    assert_ne!(page.status, 500, "{path}: {}", page.body);
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{path}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
    assert!(header("permissions-policy").contains("camera=()"), "{path}");
    assert!(!header("cache-control").is_empty(), "{path}");
    for cookie in page.headers.get("set-cookie").into_iter().flatten() {
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{path}: {cookie}");
        assert!(cookie.contains("Path=/"), "{path}: {cookie}");
    }
    if header("content-type").starts_with("text/html") {
        check_markup(path, &page.body);
    }
}

/// Nothing in a page that its policy would not let in, and nothing from anywhere else.
fn check_markup(path: &str, html: &str) {
    let tags = html.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    for (tag, _) in tags {
        assert!(!tag.contains(" style=\""), "{path}: <{tag}>");
        assert!(!tag.starts_with("style"), "{path}: <{tag}>");
        assert!(!tag.starts_with("script") || tag.contains(" src=\"/assets/"), "{path}: <{tag}>");
        let names = tag.split_whitespace().skip(1).filter_map(|part| part.split_once('='));
        for (name, value) in names {
            assert!(!name.starts_with("on"), "{path}: <{tag}>");
            let loads = name == "src" || (name == "href" && tag.starts_with("link"));
            assert!(!loads || value.starts_with("\"/"), "{path}: <{tag}>");
        }
    }
}

#[test]
fn every_page_has_its_headers_whoever_opens_it() {
    let world = World::on_sqlite();
    let addresses = addresses();
    assert!(addresses.len() > 10, "{addresses:?}");
    let mut signed_in = everybody(&world);
    for path in addresses.iter().filter(|path| !path.starts_with("/oauth/")) {
        check(path, &Browser::new(&world).get(path));
        check(path, &signed_in.get(path));
        let page = signed_in.get(&format!("{path}?lang=ar"));
        check(path, &page);
        if page.status == 200 && page.body.contains("<html") && !path.starts_with("/problems") {
            page.says("dir=\"rtl\"");
        }
    }
    check("/nowhere", &signed_in.get("/nowhere"));
}

#[test]
fn no_form_is_taken_that_was_not_made_for_its_visitor() {
    let world = World::on_sqlite();
    let mut browser = everybody(&world);
    for path in addresses().iter().filter(|path| !path.starts_with("/oauth/")) {
        for fields in [&[("csrf", "AAAA"), ("once", "k")][..], &[]] {
            let refused = browser.post(path, fields);
            match refused.status {
                405 => {}
                // What comes with a file is a form of another kind.
                400 => {
                    let parts = "--x\r\nContent-Disposition: form-data; name=\"file\"; \
                        filename=\"f\"\r\n\r\nf\r\n--x--\r\n";
                    let sent = browser.post_as(path, "multipart/form-data; boundary=x", parts);
                    sent.problem(403, "form-expired");
                }
                _ => drop(refused.problem(403, "form-expired")),
            }
        }
    }
}

#[test]
fn over_https_the_cookies_are_bound_to_their_host() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Process::start(folder.path(), &["--base-url", "https://pay.example"]);
    let login = login("bound@example.org");
    gateway.client("").post("/v1/accounts", None, &login).ok(201);
    let mut browser = Browser::at(&gateway.base);
    let page = browser.get("/login?lang=de").ok();
    let cookies = page.headers["set-cookie"].clone();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-purser=")), "{cookies:?}");
    assert!(cookies.iter().all(|cookie| cookie.contains("; Secure")), "{cookies:?}");
    browser.sign_in(&login);
    // What a page without https, or another host of the domain, may have set is not looked at.
    let cookie = browser.cookies.remove("__Host-purser").unwrap();
    browser.cookies.insert("purser".into(), cookie);
    browser.get("/login").ok();
}

#[test]
fn the_style_sheet_is_kept_for_ever_under_its_own_address() {
    let world = World::on_sqlite();
    let mut browser = Browser::new(&world);
    let page = browser.get("/login").ok();
    let href = page.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap();
    let href = href.split('"').next().unwrap();
    let sheet = browser.get(href).ok();
    assert_eq!(sheet.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(sheet.header("content-type"), Some("text/css; charset=utf-8"));
    browser.get("/assets/0000000000000000/purser.css").problem(404, "not-found");
    let size = page.body.len() + sheet.body.len();
    assert!(size < 30_000, "{size} bytes");
}
