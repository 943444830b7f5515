//! The return that HMRC reads: `POST /organisations/vat/{vrn}/returns` of the VAT (MTD) API, version 1.0.
//!
//! Boxes 1 and 6 come from sales; the gateway knows of no purchases and no acquisitions, so 2, 4, 7, 8 and 9 are zero, and who
//! has some adds them before the return is sent. Boxes 1 to 5 have pence, 6 to 9 whole pounds, half a pound up.
//! `finalised` is the taxpayer's declaration: preparing a return is a draft, and sending it declares it.

use purser_sdk::{Error, PeriodTotals, Problem, Ratio, Reason, Rounding, misconfigured};

use crate::Config;

/// Of boxes 1 to 4, in pence: 9999999999999.99 either way.
const PENCE_MAX: i64 = 999_999_999_999_999;
/// Of box 5, in pence.
const NET_PENCE_MAX: i64 = 9_999_999_999_999;
/// Of boxes 6 to 9, in pounds.
const POUNDS_MAX: i64 = 9_999_999_999_999;

pub(super) fn file(totals: &PeriodTotals, config: &Config) -> Result<Vec<u8>, Error> {
    let key = period_key(&totals.period, config)?;
    let (mut tax, mut sales) = (0_i64, 0_i64);
    for line in &totals.lines {
        tax = tax.checked_add(line.tax.minor()).ok_or_else(too_large)?;
        // Box 6 has what is exempt or at zero too, but not what is outside of the tax (VAT Notice 700/12, 4.7).
        if line.reason != Reason::OutsideScope {
            sales = sales.checked_add(line.base.minor()).ok_or_else(too_large)?;
        }
    }
    let pounds = Ratio::whole(sales).times(1, 100)?.round(Rounding::HalfUp)?;
    within(tax, PENCE_MAX)?;
    within(tax, NET_PENCE_MAX)?;
    within(pounds, POUNDS_MAX)?;
    let (due, net) = (pence(tax), pence(tax.saturating_abs()));
    let body = format!(
        "{{\n  \"periodKey\": \"{key}\",\n  \"vatDueSales\": {due},\n  \"vatDueAcquisitions\": 0.00,\n  \
         \"totalVatDue\": {due},\n  \"vatReclaimedCurrPeriod\": 0.00,\n  \"netVatDue\": {net},\n  \
         \"totalValueSalesExVAT\": {pounds},\n  \"totalValuePurchasesExVAT\": 0,\n  \
         \"totalValueGoodsSuppliedExVAT\": 0,\n  \"totalAcquisitionsExVAT\": 0,\n  \"finalised\": true\n}}\n"
    );
    Ok(body.into_bytes())
}

/// A JSON number with two decimals, which no binary fraction ever was.
fn pence(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let magnitude = minor.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}

fn within(value: i64, max: i64) -> Result<(), Error> {
    if value.saturating_abs() <= max { Ok(()) } else { Err(too_large()) }
}

fn too_large() -> Error {
    Error::new(Problem::InvalidAmount, "it does not fit into HMRC's boxes").at("lines")
}

/// Four characters by which HMRC names a period: `26AD` is April 2026, `26C4` the quarter to December. Who files
/// for other quarters finds the key in the obligations that HMRC lists, and configures it.
fn period_key(period: &str, config: &Config) -> Result<String, Error> {
    if let Some(key) = config.period_keys.get(period) {
        let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'#';
        if key.len() == 4 && key.bytes().all(known) {
            return Ok(key.clone());
        }
        let path = format!("config.period_keys.{period}");
        return Err(misconfigured(&path, "a key is four capital letters, digits or #"));
    }
    calendar_key(period).ok_or_else(|| {
        let text = "a period is a month like 2026-04 or a quarter like 2026-Q4";
        Error::new(Problem::MalformedRequest, text).at("period")
    })
}

fn calendar_key(period: &str) -> Option<String> {
    let (year, part) = period.split_once('-')?;
    let year = year.strip_prefix("20").filter(|year| year.len() == 2)?;
    year.parse::<u8>().ok()?;
    let part = match part.strip_prefix('Q') {
        Some(quarter @ ("1" | "2" | "3" | "4")) => format!("C{quarter}"),
        Some(_) => return None,
        None => {
            let month = part.parse::<usize>().ok().filter(|_| part.len() == 2)?;
            let letter = "ABCDEFGHIJKL".chars().nth(month.checked_sub(1)?)?;
            format!("A{letter}")
        }
    };
    Some(format!("{year}{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::{Category, Currency, Money, Percent, PeriodLine};
    use serde_json::{Value, json};

    fn line(reason: Reason, base: i64, tax: i64, corrects: Option<&str>) -> PeriodLine {
        let gbp = Currency::parse("GBP").unwrap();
        PeriodLine {
            jurisdiction: "GB".to_owned(),
            category: Category::General,
            reason,
            rate: Percent::parse(if tax == 0 { "0" } else { "20" }).unwrap(),
            base: Money::new(base, gbp),
            tax: Money::new(tax, gbp),
            corrects: corrects.map(str::to_owned),
        }
    }

    fn totals(period: &str, lines: Vec<PeriodLine>) -> PeriodTotals {
        PeriodTotals {
            authority: "GB".to_owned(),
            period: period.to_owned(),
            number: Some("GB980780684".to_owned()),
            lines,
            attributes: vec![],
        }
    }

    fn boxes(totals: &PeriodTotals, config: &Config) -> Value {
        serde_json::from_slice(&file(totals, config).unwrap()).unwrap()
    }

    #[test]
    fn sales_fill_boxes_one_three_five_and_six() {
        let lines = vec![
            line(Reason::Standard, 100_025, 20_005, None),
            line(Reason::Zero, 5_025, 0, None),
            line(Reason::OutsideScope, 77_700, 0, None),
            line(Reason::Standard, -10_000, -2_000, Some("2026-Q3")),
        ];
        let expected = json!({
            "periodKey": "26C4", "vatDueSales": 180.05, "vatDueAcquisitions": 0.00, "totalVatDue": 180.05,
            "vatReclaimedCurrPeriod": 0.00, "netVatDue": 180.05, "totalValueSalesExVAT": 951,
            "totalValuePurchasesExVAT": 0, "totalValueGoodsSuppliedExVAT": 0, "totalAcquisitionsExVAT": 0,
            "finalised": true,
        });
        assert_eq!(boxes(&totals("2026-Q4", lines), &Config::default()), expected);
    }

    #[test]
    fn half_a_pound_goes_up_and_what_is_owed_back_is_no_negative_net() {
        let sold = |pence| {
            let found = boxes(
                &totals("2026-04", vec![line(Reason::Zero, pence, 0, None)]),
                &Config::default(),
            );
            found["totalValueSalesExVAT"].as_i64().unwrap()
        };
        assert_eq!((sold(149), sold(150), sold(0), sold(-150)), (1, 2, 0, -2));
        let back = vec![line(Reason::Standard, -10_000, -2_001, Some("2026-03"))];
        let text =
            String::from_utf8(file(&totals("2026-04", back), &Config::default()).unwrap()).unwrap();
        assert!(
            text.contains("\"vatDueSales\": -20.01,") && text.contains("\"netVatDue\": 20.01,"),
            "{text}"
        );
    }

    #[test]
    fn a_period_has_hmrcs_key() {
        let key = |period: &str| calendar_key(period);
        assert_eq!(key("2018-04").as_deref(), Some("18AD"));
        assert_eq!(key("2022-Q1").as_deref(), Some("22C1"));
        assert_eq!(key("2026-12").as_deref(), Some("26AL"));
        for period in
            ["", "2026", "2026-13", "2026-00", "2026-Q5", "2026-1", "1926-01", "20x6-01", "2026-Q"]
        {
            assert_eq!(key(period), None, "{period}");
        }
        let configured = |key: &str| Config {
            period_keys: [("2026-Q4".to_owned(), key.to_owned())].into(),
            ..Config::default()
        };
        let found = boxes(&totals("2026-Q4", vec![]), &configured("#001"));
        assert_eq!(found["periodKey"], "#001");
        let refused = file(&totals("2026-Q4", vec![]), &configured("\"}{")).unwrap_err();
        assert_eq!(refused.field(), Some("config.period_keys.2026-Q4"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let lines = vec![line(Reason::Standard, i64::MAX, NET_PENCE_MAX, None)];
        assert!(file(&totals("2026-Q4", lines), &Config::default()).is_err());
        let lines = vec![line(Reason::Standard, 0, NET_PENCE_MAX.saturating_add(1), None)];
        assert!(file(&totals("2026-Q4", lines), &Config::default()).is_err());
    }
}
