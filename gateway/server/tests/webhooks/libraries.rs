//! Deliveries are verified by the libraries that merchants use: `standardwebhooks` of PyPI and of npm.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;

use super::*;

/// Reads one case a line, and prints for each what the library makes of it.
const PYTHON: &str = r#"
import json, sys
from standardwebhooks import Webhook, WebhookVerificationError
for line in sys.stdin:
    case = json.loads(line)
    try:
        told = Webhook(case["secret"]).verify(case["body"], case["headers"])
        print(told["type"])
    except WebhookVerificationError as error:
        print("refused")
"#;

const NODE: &str = r#"
const { Webhook, WebhookVerificationError } = require("standardwebhooks");
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\n")) {
  const { secret, body, headers } = JSON.parse(line);
  try {
    console.log(new Webhook(secret).verify(body, headers).type);
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log("refused");
  }
}
"#;

/// A folder of the target directory.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What the program says, if it succeeds.
#[track_caller]
fn run(command: &mut Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// A Python with the library.
fn python() -> PathBuf {
    let environment = folder("webhooks-venv");
    let needs = "python3 and its module venv are needed (Debian: apt install python3-venv)";
    let made = Command::new("python3").args(["-m", "venv"]).arg(&environment).output();
    assert!(made.is_ok_and(|output| output.status.success()), "{needs}");
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "standardwebhooks==1.1.0"]);
    run(&mut pip, "");
    environment.join("bin/python")
}

/// A folder in which Node finds the library.
fn node() -> PathBuf {
    let folder = folder("webhooks-node");
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "standardwebhooks@1.1.1"]);
    run(npm.current_dir(&folder), "");
    folder
}

fn case(secret: &WebhookSecret, got: &Got) -> Value {
    json!({
        "secret": secret.text().expose(), "body": String::from_utf8(got.body.clone()).unwrap(),
        "headers": got.headers,
    })
}

#[test]
fn the_libraries_of_merchants_verify_deliveries_and_refuse_forgeries() {
    let world = World::on_sqlite();
    let (scene, endpoint) = (Scene::of(&world), Endpoint::new());
    let hook = scene.hook(&endpoint);
    scene.buy();
    let first = endpoint.got();
    let rotated = scene.merchant.client.post(&format!("{}/rotate", hook.path), None, &json!({}));
    let new = WebhookSecret::parse(&text(&rotated.ok(201), "/secret")).unwrap();
    let offer = scene.merchant.offer_of(&json!({
        "item": { "id": "b", "title": "Ein Heft \u{2014} \u{1f4d3}" },
        "price": { "amount": "10.00", "currency": "EUR" },
    }));
    scene.buyer.buy(&[&offer]).ok(201);
    let second = endpoint.got();
    let mut forged = second.clone();
    forged.body.push(b' ');
    let mut old = first.clone();
    old.headers.insert("webhook-timestamp".to_owned(), "1700000000".to_owned());
    let other = WebhookSecret::from_random([7; 32]);
    let cases = [
        (case(&hook.secret, &first), "purchase.paid"),
        (case(&hook.secret, &second), "purchase.paid"),
        (case(&new, &second), "purchase.paid"),
        (case(&new, &first), "refused"),
        (case(&other, &second), "refused"),
        (case(&new, &forged), "refused"),
        (case(&hook.secret, &old), "refused"),
    ];
    let input: String = cases.iter().map(|(case, _)| format!("{case}\n")).collect();
    let expected: String = cases.iter().map(|(_, expected)| format!("{expected}\n")).collect();
    assert_eq!(run(Command::new(python()).args(["-c", PYTHON]), &input), expected, "PyPI");
    let mut program = Command::new("node");
    assert_eq!(run(program.args(["-e", NODE]).current_dir(node()), &input), expected, "npm");
}
