//! An endpoint of the test: answers as it is told, and keeps what it was asked.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

/// What an endpoint was asked.
#[derive(Debug, Clone)]
pub(super) struct Got {
    pub(super) target: String,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Vec<u8>,
}

/// How an endpoint answers.
#[derive(Debug, Clone)]
pub(super) enum Say {
    /// A status.
    Status(u16),
    /// A whole answer, to the byte.
    Raw(Vec<u8>),
    /// Nothing, and it keeps the connection.
    Nothing,
}

/// A server on this machine.
pub(super) struct Endpoint {
    pub(super) url: String,
    got: Mutex<mpsc::Receiver<Got>>,
    script: Arc<Mutex<Script>>,
}

struct Script {
    next: VecDeque<Say>,
    then: Say,
    /// Connections that nothing is said on.
    held: Vec<TcpStream>,
}

impl Got {
    #[track_caller]
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Endpoint {
    /// One that takes everything.
    pub(super) fn new() -> Self {
        Self::saying(Say::Status(204))
    }

    /// One that always answers like this.
    pub(super) fn saying(then: Say) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks?shop=1", listener.local_addr().unwrap());
        let script = Script { next: VecDeque::new(), then, held: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let (told, got) = mpsc::channel();
        let shared = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (told, script) = (told.clone(), Arc::clone(&shared));
                thread::spawn(move || serve(stream.unwrap(), &told, &script));
            }
        });
        Self { url, got: Mutex::new(got), script }
    }

    /// Answers the next request like this.
    pub(super) fn next(&self, say: Say) {
        self.script.lock().unwrap().next.push_back(say);
    }

    /// Answers like this from now on.
    pub(super) fn then(&self, say: Say) {
        self.script.lock().unwrap().then = say;
    }

    /// The next request.
    #[track_caller]
    pub(super) fn got(&self) -> Got {
        let got = self.got.lock().unwrap().recv_timeout(Duration::from_secs(40));
        got.expect("the endpoint is asked")
    }

    /// Whether there is another request.
    pub(super) fn has_more(&self) -> bool {
        self.got.lock().unwrap().try_recv().is_ok()
    }
}

fn serve(mut stream: TcpStream, told: &mpsc::Sender<Got>, script: &Mutex<Script>) {
    let Some(got) = read(&stream) else { return };
    let say = {
        let mut script = script.lock().unwrap();
        let then = script.then.clone();
        script.next.pop_front().unwrap_or(then)
    };
    let answer = match say {
        Say::Status(status) => {
            format!("HTTP/1.1 {status} Test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                .into_bytes()
        }
        Say::Raw(answer) => answer,
        Say::Nothing => {
            script.lock().unwrap().held.push(stream);
            let _ = told.send(got);
            return;
        }
    };
    // Told before it answers: whoever asks one after the other is told of in that order. Nobody may be listening any
    // more, on either side.
    let _ = told.send(got);
    let _ = stream.write_all(&answer);
}

fn read(stream: &TcpStream) -> Option<Got> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length: usize = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Got { target, headers, body })
}
