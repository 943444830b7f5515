//! Requests that no handler sees, byte by byte.

use serde_json::Value;

use crate::support::{World, raw, text};

/// What an HTTP library would never send, byte by byte.
#[test]
fn what_no_library_sends_is_refused_as_a_problem() {
    let world = World::on_sqlite();
    let check = |request: &str, status: &str, name: &str| {
        let request = request.replace('\n', "\r\n");
        let answer = raw(&world.base, request.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let shown = request.chars().take(80).collect::<String>();
        assert!(head.contains(&format!(" {status} ")), "{shown:?}: {answer}");
        assert!(head.contains("content-type: application/problem+json"), "{shown:?}: {answer}");
        let document: Value = serde_json::from_str(body).unwrap();
        let found = text(&document, "/type").rsplit('/').next().unwrap().to_owned();
        assert_eq!(found, name, "{shown:?}: {answer}");
        assert_eq!(document["status"].to_string(), status);
        assert!(text(&document, "/request_id").starts_with("req_"));
        head.to_owned()
    };
    let host = "Host: x\nConnection: close\n";
    let post = |length: usize, body: &str| {
        format!("POST /v1/sessions HTTP/1.1\n{host}Content-Length: {length}\n\n{body}")
    };
    let allow = |head: &str, methods: &str| {
        assert!(head.contains(&format!("allow: {methods}")), "{head}");
    };
    check(&format!("GET /nowhere HTTP/1.1\n{host}\n"), "404", "not-found");
    check(&format!("GET /v1/%zz HTTP/1.1\n{host}\n"), "404", "not-found");
    check(
        &format!("GET /problems/%FF HTTP/1.1\n{host}Accept: application/json\n\n"),
        "404",
        "not-found",
    );
    check(&format!("GET /{} HTTP/1.1\n{host}\n", "x".repeat(20_000)), "404", "not-found");
    check("GET /nowhere HTTP/1.0\n\n", "404", "not-found");
    check("POST /v1/sessions HTTP/1.0\nContent-Length: 0\n\n", "400", "malformed-request");
    let head = check(&format!("PUT /v1/sessions HTTP/1.1\n{host}\n"), "405", "method-not-allowed");
    allow(&head, "POST");
    let head =
        check(&format!("BREW /v1/purchases HTTP/1.1\n{host}\n"), "405", "method-not-allowed");
    allow(&head, "GET, HEAD, POST");
    let head =
        check(&format!("DELETE /openapi.json HTTP/1.1\n{host}\n"), "405", "method-not-allowed");
    allow(&head, "GET");
    check(&post(0, ""), "400", "malformed-request");
    check(&post(5, "<xml>"), "400", "malformed-request");
    check(&post(600_000, &"x".repeat(600_000)), "413", "request-too-large");
    let chunk = format!("80000\n{}\n", "x".repeat(0x80000));
    let chunked = format!(
        "POST /v1/sessions HTTP/1.1\n{host}Transfer-Encoding: chunked\n\n{chunk}{chunk}0\n\n"
    );
    check(&chunked, "413", "request-too-large");
    let encoded =
        "Content-Type: application/json\nContent-Encoding: gzip\nContent-Length: 3\n\nxyz";
    check(&format!("POST /v1/sessions HTTP/1.1\n{host}{encoded}"), "400", "malformed-request");

    let not_utf8 =
        [post(11, "").replace('\n', "\r\n").into_bytes(), b"{\"email\":\"\xFF".to_vec()].concat();
    let answer = raw(&world.base, &not_utf8);
    assert!(answer.contains(" 400 ") && answer.contains("malformed-request"), "{answer}");
    // What is no HTTP at all reaches no handler: it gets a status, and the connection ends.
    for broken in [
        "POST /v1/sessions HTTP/1.1\nHost: x\nContent-Length: 2\nContent-Length: 3\n\n{}",
        "POST /v1/sessions HTTP/1.1\nHost: x\nContent-Length: -1\n\n{}",
        "POST /v1/sessions HTTP/1.0\n\n",
        "GET / HTTP/9.9\n\n",
        "nonsense\n\n",
    ] {
        let answer = raw(&world.base, broken.replace('\n', "\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{broken:?}: {answer}");
    }
    world.check();
}
