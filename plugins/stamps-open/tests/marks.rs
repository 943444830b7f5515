//! A mark says what was ordered, in one sequence of bytes, and nothing else is a mark.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use proptest::prelude::*;
use purser_sdk::{
    Country, Currency, Date, Money, Problem, Stamps as _, date,
    stamps::{Address, Indicium, Mailpiece, Order, Product, Registers, Step, Symbol, Unsigned},
};
use purser_stamps_open::{Mark, Open};

fn address(text: &str) -> Address {
    let (country, postcode) = match text.split_once('-') {
        Some((country, postcode)) => (country, Some(postcode.to_owned())),
        None => (text, None),
    };
    Address { country: Country::parse(country).unwrap(), postcode }
}

fn piece(weight_g: u32, origin: &str, destination: &str) -> Mailpiece {
    Mailpiece {
        date: date(2026, 1, 15),
        mailing_on: None,
        origin: address(origin),
        destination: address(destination),
        weight_g,
        service: None,
        attributes: vec![],
    }
}

fn configured(json: &str) -> Mailpiece {
    let mut piece = piece(20, "DE", "DE");
    piece.attributes = vec![("config".to_owned(), json.to_owned())];
    piece
}

fn order(product: Product, mailpiece: Mailpiece) -> Order {
    Order {
        issuer: "PUR".to_owned(),
        key_id: 1,
        vendor: 7,
        product,
        mailpiece,
        expires_on: date(2027, 1, 14),
        item_serial: 47_312_482,
        nonce: *b"0123456789abcdef",
        attributes: vec![],
    }
}

fn drafted(order: &Order, registers: &Registers) -> Unsigned {
    match Open::draft(order, registers, &[]).unwrap() {
        Step::Done(unsigned) => unsigned,
        Step::Fetch(request) => panic!("it asks {}", request.url),
    }
}

/// A letter of 20 g as a full mark.
fn letter() -> (Order, Registers) {
    let piece = piece(20, "US-94105", "GB-SW1A 1AA");
    let product =
        Open::quote(&piece).unwrap().into_iter().find(|it| it.service == "letter").unwrap();
    (order(product, piece), Registers { piece_counter: 42, ascending: 1_700_000, descending: 0 })
}

#[test]
fn the_layout_is_the_documented_one() {
    let (order, registers) = letter();
    let unsigned = drafted(&order, &registers);
    let hex: String = unsigned.to_sign.iter().map(|byte| format!("{byte:02x}")).collect();
    let fields = [
        "4553",
        "11",
        "505552",
        "00000001",
        "00000007",
        "000000002a",
        "0000000019f0a0",
        "0000029810",
        "0348",
        "6c6574746572",
        "00001e",
        "2527",
        "2527",
        "2693",
        "5553",
        "39343130350000",
        "4742",
        "53573141314141",
        "0000",
        "00000000",
        "0000",
        "30313233",
    ];
    assert_eq!(hex, fields.concat());
    assert_eq!(unsigned.to_sign.len(), 78);
    assert_eq!(unsigned.serial, "PUR-7-USD-00000042");
}

#[test]
fn an_item_number_has_its_check_digit() {
    let piece = piece(80, "PS", "PS");
    let products = Open::quote(&piece).unwrap();
    let registered = products.into_iter().find(|product| product.service == "regist").unwrap();
    let registers = Registers { piece_counter: 1, ascending: 620_000, descending: 0 };
    let order = order(registered, piece);
    let unsigned = drafted(&order, &registers);
    assert_eq!(unsigned.s10.as_deref(), Some("RR473124829PS"));
    let Indicium { bytes, .. } = Open::assemble(&unsigned, &[0; 64]).unwrap();
    assert_eq!(Open::read(&bytes).unwrap().s10.as_deref(), Some("RR473124829PS"));
}

#[test]
fn a_long_postcode_is_there_as_its_digest() {
    let (mut order, registers) = letter();
    order.mailpiece.destination = address("US-94105-1234");
    let unsigned = drafted(&order, &registers);
    let Indicium { bytes, .. } = Open::assemble(&unsigned, &[0; 64]).unwrap();
    let claims = Open::read(&bytes).unwrap();
    assert_eq!(claims.destination, Some(address("US")));
    // sha256("US" "941051234"), the first seven bytes, the highest bit set.
    let digest = ("destination-postcode-digest".to_owned(), "bc4504bb826e9b".to_owned());
    assert_eq!(claims.attributes, [digest]);
}

#[test]
fn what_a_mark_has_no_room_for_is_refused() {
    let check = |field: &str, change: fn(&mut Order, &mut Registers)| {
        let (mut order, mut registers) = letter();
        change(&mut order, &mut registers);
        let error = Open::draft(&order, &registers, &[]).unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
    };
    check("piece-counter", |_, registers| registers.piece_counter = 1 << 40);
    check("ascending", |_, registers| registers.ascending = 1 << 56);
    check("service", |order, _| order.product.service = "letters".to_owned());
    check("service", |order, _| order.product.service = "é".to_owned());
    check("weight-step-g", |order, _| order.product.weight_step_g = 1 << 24);
    check("value", |order, _| {
        order.product.price = Money::new(1_099_511_628, Currency::parse("USD").unwrap());
    });
    check("product.price", |order, _| {
        order.product.price = Money::new(-1, Currency::parse("USD").unwrap());
    });
    let (mut order, registers) = letter();
    order.expires_on = date(2180, 1, 1);
    assert!(Open::draft(&order, &registers, &[]).is_err(), "a day after the last one");
}

#[test]
fn the_example_tariff_goes_by_weight_and_destination() {
    let prices = |weight_g, origin, destination| -> Vec<String> {
        let products = Open::quote(&piece(weight_g, origin, destination)).unwrap();
        products.iter().map(|it| format!("{} {}", it.service, it.price.amount())).collect()
    };
    assert_eq!(prices(15, "DE", "DE"), ["card 0.62", "letter 0.78", "parcel 5.40", "regist 6.20"]);
    assert_eq!(prices(30, "DE", "DE"), ["letter 0.78", "parcel 5.40", "regist 6.20"]);
    assert_eq!(prices(31, "DE", "DE"), ["letter 1.07", "parcel 5.40", "regist 6.20"]);
    assert_eq!(prices(31, "DE", "FR"), ["letter 2.90", "parcel 14.50", "regist 18.50"]);
    assert_eq!(prices(31_501, "DE", "DE"), Vec::<String>::new());
    assert_eq!(Open::quote(&piece(0, "DE", "DE")).unwrap_err().field(), Some("weight-g"));
}

const OWN: &str = r#"{
    "currency": "EUR", "valid_days": 365, "origins": ["DE"],
    "zones": [{"id": "de", "countries": ["DE"]}, {"id": "eu", "countries": ["AT", "FR"]}],
    "services": [{"id": "brief", "title": "Brief", "symbol": "full", "valid_days": 1096,
                  "prices": {"de": [{"up_to_g": 20, "price": "0.95"}], "eu": [{"up_to_g": 20, "price": "1.25"}]}}]
}"#;

#[test]
fn an_operator_has_a_tariff_of_its_own() {
    let products = Open::quote(&configured(OWN)).unwrap();
    let [brief] = products.as_slice() else { panic!("{products:?}") };
    assert_eq!((brief.price.to_string().as_str(), brief.valid_days), ("0.95 EUR", 1096));
    let mut abroad = configured(OWN);
    abroad.destination = address("US");
    assert_eq!(Open::quote(&abroad), Ok(vec![]), "no zone has it");
    abroad.origin = address("AT");
    assert_eq!(Open::quote(&abroad).unwrap_err().problem(), Problem::PostageUnsupported);
    let services = Open::services(&configured(OWN).attributes).unwrap();
    assert_eq!(services[0].destinations, ["AT", "DE", "FR"]);
}

#[test]
fn the_manuals_tariff_can_be_sold_by() {
    let manual = include_str!("../../../docs/stamps.md");
    let tariff = manual.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let piece = configured(tariff);
    let prices: Vec<String> = Open::quote(&piece)
        .unwrap()
        .iter()
        .map(|it| format!("{} {} {}", it.service, it.price, it.valid_days))
        .collect();
    assert_eq!(prices, ["card 0.70 EUR 1096", "letter 0.95 EUR 1096", "regist 4.85 EUR 90"]);
}

#[test]
fn a_tariff_that_cannot_be_sold_by_is_refused_by_its_path() {
    for (from, to, path) in [
        ("\"EUR\"", "\"EURO\"", "config.currency"),
        ("[\"DE\"],", "[\"Germany\"],", "config.origins"),
        ("\"AT\"", "\"at\"", "config.zones[1].countries"),
        ("\"id\": \"eu\"", "\"id\": \"de\"", "config.zones"),
        ("\"brief\"", "\"briefe-und-mehr\"", "config.services[0].id"),
        ("\"Brief\"", "\"\"", "config.services[0].title"),
        ("1096", "0", "config.services[0].valid_days"),
        ("\"full\"", "\"full\", \"s10\": \"ZZZ\"", "config.services[0].s10"),
        ("\"full\"", "\"full\", \"s10\": \"JA\"", "config.services[0].s10"),
        ("\"full\"", "\"lite\", \"s10\": \"RR\"", "config.services[0].s10"),
        ("\"eu\": [", "\"us\": [", "config.services[0].prices.us"),
        ("0.95", "0.955", "config.services[0].prices.de[0].price"),
        ("0.95", "0.00", "config.services[0].prices.de[0].price"),
        (
            "\"up_to_g\": 20, \"price\": \"0.95\"",
            "\"up_to_g\": 0, \"price\": \"0.95\"",
            "config.services[0].prices.de[0].up_to_g",
        ),
        (
            "{\"up_to_g\": 20, \"price\": \"0.95\"}",
            "{\"up_to_g\": 20, \"price\": \"0.95\"}, {\"up_to_g\": 20, \"price\": \"1.00\"}",
            "config.services[0].prices.de",
        ),
    ] {
        let changed = OWN.replacen(from, to, 1);
        assert_ne!(changed, OWN, "{from}");
        let error = Open::quote(&configured(&changed)).unwrap_err();
        assert_eq!(error.field(), Some(path), "{error}");
    }
}

#[test]
fn every_currency_is_read_back_from_its_number() {
    for currency in Currency::all() {
        let (mut order, registers) = letter();
        order.product.price = Money::new(1, currency);
        let unsigned = drafted(&order, &registers);
        let bytes = Open::assemble(&unsigned, &[0; 64]).unwrap().bytes;
        assert_eq!(Open::read(&bytes).unwrap().currency, currency);
    }
}

fn day() -> impl Strategy<Value = Date> {
    (0_i64..65_536).prop_map(|days| date(2000, 1, 1) + purser_sdk::Span::new().days(days))
}

fn place() -> impl Strategy<Value = Address> {
    let postcode = proptest::option::of("[A-Z0-9][A-Z0-9 -]{0,10}");
    ("[A-Z]{2}", postcode).prop_map(|(country, postcode)| Address {
        // EL and UK are read as GR and GB.
        country: Country::parse(&country).unwrap(),
        postcode,
    })
}

prop_compose! {
    fn any_order()(
        (issuer, service) in ("[A-Z0-9]{3}", "[A-Za-z0-9-]{1,6}"),
        (key_id, vendor, item_serial) in (any::<u32>(), any::<u32>(), 0_u32..100_000_000),
        (minor, numbered, nonce) in (1_i64..1_099_511_627, any::<bool>(), any::<[u8; 16]>()),
        (weight_step_g, is_lite) in (1_u32..1 << 24, any::<bool>()),
        (date, mailing_on, expires_on) in (day(), proptest::option::of(day()), day()),
        (origin, destination) in (place(), place()),
    ) -> Order {
        let symbol = if is_lite { Symbol::Lite } else { Symbol::Full };
        let numbered = numbered && !is_lite;
        let product = Product {
            service, title: "Any".to_owned(), price: Money::new(minor, Currency::parse("JPY").unwrap()),
            weight_step_g, valid_days: 1, symbol,
            attributes: numbered.then(|| ("s10".to_owned(), "RR".to_owned())).into_iter().collect(),
        };
        let mailpiece = Mailpiece {
            date, mailing_on, origin, destination, weight_g: 1, service: None, attributes: vec![],
        };
        Order { issuer, key_id, vendor, product, mailpiece, expires_on, item_serial, nonce, attributes: vec![] }
    }
}

fn bare(address: &Address) -> String {
    let postcode = address.postcode.as_deref().unwrap_or_default().chars();
    postcode.filter(char::is_ascii_alphanumeric).collect()
}

proptest! {
    #[test]
    fn a_mark_says_exactly_the_order(
        order in any_order(),
        counter in 1_u64..1 << 40,
        ascending in 0_u64..1 << 56,
        signature in any::<[u8; 32]>(),
    ) {
        let registers = Registers { piece_counter: counter, ascending, descending: 0 };
        let unsigned = drafted(&order, &registers);
        let symbol = order.product.symbol;
        let signature = &[signature, signature].concat()[..symbol.signature_bytes()];
        let Indicium { bytes, .. } = Open::assemble(&unsigned, signature).unwrap();
        prop_assert_eq!(bytes.len(), symbol.bytes_max());

        let claims = Open::read(&bytes).unwrap();
        let is_full = symbol == Symbol::Full;
        prop_assert_eq!(claims.symbol, symbol);
        prop_assert_eq!((&claims.issuer, claims.key_id, claims.vendor), (&order.issuer, order.key_id, order.vendor));
        prop_assert_eq!(claims.piece_counter, counter);
        prop_assert_eq!(claims.ascending, is_full.then_some(ascending));
        prop_assert_eq!(claims.value, order.product.thousandths().unwrap());
        prop_assert_eq!(claims.currency, order.product.price.currency());
        prop_assert_eq!(&claims.service, &order.product.service);
        prop_assert_eq!(claims.weight_step_g, is_full.then_some(order.product.weight_step_g));
        prop_assert_eq!(claims.issued_on, Some(order.mailpiece.date));
        let mailing_on = order.mailpiece.mailing_on.unwrap_or(order.mailpiece.date);
        prop_assert_eq!(claims.mailing_on, is_full.then_some(mailing_on));
        prop_assert_eq!(claims.expires_on, Some(order.expires_on));
        for (said, ordered) in [
            (&claims.origin, &order.mailpiece.origin),
            (&claims.destination, &order.mailpiece.destination),
        ] {
            let plain = Some(bare(ordered)).filter(|text| !text.is_empty() && text.len() <= 7);
            let expected = Address { country: ordered.country, postcode: plain };
            prop_assert_eq!(said, &is_full.then_some(expected));
        }
        prop_assert_eq!(&claims.serial, &unsigned.serial);
        prop_assert_eq!(&claims.s10, &unsigned.s10);
        prop_assert_eq!(claims.signed.as_slice(), unsigned.to_sign.as_slice());
        prop_assert_eq!(claims.signature.as_slice(), signature);
    }

    /// Whatever is a mark is written again to the same bytes: no two marks say the same of one stamp.
    #[test]
    fn one_mark_has_one_sequence_of_bytes(order in any_order(), at in 0_usize..142, bit in 0_u8..8) {
        let registers = Registers { piece_counter: 1, ascending: 1, descending: 0 };
        let unsigned = drafted(&order, &registers);
        let mut bytes = Open::assemble(&unsigned, &[0; 64][..order.product.symbol.signature_bytes()]).unwrap().bytes;
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Some((mark, signature)) = Mark::read(&bytes) {
            prop_assert_eq!([mark.to_bytes().unwrap().as_slice(), signature].concat(), bytes);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), form in 0x11_u8..0x13) {
        let _ = Open::read(&bytes);
        let _ = Open::read(&[b"ES".as_slice(), &[form], &bytes].concat());
    }
}
