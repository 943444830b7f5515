//! What is asked, and in which steps.

use proptest::prelude::*;

use crate::rules::{BUYERS, CARDS};

/// What is asked of the teller; numbers choose among what is there.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Load { buyer: usize, card: usize, taken: i64, tap: Option<u32> },
    LoadCompensation { buyer: usize, of: usize, taken: i64 },
    Buy { buyer: usize, merchants: Vec<u8>, net: i64, single_use: Option<u8> },
    Refund { buyer: usize, item: usize },
    Goodwill { item: usize },
    Transfer { from: usize, to: usize, amount: i64 },
    Erase { buyer: usize },
    Trade { euros: bool, sold: i64, bought: i64 },
    Again { command: usize },
}

/// A step: commands that are asked at once, or something that happens behind the teller.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Ask(Vec<Ask>),
    Days(i64),
    Roll,
    Seal,
    Place,
}

fn ask() -> impl Strategy<Value = Ask> {
    let buyer = || 0..BUYERS;
    prop_oneof![
        // One cent of EUR would be eaten by the spread, which no prepared load is.
        4 => (buyer(), 0..CARDS, 2..6_000_i64, prop::option::of(1..12_u32))
            .prop_map(|(buyer, card, taken, tap)| Ask::Load { buyer, card, taken, tap }),
        1 => (buyer(), buyer(), 1..6_000_i64).prop_map(|(buyer, of, taken)| Ask::LoadCompensation { buyer, of, taken }),
        5 => (buyer(), prop::collection::vec(0..3_u8, 1..4), 100..2_500_i64, prop::option::weighted(0.3, 0..3_u8))
            .prop_map(|(buyer, merchants, net, single_use)| Ask::Buy { buyer, merchants, net, single_use }),
        5 => (buyer(), 0..64_usize).prop_map(|(buyer, item)| Ask::Refund { buyer, item }),
        3 => (0..64_usize).prop_map(|item| Ask::Goodwill { item }),
        2 => (buyer(), buyer(), 1..3_000_i64).prop_map(|(from, to, amount)| Ask::Transfer { from, to, amount }),
        1 => buyer().prop_map(|buyer| Ask::Erase { buyer }),
        2 => (any::<bool>(), 1..9_000_i64, 1..9_000_i64)
            .prop_map(|(euros, sold, bought)| Ask::Trade { euros, sold, bought }),
        3 => (0..64_usize).prop_map(|command| Ask::Again { command }),
    ]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(ask(), 1..12).prop_map(Step::Ask),
        1 => (1..60_i64).prop_map(Step::Days),
        1 => Just(Step::Roll),
        1 => Just(Step::Seal),
        1 => Just(Step::Place),
    ]
}
