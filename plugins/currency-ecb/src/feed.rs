//! The files of the European Central Bank: `Cube` elements within `Cube` elements.
//!
//! ```xml
//! <Cube><Cube time='2024-06-28'><Cube currency='USD' rate='1.0705'/></Cube></Cube>
//! ```
//!
//! What is fetched is not trusted: nothing is half read, and limits hold before anything is kept.

use std::{borrow::Cow, collections::BTreeSet};

use purser_sdk::{Currency, Date, Error, Problem, Quoted, Rate, RateTable, parse_date};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// The file of 90 days is about 100 kB.
const SIZE_MAX: usize = 1024 * 1024;
/// `Envelope`, three levels of `Cube`, and the sender's name.
const DEPTH_MAX: usize = 8;
/// 90 calendar days have at most 66 working days, which take 14 million instructions; these take 32 of the sandbox's 50.
const TABLES_MAX: usize = 150;
/// The bank publishes 30.
const RATES_MAX: usize = 100;
/// A `Cube` has two. To find one that is there twice, each is compared with all before it.
const ATTRIBUTES_MAX: usize = 8;

/// The tables in `bytes`, newest first.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<RateTable>, Error> {
    if bytes.len() > SIZE_MAX {
        return Err(malformed("the file is over 1 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("the file is not in UTF-8"))?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut file = File::default();
    loop {
        match reader.read_event().map_err(|_| malformed("the file is no well-formed XML"))? {
            Event::Start(element) => file.start(&element)?,
            Event::Empty(element) => {
                file.start(&element)?;
                file.end();
            }
            Event::End(_) => file.end(),
            Event::Text(text) => file.text(text.trim().is_empty())?,
            Event::CData(_) | Event::GeneralRef(_) => file.text(false)?,
            Event::DocType(_) => return Err(malformed("the file has a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    file.finish()
}

#[derive(Default)]
struct File {
    /// Elements that are open.
    depth: usize,
    /// How many were open when the day that is open began.
    day_depth: Option<usize>,
    /// Whether the root was there.
    rooted: bool,
    tables: Vec<RateTable>,
    days: BTreeSet<Date>,
    /// Of the last table.
    currencies: BTreeSet<[u8; 3]>,
}

impl File {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), Error> {
        if self.depth == 0 && self.rooted {
            return Err(malformed("the file goes on after its end"));
        }
        self.rooted = true;
        self.open(element)?;
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH_MAX {
            return Err(malformed("the file nests too deeply"));
        }
        Ok(())
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.day_depth == Some(self.depth) {
            self.day_depth = None;
        }
    }

    /// Within the root, words mean nothing here.
    fn text(&self, blank: bool) -> Result<(), Error> {
        if self.depth == 0 && !blank {
            return Err(malformed("the file has text outside of its elements"));
        }
        Ok(())
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), Error> {
        if element.local_name().as_ref() != "Cube" {
            return Ok(());
        }
        let Cube { time, currency, rate } = Cube::read(element)?;
        match (time, currency, rate) {
            (None, None, None) => Ok(()),
            (Some(time), None, None) => self.day(&time),
            (None, Some(currency), Some(rate)) => self.rate(&currency, &rate),
            _ => Err(malformed("a Cube has a time, or a currency and a rate, or nothing")),
        }
    }

    fn day(&mut self, time: &str) -> Result<(), Error> {
        let as_of = parse_date(time).map_err(|_| malformed("a time is no day like 2024-06-28"))?;
        if self.day_depth.replace(self.depth).is_some() {
            return Err(malformed("a day is within another"));
        }
        if !self.days.insert(as_of) {
            return Err(malformed("the file has a day twice"));
        }
        if self.tables.len() >= TABLES_MAX {
            return Err(malformed("the file has too many days"));
        }
        self.currencies.clear();
        self.tables.push(RateTable {
            source: "ECB".to_owned(),
            as_of,
            base: Currency::parse("EUR")?,
            rates: Vec::new(),
            attributes: Vec::new(),
        });
        Ok(())
    }

    fn rate(&mut self, code: &str, rate: &str) -> Result<(), Error> {
        let within = self.day_depth.is_some_and(|day| day.saturating_add(1) == self.depth);
        let Some(table) = self.tables.last_mut().filter(|_| within) else {
            return Err(malformed("a rate belongs to no day"));
        };
        let letters = <[u8; 3]>::try_from(code.as_bytes()).ok();
        let letters = letters.filter(|letters| letters.iter().all(u8::is_ascii_uppercase));
        let letters = letters.ok_or_else(|| malformed("a currency is no three capital letters"))?;
        let rate: Rate = rate.parse().map_err(|_| malformed("a rate is no decimal above zero"))?;
        let currency = Currency::parse(code).ok();
        if currency == Some(table.base) {
            return Err(malformed("the euro has a rate against itself"));
        }
        if self.currencies.len() >= RATES_MAX {
            return Err(malformed("a day has too many rates"));
        }
        if !self.currencies.insert(letters) {
            return Err(malformed("a day has a currency twice"));
        }
        // A code that ISO 4217 gained since this release is no reason to refuse the other rates.
        if let Some(currency) = currency {
            table.rates.push(Quoted { currency, rate });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<RateTable>, Error> {
        if self.depth != 0 {
            return Err(malformed("the file ends early"));
        }
        if self.tables.is_empty() || self.tables.iter().any(|table| table.rates.is_empty()) {
            return Err(malformed("the file has no day, or a day without rates"));
        }
        self.tables.sort_by_key(|table| std::cmp::Reverse(table.as_of));
        Ok(self.tables)
    }
}

#[derive(Default)]
struct Cube<'a> {
    time: Option<Cow<'a, str>>,
    currency: Option<Cow<'a, str>>,
    rate: Option<Cow<'a, str>>,
}

impl<'a> Cube<'a> {
    fn read(element: &'a BytesStart<'_>) -> Result<Self, Error> {
        let mut cube = Self::default();
        // The reader refuses an attribute that is there twice.
        for (index, attribute) in element.attributes().enumerate() {
            if index >= ATTRIBUTES_MAX {
                return Err(malformed("a Cube has too many attributes"));
            }
            let attribute = attribute.map_err(|_| malformed("an attribute is malformed"))?;
            let slot = match attribute.key.as_ref() {
                "time" => &mut cube.time,
                "currency" => &mut cube.currency,
                "rate" => &mut cube.rate,
                _ => continue,
            };
            // Days, codes and decimals need no entities: what has one is none of them.
            *slot = Some(attribute.value);
        }
        Ok(cube)
    }
}

fn malformed(message: &str) -> Error {
    Error::new(Problem::MalformedRequest, message).at("bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use purser_sdk::date;

    const DAILY: &[u8] = include_bytes!("../../../docs/vectors/eurofxref-2024-06-28.xml");

    #[test]
    fn the_daily_file_has_thirty_rates() {
        let tables = read(DAILY).unwrap();
        let [table] = tables.as_slice() else { panic!("one day") };
        assert_eq!((table.as_of, table.rates.len()), (date(2024, 6, 28), 30));
        let rate = |code: &str| table.rate(Currency::parse(code).unwrap()).unwrap().to_string();
        assert_eq!(rate("USD"), "1.0705");
        assert_eq!(rate("CAD"), "1.4670", "as published, zeros kept");
        assert_eq!(rate("IDR"), "17487.21");
    }

    #[test]
    fn a_history_comes_newest_first() {
        let day =
            |time: &str| format!("<Cube time='{time}'><Cube currency='USD' rate='1.1'/></Cube>");
        let file = format!(
            "<E><Cube>{}{}{}</Cube></E>",
            day("2024-06-27"),
            day("2024-06-28"),
            day("2024-06-26")
        );
        let days: Vec<Date> = read(file.as_bytes()).unwrap().iter().map(|it| it.as_of).collect();
        assert_eq!(days, [date(2024, 6, 28), date(2024, 6, 27), date(2024, 6, 26)]);
    }

    #[test]
    fn unknown_currencies_are_left_out() {
        let file = "<E><Cube time='2024-06-28'><Cube currency='XQX' rate='1'/><Cube currency='USD' rate='1.1'/></Cube></E>";
        let tables = read(file.as_bytes()).unwrap();
        assert_eq!(tables[0].rates.len(), 1);
    }

    #[test]
    fn a_file_that_is_wrong_anywhere_is_refused() {
        let cube = |inner: &str| format!("<E><Cube time='2024-06-28'>{inner}</Cube></E>");
        let usd = "<Cube currency='USD' rate='1.1'/>";
        let deep = format!("<E>{}{}</E>", "<a>".repeat(9), "</a>".repeat(9));
        let bomb = "<!DOCTYPE E [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'>]>";
        let many = (0..9).map(|index| format!(" a{index}=''")).collect::<String>();
        for file in [
            String::new(),
            "<E/>".into(),
            cube(""),
            cube("<Cube currency='USD' rate='0'/>"),
            cube("<Cube currency='USD' rate='-1'/>"),
            cube("<Cube currency='USD' rate='1e3'/>"),
            cube("<Cube currency='USD' rate='1,1'/>"),
            cube("<Cube currency='USD' rate='N/A'/>"),
            cube("<Cube currency='USD' rate='1.1' rate='1.2'/>"),
            cube("<Cube currency='USD'/>"),
            cube("<Cube rate='1.1'/>"),
            cube("<Cube currency='usd' rate='1.1'/>"),
            cube("<Cube currency='USDT' rate='1.1'/>"),
            cube("<Cube currency='US&#68;' rate='1.1'/>"),
            cube("<Cube currency='USD' rate='&b;'/>"),
            cube("<Cube currency='USD' rate=''/>"),
            cube("<Cube currency='USD' rate='0.0000'/>"),
            cube("<Cube currency='USD' rate='99999999999999999999'/>"),
            cube("<Cube currency='USD' rate='1.1' time='2024-06-28'/>"),
            cube(&format!("<Cube{many} currency='USD' rate='1.1'/>")),
            cube("<Cube currency='EUR' rate='1'/>"),
            cube(&format!("{usd}{usd}")),
            format!("<E><Cube>{usd}</Cube></E>"),
            format!("<E>{usd}<Cube time='2024-06-28'>{usd}</Cube></E>"),
            format!("<E><Cube time='2024-06-28'>{usd}</Cube><Cube currency='JPY' rate='1'/></E>"),
            format!("<E><Cube time='2024-06-28'><a>{usd}</a></Cube></E>"),
            format!("<E><Cube time='2024-06-28'/>{usd}</E>"),
            format!(
                "<E><Cube time='2024-06-28'>{usd}<Cube time='2024-06-27'>{usd}</Cube></Cube></E>"
            ),
            format!("<E><Cube time=''>{usd}</Cube></E>"),
            format!("<E><Cube time='28.06.2024'>{usd}</Cube></E>"),
            format!("<E><Cube time='2024-02-30'>{usd}</Cube></E>"),
            format!(
                "<E><Cube time='2024-06-28'>{usd}</Cube><Cube time='2024-06-28'>{usd}</Cube></E>"
            ),
            format!("<E><Cube time='2024-06-28'>{usd}</Cube>"),
            format!("<E><Cube time='2024-06-28'>{usd}</E></Cube>"),
            format!("{bomb}{}", cube(&format!("&b;{usd}"))),
            format!("{}{}", cube(usd), cube(usd)),
            format!("{} and more", cube(usd)),
            format!("{}&amp;", cube(usd)),
            deep,
        ] {
            let error = read(file.as_bytes()).expect_err(&file);
            assert_eq!(error.problem(), Problem::MalformedRequest, "{file}");
            assert_eq!(error.field(), Some("bytes"), "{file}");
        }
        assert!(read(&cube(usd).into_bytes()).is_ok(), "and this one is right");
        assert!(read(&vec![b' '; SIZE_MAX + 1]).is_err());
        assert!(read(b"<E>\xff</E>").is_err());
    }

    #[test]
    fn days_and_rates_are_limited() {
        let usd = "<Cube currency='USD' rate='1.1'/>";
        let days = |count| {
            let day = |days| date(2024, 1, 1).checked_add(purser_sdk::Span::new().days(days));
            let cube = |days| format!("<Cube time='{}'>{usd}</Cube>", day(days).unwrap());
            format!("<E><Cube>{}</Cube></E>", (0..count).map(cube).collect::<String>())
        };
        assert_eq!(read(days(150).as_bytes()).unwrap().len(), TABLES_MAX);
        assert!(read(days(151).as_bytes()).is_err());
        let letter = |index: u8| char::from(b'A' + index);
        let rates = |count: u8| {
            let cube = |index: u8| {
                let code = format!("Q{}{}", letter(index / 26), letter(index % 26));
                format!("<Cube currency='{code}' rate='1'/>")
            };
            let rates = (0..count).map(cube).collect::<String>();
            format!("<E><Cube time='2024-06-28'>{usd}{rates}</Cube></E>")
        };
        assert!(read(rates(99).as_bytes()).is_ok());
        assert!(read(rates(100).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_damaged_file_is_refused_or_reads_whole(at in 0..DAILY.len(), byte in any::<u8>()) {
            let mut bytes = DAILY.to_vec();
            bytes[at] = byte;
            if let Ok(tables) = read(&bytes) {
                prop_assert!(tables.iter().all(|table| table.rates.len() >= 29));
            }
        }
    }
}
