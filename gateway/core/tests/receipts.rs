//! Receipts and tokens that anybody can check with the published keys.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]

use purser_core::{
    ids::{AccountId, ItemId, MerchantId, PurchaseId, SaleId},
    jws::{Keyring, NotGenuine, SigningKey},
    money::{Currency, Money, Percent},
    receipt::{BoughtItem, BuyerReceipt, MerchantReceipt, RECEIPT_TYP, SoldItem, pairwise_subject},
    secret::{HashKey, Secret},
    tax::ItemTax,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([byte; 32])).unwrap()
}

fn money(amount: &str, currency: &str) -> Money {
    Money::parse(amount, Currency::parse(currency).unwrap()).unwrap()
}

fn item() -> SoldItem {
    SoldItem {
        id: ItemId::from_random(1),
        offer_id: "offer-1".into(),
        title: "A book".into(),
        price: money("10.00", "EUR"),
        taxes: vec![ItemTax {
            name: "USt.".into(),
            jurisdiction: "DE".into(),
            authority: "DE".into(),
            category: "general".into(),
            reason: "standard".into(),
            rate: Percent::parse("19").unwrap(),
            base: money("10.00", "EUR"),
            tax: money("1.90", "EUR"),
        }],
        gross: money("11.90", "EUR"),
    }
}

fn buyers() -> BuyerReceipt {
    let merchant = MerchantId::from_random(7);
    let charged = money("12.74", "USD");
    BuyerReceipt {
        iss: "https://pay.example".into(),
        purchase: PurchaseId::from_random(2),
        iat: 1_719_570_000,
        items: vec![BoughtItem { merchant, sold: item(), charged, rate: "1.0705".into() }],
        total: charged,
        sandbox: true,
    }
}

fn merchants() -> MerchantReceipt {
    let (merchant, account) = (MerchantId::from_random(7), AccountId::from_random(3));
    MerchantReceipt {
        iss: "https://pay.example".into(),
        aud: merchant,
        sub: pairwise_subject(&HashKey::new(&Secret::new([1; 32])), merchant, account),
        sale: SaleId::from_random(4),
        iat: 1_719_570_000,
        items: vec![item()],
        totals: vec![money("11.90", "EUR")],
        seller_tax_numbers: vec!["DE 136695976".into()],
        sandbox: false,
    }
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap())
        .unwrap()
}

#[test]
fn receipts_are_read_back_with_the_published_keys() {
    let ring = Keyring::new([key(1).public(), key(2).public()]);
    let buyers_signed = buyers().sign(&key(2)).unwrap();
    assert_eq!(BuyerReceipt::verify(&buyers_signed, &ring), Ok(buyers()));
    let merchants_signed = merchants().sign(&key(1)).unwrap();
    assert_eq!(MerchantReceipt::verify(&merchants_signed, &ring), Ok(merchants()));
    assert_eq!(BuyerReceipt::verify(&buyers().sign(&key(3)).unwrap(), &ring), Err(NotGenuine));
}

#[test]
fn a_buyers_receipt_shows_all_and_names_nobody() {
    let claims = claims(&buyers().sign(&key(1)).unwrap());
    assert_eq!(claims["jti"], json!(PurchaseId::from_random(2)));
    assert_eq!(claims["total"], json!({"amount": "12.74", "currency": "USD"}));
    assert_eq!(claims["sandbox"], true);
    let item = &claims["items"][0];
    assert_eq!(item["merchant"], json!(MerchantId::from_random(7)));
    assert_eq!(item["price"], json!({"amount": "10.00", "currency": "EUR"}));
    assert_eq!(item["taxes"][0]["rate"], "19");
    assert_eq!(item["charged"], json!({"amount": "12.74", "currency": "USD"}));
    assert_eq!(item["rate"], "1.0705");
    assert!(claims.get("sub").is_none());
}

#[test]
fn a_merchants_receipt_tells_neither_purchase_nor_what_left_the_vault() {
    let claims = claims(&merchants().sign(&key(1)).unwrap());
    assert_eq!(claims["sale"], json!(SaleId::from_random(4)));
    assert_eq!(claims["aud"], json!(MerchantId::from_random(7)));
    assert_eq!(claims["seller_tax_numbers"], json!(["DE 136695976"]));
    let text = claims.to_string();
    for told in ["pur_", "acct_", "USD", "charged", "sandbox"] {
        assert!(!text.contains(told), "{told}");
    }
}

#[test]
fn a_buyer_is_the_same_at_one_merchant_and_another_at_the_next() {
    let hash_key = |byte| HashKey::new(&Secret::new([byte; 32]));
    let subject = |byte, merchant, account| {
        pairwise_subject(
            &hash_key(byte),
            MerchantId::from_random(merchant),
            AccountId::from_random(account),
        )
    };
    assert_eq!(subject(1, 1, 1), subject(1, 1, 1));
    assert_eq!(subject(1, 1, 1).len(), 43);
    assert_ne!(subject(1, 1, 1), subject(1, 2, 1));
    assert_ne!(subject(1, 1, 1), subject(1, 1, 2));
    assert_ne!(subject(1, 1, 1), subject(2, 1, 1));
}

#[test]
fn a_token_of_one_type_is_none_of_another() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Access {
        sid: String,
    }
    let ring = Keyring::new([key(1).public()]);
    let token = key(1).sign("at+jwt", &Access { sid: "sess_1".into() }).unwrap();
    assert_eq!(ring.verify::<Access>("at+jwt", &token), Ok(Access { sid: "sess_1".into() }));
    assert_eq!(ring.verify::<Access>(RECEIPT_TYP, &token), Err(NotGenuine));
    assert_eq!(ring.verify::<Access>("AT+JWT", &token), Err(NotGenuine));
    assert_eq!(Keyring::default().verify::<Access>("at+jwt", &token), Err(NotGenuine));
    assert_eq!(ring.verify::<Access>("at+jwt", &format!("{token}A")), Err(NotGenuine));
}
