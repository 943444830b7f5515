//! Returns: the one-stop shop's file for sales from another member state, the nine boxes for HMRC, and the SDK's
//! remittance advice for the rest.

use purser_sdk::{
    Country, Error, Filing, Money, PeriodLine, PeriodTotals,
    filing::{advice, name_part},
};

use crate::{Config, countries};

mod nine_boxes;
mod oss;

/// What the authority of a one-stop shop begins with: `OSS-DE`.
const SHOP: &str = "OSS-";

/// The return of one authority for one period.
///
/// To a member state in euros it is a one-stop shop file, unless the taxpayer's number is that state's own: who is
/// registered there files a domestic return, which needs purchases that the gateway knows nothing of, and gets
/// the advice like everybody else.
pub(crate) fn file_return(totals: &PeriodTotals, config: &Config) -> Result<Filing, Error> {
    let name = |kind: &str, extension: &str| {
        let (authority, period) = (name_part(&totals.authority), name_part(&totals.period));
        format!("{kind}-{authority}-{period}.{extension}")
    };
    if is_one_stop_shop(totals) {
        return Ok(Filing {
            media_type: "text/csv; charset=utf-8".to_owned(),
            file_name: name("oss", "csv"),
            body: oss::file(totals)?,
        });
    }
    if totals.authority == "GB" && is_in(totals, "GBP") {
        return Ok(Filing {
            media_type: "application/json".to_owned(),
            file_name: name("vat", "json"),
            body: nine_boxes::file(totals, config)?,
        });
    }
    advice(totals, config.filing)
}

fn is_one_stop_shop(totals: &PeriodTotals) -> bool {
    if totals.authority.starts_with(SHOP) {
        return is_in(totals, "EUR");
    }
    let land = Country::parse(&totals.authority).ok().and_then(countries::of);
    let Some(land) = land.filter(|land| land.in_union) else { return false };
    let domestic = totals.number.as_deref().is_some_and(|number| number.starts_with(land.prefix()));
    !domestic && is_in(totals, "EUR")
}

fn is_in(totals: &PeriodTotals, code: &str) -> bool {
    let in_it = |amount: Money| amount.currency().code() == code;
    let line = |line: &PeriodLine| in_it(line.base) && in_it(line.tax);
    totals.lines.iter().all(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::{Category, Currency, Percent, Reason};

    fn filed(totals: &PeriodTotals) -> Result<Filing, Error> {
        file_return(totals, &Config::default())
    }

    fn money(amount: &str, code: &str) -> Money {
        let currency = Currency::parse(code).unwrap();
        match amount.strip_prefix('-') {
            Some(amount) => money(amount, code).negated().unwrap(),
            None => Money::parse(amount, currency).unwrap(),
        }
    }

    fn line(category: Category, reason: Reason, rate: &str, base: &str, tax: &str) -> PeriodLine {
        PeriodLine {
            jurisdiction: "FI".into(),
            category,
            reason,
            rate: Percent::parse(rate).unwrap(),
            base: money(base, "EUR"),
            tax: money(tax, "EUR"),
            corrects: None,
        }
    }

    fn totals(authority: &str, number: Option<&str>, lines: Vec<PeriodLine>) -> PeriodTotals {
        PeriodTotals {
            authority: authority.into(),
            period: "2026-Q4".into(),
            number: number.map(str::to_owned),
            lines,
            attributes: vec![],
        }
    }

    fn text(filing: &Filing) -> &str {
        std::str::from_utf8(&filing.body).unwrap()
    }

    #[test]
    fn sales_from_another_member_state_are_filed_at_the_one_stop_shop() {
        use Category::{Book, DigitalService, Food, General, Postage};
        let mut late = line(General, Reason::Standard, "24", "-100.00", "-24.00");
        late.corrects = Some("2024-Q2".into());
        let lines = vec![
            line(General, Reason::Standard, "25.5", "1000.00", "255.00"),
            line(Food, Reason::Reduced, "13.5", "100.10", "13.51"),
            line(Book, Reason::Reduced, "13.5", "0.90", "0.12"),
            line(DigitalService, Reason::Standard, "25.5", "2.00", "0.51"),
            line(DigitalService, Reason::ReverseCharge, "0", "900.00", "0.00"),
            line(Postage, Reason::Exempt, "0", "5.00", "0.00"),
            late,
        ];
        let filing = filed(&totals("FI", Some("DE136695976"), lines)).unwrap();
        assert_eq!(filing.file_name, "oss-FI-2026-Q4.csv");
        assert_eq!(
            text(&filing),
            "1;DE136695976;1;FI;1;1;25,5;1000,00;255,00;;;;\r\n\
             2;DE136695976;1;FI;1;2;13,5;101,00;13,63;;;;\r\n\
             3;DE136695976;1;FI;2;1;25,5;2,00;0,51;;;;\r\n\
             4;DE136695976;2;;;;;;;;2024-Q2;FI;-24,00\r\n"
        );
    }

    #[test]
    fn greece_is_el_to_the_one_stop_shop() {
        let mut sold = line(Category::General, Reason::Standard, "24", "10.00", "2.40");
        sold.jurisdiction = "GR".into();
        let filing = filed(&totals("GR", None, vec![sold])).unwrap();
        assert_eq!(text(&filing), "1;;1;EL;1;1;24;10,00;2,40;;;;\r\n");
    }

    #[test]
    fn a_one_stop_shop_lists_every_state_and_its_parts() {
        let sold = |jurisdiction: &str, rate, tax| PeriodLine {
            jurisdiction: jurisdiction.to_owned(),
            ..line(Category::General, Reason::Standard, rate, "100.00", tax)
        };
        let lines = vec![
            sold("FI", "25.5", "25.50"),
            sold("PT-20", "16", "16.00"),
            sold("GR", "24", "24.00"),
        ];
        let filing = filed(&totals("OSS-DE", Some("DE136695976"), lines)).unwrap();
        assert_eq!(filing.file_name, "oss-OSS-DE-2026-Q4.csv");
        assert_eq!(
            text(&filing),
            "1;DE136695976;1;FI;1;1;25,5;100,00;25,50;;;;\r\n\
             2;DE136695976;1;PT;1;1;16;100,00;16,00;;;;\r\n\
             3;DE136695976;1;EL;1;1;24;100,00;24,00;;;;\r\n"
        );
    }

    #[test]
    fn everything_else_is_an_advice() {
        let check = |totals: &PeriodTotals, row: &str| {
            let filing = filed(totals).unwrap();
            assert!(text(&filing).contains(row), "{}", text(&filing));
            assert!(filing.file_name.starts_with("advice-"));
        };
        let sold = || line(Category::Book, Reason::Reduced, "13.5", "10.00", "1.35");
        check(
            &totals("FI", Some("FI20774740"), vec![sold()]),
            "sales,FI,2026-Q4,FI20774740,FI,book,reduced,13.5,10.00,1.35,EUR,",
        );
        let kronor =
            PeriodLine { base: money("10.00", "SEK"), tax: money("1.35", "SEK"), ..sold() };
        check(
            &totals("FI", None, vec![kronor]),
            "sales,FI,2026-Q4,,FI,book,reduced,13.5,10.00,1.35,SEK,",
        );
        check(
            &totals("GB", Some("980780684, \"Ltd\""), vec![sold()]),
            "sales,GB,2026-Q4,\"980780684, \"\"Ltd\"\"\",FI,book,reduced,13.5,10.00,1.35,EUR,",
        );
        check(&totals("CH", None, vec![]), "record,authority,period");
    }

    #[test]
    fn a_period_without_sales_is_an_empty_return() {
        assert_eq!(text(&filed(&totals("FI", None, vec![])).unwrap()), "");
    }
}
