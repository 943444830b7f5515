//! Conversions, through `currency-ecb`.

use jiff::civil::{Date, date};
use purser_core::{
    money::{Currency, Rounding},
    rate::{ConversionPolicy, RateTable},
};
use purser_host::{CallError, CurrencyPlugin, Limits};
use purser_money::{Leg, LegRounding, Rate};
use serde_json::Value;

use crate::example::{bundled, examples, money, text, texts};

pub(crate) const ANSWERED: &[&str] = &[
    "eur-SIT-500",
    "eur-SIT-1000",
    "eur-BGN-100",
    "eur-mid",
    "tri-1000BEF-FRF",
    "tri-100FRF-DEM",
    "tri-illegal",
    "ecb-100USDEUR",
    "ecb-100USDJPY",
    "ecb-100GBPUSD",
    "ecb-1000KRWEUR",
];

const ECB: &[u8] = include_bytes!("../../../../docs/vectors/eurofxref-2024-06-28.xml");
const DAY: Date = date(2024, 6, 28);

/// What comes out, and by which legs.
async fn convert(
    plugin: &CurrencyPlugin,
    from: &str,
    to: &str,
    table: &RateTable,
) -> (String, Vec<Leg>) {
    let (amount, to) = (money(from), Currency::parse(to).unwrap());
    let rounding = Rounding::HalfUp;
    let policy = ConversionPolicy { today: table.as_of, max_age_days: 5, rounding };
    let route = plugin.convert(amount, to, table, &policy).await.unwrap().value;
    (route.convert(amount, rounding).unwrap().amount(), route.legs().to_vec())
}

async fn check_fx(plugin: &CurrencyPlugin, published: &RateTable, example: &Value) {
    let (input, expected) = (&example["input"], &example["expected"]);
    let amount = |code: &str| {
        let decimals = usize::from(Currency::parse(code).unwrap().decimals());
        let zeros = if decimals == 0 { "" } else { &".000"[..=decimals] };
        format!("{}{zeros} {code}", text(&input["amount"]))
    };
    match text(&example["id"]) {
        "eur-SIT-500" | "eur-SIT-1000" | "eur-BGN-100" => {
            let code = text(&input["ccy"]);
            for as_of in [DAY, date(2026, 1, 2)] {
                let table = RateTable { as_of, ..published.clone() };
                let (found, _) = convert(plugin, &amount(code), "EUR", &table).await;
                assert_eq!(found, text(&expected["eur"]));
            }
        }
        "eur-mid" => {
            // At one for one, three decimals become two.
            let one: Rate = "1".parse().unwrap();
            let rates = vec![(Currency::parse("KWD").unwrap(), one)];
            let table = RateTable { rates, ..published.clone() };
            for (dinars, expected) in texts(input).iter().zip(texts(expected)) {
                let (found, _) = convert(plugin, &format!("{dinars} KWD"), "EUR", &table).await;
                assert_eq!(found, expected);
            }
        }
        id @ ("tri-1000BEF-FRF" | "tri-100FRF-DEM" | "tri-illegal") => {
            let (from, to) = (text(&input["from_"]), text(&input["to"]));
            let (found, legs) = convert(plugin, &amount(from), to, published).await;
            let three = LegRounding { decimals: 3, mode: Rounding::HalfUp };
            assert_eq!(legs[0].then_round, Some(three));
            match id {
                "tri-illegal" => {
                    assert_eq!(found, "989");
                    assert!(text(expected).starts_with("987 is never allowed (legal: 989"));
                }
                _ => assert_eq!(found, text(&expected["out"])),
            }
        }
        "ecb-100USDEUR" | "ecb-100USDJPY" | "ecb-100GBPUSD" | "ecb-1000KRWEUR" => {
            assert_eq!(text(&input["date"]), DAY.to_string());
            let (from, to) = (text(&input["from_"]), text(&input["to"]));
            let (found, legs) = convert(plugin, &amount(from), to, published).await;
            assert_eq!(found, text(expected));
            assert!(legs.iter().all(|leg| leg.then_round.is_none()), "rounded once");
        }
        other => panic!("{other} has no test"),
    }
}

#[tokio::test]
async fn amounts_are_converted_as_their_examples_say() {
    let plugin = bundled("currency-ecb").await.currency().unwrap();
    let published = plugin.read_feed("ecb-daily", ECB).await.unwrap().value.remove(0);
    for example in &examples(ANSWERED) {
        check_fx(&plugin, &published, example).await;
    }
}

/// The file of 90 days has 66 working days at most. The sandbox must have room for as many as the plugin takes.
#[tokio::test]
async fn a_history_of_rates_fits_into_the_sandbox() {
    let plugin = bundled("currency-ecb").await;
    let currency = plugin.currency().unwrap();
    let daily = std::str::from_utf8(ECB).unwrap();
    let (start, end) = (daily.find("<Cube time=").unwrap(), daily.rfind("</Cube>").unwrap());
    let history = |count: i64| {
        let days = (0..count).map(|days| {
            let date = DAY.checked_sub(jiff::Span::new().days(days)).unwrap();
            daily[start..end].replace("2024-06-28", &date.to_string())
        });
        format!("{}{}{}", &daily[..start], days.collect::<String>(), &daily[end..])
    };
    let read = async |count| currency.read_feed("ecb-hist-90d", history(count).as_bytes()).await;
    let ninety_days = read(66).await.unwrap();
    assert_eq!((ninety_days.value.len(), ninety_days.value[65].rates.len()), (66, 30));
    assert!(ninety_days.evidence.fuel < Limits::default().fuel / 2);
    assert_eq!(read(150).await.unwrap().value.len(), 150);
    let refused = read(151).await.unwrap_err();
    assert!(matches!(refused, CallError::Refused(error) if error.code == "malformed-request"));
    let peak = plugin.peak();
    // One call described the plugin when it was loaded; the refused one counts too.
    assert_eq!(peak.calls, 4);
    assert!(
        peak.fuel > ninety_days.evidence.fuel && peak.memory_bytes < 8 * 1024 * 1024,
        "{peak:?}"
    );
}
