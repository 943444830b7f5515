//! The manual for pay links, done literally: its command makes one, a buyer pays, and its two programs check the receipt
//! that comes back.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use super::{
    browser::Browser,
    libraries::{node, python},
    manual::{blocks, is_like, manual, says, shown},
    person::parameter,
    *,
};

/// Runs a program of the manual, as it stands there but for the names of this test.
fn run(world: &World, (command, folder): (&str, &Path), merchant: &str, receipt: &str) -> Output {
    let command =
        command.replace("https://pay.example", &world.base).replace("merch_...", merchant);
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-c", &command]).current_dir(folder).env("PATH", path).env("RECEIPT", receipt);
    bash.output().unwrap()
}

#[test]
fn what_the_manual_says_of_paying_is_what_happens() {
    let (world, page) = (World::on_sqlite(), manual("paying.md"));
    let wish =
        json!({ "name": "Lanterns", "country": "DE", "return_origins": ["https://shop.example"] });
    let made = world.operator.post("/v1/merchants", None, &wish).ok(201);
    let (merchant, key) = (text(&made, "/id"), text(&made, "/secret_key"));
    let commands = blocks(&page, "console");
    let [offer] = commands.as_slice() else { panic!("{commands:?}") };
    // The body of the call has two lines.
    let joined = offer.replace("\"EUR\"},\n         ", "\"EUR\"}, ");
    let (command, answer) = shown(&joined);
    let said = says(&world, &key, &command, "http://127.0.0.1:3000");
    assert!(is_like(&said, &answer.replace("https://pay.example", &world.base)), "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();

    let mut browser = Browser::new(&world);
    browser.sign_in(&world.buyer_with("100.00").login);
    let link = text(&said, "/pay_url");
    let till = browser.get(link.strip_prefix(&world.base).unwrap()).ok();
    let back = browser.submit(&till, &[]);
    let back = back.header("location").unwrap().to_owned();
    assert!(back.starts_with("https://shop.example/orders/7?receipt="), "{back}");
    let receipt = parameter(&back, "receipt").unwrap();

    let programs = [
        ("js title=\"verify.mjs\"", "verify.mjs", node()),
        ("python title=\"verify.py\"", "verify.py", python()),
    ];
    let runs = blocks(&page, "console program");
    assert_eq!(runs.len(), programs.len());
    for ((begin, name, folder), block) in programs.iter().zip(runs) {
        fs::write(folder.join(name), blocks(&page, begin)[0]).unwrap();
        let (command, prints) = shown(block);
        let output = run(&world, (&command, folder), &merchant, &receipt);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), prints, "{name}: {error}");
        let other = world.merchant("FR").id;
        let bent = receipt.replacen("ey", "ez", 1);
        for (merchant, receipt) in [(&other, &receipt), (&merchant, &bent)] {
            let refused = run(&world, (&command, folder), merchant, receipt);
            assert!(!refused.status.success(), "{name} takes what is not for the shop");
        }
    }
}
