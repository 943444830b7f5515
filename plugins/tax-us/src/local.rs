//! Local taxes, from rows of the files that states publish under the Streamlined Sales and Use Tax Agreement.
//!
//! A rate file has, separated by commas: state (FIPS), type of jurisdiction (45 the state, 00 a county, 01 a city, others
//! districts), its code, the general rate within the state and from outside, the rate on food and drugs within the
//! state and from outside, first day, last day. Rates are fractions: `.065`. A boundary file has one row for each area;
//! of those for a five-digit ZIP code (`Z`) these columns count: 1 the type, 2 and 3 the days, 18 and 20 the first and the
//! last ZIP code, 25 the county, 26 the place, and from 30 on, in threes, the codes of districts in the middle one.

use csv::ByteRecord;
use purser_sdk::{Date, Error, Percent, Problem, misconfigured};

use crate::{LocalFiles, states::State};

/// What kind of jurisdiction takes a local tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    County,
    City,
    District,
}

impl Level {
    /// As receipts print it.
    pub(crate) fn tax(self) -> &'static str {
        match self {
            Self::County => "County sales tax",
            Self::City => "City sales tax",
            Self::District => "District sales tax",
        }
    }
}

/// The rates of a jurisdiction for a time.
#[derive(Debug)]
pub(crate) struct Rate {
    /// None for the state itself.
    level: Option<Level>,
    code: u32,
    general: Sides,
    food: Sides,
    from: Date,
    to: Date,
}

/// A rate for sellers in the state, and one for those outside.
#[derive(Debug, Clone, Copy)]
struct Sides {
    within: Percent,
    from_outside: Percent,
}

/// Which of a jurisdiction's four rates is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) is_food: bool,
    pub(crate) is_within: bool,
}

impl Rate {
    pub(crate) fn of(&self, column: Column) -> Percent {
        let sides = if column.is_food { self.food } else { self.general };
        if column.is_within { sides.within } else { sides.from_outside }
    }
}

/// An area, and whose taxes there are in it.
#[derive(Debug)]
struct Boundary {
    zips: (u32, u32),
    days: (Date, Date),
    members: Vec<(Level, u32)>,
}

/// The rows that an operator has of one state.
#[derive(Debug)]
pub(crate) struct Files {
    path: String,
    rates: Vec<Rate>,
    boundaries: Vec<Boundary>,
}

impl Files {
    /// Reads the rows; each that is not as the format has it is refused by its number.
    pub(crate) fn read(state: &State, files: &LocalFiles) -> Result<Self, Error> {
        let path = format!("config.local.{}", state.code);
        let rates = rows(&files.rates, &format!("{path}.rates"), |row| rate(state, row))?;
        let boundaries = rows(&files.boundaries, &format!("{path}.boundaries"), boundary)?;
        Ok(Self { path, rates, boundaries })
    }

    /// The state's own rates, where its row is among them.
    pub(crate) fn state(&self, day: Date) -> Option<&Rate> {
        self.rates.iter().find(|rate| rate.level.is_none() && rate.is_on(day))
    }

    /// The local jurisdictions of a ZIP code, each with its code.
    pub(crate) fn at(&self, zip: u32, day: Date) -> Result<Vec<(Level, u32, &Rate)>, Error> {
        let covers = |boundary: &&Boundary| {
            (boundary.zips.0..=boundary.zips.1).contains(&zip)
                && (boundary.days.0..=boundary.days.1).contains(&day)
        };
        let mut found = self.boundaries.iter().filter(covers);
        let path = format!("{}.boundaries", self.path);
        let Some(boundary) = found.next() else {
            return Err(misconfigured(&path, &format!("no row has ZIP code {zip:05} on {day}")));
        };
        if found.next().is_some() {
            return Err(misconfigured(&path, &format!("two rows have ZIP code {zip:05} on {day}")));
        }
        let mut rates = Vec::with_capacity(boundary.members.len());
        for (level, code) in &boundary.members {
            if let Some(rate) = self.rate(*level, *code, day)? {
                rates.push((*level, *code, rate));
            }
        }
        Ok(rates)
    }

    /// A jurisdiction's rates. Where a state has no rows at all of a kind, that kind takes no tax there.
    fn rate(&self, level: Level, code: u32, day: Date) -> Result<Option<&Rate>, Error> {
        let of_kind = |rate: &&Rate| rate.level == Some(level);
        let same = |rate: &&Rate| of_kind(rate) && rate.code == code && rate.is_on(day);
        if let Some(rate) = self.rates.iter().find(same) {
            return Ok(Some(rate));
        }
        if !self.rates.iter().any(|rate| of_kind(&rate)) {
            return Ok(None);
        }
        let why = format!("no row has {} {code:05} on {day}", level.tax());
        Err(misconfigured(&format!("{}.rates", self.path), &why))
    }
}

impl Rate {
    fn is_on(&self, day: Date) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// The five digits of a ZIP code, which may have four more behind a hyphen.
pub(crate) fn zip(text: &str) -> Option<u32> {
    let (zip, four) = text.split_once('-').unwrap_or((text, "0000"));
    (four.len() == 4 && number(four.as_bytes()).is_some()).then(|| five(zip.as_bytes())).flatten()
}

/// Every row that `read` takes; it passes over those it answers nothing for.
fn rows<T>(
    text: &str,
    path: &str,
    read: impl Fn(&ByteRecord) -> Result<Option<T>, &'static str>,
) -> Result<Vec<T>, Error> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut rows, mut row, mut number) = (Vec::new(), ByteRecord::new(), 0_u32);
    while reader.read_byte_record(&mut row).map_err(|it| misconfigured(path, &it.to_string()))? {
        number = number.saturating_add(1);
        let read = read(&row).map_err(|why| misconfigured(path, &format!("row {number}: {why}")));
        rows.extend(read?);
    }
    Ok(rows)
}

/// The text of a column, counted from 1 as the format does; empty where a row ends before it.
fn column(row: &ByteRecord, number: usize) -> &[u8] {
    number.checked_sub(1).and_then(|index| row.get(index)).unwrap_or_default().trim_ascii()
}

fn rate(state: &State, row: &ByteRecord) -> Result<Option<Rate>, &'static str> {
    if code(column(row, 1)) != code(state.fips.as_bytes()) {
        return Err("it is of another state");
    }
    let kind = column(row, 2);
    let level = match kind {
        b"45" => None,
        b"00" | b"0" => Some(Level::County),
        b"01" | b"1" => Some(Level::City),
        _ if code(kind).is_some() => Some(Level::District),
        _ => return Err("the type of a jurisdiction is two digits"),
    };
    let percent = |number| percent(column(row, number));
    Ok(Some(Rate {
        level,
        code: code(column(row, 3)).ok_or("a jurisdiction is up to five digits")?,
        general: Sides { within: percent(4)?, from_outside: percent(5)? },
        food: Sides { within: percent(6)?, from_outside: percent(7)? },
        from: day(column(row, 8))?,
        to: day(column(row, 9))?,
    }))
}

fn boundary(row: &ByteRecord) -> Result<Option<Boundary>, &'static str> {
    match column(row, 1) {
        b"Z" => {}
        // Nine digits and street addresses are more than a sale tells.
        b"4" | b"A" => return Ok(None),
        _ => return Err("a row begins with Z, 4 or A"),
    }
    let zip = |number| five(column(row, number)).ok_or("a ZIP code has five digits");
    let mut members = Vec::new();
    for (level, number) in [(Level::County, 25), (Level::City, 26)] {
        members.extend(member(level, column(row, number))?);
    }
    for number in (31..=row.len()).step_by(3) {
        members.extend(member(Level::District, column(row, number))?);
    }
    Ok(Some(Boundary {
        zips: (zip(18)?, zip(20)?),
        days: (day(column(row, 2))?, day(column(row, 3))?),
        members,
    }))
}

fn member(level: Level, text: &[u8]) -> Result<Option<(Level, u32)>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let code = code(text).ok_or("a jurisdiction is up to five digits")?;
    Ok(Some((level, code)))
}

/// Up to five digits, with or without zeros in front.
fn code(text: &[u8]) -> Option<u32> {
    if (1..=5).contains(&text.len()) { number(text) } else { None }
}

/// Exactly five digits.
fn five(text: &[u8]) -> Option<u32> {
    if text.len() == 5 { number(text) } else { None }
}

/// The number that at most eight digits spell.
fn number(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |so_far, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte.saturating_sub(b'0')))?;
        so_far.checked_mul(10)?.checked_add(digit)
    })
}

/// `.065` is 6.5 percent.
fn percent(text: &[u8]) -> Result<Percent, &'static str> {
    const FORM: &str = "a rate is a fraction below one, like .065";
    let text = std::str::from_utf8(text).map_err(|_| FORM)?;
    let whole = text.strip_prefix('.').map(|rest| format!("0.{rest}"));
    let fraction = Percent::parse(whole.as_deref().unwrap_or(text)).map_err(|_| FORM)?;
    let (mantissa, scale) = fraction.parts();
    let percent = match scale {
        0 if mantissa == 0 => Ok(Percent::ZERO),
        0 => return Err(FORM),
        1 => Percent::from_parts(mantissa.saturating_mul(10), 0),
        _ => Percent::from_parts(mantissa, scale.saturating_sub(2)),
    };
    let percent = percent.map_err(|_| FORM)?;
    // A rate that somebody wrote as percent would be a hundred times too high.
    if Percent::from_parts(30, 0).is_ok_and(|most| percent > most) {
        Err(FORM)
    } else {
        Ok(percent)
    }
}

/// `20261231`; the end of time is `29991231` or `99991231`.
fn day(text: &[u8]) -> Result<Date, &'static str> {
    const FORM: &str = "a day is written like 20261231";
    let number = (text.len() == 8).then(|| number(text)).flatten().ok_or(FORM)?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = parts else { return Err(FORM) };
    Date::new(year, month, day).map_err(|_| FORM)
}

/// The refusal of a ZIP code that is none.
pub(crate) fn no_zip(field: &str) -> Error {
    Error::new(Problem::MalformedRequest, "a ZIP code has five digits, like 72201").at(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::states::of;
    use purser_sdk::date;

    const RATES: &str = "05,45,05,.065,.065,.00125,.00125,20240101,29991231\n\
                         05,00,119,.0100,.0100,.01,.01,20240101,20251231\n\
                         05,00,00119,0.015,0.015,0,0,20260101,29991231\n\
                         05,01,41000,.01125,.00125,.01125,.01125,20240101,29991231\n\
                         05,63,60001,.02,.02,.02,.02,20240101,29991231\n";
    const BOUNDARIES: &str = "Z,20240101,29991231,,,,,,,,,,,,,,,72201,,72203,,,05,05,119,41000\n\
         Z,20240101,29991231,,,,,,,,,,,,,,,72301,,72301,,,05,05,119,,,,,05,60001,63\n\
         4,20240101,29991231,,,,,,,,,,,,,,,72201,0001,72201,0009,,05,05,119,41000\n\
         Z,20240101,29991231,,,,,,,,,,,,,,,72999,,72999,,,05,05,035,\n";

    fn files(rates: &str, boundaries: &str) -> Result<Files, Error> {
        let files = LocalFiles { rates: rates.to_owned(), boundaries: boundaries.to_owned() };
        Files::read(of("AR").unwrap(), &files)
    }

    fn shown(zip: u32, day: Date, column: Column) -> Vec<String> {
        let files = files(RATES, BOUNDARIES).unwrap();
        let found = files.at(zip, day).unwrap();
        found
            .iter()
            .map(|(level, code, rate)| format!("{level:?} {code} {}", rate.of(column)))
            .collect()
    }

    #[test]
    fn a_zip_code_has_its_jurisdictions_with_their_rates_of_the_day() {
        let general = Column { is_food: false, is_within: true };
        let day = date(2025, 6, 1);
        assert_eq!(shown(72202, day, general), ["County 119 1", "City 41000 1.125"]);
        assert_eq!(shown(72301, day, general), ["County 119 1", "District 60001 2"]);
        let food = Column { is_food: true, is_within: false };
        assert_eq!(shown(72202, date(2026, 6, 1), food), ["County 119 0", "City 41000 1.125"]);
        let outside = Column { is_food: false, is_within: false };
        assert_eq!(shown(72203, date(2026, 6, 1), outside), ["County 119 1.5", "City 41000 0.125"]);
        let files = files(RATES, BOUNDARIES).unwrap();
        assert_eq!(files.state(day).unwrap().of(general).to_string(), "6.5");
        assert_eq!(files.state(day).unwrap().of(food).to_string(), "0.125");
    }

    #[test]
    fn what_the_rows_do_not_say_is_not_guessed() {
        let read = files(RATES, BOUNDARIES).unwrap();
        let refused = |zip, day| read.at(zip, day).unwrap_err().to_string();
        assert!(refused(72204, date(2025, 1, 1)).contains("no row has ZIP code 72204"));
        assert!(refused(72201, date(2023, 1, 1)).contains("no row has ZIP code"));
        assert!(refused(72999, date(2025, 1, 1)).contains("no row has County sales tax 00035"));
        let twice = format!("{BOUNDARIES}{BOUNDARIES}");
        assert!(files(RATES, &twice).unwrap().at(72201, date(2025, 1, 1)).is_err());
        // A state without county taxes has no rows of counties.
        let cities = "05,01,41000,.01,.01,.01,.01,20240101,29991231";
        assert_eq!(
            files(cities, BOUNDARIES).unwrap().at(72201, date(2025, 1, 1)).unwrap().len(),
            1
        );
    }

    #[test]
    fn rows_of_another_form_are_refused_by_number() {
        let bad = [
            ("06,45,06,.06,.06,0,0,20240101,29991231", "row 1: it is of another state"),
            ("05,xx,05,.06,.06,0,0,20240101,29991231", "row 1: the type"),
            ("05,45,05,6.5,6.5,0,0,20240101,29991231", "row 1: a rate is a fraction"),
            ("05,45,05,.06,.06,0,0,2024-01-01,29991231", "row 1: a day"),
            ("05,45,05,.06,.06,0,0,20241301,29991231", "row 1: a day"),
            ("05,45,05", "row 1: a rate"),
        ];
        for (row, why) in bad {
            let error = files(row, "").unwrap_err();
            assert_eq!(error.field(), Some("config.local.US-AR.rates"), "{row}");
            assert!(error.to_string().contains(why), "{error}");
        }
        for row in ["X,20240101", "Z,20240101,29991231", "Z"] {
            let error = files("", row).unwrap_err();
            assert_eq!(error.field(), Some("config.local.US-AR.boundaries"), "{row}");
        }
    }

    #[test]
    fn zip_codes_have_five_digits() {
        assert_eq!((zip("72201"), zip("00501-0001")), (Some(72201), Some(501)));
        for text in ["", "7220", "722011", "72201-", "72201-12", "7220a", "+2201", " 72201"] {
            assert_eq!(zip(text), None, "{text}");
        }
    }
}
