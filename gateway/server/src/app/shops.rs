//! What each shop sees of a buyer, and since when: those it logged in to, and those it bought from.

use std::collections::BTreeMap;

use purser_core::{
    Timestamp,
    ids::{AccountId, MerchantId},
    receipt::pairwise_subject,
};
use purser_store::read::purchase::merchants_of_buyer;

use super::oidc::consent;
use crate::{gateway::Gateway, problem::Problem};

/// A shop, and all that it sees of a buyer.
pub struct Shop {
    /// Which.
    pub merchant: MerchantId,
    /// What it is called.
    pub name: String,
    /// The buyer, as this shop alone knows it.
    pub sub: String,
    /// Whether it sold something, and so has receipts with that name.
    pub sold: bool,
    /// What it sees besides, since the buyer logged in through it.
    pub login: Option<LoggedIn>,
}

/// What a shop sees since a buyer logged in through it.
pub struct LoggedIn {
    /// A user name, made for this shop.
    pub username: Option<String>,
    /// An e-mail that nobody reads, made for this shop.
    pub email: Option<String>,
    /// Whether it may look while the buyer is not there.
    pub offline: bool,
    /// Since when.
    pub since: Timestamp,
}

/// The shops that see something of a buyer, by name.
pub async fn shops(gateway: &Gateway, account: AccountId) -> Result<Vec<Shop>, Problem> {
    let sellers = gateway.store.read(move |db| merchants_of_buyer(db, account)).await?;
    let mut shops: BTreeMap<MerchantId, Shop> = BTreeMap::new();
    for (merchant, name) in sellers {
        let sub = pairwise_subject(&gateway.keys.pairwise, merchant, account);
        shops.insert(merchant, Shop { merchant, name, sub, sold: true, login: None });
    }
    for consent in consent::shops(gateway, account).await? {
        let shop = shops.entry(consent.merchant).or_insert_with(|| Shop {
            merchant: consent.merchant,
            name: consent.name,
            sub: consent.sees.sub,
            sold: false,
            login: None,
        });
        shop.login = Some(LoggedIn {
            username: consent.sees.preferred_username,
            email: consent.sees.email,
            offline: consent.offline,
            since: consent.since,
        });
    }
    let mut shops: Vec<Shop> = shops.into_values().collect();
    shops.sort_by(|one, other| (&one.name, one.merchant).cmp(&(&other.name, other.merchant)));
    Ok(shops)
}
