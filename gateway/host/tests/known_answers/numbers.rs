//! Tax numbers, each through the plugin of its country.

use serde_json::Value;

use crate::example::{bundled, examples, text};

pub(crate) const ANSWERED: &[&str] = &[
    "vatid-AT", "vatid-BE", "vatid-DE", "vatid-DK", "vatid-FI", "vatid-FR", "vatid-GB", "vatid-EL",
    "vatid-IT", "vatid-LU", "vatid-NO", "gstin", "jp-trn",
];

/// The plugin, the country, and the numbers that can be one and that cannot.
fn question(example: &Value) -> (&'static str, &str, Vec<&str>, &str) {
    match text(&example["id"]) {
        "gstin" => {
            assert_eq!(example["input"], "27AAPFU0939F1ZV / ...ZO");
            ("tax-in", "IN", vec!["27AAPFU0939F1ZV"], "27AAPFU0939F1ZO")
        }
        "jp-trn" => {
            let (valid, invalid) = text(&example["input"]).split_once(" / ").unwrap();
            ("tax-jp", "JP", valid.split(", ").collect(), invalid)
        }
        _ => {
            let expected = &example["expected"];
            let (valid, invalid) = (text(&expected["valid"]), text(&expected["invalid"]));
            ("tax-eu", text(&example["input"]), vec![valid], invalid)
        }
    }
}

#[tokio::test]
async fn tax_numbers_are_judged_as_their_examples_say() {
    let examples = examples(ANSWERED);
    for name in ["tax-eu", "tax-in", "tax-jp"] {
        let plugin = bundled(name).await.tax().unwrap();
        let own = examples.iter().map(question).filter(|(of, ..)| *of == name);
        for (_, country, valid, invalid) in own {
            for number in valid {
                let verdict = plugin.check_tax_id(country, number).await.unwrap().value;
                assert!(verdict.valid, "{country} {number}: {verdict:?}");
            }
            let verdict = plugin.check_tax_id(country, invalid).await.unwrap().value;
            assert!(!verdict.valid && verdict.reason.is_some(), "{country} {invalid}: {verdict:?}");
        }
    }
}
