//! The remittance advice: what it says, and that its totals are the sums of its rows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use purser_sdk::{
    Category, Currency, Money, Percent, PeriodLine, PeriodTotals, Problem, Reason,
    filing::{Format, advice, cell},
};

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::parse(code).unwrap())
}

fn line(base: i64, tax: i64, code: &str, corrects: Option<&str>) -> PeriodLine {
    PeriodLine {
        jurisdiction: "CA-QC".into(),
        category: Category::General,
        reason: Reason::Standard,
        rate: Percent::parse("9.975").unwrap(),
        base: money(base, code),
        tax: money(tax, code),
        corrects: corrects.map(str::to_owned),
    }
}

fn totals(lines: Vec<PeriodLine>) -> PeriodTotals {
    PeriodTotals {
        authority: "CA-QC".into(),
        period: "2026-Q4".into(),
        number: Some("1021551422 TQ 0001".into()),
        lines,
        attributes: vec![("fx-date".into(), "2026-12-31".into())],
    }
}

fn text(totals: &PeriodTotals, format: Format) -> String {
    String::from_utf8(advice(totals, format).unwrap().body).unwrap()
}

#[test]
fn a_table_has_the_sales_the_corrections_and_their_sums() {
    let totals = totals(vec![
        line(10_000, 998, "CAD", None),
        line(-2_000, -200, "CAD", Some("2026-Q3")),
        line(500, 50, "USD", None),
    ]);
    let filing = advice(&totals, Format::Csv).unwrap();
    assert_eq!(filing.file_name, "advice-CA-QC-2026-Q4.csv");
    assert_eq!(filing.media_type, "text/csv; charset=utf-8");
    assert_eq!(
        text(&totals, Format::Csv),
        "record,authority,period,number,jurisdiction,category,reason,rate,base,tax,currency,corrects,fx-rate,fx-date,entries-sha256\n\
         sales,CA-QC,2026-Q4,1021551422 TQ 0001,CA-QC,general,standard,9.975,100.00,9.98,CAD,,,2026-12-31,\n\
         correction,CA-QC,2026-Q4,1021551422 TQ 0001,CA-QC,general,standard,9.975,-20.00,-2.00,CAD,2026-Q3,,2026-12-31,\n\
         sales,CA-QC,2026-Q4,1021551422 TQ 0001,CA-QC,general,standard,9.975,5.00,0.50,USD,,,2026-12-31,\n\
         total,CA-QC,2026-Q4,1021551422 TQ 0001,,,,,80.00,7.98,CAD,,,2026-12-31,\n\
         total,CA-QC,2026-Q4,1021551422 TQ 0001,,,,,5.00,0.50,USD,,,2026-12-31,\n"
    );
}

#[test]
fn an_object_has_the_same() {
    let totals =
        totals(vec![line(10_000, 998, "CAD", None), line(-2_000, -200, "CAD", Some("2026-Q3"))]);
    let found: serde_json::Value = serde_json::from_str(&text(&totals, Format::Json)).unwrap();
    assert_eq!(found["authority"], "CA-QC");
    assert_eq!(found["number"], "1021551422 TQ 0001");
    assert_eq!(found["fx-date"], "2026-12-31");
    assert_eq!(found["rows"][0]["tax"], "9.98");
    assert_eq!(found["rows"][0]["rate"], "9.975");
    assert_eq!(found["corrections"][0]["corrects"], "2026-Q3");
    let total = serde_json::json!([{"base": "80.00", "tax": "7.98", "currency": "CAD"}]);
    assert_eq!(found["totals"], total);
}

#[test]
fn a_period_without_sales_has_a_header_and_no_total() {
    assert_eq!(text(&totals(vec![]), Format::Csv).lines().count(), 1);
}

#[test]
fn no_text_becomes_a_formula_or_a_path() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "＝1"] {
        assert_eq!(cell(formula), format!("'{formula}"));
    }
    assert_eq!(cell("CA-QC"), "CA-QC");
    assert_eq!(cell(""), "");
    let mut hostile = totals(vec![line(1, 0, "CAD", Some("=cmd|' /C calc'!A0"))]);
    hostile.number = Some("@evil\n=1".into());
    hostile.period = "../../etc/passwd".into();
    let filing = advice(&hostile, Format::Csv).unwrap();
    assert_eq!(filing.file_name, "advice-CA-QC-etcpasswd.csv");
    let mut reader = csv::Reader::from_reader(filing.body.as_slice());
    let first = reader.records().next().unwrap().unwrap();
    assert_eq!(&first[3], "'@evil\n=1");
    assert_eq!(&first[11], "'=cmd|' /C calc'!A0");
}

#[test]
fn a_sum_that_would_lie_is_refused() {
    let mut mixed = line(1, 1, "CAD", None);
    mixed.tax = money(1, "USD");
    for lines in [vec![mixed], vec![line(i64::MAX, 1, "CAD", None), line(1, 1, "CAD", None)]] {
        for format in [Format::Csv, Format::Json] {
            let error = advice(&totals(lines.clone()), format).unwrap_err();
            assert_eq!(error.problem(), Problem::InvalidAmount);
        }
    }
}

proptest! {
    #[test]
    fn totals_are_the_sums_of_the_rows(amounts in prop::collection::vec((-1_000_000_i64..1_000_000, -100_000_i64..100_000, any::<bool>()), 0..50)) {
        let lines = amounts.iter().map(|(base, tax, late)| line(*base, *tax, "CAD", late.then_some("2026-Q1")));
        let totals = totals(lines.collect());
        let body = text(&totals, Format::Csv);
        let cad = Currency::parse("CAD").unwrap();
        let amount = |text: &str| match text.strip_prefix('-') {
            Some(text) => Money::parse(text, cad).unwrap().negated().unwrap().minor(),
            None => Money::parse(text, cad).unwrap().minor(),
        };
        let (mut base, mut tax) = (0, 0);
        for record in csv::Reader::from_reader(body.as_bytes()).records() {
            let record = record.unwrap();
            if &record[0] == "total" {
                prop_assert_eq!((amount(&record[8]), amount(&record[9])), (base, tax));
            } else {
                base += amount(&record[8]);
                tax += amount(&record[9]);
            }
        }
    }
}
