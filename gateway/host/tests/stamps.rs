//! The bundled stamps plugin in its sandbox: what is ordered is what its mark says, and marks of other posts are read.
#![allow(
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use data_encoding::HEXLOWER;
use jiff::civil::date;
use purser_bundled::BUNDLED;
use purser_core::stamp::piece::{
    Address, Claims, Disagreement, Indicium, Issuer, ItemSerial, Mailpiece, Order, Product,
    Registers, ServiceId, StampKeyId, Step, Symbol, Thousandths, Unsigned, VendorNumber,
};
use purser_host::{CallError, Limits, Plugins, StampsPlugin};
use serde_json::Value;

async fn open() -> StampsPlugin {
    let file = BUNDLED.iter().find(|plugin| plugin.name == "stamps-open").unwrap();
    let plugins = Plugins::new(Limits::default(), None).unwrap();
    plugins.install(file.bytes).await.unwrap().stamps().unwrap()
}

fn piece(origin: &str, service: &str) -> Mailpiece {
    Mailpiece {
        date: date(2026, 1, 15),
        mailing_on: None,
        origin: Address::parse(origin).unwrap(),
        destination: Address::parse("GB-SW1A 1AA").unwrap(),
        weight_g: 15,
        service: Some(ServiceId::parse(service).unwrap()),
    }
}

fn order(product: Product, mailpiece: Mailpiece, item: u32) -> Order {
    Order {
        issuer: Issuer::parse("PUR").unwrap(),
        key_id: StampKeyId(3),
        vendor: VendorNumber(7),
        expires_on: product.expires_on(mailpiece.date),
        product,
        mailpiece,
        item_serial: ItemSerial::new(item).unwrap(),
        nonce: [9; 16],
    }
}

const REGISTERS: Registers = Registers {
    piece_counter: 42,
    ascending: Thousandths::new(5_000_000),
    descending: Thousandths::new(1),
};

struct Made {
    order: Order,
    unsigned: Unsigned,
    signature: Vec<u8>,
    indicium: Indicium,
    claims: Claims,
}

async fn make(plugin: &StampsPlugin, service: &str) -> Made {
    let piece = piece("US-94105", service);
    let product = plugin.quote(&piece, None).await.unwrap().value.remove(0);
    let order = order(product, piece, 1);
    let step = plugin.draft(&order, &REGISTERS, &[], None).await.unwrap().value;
    let Step::Done(unsigned) = step else { panic!("it asks nobody") };
    let signature = vec![0x5a; unsigned.symbol.signature_bytes()];
    let indicium = plugin.assemble(&unsigned, &signature).await.unwrap().value;
    let claims = plugin.read(&indicium.bytes).await.unwrap().value;
    Made { order, unsigned, signature, indicium, claims }
}

#[tokio::test]
async fn a_mark_fills_its_symbol_and_says_what_was_ordered() {
    let plugin = open().await;
    for (service, symbol) in
        [("letter", Symbol::Full), ("regist", Symbol::Full), ("card", Symbol::Lite)]
    {
        let Made { order, unsigned, signature, indicium, claims } = make(&plugin, service).await;
        assert_eq!((indicium.symbol, indicium.bytes.len()), (symbol, symbol.bytes_max()));
        assert_eq!(claims.agree(&order, &REGISTERS, &unsigned, &signature), Ok(()));
        assert_eq!(claims.serial, "PUR-7-USD-00000042");
    }
}

#[tokio::test]
async fn a_mark_of_another_order_disagrees_by_name() {
    let plugin = open().await;
    let made = make(&plugin, "regist").await;
    let check = |field: &'static str, change: fn(&mut Claims)| {
        let mut claims = made.claims.clone();
        change(&mut claims);
        let agreed = claims.agree(&made.order, &REGISTERS, &made.unsigned, &made.signature);
        assert_eq!(agreed, Err(Disagreement(field)));
    };
    check("key-id", |it| it.key_id = StampKeyId(4));
    check("vendor", |it| it.vendor = VendorNumber(8));
    check("piece-counter", |it| it.piece_counter = 43);
    check("ascending", |it| it.ascending = Some(Thousandths::new(1)));
    check("value", |it| it.face.value = Thousandths::new(1));
    check("weight-step-g", |it| it.weight_step_g = Some(1));
    check("expires-on", |it| it.expires_on = None);
    check("mailing-on", |it| it.mailing_on = Some(date(2026, 1, 16)));
    check("destination", |it| it.destination = Some(Address::parse("GB-SW1A 1AB").unwrap()));
    check("s10", |it| it.s10 = Some("RR000000015GB".to_owned()));
    check("signature", |it| it.signature[63] ^= 1);
    check("signed", |it| it.signed[77] ^= 1);
}

#[tokio::test]
async fn a_configuration_is_read_by_services_and_quotes() {
    let plugin = open().await;
    let config = r#"{"currency": "EUR", "valid_days": 30, "zones": [{"id": "all"}], "services": [
        {"id": "brief", "title": "Brief", "symbol": "full", "prices": {"all": [{"up_to_g": 20, "price": "0.95"}]}}]}"#;
    let services = plugin.services(Some(config)).await.unwrap().value;
    assert_eq!((services.len(), services[0].id.as_str()), (1, "brief"));
    let mut piece = piece("DE", "brief");
    let called = plugin.quote(&piece, Some(config)).await.unwrap();
    assert_eq!(called.value[0].price.to_string(), "0.95 EUR");
    assert!(called.evidence.input.contains("0.95"), "a replay needs the tariff");
    piece.service = None;
    let refused = plugin.quote(&piece, Some("{}")).await;
    let Err(CallError::Refused(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.code, "malformed-request");
}

fn examples(area: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vectors/public.json");
    let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all.into_iter().filter(|example| example["area"] == area).collect()
}

/// The public's examples, through the component: marks as `read` says them.
#[tokio::test]
async fn marks_of_other_posts_are_read() {
    let plugin = open().await;
    let mut read = 0;
    for example in examples("estamp") {
        let (id, input) = (example["id"].as_str().unwrap(), example["input"].as_str().unwrap());
        let expected = &example["expected"];
        match id {
            "ibi-lite" => {
                let bytes = HEXLOWER.decode(input.as_bytes()).unwrap();
                let claims = plugin.read(&bytes).await.unwrap().value;
                assert_eq!(expected["piece_counter"], claims.piece_counter);
                assert_eq!(expected["vendor_model"], claims.vendor.0);
                assert_eq!(expected["psd_serial"], claims.key_id.0);
                assert_eq!(expected["mail_service"].to_string(), claims.service.to_string());
                assert_eq!(expected["hmac"], HEXLOWER.encode(&claims.signature));
                let mils = expected["postage_mils"].as_u64().unwrap();
                assert_eq!(claims.face.value, Thousandths::new(mils * 100));
                assert_eq!(claims.attributes, [("version".to_owned(), "255".to_owned())]);
            }
            "rm-stamp" => {
                let claims = plugin.read(input.as_bytes()).await.unwrap().value;
                assert_eq!((claims.issuer.as_str(), claims.service.as_str()), ("JGB", "S199"));
                assert_eq!(claims.serial, "4-1017031-01107873");
                assert_eq!(
                    (claims.face.value, claims.face.currency.code()),
                    (Thousandths::new(20_000), "GBP")
                );
                assert_eq!(claims.issued_on, Some(date(2023, 2, 8)));
                assert_eq!(claims.signature.len(), 9);
            }
            other => panic!("{other} has no test"),
        }
        read += 1;
    }
    assert_eq!(read, 2);
}

/// Item numbers with the examples' serials and countries have the examples' check digits.
#[tokio::test]
async fn item_numbers_have_the_check_digits_of_s10() {
    let plugin = open().await;
    let mut made = 0;
    for example in examples("s10") {
        let number = example["input"].as_str().unwrap();
        let digit = example["expected"]["check_digit"].as_u64().unwrap();
        let (indicator, serial, country) = (&number[..2], &number[2..10], &number[11..]);
        let piece = piece(country, "regist");
        let mut product = plugin.quote(&piece, None).await.unwrap().value.remove(0);
        product.attributes = vec![("s10".to_owned(), indicator.to_owned())];
        let order = order(product, piece, serial.parse().unwrap());
        let step = plugin.draft(&order, &REGISTERS, &[], None).await.unwrap().value;
        let Step::Done(unsigned) = step else { panic!("it asks nobody") };
        assert_eq!(unsigned.s10, Some(format!("{indicator}{serial}{digit}{country}")));
        made += 1;
    }
    assert_eq!(made, 4);
}
