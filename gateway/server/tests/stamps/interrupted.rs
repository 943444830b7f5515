//! A gateway that ends between the two steps of buying a stamp: afterwards there is the stamp, or the money.

use purser::app::{
    intent::{Payer, claim},
    stamp::{Wish, buy},
};
use purser_core::{
    ids::SessionId,
    stamp::piece::{Address, ServiceId},
};

use super::*;

/// A world, and a stamp in it that was paid and not issued: what a gateway leaves that is killed between the steps.
struct Interrupted {
    world: World,
    post: Vendor,
    buyer: Buyer,
    key: String,
}

impl Interrupted {
    fn on(world: World) -> Self {
        let (post, buyer, key) = (vendor(&world, 0), world.buyer_with("10.00"), new_key());
        let letter = post.letter().to_string();
        let claim = claim(
            &world.gateway,
            buyer.id.clone(),
            key.clone(),
            "POST",
            "/v1/stamps",
            letter.as_bytes(),
        );
        let payer = Payer {
            account: buyer.id.parse().unwrap(),
            session: SessionId::from_random(1),
            country: None,
            facts_version: world.gateway.store.facts_version(),
        };
        let agreement = buy::Agreement {
            wish: Wish {
                vendor: Some(post.id.parse().unwrap()),
                origin: Address::parse("DE-10115").unwrap(),
                destination: Address::parse("DE-80331").unwrap(),
                weight_g: 20,
                service: None,
            },
            service: ServiceId::parse("letter").unwrap(),
            max_total: None,
            pin: None,
        };
        let begun = buy::begin(&world.gateway, &payer, claim, &agreement);
        actix_web::rt::System::new().block_on(begun).unwrap().unwrap();
        let interrupted = Self { world, post, buyer, key };
        assert_eq!(
            (interrupted.only()["status"].clone(), interrupted.buyer.balance()),
            (json!("issuing"), "9.22".into())
        );
        interrupted
    }

    /// The only stamp there is.
    fn only(&self) -> Value {
        let stamps = self.buyer.client.get("/v1/stamps").ok(200);
        let [stamp] = stamps["data"].as_array().unwrap().as_slice() else { panic!("{stamps:#}") };
        stamp.clone()
    }

    fn retry(&self) -> Answer {
        self.buyer.client.post("/v1/stamps", Some(&self.key), &self.post.letter())
    }

    /// Another gateway on the same books, which has looked after what was left.
    fn restarted(mut self) -> Self {
        self.world.restart();
        self.post.client = self.world.anyone();
        self.buyer = again(&self.world, &self.buyer);
        let first = purser::background::stamps::first_round(&self.world.gateway);
        actix_web::rt::System::new().block_on(first).unwrap();
        self
    }

    /// There is one stamp, and it is good.
    fn is_issued(&self) {
        let stamp = self.only();
        assert_eq!((&stamp["status"], &stamp["piece"]), (&json!("issued"), &json!(1)));
        assert_eq!(self.retry().ok(201), stamp);
        assert_eq!(self.buyer.balance(), "9.22");
        assert_eq!(verify(&self.world.anyone(), &stamp)["status"], "valid");
        assert_eq!(scan(&self.world.operator, &stamp)["status"], "valid");
        self.world.check();
    }

    /// There is no stamp, no charge, and the key says so for ever.
    fn is_taken_back(&self) {
        let stamp = self.only();
        assert_eq!((&stamp["status"], &stamp["indicium"]), (&json!("void"), &Value::Null));
        assert_eq!(self.buyer.balance(), "10.00");
        let first = self.retry();
        first.problem(502, "plugin-failed");
        let again = self.retry();
        assert_eq!(
            (&first.body["type"], &first.body["detail"]),
            (&again.body["type"], &again.body["detail"])
        );
        let vault = self.buyer.client.get("/v1/vault").ok(200);
        assert_eq!(vault["refund_account"]["count"], 0, "no refund that the buyer took");
        void(&self.buyer, &stamp).problem(409, "already-refunded");
        self.world.check();
    }

    fn disable_the_plugin(&self) -> String {
        let plugins = self.world.operator.get("/v1/plugins?limit=100").ok(200);
        let open = plugins["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|plugin| plugin["name"] == "stamps-open");
        let id = text(open.unwrap(), "/id");
        self.world.operator.post(&format!("/v1/plugins/{id}/disable"), None, &json!({})).ok(200);
        id
    }
}

fn on_both(test: impl Fn(Interrupted)) {
    test(Interrupted::on(World::on_sqlite()));
    test(Interrupted::on(World::on_postgres()));
}

#[test]
fn a_gateway_that_starts_again_finishes_the_stamp() {
    on_both(|interrupted| interrupted.restarted().is_issued());
}

#[test]
fn a_retry_with_the_same_key_finishes_the_stamp() {
    on_both(|interrupted| {
        let stamp = interrupted.retry().ok(201);
        assert_eq!(interrupted.only(), stamp);
        interrupted.restarted().is_issued();
    });
}

#[test]
fn a_stamp_that_waits_is_finished_before_it_goes_back() {
    on_both(|interrupted| {
        let voided = void(&interrupted.buyer, &interrupted.only()).ok(200);
        assert_eq!(voided["status"], "void");
        assert_eq!(interrupted.buyer.balance(), "10.00");
        let stamp = interrupted.retry().ok(201);
        assert_eq!(verify(&interrupted.world.anyone(), &stamp)["status"], "void");
        interrupted.restarted().world.check();
    });
    on_both(|interrupted| {
        interrupted.buyer.refund(&text(&interrupted.only(), "/item")).ok(201);
        assert_eq!(
            (interrupted.only()["status"].clone(), interrupted.buyer.balance()),
            (json!("void"), "10.00".into())
        );
        interrupted.world.check();
    });
}

#[test]
fn without_its_plugin_the_money_goes_back() {
    on_both(|interrupted| {
        interrupted.disable_the_plugin();
        interrupted.restarted().is_taken_back();
    });
    on_both(|interrupted| {
        interrupted.disable_the_plugin();
        interrupted.retry().problem(502, "plugin-failed");
        interrupted.is_taken_back();
    });
}

#[test]
fn what_was_taken_back_stays_so_and_the_next_stamp_has_the_next_number() {
    on_both(|interrupted| {
        let id = interrupted.disable_the_plugin();
        interrupted.retry().problem(502, "plugin-failed");
        interrupted
            .world
            .operator
            .post(&format!("/v1/plugins/{id}/enable"), None, &json!({}))
            .ok(200);
        interrupted.is_taken_back();
        let next = interrupted.post.sell_to(&interrupted.buyer);
        assert_eq!((&next["piece"], &next["status"]), (&json!(2), &json!("issued")));
        interrupted.world.check();
    });
}

#[test]
fn several_who_finish_at_once_make_one_stamp() {
    on_both(|interrupted| {
        let (client, key, letter) =
            (interrupted.buyer.client.clone(), interrupted.key.clone(), interrupted.post.letter());
        let answers =
            support::at_once(20, move |_| client.post("/v1/stamps", Some(&key), &letter).ok(201));
        assert!(answers.iter().all(|stamp| stamp == &answers[0]));
        assert_eq!(interrupted.post.events(&interrupted.world), ["purchase.paid", "stamp.issued"]);
        interrupted.restarted().is_issued();
    });
}
