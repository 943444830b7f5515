//! Whether buyers are led to a shop's address by a redirect alone (RFC 9700, section 4.11).
//!
//! Merchants register the addresses of their logins themselves, so a link to the gateway could end anywhere. Who has
//! signed in and agreed, on pages that name the shop, goes where the shop wants. Until then only an address within the
//! origins that the operator registered for the merchant is gone to without a word; any other one is shown.

use purser_core::login::{
    client::{LoginClient, RedirectUri},
    request::Told,
};
use purser_store::facts::merchant::{Merchant, merchant_get};

use crate::{gateway::Gateway, problem::Problem};

/// An address that a buyer is asked about.
pub struct Elsewhere {
    /// What the shop is called.
    pub shop: String,
    /// Where it is: scheme, host and port.
    pub origin: String,
    /// The address itself, with what the shop is told.
    pub location: String,
}

/// Where a buyer goes who is not known to want to.
pub enum Onward {
    /// There, at once.
    Led(String),
    /// Nowhere, unless the buyer follows a link.
    Asked(Elsewhere),
}

/// Where the buyer goes when the shop is told that it asked for something that cannot be had.
pub(super) async fn told(
    gateway: &Gateway,
    client: &LoginClient,
    told: &Told,
) -> Result<Onward, Problem> {
    onward(gateway, client, &told.redirect_uri, told.location(&gateway.issuer)).await
}

/// Where the buyer goes: to `location`, which is `uri` with parameters.
pub(super) async fn onward(
    gateway: &Gateway,
    client: &LoginClient,
    uri: &RedirectUri,
    location: String,
) -> Result<Onward, Problem> {
    let (merchant, origin) = (merchant(gateway, client).await?, uri.origin());
    // What listens on the reader's own machine is no stranger's page.
    if uri.is_loopback() || merchant.return_origins.contains(&origin) {
        return Ok(Onward::Led(location));
    }
    Ok(Onward::Asked(Elsewhere { shop: merchant.name, origin, location }))
}

/// Whose client it is.
pub(super) async fn merchant(gateway: &Gateway, client: &LoginClient) -> Result<Merchant, Problem> {
    let id = client.merchant;
    let row = gateway.store.read(move |db| merchant_get(db, id)).await?;
    row.ok_or_else(|| Problem::internal("a login client of no merchant"))
}
