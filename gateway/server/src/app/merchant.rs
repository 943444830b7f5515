//! What a merchant does at the gateway: signed offers, keys, and refunds of its own accord.

mod api_key;
pub mod change;

pub use api_key::{KEY_EXPIRES_AT, Maker, SCOPES, api_key_add, scopes};

use purser_core::{
    command::{Answer, Command, KeyClaim, Outcome},
    ids::{EntryId, ItemId, KeyId, LogId, MerchantId, RefundId},
    jws::PublicKey,
    offer::{ItemClaims, Offer, OfferClaims, OfferKey, OfferSecret, Sealed},
    record::ItemRecord,
    refund::Goodwill,
    secret::{Secret, SecretText},
    tax::Category,
};
use purser_money::Money;
use purser_store::{
    facts::{
        api_key::api_key_insert,
        merchant::{Merchant, merchant_insert},
        offer_key::{self, OfferAlg, StoredOfferKey},
        stamp_key::vendor_insert,
    },
    read::{purchase::item_get, vault::vault_compensation},
};

use super::{
    intent::{Making, carry_out},
    refund::{new_compensation, refund_event},
    stamp::{check_plugin, key::NewKey, void::returned},
    telling::refund_bits,
    throttle::{Budget, attempt},
};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random::{self, id_bits},
};

/// Keys of one merchant: room for a key per shop and a rotation of each.
const KEYS_MAX: usize = 100;
/// How long an offer is good for, when the merchant does not say: an hour to pay.
pub const OFFER_LIFE_S: i64 = 3_600;
/// The longest life of an offer that the gateway signs: a year.
pub const OFFER_LIFE_S_MAX: i64 = 31_536_000;

/// What the wrapping of an offer secret is for.
const OFFER_KEY_PURPOSE: &str = "offer-key";

/// A merchant that was signed up, and what is shown of its keys this once.
pub struct SignedUp {
    /// The merchant.
    pub merchant: Merchant,
    /// Its key for the API, with every scope.
    pub secret_key: SecretText,
    /// Its key for offers.
    pub offer_key: NewOfferKey,
}

/// Signs a merchant up, with a key for the API and one for offers.
pub async fn sign_up(gateway: &Gateway, merchant: Merchant) -> Result<SignedUp, Problem> {
    if let Some(terms) = &merchant.stamps {
        check_plugin(gateway, terms).await?;
    }
    let scopes = SCOPES.map(str::to_owned).to_vec();
    let (secret_key, hash) = gateway.keys.new_merchant_key();
    let api_key = api_key::new(gateway, merchant.id, scopes, None);
    let offer_key = NewOfferKey::hs256(gateway, merchant.id);
    let (row, offer_row) = (merchant.clone(), offer_key.row.clone());
    let stamp_key = merchant.stamps.as_ref().map(|_| NewKey::new(gateway)).transpose()?;
    let stored = gateway.store.change_facts(move |db| {
        merchant_insert(db, &row)?;
        if let Some(key) = stamp_key {
            vendor_insert(db, row.id)?;
            key.store(db, row.id)?;
        }
        api_key_insert(db, &api_key, &hash)?;
        offer_key::offer_key_insert(db, &offer_row)
    });
    stored.await?;
    Ok(SignedUp { merchant, secret_key, offer_key })
}

/// What a merchant wants to sell.
pub struct OfferWish {
    /// The merchant's id for it.
    pub item_id: String,
    /// What people read.
    pub title: String,
    /// What it is to the tax law.
    pub category: Category,
    /// Where it is shown.
    pub url: Option<String>,
    /// For how much.
    pub price: Money,
    /// Whether the price contains the taxes.
    pub tax_inclusive: bool,
    /// For how many seconds.
    pub expires_in_s: i64,
    /// Whether it can be bought only once.
    pub single_use: bool,
    /// The merchant's own refund window.
    pub refund_window_days: Option<u32>,
    /// Where the buyer goes after paying.
    pub return_url: Option<String>,
}

/// Signs an offer with the newest HS256 key of the merchant, for merchants who do not sign themselves.
pub async fn offer_sign(
    gateway: &Gateway,
    merchant: &Merchant,
    wish: OfferWish,
) -> Result<String, Problem> {
    let id = merchant.id;
    let keys = gateway.store.read(move |db| offer_key::offer_key_list(db, id)).await?;
    let newest =
        keys.into_iter().filter(|key| key.alg == OfferAlg::Hs256).max_by_key(|key| key.created_at);
    let key = newest.ok_or_else(|| {
        let detail = "this merchant has no HS256 offer key; make one with POST /v1/offer-keys";
        Problem::new(problem::NOT_FOUND).detail(detail)
    })?;
    let secret = offer_secret(gateway, &key)?;
    let now_s = gateway.now().as_second();
    let claims = OfferClaims {
        iss: id,
        aud: gateway.issuer.clone(),
        jti: format!(
            "offer_{}",
            KeyId::from_random(id_bits()).to_string().trim_start_matches(KeyId::PREFIX)
        ),
        iat: now_s,
        exp: now_s.saturating_add(wish.expires_in_s),
        item: ItemClaims {
            id: wish.item_id,
            title: wish.title,
            category: wish.category,
            url: wish.url,
        },
        price: wish.price,
        tax_inclusive: wish.tax_inclusive,
        single_use: wish.single_use,
        refund_window_days: wish.refund_window_days,
        return_url: wish.return_url,
    };
    let offer = claims.sign_hs256(&key.kid, &secret).map_err(Problem::internal)?;
    // Opened as a buyer's would be, so that what cannot be bought is said now, with the field's name.
    let sealed = Sealed::parse(&offer)
        .map_err(|_| Problem::malformed("item", "the offer is longer than 8 KiB"))?;
    let opened = sealed.open(&OfferKey::Hs256(secret), id, &gateway.issuer, now_s)?;
    check_return_url(&opened, merchant)?;
    Ok(offer)
}

/// The buyer is sent back only to where the merchant registered, so that no offer is an open redirect.
pub(super) fn check_return_url(offer: &Offer, merchant: &Merchant) -> Result<(), Problem> {
    let Some(url) = &offer.return_url else { return Ok(()) };
    let origin = url.origin().ascii_serialization();
    if merchant.return_origins.contains(&origin) {
        return Ok(());
    }
    Err(Problem::malformed("return_url", "its origin is none of the merchant's `return_origins`"))
}

/// The secret of an HS256 key.
pub(super) fn offer_secret(
    gateway: &Gateway,
    key: &StoredOfferKey,
) -> Result<OfferSecret, Problem> {
    let text = gateway.keys.unwrap(OFFER_KEY_PURPOSE, &key.material).map_err(Problem::internal)?;
    let text = String::from_utf8(text).map_err(Problem::internal)?;
    OfferSecret::new(SecretText::new(text)).map_err(Problem::internal)
}

/// A new offer key, and its secret if it has one.
pub struct NewOfferKey {
    /// To be stored.
    pub row: StoredOfferKey,
    /// To be shown once.
    pub secret: Option<OfferSecret>,
}

impl NewOfferKey {
    /// The key that a merchant asks for.
    pub fn wanted(
        gateway: &Gateway,
        merchant: MerchantId,
        (alg, public_key): (&str, Option<&str>),
    ) -> Result<Self, Problem> {
        let refused = |field: &str, detail: &str| Err(Problem::malformed(field, detail));
        match (alg, public_key) {
            ("HS256", None) => Ok(Self::hs256(gateway, merchant)),
            ("HS256", Some(_)) => {
                refused("public_key", "none with HS256: the gateway makes a secret")
            }
            ("EdDSA", Some(text)) => {
                let key = PublicKey::parse(text);
                let key =
                    key.map_err(|error| Problem::malformed("public_key", error.to_string()))?;
                Ok(Self::eddsa(gateway, merchant, key))
            }
            ("EdDSA", None) => refused("public_key", "needed with EdDSA"),
            _ => refused("alg", "HS256 or EdDSA"),
        }
    }

    /// A secret that the merchant and the gateway share.
    pub fn hs256(gateway: &Gateway, merchant: MerchantId) -> Self {
        let secret = OfferSecret::from_random(&Secret::new(random::bytes()));
        let material = gateway.keys.wrap(OFFER_KEY_PURPOSE, secret.expose().as_bytes());
        Self { row: Self::row(gateway, merchant, OfferAlg::Hs256, material), secret: Some(secret) }
    }

    /// A public key, whose private half only the merchant has.
    pub fn eddsa(gateway: &Gateway, merchant: MerchantId, key: PublicKey) -> Self {
        Self {
            row: Self::row(gateway, merchant, OfferAlg::EdDsa, key.as_bytes().to_vec()),
            secret: None,
        }
    }

    fn row(
        gateway: &Gateway,
        merchant: MerchantId,
        alg: OfferAlg,
        material: Vec<u8>,
    ) -> StoredOfferKey {
        let kid = KeyId::from_random(id_bits()).to_string();
        StoredOfferKey { kid, merchant, alg, material, created_at: gateway.now() }
    }
}

/// Stores an offer key. No command was prepared without it, because nobody knew its name: so no fact changes, and one
/// merchant's new keys cost the others nothing.
pub async fn offer_key_add(gateway: &Gateway, key: NewOfferKey) -> Result<NewOfferKey, Problem> {
    let (merchant, row) = (key.row.merchant, key.row.clone());
    let (changes, now) = (Budget::key_changes_of(gateway, merchant), gateway.now());
    let _attempt = attempt(gateway, vec![changes]).await?;
    let stored = gateway.store.write(move |db| {
        // First, so that of two at once the second waits here, and sees the key of the first.
        changes.count(db, now)?;
        if offer_key::offer_key_list(db, merchant)?.len() >= KEYS_MAX {
            return Ok(false);
        }
        offer_key::offer_key_insert(db, &row)?;
        Ok(true)
    });
    if stored.await? { Ok(key) } else { Err(too_many()) }
}

/// Withdraws an offer key of a merchant: offers signed with it are refused from now on, also those that are just being
/// bought. False if the merchant has no such key, and then nothing changes for anybody.
pub async fn offer_key_remove(
    gateway: &Gateway,
    merchant: MerchantId,
    kid: String,
) -> Result<bool, Problem> {
    let asked = kid.clone();
    let found = gateway.store.read(move |db| offer_key::offer_key_get(db, &asked)).await?;
    if found.is_none_or(|key| key.merchant != merchant) {
        return Ok(false);
    }
    let (changes, now) = (Budget::key_changes_of(gateway, merchant), gateway.now());
    let _attempt = attempt(gateway, vec![changes]).await?;
    let removed = gateway.store.change_facts(move |db| {
        changes.count(db, now)?;
        offer_key::offer_key_delete(db, merchant, &kid)
    });
    Ok(removed.await?)
}

fn too_many() -> Problem {
    Problem::malformed(
        "",
        format!("a merchant has at most {KEYS_MAX} keys of a kind; delete one first"),
    )
}

/// Gives the money for an item back, outside thresholds and refund account. Where it goes, and whether the buyer's
/// vault is closed, the merchant does not learn.
pub async fn goodwill(
    gateway: &Gateway,
    merchant: MerchantId,
    facts_version: i64,
    key: KeyClaim,
    item: ItemId,
) -> Result<(RefundId, ItemRecord), Problem> {
    let prepare =
        |making: Making| async move { goodwill_prepare(gateway, merchant, item, making).await };
    refunded(gateway, merchant, carry_out(gateway, Some(key), facts_version, prepare).await?).await
}

/// The refund that an outcome speaks of, and its item.
pub async fn refunded(
    gateway: &Gateway,
    merchant: MerchantId,
    outcome: Outcome,
) -> Result<(RefundId, ItemRecord), Problem> {
    let Answer::Refunded { refund, item, .. } = outcome? else {
        return Err(Problem::internal("the key of a refund answers something else"));
    };
    Ok((refund, item_of(gateway, merchant, item).await?))
}

async fn item_of(
    gateway: &Gateway,
    merchant: MerchantId,
    item: ItemId,
) -> Result<ItemRecord, Problem> {
    let stored = gateway.store.read(move |db| item_get(db, item)).await?;
    let own = stored.map(|stored| stored.record).filter(|record| record.merchant == merchant);
    own.ok_or_else(|| Problem::new(problem::NOT_FOUND))
}

async fn goodwill_prepare(
    gateway: &Gateway,
    merchant: MerchantId,
    item: ItemId,
    making: Making,
) -> Result<Command, Problem> {
    let record = item_of(gateway, merchant, item).await?;
    let account = record.account;
    let compensation = gateway.store.read(move |db| vault_compensation(db, account)).await?;
    let within = gateway.settings.shops_told_within;
    let id = RefundId::from_random(refund_bits(&record, &gateway.clock, making.at, within));
    Ok(Command::Goodwill(Box::new(Goodwill {
        id,
        merchant,
        item,
        stamp: returned(gateway, &making, item).await?,
        account,
        compensation,
        new_compensation: new_compensation(gateway),
        event: refund_event(&record, id, making.at, true),
        entry: EntryId::from_random(id_bits()),
        log: LogId::from_random(id_bits()),
    })))
}
