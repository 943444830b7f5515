//! What buyers let shops see of them.

use purser_core::{
    Timestamp,
    ids::{AccountId, MerchantId},
    login::{client::Consent, id_token::Identity},
    receipt::pairwise_subject,
};
use purser_store::facts::login_consent::{login_consent_delete, login_consent_list};

use crate::{gateway::Gateway, problem::Problem};

/// A shop that a buyer logged in to, and what it sees.
pub struct Shop {
    /// Which.
    pub merchant: MerchantId,
    /// What it is called.
    pub name: String,
    /// All that it sees.
    pub sees: Identity,
    /// Whether it may look while the buyer is not there.
    pub offline: bool,
    /// Since when.
    pub since: Timestamp,
}

/// The shops that see something of a buyer, by name.
pub async fn shops(gateway: &Gateway, account: AccountId) -> Result<Vec<Shop>, Problem> {
    let rows = gateway.store.read(move |db| login_consent_list(db, account)).await?;
    let shop = |(consent, name): (Consent, String)| {
        let sub = pairwise_subject(&gateway.keys.pairwise, consent.merchant, account);
        Shop {
            merchant: consent.merchant,
            name,
            sees: Identity::new(sub, consent.scopes, &gateway.issuer),
            offline: consent.scopes.offline_access,
            since: consent.at,
        }
    };
    Ok(rows.into_iter().map(shop).collect())
}

/// Takes back what a buyer agreed to at a shop: what the shop got works no more, and it is asked again the next time.
pub async fn withdraw(
    gateway: &Gateway,
    account: AccountId,
    merchant: MerchantId,
) -> Result<bool, Problem> {
    Ok(gateway.store.write(move |db| login_consent_delete(db, account, merchant)).await?)
}
