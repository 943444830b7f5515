//! What a purchase would cost: the same basket, and nothing moves.

use super::{
    basket::{self, Basket, Wish},
    intent::{Making, Payer},
};
use crate::{gateway::Gateway, problem::Problem};

/// Prices the offers as a purchase would. Needs no funds.
pub async fn quote(gateway: &Gateway, payer: &Payer, wish: &Wish) -> Result<Basket, Problem> {
    let making = Making { at: gateway.now(), facts: gateway.facts.at(payer.facts_version) };
    basket::fill(gateway, &making, wish).await
}
