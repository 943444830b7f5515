//! What stamps and webhook plugins do instead of their work ends as a fault or as a request that is not made, says why,
//! and the next call works.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::time::Duration;

use jiff::{Timestamp, civil::date};
use purser_core::{
    ids::{EventId, WebhookId},
    stamp::piece::{
        Address, Issuer, ItemSerial, Mailpiece, Order, Product, Registers, ServiceId, StampKeyId,
        Step, Symbol, Thousandths, VendorNumber,
    },
    webhook::{Endpoint, Event},
};
use purser_host::{CallError, Fault, Limits, Plugin, Plugins, StampsPlugin};
use purser_hostile_stamps::{Crime, Deed, Lie, Stage};

/// Time is left out of it, so that a slow machine gives the same faults.
async fn installed(file: &'static [u8]) -> Plugin {
    let limits = Limits { wall_clock: Duration::from_secs(60), ..Limits::default() };
    Plugins::new(limits, None).unwrap().install(file).await.unwrap()
}

const fn fault_of(crime: Crime) -> Fault {
    match crime {
        Crime::Loop => Fault::Fuel,
        Crime::MemoryBomb => Fault::Memory,
        Crime::StackOverflow | Crime::Panic => Fault::Trap,
        Crime::HugeAnswer => Fault::OutputTooLarge,
        Crime::UnknownRefusal => Fault::BadOutput,
    }
}

fn piece(deed: Deed) -> Mailpiece {
    Mailpiece {
        date: date(2026, 1, 15),
        mailing_on: None,
        origin: Address::parse("DE-10115").unwrap(),
        destination: Address::parse("DE-80331").unwrap(),
        weight_g: 20,
        service: Some(ServiceId::parse(&deed.service()).unwrap()),
    }
}

fn order(product: Product, mailpiece: Mailpiece) -> Order {
    Order {
        issuer: Issuer::parse("PUR").unwrap(),
        key_id: StampKeyId(3),
        vendor: VendorNumber(7),
        expires_on: product.expires_on(mailpiece.date),
        product,
        mailpiece,
        item_serial: ItemSerial::new(1).unwrap(),
        nonce: [9; 16],
    }
}

const REGISTERS: Registers = Registers {
    piece_counter: 42,
    ascending: Thousandths::new(5_000_000),
    descending: Thousandths::new(1),
};
const SIGNATURE: [u8; 64] = [0x5a; 64];

/// Why no stamp came of it, and at which step; a mark that says something else is told as such.
async fn stamp(plugin: &StampsPlugin, deed: Deed) -> Result<(), (Stage, String)> {
    let told = |stage| move |error: CallError| (stage, error.to_string());
    let piece = piece(deed);
    let quoted = plugin.quote(&piece, None).await.map_err(told(Stage::Quote))?;
    let order = order(quoted.value[0].clone(), piece);
    let drafted = plugin.draft(&order, &REGISTERS, &[], None).await;
    let unsigned = match drafted.map_err(told(Stage::Draft))?.value {
        Step::Done(unsigned) => unsigned,
        Step::Fetch(request) => return Err((Stage::Draft, format!("asks {}", request.url()))),
    };
    let made = plugin.assemble(&unsigned, &SIGNATURE).await.map_err(told(Stage::Assemble))?;
    let read = plugin.read(&made.value.bytes).await.map_err(told(Stage::Read))?;
    let agreed = read.value.agree(&order, &REGISTERS, &unsigned, &SIGNATURE);
    agreed.map_err(|it| (Stage::Read, it.to_string()))
}

#[tokio::test]
async fn every_misdeed_of_a_stamps_plugin_is_its_fault_at_its_step_and_the_next_stamp_is_good() {
    let plugin = installed(purser_hostile_stamps::component()).await;
    let stamps = plugin.stamps().unwrap();
    for deed in [Deed::Honest, Deed::LogFlood] {
        assert_eq!(stamp(&stamps, deed).await, Ok(()), "{deed:?}");
    }
    for (crime, stage) in Stage::ALL.into_iter().flat_map(|it| Crime::ALL.map(|crime| (crime, it)))
    {
        let deed = Deed::Crime(crime, stage);
        let (at, told) = stamp(&stamps, deed).await.unwrap_err();
        assert_eq!(at, stage, "{deed:?}: {told}");
        assert!(
            told.starts_with(&format!("plugin fault ({})", fault_of(crime))),
            "{deed:?}: {told}"
        );
        assert_eq!(plugin.faults_in_a_row(), 1, "{deed:?}");
        assert_eq!(stamp(&stamps, Deed::Honest).await, Ok(()), "after {deed:?}");
        assert_eq!(plugin.faults_in_a_row(), 0);
    }
}

const fn rule_of(lie: Lie) -> &'static str {
    match lie {
        Lie::PriceZero | Lie::PriceNegative | Lie::PriceHuge => "price: not positive, or too large",
        Lie::PriceUnknown => "price: ",
        Lie::ManyProducts => "products: more than 300",
        Lie::OtherService => "service: another one was asked for",
        Lie::TooLight => "weight-step-g: less than the piece weighs",
        Lie::NeverValid => "valid-days: 1 to 3660",
        Lie::NothingToSign | Lie::MuchToSign => "to-sign: 1 to 78 bytes",
        Lie::OtherSymbol => "symbol: not the one of the product",
        Lie::NoSerial => "serial: empty",
        // Whether it is made is for the gateway to say, which knows what was granted.
        Lie::FetchForever => "asks https://post.localhost/",
        Lie::FetchElsewhere => "asks https://elsewhere.example/",
        Lie::FetchLoopback => "asks https://127.0.0.1/",
        Lie::FetchPlain => "asks http://post.localhost/",
        Lie::FetchNowhere => "request: url: http or https",
        Lie::RefusesLate => "refused by the plugin: postage-unsupported: out of paper",
        Lie::LongMark => "bytes: 1 to 142",
        Lie::SaysPrice => "the indicium's value is not what was ordered",
        Lie::SaysCurrency => "the indicium's currency is not",
        Lie::SaysCounter => "the indicium's piece-counter is not",
        Lie::SaysVendor => "the indicium's vendor is not",
        Lie::SaysKey => "the indicium's key-id is not",
        Lie::SaysDay => "the indicium's expires-on is not",
        Lie::SaysSigned => "the indicium's signed is not",
    }
}

#[tokio::test]
async fn every_lie_of_a_stamps_plugin_is_told_by_the_rule_it_breaks() {
    let plugin = installed(purser_hostile_stamps::component()).await;
    let stamps = plugin.stamps().unwrap();
    for lie in Lie::ALL {
        let (stage, told) = stamp(&stamps, Deed::Lie(lie)).await.unwrap_err();
        assert_eq!(stage, lie.stage(), "{lie:?}: {told}");
        assert!(told.contains(rule_of(lie)), "{lie:?}: {told}");
        assert_eq!(stamp(&stamps, Deed::Honest).await, Ok(()), "after {lie:?}");
    }
}

#[tokio::test]
async fn a_product_of_a_lite_symbol_signs_no_more_than_its_symbol_holds() {
    let plugin = installed(purser_hostile_stamps::component()).await;
    let stamps = plugin.stamps().unwrap();
    let piece = piece(Deed::Honest);
    let product = stamps.quote(&piece, None).await.unwrap().value.remove(0);
    let order = order(Product { symbol: Symbol::Lite, ..product }, piece);
    let drafted = stamps.draft(&order, &REGISTERS, &[], None).await;
    assert!(matches!(drafted, Err(CallError::Fault(Fault::BadOutput, _))), "{drafted:?}");
}

async fn render(plugin: &Plugin, deed: purser_hostile_webhooks::Deed) -> Result<usize, CallError> {
    let event = Event {
        id: EventId::from_random(1),
        kind: "purchase.paid".to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        data: "{}".to_owned(),
    };
    let url = format!("http://127.0.0.1:9999/hooks?do={}", deed.name()).parse().unwrap();
    let endpoint = Endpoint { id: WebhookId::from_random(1), url, config: None };
    let called = plugin.webhook().unwrap().render(&event, &endpoint).await;
    called.map(|called| called.value.len())
}

const fn rule_of_message(lie: purser_hostile_webhooks::Lie) -> &'static str {
    use purser_hostile_webhooks::Lie;
    match lie {
        Lie::OtherHost | Lie::OtherPort => "url: not within the origin of the endpoint's own",
        Lie::OtherScheme | Lie::Disguised | Lie::NoUrl | Lie::File | Lie::LongUrl => {
            "request: url: http or https"
        }
        Lie::HeaderInjection
        | Lie::NameInjection
        | Lie::OwnHost
        | Lie::OwnFrame
        | Lie::ManyHeaders
        | Lie::LongHeader => "request: headers: at most 32",
        Lie::OwnSignature => "webhook-signature are the gateway's",
        Lie::ManyDeliveries => "deliveries: more than 8",
        Lie::LongBody => "request: body: at most 256 KiB",
    }
}

#[tokio::test]
async fn every_misdeed_of_a_webhook_plugin_is_its_fault_and_the_next_message_is_worded() {
    use purser_hostile_webhooks::{Crime, Deed, Lie};
    let plugin = installed(purser_hostile_webhooks::component()).await;
    assert_eq!(render(&plugin, Deed::LogFlood).await, Ok(1));
    let fault_of = |crime| {
        let same = purser_hostile_stamps::Crime::ALL;
        let place = Crime::ALL.iter().position(|other| *other == crime).unwrap();
        (fault_of(same[place]), "")
    };
    let crimes = Crime::ALL.into_iter().map(|it| (Deed::Crime(it), fault_of(it)));
    let lies = |it| (Deed::Lie(it), (Fault::BadOutput, rule_of_message(it)));
    for (deed, (expected, rule)) in crimes.chain(Lie::ALL.into_iter().map(lies)) {
        match render(&plugin, deed).await {
            Err(CallError::Fault(fault, told)) => {
                assert!(fault == expected && told.contains(rule), "{deed:?}: {fault}: {told}");
            }
            other => panic!("{deed:?} gave {other:?}"),
        }
        assert_eq!(plugin.faults_in_a_row(), 1, "{deed:?}");
        assert_eq!(render(&plugin, Deed::Honest).await, Ok(1), "after {deed:?}");
        assert_eq!(plugin.faults_in_a_row(), 0);
    }
}
