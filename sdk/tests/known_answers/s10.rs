//! Identifiers of postal items.

use purser_sdk::s10::{S10, S10Error};

use crate::{area, text};

#[test]
fn check_digits_are_those_of_the_examples() {
    for example in area("s10") {
        let input = text(&example.input);
        let digit = example.expected["check_digit"].as_u64().unwrap();
        match S10::parse(input) {
            Ok(item) => {
                assert_eq!(example.expected["valid"], true, "{input}");
                assert_eq!(u64::from(item.check_digit()), digit);
                assert_eq!(item.to_string(), input);
            }
            Err(S10Error::CheckDigit { expected }) => {
                assert_eq!(example.expected["valid"], false, "{input}");
                assert_eq!(u64::from(expected), digit);
            }
            Err(error) => panic!("{input}: {error}"),
        }
    }
}
