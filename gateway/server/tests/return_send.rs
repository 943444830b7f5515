//! A return reaches its authority once, however often and by however many it is sent.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails loudly"
)]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use serde_json::{Value, json};
use support::{Answer, World, at_once, new_key, text};

/// An authority that answers when the test says what.
struct Authority {
    port: u16,
    /// Requests that arrived, each with the way to its answer.
    arrived: mpsc::Receiver<TcpStream>,
}

impl Authority {
    fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn on(listener: TcpListener) -> Self {
        let port = listener.local_addr().unwrap().port();
        let (arrives, arrived) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                read_request(&mut stream);
                if arrives.send(stream).is_err() {
                    return;
                }
            }
        });
        Self { port, arrived }
    }

    fn to(&self) -> Value {
        to(self.port)
    }

    /// Waits for a return.
    fn got(&self) -> TcpStream {
        self.arrived.recv_timeout(std::time::Duration::from_secs(20)).expect("a return arrives")
    }

    fn has_more(&self) -> bool {
        self.arrived.try_recv().is_ok()
    }
}

fn to(port: u16) -> Value {
    json!({ "url": format!("http://127.0.0.1:{port}/returns?token=secret") })
}

fn read_request(stream: &mut TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
}

fn answers(mut stream: TcpStream, status: &str) {
    let body = format!("it is {status}");
    let answer = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).unwrap();
}

/// The path under which the return of a sale is sent.
fn begin(world: &World) -> String {
    let (shop, buyer) = (world.merchant("DE"), world.buyer_with("50.00"));
    buyer.buy(&[&shop.offer("10.00", "USD")]).ok(201);
    let wish = json!({ "authority": "DE", "period": "2024-06" });
    let made = world.operator.post("/v1/tax/remittances", Some(&new_key()), &wish).ok(201);
    format!("/v1/tax/remittances/{}", text(&made, "/id"))
}

/// Sends a return in a thread, and gives its answer.
fn sending(world: &World, path: &str, key: &str, to: &Value) -> thread::JoinHandle<Answer> {
    let (client, path, key, to) =
        (world.operator.clone(), format!("{path}/send"), key.to_owned(), to.clone());
    thread::spawn(move || client.post(&path, Some(&key), &to))
}

fn send(world: &World, path: &str, key: &str, to: &Value) -> Answer {
    world.operator.post(&format!("{path}/send"), Some(key), to)
}

fn again(to: &Value) -> Value {
    let mut to = to.clone();
    to["again"] = true.into();
    to
}

on_both_databases! {
    fn the_same_key_reaches_the_authority_once_and_gets_the_same_answer(world: &World) {
        let (path, authority, key) = (begin(world), Authority::start(), new_key());
        let first = sending(world, &path, &key, &authority.to());
        let stream = authority.got();
        send(world, &path, &key, &authority.to()).problem(409, "request-in-progress");
        answers(stream, "201");
        let sent = first.join().unwrap().ok(200);
        assert_eq!((&sent["accepted"], &sent["status"], &sent["answer"]), (&json!(true), &json!(201), &json!("it is 201")));
        assert_eq!(send(world, &path, &key, &authority.to()).ok(200), sent);
        send(world, &path, &key, &again(&authority.to())).problem(422, "idempotency-key-reused");
        world.operator.post(&format!("{path}/send"), None, &authority.to()).problem(400, "idempotency-key-missing");
        world.operator.post(&format!("{path}/send"), Some("a b"), &authority.to()).problem(400, "malformed-request");
        assert!(!authority.has_more(), "it was sent twice");
        let kept = world.operator.get(&path).ok(200);
        assert_eq!(kept["sent"], json!([sent]));
    }

    fn of_many_who_send_at_once_one_reaches_the_authority(world: &World) {
        let authority = Authority::start();
        for keys in [vec![new_key(); 10], (0..10).map(|_| new_key()).collect()] {
            let path = begin(world);
            let (client, to, sent_to) = (world.operator.clone(), authority.to(), format!("{path}/send"));
            let all = thread::spawn(move || at_once(10, move |n| client.post(&sent_to, Some(&keys[n]), &to)));
            answers(authority.got(), "200");
            let all = all.join().unwrap();
            let sent: Vec<&Answer> = all.iter().filter(|answer| answer.status == 200).collect();
            assert!(!sent.is_empty() && sent.iter().all(|answer| answer.body == sent[0].body), "{all:?}");
            for refused in all.iter().filter(|answer| answer.status != 200) {
                let kind = text(&refused.body, "/type");
                assert!(refused.status == 409 && (kind.ends_with("request-in-progress") || kind.ends_with("return-sent-before")), "{refused:?}");
            }
            assert!(!authority.has_more(), "it was sent twice");
            assert_eq!(world.operator.get(&path).ok(200)["sent"].as_array().unwrap().len(), 1);
        }
    }

    fn what_was_accepted_is_sent_again_only_when_it_is_said(world: &World) {
        let (path, authority) = (begin(world), Authority::start());
        // What was refused may be mended and sent again.
        for status in ["400", "202"] {
            let sent = sending(world, &path, &new_key(), &authority.to());
            answers(authority.got(), status);
            assert_eq!(sent.join().unwrap().ok(200)["accepted"], status == "202");
        }
        let refused = send(world, &path, &new_key(), &authority.to());
        refused.problem(409, "return-sent-before");
        assert!(text(&refused.body, "/detail").contains("the authority answered 202"), "{refused:?}");
        assert!(!authority.has_more(), "it was sent twice");
        let sent = sending(world, &path, &new_key(), &again(&authority.to()));
        answers(authority.got(), "409");
        assert_eq!(sent.join().unwrap().ok(200)["accepted"], false);
        send(world, &path, &new_key(), &authority.to()).problem(409, "return-sent-before");
    }

    fn what_may_have_arrived_is_sent_again_only_when_it_is_said(world: &World) {
        let (path, authority, key) = (begin(world), Authority::start(), new_key());
        let sent = sending(world, &path, &key, &authority.to());
        let stream = authority.got();
        send(world, &path, &new_key(), &authority.to()).problem(409, "return-sent-before");
        drop(stream);
        let first = sent.join().unwrap();
        for answer in [first, send(world, &path, &key, &authority.to())] {
            answer.problem(502, "return-not-sent");
            assert!(text(&answer.body, "/detail").contains("may have arrived"), "{answer:?}");
        }
        send(world, &path, &new_key(), &authority.to()).problem(409, "return-sent-before");
        assert!(!authority.has_more(), "it was sent twice");
        let sent = sending(world, &path, &new_key(), &again(&authority.to()));
        answers(authority.got(), "200");
        assert_eq!(sent.join().unwrap().ok(200)["accepted"], true);
    }

    fn what_cannot_have_arrived_is_sent_with_the_same_key(world: &World) {
        let (path, key) = (begin(world), new_key());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        send(world, &path, &key, &to(port)).problem(502, "return-not-sent");
        let authority = Authority::on(TcpListener::bind(("127.0.0.1", port)).unwrap());
        let sent = sending(world, &path, &key, &to(port));
        answers(authority.got(), "200");
        assert_eq!(sent.join().unwrap().ok(200)["accepted"], true);
        let kept = world.operator.get(&path).ok(200);
        let accepted: Vec<&Value> = kept["sent"].as_array().unwrap().iter().map(|sent| &sent["accepted"]).collect();
        assert_eq!(accepted, [&json!(true), &json!(false)], "each try is kept");
        assert!(!kept.to_string().contains("secret"), "no query is kept");
    }
}
