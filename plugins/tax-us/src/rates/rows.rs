//! The rows. Rates are the states' own; of the taxes that every place in a state has alike, California's 1.25 %
//! and Virginia's 1 % are in them, as the states publish them.

use purser_sdk::{
    Category::{
        self, Accommodation, Book, DigitalService, Ebook, Food, General, Medicine, Newspaper,
        PassengerTransport, Postage, Restaurant,
    },
    Reason, date,
};

use super::Row;

/// The states' rates as two lists have them, which agree on every row that cites them.
const LISTS: &str =
    "federalstatelaw.com, Sales tax by state (2025-12-15); salestaxapi.io, Rates by state (2026)";
const CALIFORNIA: &str = "Cal. Rev. & Tax. Code §§ 6051, 7200: 7.25 % with the uniform local tax";
const DISTRICT: &str = "D.C. Code § 47-2002: 6 % to 2025-09-30";
const LOUISIANA_OLD: &str = "La. R.S. 47:302 and 321: 4.45 % to 2024-12-31";
const LOUISIANA_NEW: &str = "La. Act 11 of 2024 (3rd extraordinary session): 5 % from 2025-01-01";
const NEW_MEXICO: &str = "N.M. Stat. § 7-9-4: 4.875 % from 2023-07-01";
const SOUTH_DAKOTA: &str = "S.D. HB 1137 (2023): 4.2 % from 2023-07-01 to 2027-06-30";
const UTAH: &str = "Utah Code § 59-12-103: 4.85 %, food 1.75 %";
const VIRGINIA: &str =
    "Va. Code §§ 58.1-603 to 605: 4.3 % and 1 % everywhere; § 58.1-611.1: food 1 %";
const NONE: &str =
    "Delaware, Montana, New Hampshire and Oregon have no sales tax; Alaska only local ones";
/// What the trade calls groceries: no sweets, soft drinks or prepared food, which are offered as something else.
const FOOD: &str =
    "Federation of Tax Administrators, Food and drug exemptions; federalstatelaw.com (2025-12-15)";
const ALABAMA_3: &str = "Ala. Act 2023-554: food 3 % from 2023-09-01";
const ALABAMA_2: &str = "Ala. Act 2025-305: food 2 % from 2025-09-01 (grocerydive.com)";
const ARKANSAS: &str = "Ark. Code § 26-52-317: food 0.125 % to 2025-12-31";
const ARKANSAS_NONE: &str =
    "Grocery Tax Relief Act (Ark. 2025): no state tax on food from 2026-01-01";
const ILLINOIS: &str = "35 ILCS 120/2-10: food 1 % to 2025-12-31";
const ILLINOIS_NONE: &str = "Ill. P.A. 103-0781: no state tax on food from 2026-01-01";
const KANSAS: &str = "K.S.A. 79-3603: food 2 % in 2024";
const KANSAS_NONE: &str = "K.S.A. 79-3603: no state tax on food from 2025-01-01";
const MISSISSIPPI: &str = "Miss. Code § 27-65-17: food 7 % to 2025-06-30";
const MISSISSIPPI_5: &str = "Miss. HB 1 (2025): food 5 % from 2025-07-01";
const MISSOURI: &str = "Mo. Rev. Stat. § 144.014: food 1.225 %";
const OKLAHOMA: &str = "68 O.S. § 1354: food 4.5 % to 2024-08-28";
const OKLAHOMA_NONE: &str = "Okla. HB 1955 (2024): no state tax on food from 2024-08-29";
const TENNESSEE: &str = "Tenn. Code § 67-6-228: food 4 %";
const PRESCRIPTIONS: &str =
    "Federation of Tax Administrators: drugs on prescription exempt in every state but Illinois";
const STAMPS: &str = "18 U.S.C. § 8: stamps for mail are no tangible property (Utah Tax Commission 96-168, Ariz. R15-5-2344, Cal. CDTFA \
                      annotation 430.0228.200; legalclarity.org: in every state)";
/// Neither downloads nor access over the network are taxed.
const NOT_DIGITAL: &str = "Cal. Reg. 1502; Mo. 12 CSR 10-109.050; Nev. NAC 372.880; Okla. OAC 710:65-19-156; Va. 23VAC10-210-760: \
                           what is delivered electronically is no tangible property";

const fn standard(states: &'static str, milli_percent: i64) -> Row {
    Row::new(states, &[General], (milli_percent, Reason::Standard), LISTS)
}

const fn cited(states: &'static str, milli_percent: i64, source: &'static str) -> Row {
    Row::new(states, &[General], (milli_percent, Reason::Standard), source)
}

const fn food(states: &'static str, milli_percent: i64, source: &'static str) -> Row {
    let reason = if milli_percent == 0 { Reason::Exempt } else { Reason::Reduced };
    Row::new(states, &[Food], (milli_percent, reason), source)
}

/// The states with a sales tax, but for Illinois.
const BUT_ILLINOIS: &str = "AL AR AZ CA CO CT DC FL GA HI IA ID IN KS KY LA MA MD ME MI MN MO MS NC ND NE NJ NM NV NY OH OK PA RI SC \
                            SD TN TX UT VA VT WA WI WV WY";
const EVERYTHING: &[Category] = &[
    General,
    DigitalService,
    Book,
    Ebook,
    Newspaper,
    Food,
    Medicine,
    Accommodation,
    Restaurant,
    PassengerTransport,
    Postage,
];
const NO_TAX: (i64, Reason) = (0, Reason::OutsideScope);
const EXEMPT: (i64, Reason) = (0, Reason::Exempt);

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    Row::new("DE MT OR", EVERYTHING, NO_TAX, NONE),
    // New Hampshire taxes meals and rooms, Alaska's cities what they like.
    Row::new("AK NH", &[General, DigitalService, Book, Ebook, Newspaper, Food, Medicine, Postage], NO_TAX, NONE),
    standard("AL GA HI NY WY", 4_000), standard("AZ", 5_600), standard("AR KS WA", 6_500), standard("CO", 2_900),
    standard("CT", 6_350), standard("FL IA ID KY MD MI PA SC VT WV", 6_000), standard("IL MA TX", 6_250),
    standard("IN MS RI TN", 7_000), standard("ME NE", 5_500), standard("MN", 6_875), standard("MO", 4_225),
    standard("NC", 4_750), standard("ND WI", 5_000), standard("NJ", 6_625), standard("NV", 6_850), standard("OH", 5_750),
    standard("OK", 4_500),
    cited("CA", 7_250, CALIFORNIA),
    cited("DC", 6_000, DISTRICT).until(date(2025, 9, 30)),
    cited("LA", 4_450, LOUISIANA_OLD).until(date(2024, 12, 31)),
    cited("LA", 5_000, LOUISIANA_NEW).since(date(2025, 1, 1)),
    cited("NM", 4_875, NEW_MEXICO),
    cited("SD", 4_200, SOUTH_DAKOTA).until(date(2027, 6, 30)),
    cited("SD", 4_500, SOUTH_DAKOTA).since(date(2027, 7, 1)),
    cited("UT", 4_850, UTAH),
    cited("VA", 5_300, VIRGINIA),

    food("AZ CA CO CT DC FL GA IA IN KY LA MA MD ME MI MN NC ND NE NJ NM NV NY OH PA RI SC TX VT WA WI WV WY", 0, FOOD),
    food("AL", 3_000, ALABAMA_3).until(date(2025, 8, 31)),
    food("AL", 2_000, ALABAMA_2).since(date(2025, 9, 1)),
    food("AR", 125, ARKANSAS).until(date(2025, 12, 31)),
    food("AR", 0, ARKANSAS_NONE).since(date(2026, 1, 1)),
    food("IL", 1_000, ILLINOIS).until(date(2025, 12, 31)),
    food("IL", 0, ILLINOIS_NONE).since(date(2026, 1, 1)),
    food("KS", 2_000, KANSAS).until(date(2024, 12, 31)),
    food("KS", 0, KANSAS_NONE).since(date(2025, 1, 1)),
    food("MS", 7_000, MISSISSIPPI).until(date(2025, 6, 30)),
    food("MS", 5_000, MISSISSIPPI_5).since(date(2025, 7, 1)),
    food("MO", 1_225, MISSOURI),
    food("OK", 4_500, OKLAHOMA).until(date(2024, 8, 28)),
    food("OK", 0, OKLAHOMA_NONE).since(date(2024, 8, 29)),
    food("TN", 4_000, TENNESSEE),
    food("UT", 1_750, UTAH),
    food("VA", 1_000, VIRGINIA),

    Row::new(BUT_ILLINOIS, &[Medicine], EXEMPT, PRESCRIPTIONS),
    Row::new(BUT_ILLINOIS, &[Postage], EXEMPT, STAMPS),
    Row::new("IL", &[Postage], EXEMPT, STAMPS),
    Row::new("CA MO NV OK VA", &[DigitalService, Ebook], EXEMPT, NOT_DIGITAL),
];

/// What is under the general rate, by which rule: states, categories, law.
pub(super) static GENERAL: &[(&str, &[Category], &str)] = &[
    ("HI ID SD", &[Food], "Federation of Tax Administrators: food at the general rate"),
    ("CA", &[Book, Newspaper], "Cal. Rev. & Tax. Code § 6016, Reg. 1590: printed matter is taxed"),
    ("CA", &[Restaurant], "Cal. Reg. 1603: meals that are served are taxed"),
    ("NY", &[Book], "N.Y. Tax Law §§ 1101(b)(6), 1105(a): books are tangible property"),
    ("NY", &[Restaurant], "N.Y. Tax Law § 1105(d): meals are taxed"),
    ("TX", &[Book], "Tex. Tax Code §§ 151.009, 151.051; 34 TAC 3.299: books are taxed"),
    ("TX", &[Restaurant], "Tex. Tax Code § 151.314(c); 34 TAC 3.293: prepared food is taxed"),
    ("WA", &[Book], "RCW 82.08.010, 82.08.020: books are tangible property"),
    ("WA", &[Restaurant], "RCW 82.08.0293: prepared food is taxed"),
    ("WA", &[DigitalService, Ebook], "RCW 82.04.050, 82.04.192: digital products are taxed"),
    (
        "PA",
        &[DigitalService, Ebook],
        "72 P.S. § 7201(m): what is delivered electronically is taxed",
    ),
    (
        "RI",
        &[DigitalService, Ebook],
        "R.I. Gen. Laws § 44-18-7: hosted software and digital products",
    ),
    (
        "SD",
        &[DigitalService, Ebook],
        "SDCL 10-45-2.4, 10-45-4: digital products and services are taxed",
    ),
    (
        "TN",
        &[DigitalService, Ebook],
        "Tenn. Code §§ 67-6-231, 67-6-233: remote software, digital products",
    ),
    (
        "UT",
        &[DigitalService, Ebook],
        "Utah Code § 59-12-103(1): products transferred electronically",
    ),
];
