//! The operator's desk: how the gateway is, and everything that an operator sets, prepares and looks into.

pub mod cards;
pub mod check;
pub mod merchant;
pub mod merchants;
pub mod overview;
pub mod payouts;
pub mod plugin;
pub mod plugin_life;
pub mod plugin_shadow;
pub mod plugins;
pub mod printing;
pub mod rates;
pub mod refunds;
pub mod remittance;
pub mod smart_cards;
pub mod taxes;
pub mod treasury;

/// Whose idempotency keys are an operator's, as with the API.
const SCOPE: &str = "operator";
