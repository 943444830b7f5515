//! What fills a vault and moves between vaults: codes, taps, compensation, transfers.

use anyhow::{Context, Result};
use purser_core::card::sun::{Reading, Tap, TapCounter, Uid};
use serde_json::{Value, json};

use super::{
    super::{
        client::Client,
        print::{money, text},
    },
    Buyer, Cast,
};

/// The number of the smart card's chip.
const CHIP_UID: [u8; 7] = [0x04, 0x95, 0x8c, 0xaa, 0x5c, 0x5e, 0x80];

impl Cast {
    pub(super) fn buyer(
        &mut self,
        name: &'static str,
        email: &str,
        country: &str,
    ) -> Result<Buyer> {
        self.print.step(&format!(
            "{name} opens an account: an e-mail, a PIN, a password, and nothing else"
        ));
        let login = json!({ "email": email, "pin": "271828", "password": "correct horse battery" });
        let mut sign_up = login.clone();
        if let Some(members) = sign_up.as_object_mut() {
            members.insert("country".into(), country.into());
        }
        let made = self.anyone.post("/v1/accounts", None, &sign_up)?;
        self.print.call(text(&made, "id"), name);
        self.print.say("the gateway keeps no e-mail, not even a hash of it alone");
        let session = self.anyone.post("/v1/sessions", None, &login)?;
        Ok(Buyer {
            name,
            client: Client::new(&self.gateway.issuer, Some(text(&session, "access_token"))),
        })
    }

    pub(super) fn load(&mut self, buyer: &Buyer, code: &str) -> Result<()> {
        self.print.step(&format!("{} types the code of a card", buyer.name));
        self.type_code(buyer, code)
    }

    fn type_code(&mut self, buyer: &Buyer, code: &str) -> Result<()> {
        let key = self.key();
        let load = buyer.client.post(
            "/v1/vault/loads",
            Some(&key),
            &json!({ "card": { "code": code } }),
        )?;
        self.loaded(&load)
    }

    fn loaded(&self, load: &Value) -> Result<()> {
        let part = |name: &str| money(load.get(name).unwrap_or(&Value::Null));
        let (taken, credited, spread) = (part("taken"), part("credited"), part("spread"));
        self.print.say(&format!(
            "{taken} at {} is {credited} and a spread of {spread}",
            text(load, "rate")
        ));
        self.print.postings(text(load, "id"))
    }

    /// A smart card: an NTAG 424 DNA chip whose link is new at every tap.
    pub(super) fn tap(&mut self, buyer: &Buyer) -> Result<()> {
        self.print.step("A smart card of 20.00 EUR is registered and sold");
        let uid = data_encoding::HEXLOWER.encode(&CHIP_UID);
        let face = json!({ "amount": "20.00", "currency": "EUR" });
        let card =
            self.operator.post("/v1/smart-cards", None, &json!({ "face": face, "uid": uid }))?;
        let id = text(&card, "id").to_owned();
        self.print.call(&id, "smart-card");
        let key = self.key();
        self.operator.post(&format!("/v1/smart-cards/{id}/activate"), Some(&key), &json!({}))?;
        self.print.postings(&id)?;
        self.print.step(&format!("{} taps it on a phone", buyer.name));
        let tap = self.chip(1)?;
        self.print.say(&format!(
            "the chip's link says picc_data={} cmac={}",
            text(&tap, "picc_data"),
            text(&tap, "cmac")
        ));
        let key = self.key();
        let load = buyer.client.post("/v1/vault/loads", Some(&key), &json!({ "card": tap }))?;
        self.loaded(&load)?;
        self.print.say("the same link once more, with a new key:");
        let key = self.key();
        let again =
            buyer.client.try_post("/v1/vault/loads", Some(&key), &json!({ "card": tap }))?;
        self.expect(&again, 422, "card-refused")
    }

    /// What the chip's link holds at its `count`th tap, made as the chip makes it.
    fn chip(&self, count: u32) -> Result<Value> {
        let uid = Uid::new(CHIP_UID);
        let keys = self.gateway.keys.issuer_key.card_keys(&uid, 1);
        let reading =
            Reading { uid, counter: TapCounter::new(count).context("a counter of 24 bits")? };
        let meta = self.gateway.keys.issuer_key.meta_read_key();
        let tap = Tap::of_chip(&meta, &keys.file_read, &reading, b"", crate::random::bytes());
        let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
        Ok(json!({ "picc_data": hex(&tap.picc_data), "cmac": hex(&tap.cmac) }))
    }

    pub(super) fn compensation(&mut self, buyer: &Buyer, code: &str) -> Result<()> {
        self.print.step(&format!("The compensation card is loaded into {}'s account", buyer.name));
        self.type_code(buyer, code)
    }

    pub(super) fn transfer(&mut self, from: &Buyer, to: &Buyer) -> Result<()> {
        self.print.step(&format!("{} pays {} 12.50 USD", from.name, to.name));
        let handle = to.client.get("/v1/vault")?;
        let request = json!({ "to": text(&handle, "handle"), "amount": { "amount": "12.50", "currency": "USD" } });
        let key = self.key();
        let transfer = from.client.post("/v1/transfers", Some(&key), &request)?;
        self.print.postings(text(&transfer, "id"))?;
        self.balance(from)?;
        self.balance(to)
    }
}
