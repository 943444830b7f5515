//! Requests to servers of this test.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
    time::Instant,
};

use super::*;

/// Answers one connection with `answer`, and tells what it was asked.
fn serve_once(answer: &'static [u8]) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (told, asked) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 1024];
        while !String::from_utf8_lossy(&request).contains("\r\n\r\n") {
            let read = stream.read(&mut chunk).unwrap();
            request.extend_from_slice(&chunk[..read]);
        }
        // Whoever has heard enough hangs up.
        let _ = stream.write_all(answer);
        told.send(String::from_utf8(request).unwrap()).unwrap();
        // Held open: the answer's length says where it ends.
        let _ = stream.read(&mut chunk);
    });
    (base, asked)
}

fn get(url: &str) -> Request {
    Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers: vec![("x-test".to_owned(), "1".to_owned())],
        body: Vec::new(),
    }
}

fn send(outbound: &Outbound, request: Request, limits: &Limits) -> Result<Reply, SendError> {
    actix_web::rt::System::new().block_on(outbound.send(request, limits))
}

#[test]
fn a_request_is_answered_on_a_connection_of_its_own() {
    let (base, asked) = serve_once(
        b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 2\r\n\r\nok",
    );
    let outbound = Outbound::new(Reach::Sandbox);
    let reply = send(&outbound, get(&format!("{base}/a?b=c#d")), &Limits::default()).unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (302, b"ok".as_slice()), "not followed");
    assert_eq!(reply.header("location"), Some("http://10.0.0.1/"));
    let asked = asked.recv().unwrap().to_lowercase();
    assert!(asked.starts_with("get /a?b=c http/1.1\r\n"), "{asked}");
    for line in [
        format!("host: {}", base.trim_start_matches("http://")),
        "connection: close".to_owned(),
        "x-test: 1".to_owned(),
    ] {
        assert!(asked.contains(&format!("\r\n{line}\r\n")), "{line} in {asked}");
    }
}

#[test]
fn an_answer_is_bounded_in_bytes_and_time() {
    const LONG: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n0123456789";
    let outbound = Outbound::new(Reach::Sandbox);
    let limits = |answer| Limits { answer, total: Duration::from_millis(300), ..Limits::default() };
    let (base, _asked) = serve_once(LONG);
    let first = send(&outbound, get(&base), &limits(Answer::First(4))).unwrap();
    assert_eq!(first.body, b"0123", "what follows is not waited for");
    let (base, _asked) = serve_once(LONG);
    assert_eq!(send(&outbound, get(&base), &limits(Answer::AtMost(4))), Err(SendError::TooLong(4)));
    let (base, _asked) = serve_once(LONG);
    let started = Instant::now();
    assert_eq!(send(&outbound, get(&base), &limits(Answer::AtMost(999))), Err(SendError::Timeout));
    assert!(started.elapsed() < Duration::from_secs(10));
    let (base, _asked) = serve_once(b"not http\r\n\r\n");
    let answered = send(&outbound, get(&base), &limits(Answer::AtMost(999)));
    assert!(matches!(answered, Err(SendError::Protocol(_))), "{answered:?}");
}

#[test]
fn a_status_counts_even_if_its_words_are_cut() {
    const CUT: &[u8] =
        b"HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nnonsense\r\n";
    let outbound = Outbound::new(Reach::Sandbox);
    let limits = |answer| Limits { answer, ..Limits::default() };
    let (base, _asked) = serve_once(CUT);
    let first = send(&outbound, get(&base), &limits(Answer::First(99))).unwrap();
    assert_eq!((first.status, first.body.as_slice()), (410, b"ok".as_slice()));
    let (base, _asked) = serve_once(CUT);
    let whole = send(&outbound, get(&base), &limits(Answer::AtMost(99)));
    assert!(matches!(whole, Err(SendError::Protocol(_))), "{whole:?}");
}

#[test]
fn a_status_counts_even_if_its_words_never_come() {
    const HANGS: &[u8] = b"HTTP/1.1 410 Gone\r\nContent-Length: 99\r\n\r\nok";
    let outbound = Outbound::new(Reach::Sandbox);
    let limits = |answer| Limits { answer, total: Duration::from_millis(300), ..Limits::default() };
    let (base, _asked) = serve_once(HANGS);
    let first = send(&outbound, get(&base), &limits(Answer::First(99))).unwrap();
    assert_eq!((first.status, first.body.as_slice()), (410, b"ok".as_slice()));
    let (base, _asked) = serve_once(HANGS);
    assert_eq!(send(&outbound, get(&base), &limits(Answer::AtMost(99))), Err(SendError::Timeout));
    let (base, _asked) = serve_once(b"HTTP/1.1 410 Gone\r\n");
    let halved = send(&outbound, get(&base), &limits(Answer::First(99)));
    assert_eq!(halved, Err(SendError::Timeout), "half a head is no answer");
}

#[test]
fn nobody_sets_what_frames_a_message() {
    let (base, _asked) = serve_once(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let outbound = Outbound::new(Reach::Sandbox);
    for (name, value) in [
        ("Host", "elsewhere"),
        ("content-length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("x y", "1"),
        ("", "1"),
        ("x", "1\r\ny: 2"),
        ("x", "\0"),
    ] {
        let mut request = get(&base);
        request.headers = vec![(name.to_owned(), value.to_owned())];
        let refused = send(&outbound, request, &Limits::default());
        assert_eq!(refused, Err(SendError::Header(name.to_owned())), "{name}: {value}");
    }
}

#[test]
fn every_spelling_of_a_private_address_is_refused() {
    let public = Outbound::new(Reach::Public);
    for address in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://0/",
        "https://10.0.0.1:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
    ] {
        let refused = public.check(address);
        assert!(matches!(refused, Err(UrlRefused::NotPublic(_))), "{address}: {refused:?}");
    }
    for address in
        ["", "x", "ftp://a.example/", "file:///etc/passwd", "https://", "https://[fe80::1%25eth0]/"]
    {
        assert_eq!(public.check(address), Err(UrlRefused::Malformed), "{address}");
    }
    assert_eq!(public.check("http://a.example/"), Err(UrlRefused::Scheme));
    for address in ["https://u@a.example/", "https://u:p@a.example/", "https://:p@a.example/"] {
        assert_eq!(public.check(address), Err(UrlRefused::Credentials), "{address}");
    }
    assert_eq!(
        public.check(&format!("https://a.example/{}", "x".repeat(2048))),
        Err(UrlRefused::Malformed)
    );
    for address in ["https://a.example/x?y", "https://8.8.8.8/", "https://a.example:8443/"] {
        assert!(public.check(address).is_ok(), "{address}");
    }
}

#[test]
fn the_sandbox_reaches_this_machine_and_no_other_network() {
    let sandbox = Outbound::new(Reach::Sandbox);
    for address in
        ["http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost/", "http://a.example/"]
    {
        assert!(sandbox.check(address).is_ok(), "{address}");
    }
    for address in ["http://10.0.0.1/", "http://169.254.169.254/", "http://[::ffff:127.0.0.1]/"] {
        assert!(matches!(sandbox.check(address), Err(UrlRefused::NotPublic(_))), "{address}");
    }
}

#[test]
fn what_a_name_leads_to_is_checked_before_anybody_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    // The name itself passes nowhere else than at the resolver.
    let url = Url::parse(&format!("https://localhost:{port}/")).unwrap();
    let public = Outbound::new(Reach::Public);
    let refused = actix_web::rt::System::new().block_on(public.connect(None, &url)).map(|_| ());
    assert!(
        matches!(&refused, Err(SendError::Refused(address)) if address.is_loopback()),
        "{refused:?}"
    );
    assert!(listener.accept().is_err(), "nobody came");
}
