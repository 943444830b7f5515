//! Returns: the one-stop shop's file for sales from another member state, a plain table for the rest.

use csv::WriterBuilder;
use purser_sdk::{
    Category, Country, Error, Filing, Money, Percent, PeriodLine, PeriodTotals, Problem, Reason,
};

use crate::countries;

mod oss;

const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// The return of one authority for one period.
///
/// To a member state in euros it is a one-stop shop file, unless the taxpayer's number is that state's own: who is
/// registered there files a domestic return, which needs purchases that the gateway knows nothing of, and gets
/// the table like everybody else.
pub(crate) fn file_return(totals: &PeriodTotals) -> Result<Filing, Error> {
    let (kind, body) = if is_one_stop_shop(totals) {
        ("oss", oss::file(totals)?)
    } else {
        ("vat", table(totals)?)
    };
    let safe = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    Ok(Filing {
        media_type: MEDIA_TYPE.to_owned(),
        file_name: format!("{kind}-{}-{}.csv", safe(&totals.authority), safe(&totals.period)),
        body,
    })
}

fn is_one_stop_shop(totals: &PeriodTotals) -> bool {
    let land = Country::parse(&totals.authority).ok().and_then(countries::of);
    let Some(land) = land.filter(|land| land.in_union) else { return false };
    let domestic = totals.number.as_deref().is_some_and(|number| number.starts_with(land.prefix()));
    let in_euros = |line: &PeriodLine| {
        line.base.currency().code() == "EUR" && line.tax.currency().code() == "EUR"
    };
    !domestic && totals.lines.iter().all(in_euros)
}

/// Every row as it is, with its reason and what it corrects.
fn table(totals: &PeriodTotals) -> Result<Vec<u8>, Error> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    let header = [
        "authority",
        "period",
        "number",
        "jurisdiction",
        "category",
        "reason",
        "rate",
        "base",
        "tax",
        "currency",
        "corrects",
    ];
    writer.write_record(header).map_err(unwritable)?;
    for line in &totals.lines {
        let record = [
            totals.authority.as_str(),
            &totals.period,
            totals.number.as_deref().unwrap_or_default(),
            &line.jurisdiction,
            line.category.name(),
            line.reason.name(),
            &line.rate.to_string(),
            &line.base.amount(),
            &line.tax.amount(),
            line.base.currency().code(),
            line.corrects.as_deref().unwrap_or_default(),
        ];
        writer.write_record(record).map_err(unwritable)?;
    }
    finish(writer)
}

fn finish(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, Error> {
    writer.into_inner().map_err(|error| Error::new(Problem::MalformedRequest, error.to_string()))
}

fn unwritable(error: csv::Error) -> Error {
    Error::new(Problem::MalformedRequest, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::Currency;

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
        let filing = file_return(&totals("FI", Some("DE136695976"), lines)).unwrap();
        assert_eq!(filing.file_name, "oss-FI-2026Q4.csv");
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
        let filing = file_return(&totals("GR", None, vec![sold])).unwrap();
        assert_eq!(text(&filing), "1;;1;EL;1;1;24;10,00;2,40;;;;\r\n");
    }

    #[test]
    fn everything_else_is_a_table() {
        let header =
            "authority,period,number,jurisdiction,category,reason,rate,base,tax,currency,corrects";
        let check = |totals: &PeriodTotals, row: &str| {
            let filing = file_return(totals).unwrap();
            assert_eq!(text(&filing), format!("{header}\n{row}\n"));
            assert!(filing.file_name.starts_with("vat-"));
        };
        let sold = || line(Category::Book, Reason::Reduced, "13.5", "10.00", "1.35");
        check(
            &totals("FI", Some("FI20774740"), vec![sold()]),
            "FI,2026-Q4,FI20774740,FI,book,reduced,13.5,10.00,1.35,EUR,",
        );
        let kronor =
            PeriodLine { base: money("10.00", "SEK"), tax: money("1.35", "SEK"), ..sold() };
        check(
            &totals("FI", None, vec![kronor]),
            "FI,2026-Q4,,FI,book,reduced,13.5,10.00,1.35,SEK,",
        );
        check(
            &totals("GB", Some("980780684, \"Ltd\""), vec![sold()]),
            "GB,2026-Q4,\"980780684, \"\"Ltd\"\"\",FI,book,reduced,13.5,10.00,1.35,EUR,",
        );
    }

    #[test]
    fn a_period_without_sales_is_an_empty_return() {
        assert_eq!(text(&file_return(&totals("FI", None, vec![])).unwrap()), "");
    }
}
