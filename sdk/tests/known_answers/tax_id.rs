//! Tax numbers. The examples beyond the shared ones are those in python-stdnum's documentation.

use purser_sdk::{Country, Problem, Verdict, tax_id};

use crate::{area, text};

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

fn is_valid(code: &str, number: &str) -> bool {
    matches!(tax_id::check(country(code), number), Ok(Verdict::Valid { .. }))
}

#[test]
fn shared_examples_are_judged_right() {
    for example in area("vatid") {
        match example.id.as_str() {
            "gstin" => {
                assert!(is_valid("IN", "27AAPFU0939F1ZV"));
                assert!(!is_valid("IN", "27AAPFU0939F1ZO"));
                assert_eq!(text(&example.input), "27AAPFU0939F1ZV / ...ZO");
            }
            "jp-trn" => {
                let (valid, invalid) = text(&example.input).split_once(" / ").unwrap();
                assert!(valid.split(", ").all(|number| is_valid("JP", number)));
                assert!(!is_valid("JP", invalid));
            }
            _ => {
                let code = text(&example.input);
                let (valid, invalid) = (&example.expected["valid"], &example.expected["invalid"]);
                assert!(is_valid(code, text(valid)), "{code} {valid}");
                assert!(!is_valid(code, text(invalid)), "{code} {invalid}");
            }
        }
    }
}

/// A number, and the same with another last digit or letter.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("AT", "ATU13585627", "ATU13585626"),
    ("BE", "BE 428.759.497", "BE431150351"),
    ("BG", "BG 175 074 752", "175074751"),
    ("CY", "CY-10259033P", "CY-10259033Z"),
    ("CZ", "CZ 25123891", "25123890"),
    ("CZ", "7103192745", "7103192746"),
    ("CZ", "991231123", "590312123"),
    ("CZ", "640903926", "640903927"),
    ("DE", "DE 136,695 976", "136695978"),
    ("DK", "DK 13585628", "DK 13585627"),
    ("EE", "EE 100 931 558", "100594103"),
    ("GR", "EL 094259216", "EL 123456781"),
    ("GR", "GR 94259216", "GR 94259217"),
    ("ES", "ES B-58378431", "B64717839"),
    ("ES", "54362315K", "54362315Z"),
    ("ES", "X-5253868-R", "X-5253868-S"),
    ("ES", "M-1234567-L", "M-1234567-K"),
    ("FI", "FI 20774740", "FI 20774741"),
    ("FR", "Fr 40 303 265 045", "84 323 140 391"),
    ("FR", "K7399859412", "IO334175221"),
    ("FR", "4Z123456782", "4Z123456783"),
    ("HR", "HR 33392005961", "33392005962"),
    ("HU", "HU-12892312", "HU-12892313"),
    ("IE", "IE 6433435F", "6433435E"),
    ("IE", "IE 6433435OA", "IE 6433435OB"),
    ("IE", "8D79739I", "8?79739J"),
    ("IT", "IT 00743110157", "00743110158"),
    ("LT", "119511515", "119511516"),
    ("LT", "LT 100001919017", "100001919018"),
    ("LT", "100004801610", "100004801611"),
    ("LU", "LU 150 274 42", "150 274 43"),
    ("LV", "LV 4000 3521 600", "40003521601"),
    ("LV", "161175-19997", "161375-19997"),
    ("LV", "328673-00679", "328673-00677"),
    ("MT", "MT 1167-9112", "1167-9113"),
    ("NL", "NL004495445B01", "123456789B90"),
    ("NL", "NL002455799B11", "NL002455799B12"),
    ("PL", "PL 8567346215", "PL 8567346216"),
    ("PT", "PT 501 964 843", "PT 501 964 842"),
    ("RO", "RO 185 472 90", "RO 185 472 91"),
    ("RO", "1630615123457", "1630615993454"),
    ("SE", "SE 123456789701", "123456789101"),
    ("SI", "SI 5022 3054", "SI 50223055"),
    ("SK", "SK 202 274 96 19", "SK 202 274 96 18"),
    ("GB", "GB 980 7806 84", "802311781"),
    ("GB", "GBGD001", "GBGD501"),
    ("XI", "XI 980 7806 84", "XI 802311781"),
    ("CH", "CHE-107.787.577 IVA", "CHE-107.787.578 IVA"),
    ("CH", "CHE-107.787.577", "CHE-107.787.577 VAT"),
    ("NO", "NO 995 525 828 MVA", "NO 995 525 829 MVA"),
    ("NO", "995525828MVA", "995525828"),
    ("AU", "83 914 571 673", "99 999 999 999"),
    ("AU", "51 824 753 556", "15 824 753 556"),
    ("NZ", "4909185-0", "136410133"),
    ("NZ", "NZ 49-098-576", "9125568"),
    ("KR", "116-82-00276", "116-82-00277"),
    ("KR", "134-86-72683", "000-86-72683"),
    ("IS", "IS 00621", "IS 0062199"),
    ("JP", "T5835678256246", "T2835678256246"),
    ("IN", "27AAPFU0939F1ZV", "27AAPFU0939F1ZO"),
    ("CA", "12302 6635", "123456783"),
    ("CA", "12302 6635 RC 0001", "12302 6635 RX 0001"),
    ("CA", "123026635RT0001", "123026636RT0001"),
    ("CA", "1224002901 TQ 0001", "1224002902 TQ 0001"),
    ("CA", "1227494057TQ0001", "1227494058TQ0001"),
    ("CA", "NR12345678", "NR1234567"),
    ("US", "91-1144442", "07-1144442"),
    ("US", "04-2103594", "04-210359"),
    ("IN", "27AAPFU0939F1ZV", "27AAPFU0939F1AV"),
];

#[test]
fn numbers_of_every_country_are_told_from_mistyped_ones() {
    for (code, valid, invalid) in EXAMPLES {
        assert!(is_valid(code, valid), "{code} {valid}");
        assert!(!is_valid(code, invalid), "{code} {invalid}");
    }
    for member in "AT BE BG CY CZ DE DK EE GR ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
        .split(' ')
    {
        assert!(EXAMPLES.iter().any(|(code, ..)| code == &member), "{member}");
    }
}

#[test]
fn a_number_is_shown_as_its_authority_writes_it() {
    let normalized = |code: &str, number: &str| match tax_id::check(country(code), number) {
        Ok(Verdict::Valid { normalized, .. }) => normalized,
        other => panic!("{other:?}"),
    };
    assert_eq!(normalized("GR", "GR 94259216"), "EL094259216");
    assert_eq!(normalized("AT", "u13585627"), "ATU13585627");
    assert_eq!(normalized("BE", "428.759.497"), "BE0428759497");
    assert_eq!(normalized("CH", "107.787.577 mwst"), "CHE107787577MWST");
    assert_eq!(normalized("JP", "8010601046367"), "T8010601046367");
    assert_eq!(normalized("AU", "51 824 753 556"), "51824753556");
    assert_eq!(normalized("NZ", "NZ 49-098-576"), "49098576");
}

#[test]
fn a_prefix_names_another_country_than_the_buyers() {
    let check =
        |buyer: &str, number: &str, expected: &str| match tax_id::recognise(country(buyer), number)
        {
            Verdict::Valid { country, .. } => assert_eq!(country.code(), expected),
            Verdict::Invalid { country, reason } => panic!("{country}: {reason}"),
        };
    check("DE", "136695976", "DE");
    check("DE", "ATU13585627", "AT");
    check("US", "EL094259216", "GR");
    check("DE", "GR094259216", "GR");
    check("FR", "XI980780684", "XI");
    let invalid = |buyer, number| match tax_id::recognise(country(buyer), number) {
        Verdict::Invalid { country, .. } => country.to_string(),
        valid => panic!("{valid:?}"),
    };
    assert_eq!(invalid("DE", "ATU13585626"), "AT", "of the country that it names");
    assert_eq!(invalid("DE", "TEST"), "DE", "and else of the buyer's");
    assert!(matches!(tax_id::recognise(country("DE"), "DE136695978"), Verdict::Invalid { .. }));
    assert!(matches!(tax_id::recognise(country("MX"), "12-3456789"), Verdict::Invalid { .. }));
}

#[test]
fn what_is_not_known_is_an_error_and_no_verdict() {
    let error = tax_id::check(country("MX"), "12-3456789").unwrap_err();
    assert_eq!(error.problem(), Problem::TaxCountryUnsupported);
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".{0,50}", index in 0..EXAMPLES.len()) {
        let (code, ..) = EXAMPLES[index];
        let _ = tax_id::check(country(code), &text);
        let _ = tax_id::recognise(country(code), &text);
    }

    #[test]
    fn no_digits_panic(text in "[0-9A-Z+*]{0,16}", index in 0..EXAMPLES.len()) {
        let (code, ..) = EXAMPLES[index];
        let _ = tax_id::check(country(code), &text);
    }
}
