//! What ends a buyer's logins, as shops find out that would know each other's names for the buyer: by trying what they
//! hold at every moment.

use jiff::SignedDuration;
use purser_store::facts::login_grant::login_grants_expired_delete;

use super::*;

/// As long as an access token lives, so that what ends here does not end by itself.
const WITHIN_S: i64 = 300;
/// Enough that neither none nor all end in the first half: once in thirty thousand times.
const SHOPS: usize = 16;
/// What one of them holds.
const LOGINS: usize = 5;

fn on_both(check: impl Fn(&World)) {
    let slowly = |settings: &mut purser::settings::Settings| {
        settings.logins_end_within = SignedDuration::from_secs(WITHIN_S);
    };
    check(&World::with(slowly));
    check(&World::on_postgres_with(slowly));
}

/// What shops hold of one buyer: one of them much, and the others one login each.
struct Held(Vec<(Shop, Vec<Value>)>);

impl Held {
    fn new(world: &World, person: &Person, login: &Value) -> Self {
        let hold = |logins: usize| {
            let shop = Shop::new(world);
            let scope = [("scope", "openid offline_access")];
            let held = (0..logins).map(|_| shop.tokens(person, login, &scope)).collect();
            (shop, held)
        };
        Self((0..SHOPS).map(|shop| hold(if shop == 0 { LOGINS } else { 1 })).collect())
    }

    /// Half of the time after the end: some shops were told, and some were not; none of a part of what it holds.
    fn some_ended(&self) {
        let alive = |(shop, held): &(Shop, Vec<Value>)| {
            let alive = held.iter().filter(|tokens| shop.userinfo(tokens).status == 200).count();
            assert!(alive == 0 || alive == held.len(), "{alive} of {}", held.len());
            alive > 0
        };
        let alive = self.0.iter().filter(|shop| alive(shop)).count();
        assert!((1..SHOPS).contains(&alive), "{alive} of {SHOPS}");
    }

    /// Whoever looks by refreshing prolongs nothing.
    fn refresh(&mut self) {
        for (shop, held) in &mut self.0 {
            let refreshed: Vec<Value> =
                held.iter().map(|tokens| shop.refresh(tokens).body).collect();
            held.extend(refreshed.into_iter().filter(|body| body.get("refresh_token").is_some()));
        }
    }

    fn all_ended(&self) {
        for (shop, held) in &self.0 {
            for tokens in held {
                shop.userinfo(tokens).refused(401, "invalid_token");
                shop.refresh(tokens).refused(400, "invalid_grant");
            }
        }
    }
}

#[test]
fn new_credentials_end_what_each_shop_holds_in_its_own_time() {
    on_both(|world| {
        let buyer = world.buyer();
        let person = Person::new(&world.base);
        let mut held = Held::new(world, &person, &buyer.login);
        let unused = held.0[0].0.code(&person, &buyer.login, &[]);
        let change =
            json!({ "pin": "271828", "password": buyer.login["password"], "new_pin": "141421" });
        buyer.client.post("/v1/account/credentials", None, &change).ok(200);
        let late = held.0[0].0.exchange(&unused).ok();
        held.0[0].1.push(late);
        world.advance(WITHIN_S / 2);
        held.some_ended();
        held.refresh();
        // Nor does another end.
        let change =
            json!({ "pin": "141421", "password": buyer.login["password"], "new_pin": "173205" });
        let login = but(&buyer.login, "pin", "141421");
        let tokens = world.sign_in(&login).ok(200);
        let client = support::Client::new(&world.base, Some(&text(&tokens, "/access_token")));
        client.post("/v1/account/credentials", None, &change).ok(200);
        world.advance(WITHIN_S / 2 + 1);
        held.all_ended();
        let looked = person.get(&held.0[0].0.authorize(&[("prompt", "none")])).leads();
        assert!(looked.contains("login_required"), "{looked}");
    });
}

#[test]
fn an_erased_account_ends_what_each_shop_holds_in_its_own_time() {
    on_both(|world| {
        let buyer = world.buyer();
        let held = Held::new(world, &Person::new(&world.base), &buyer.login);
        let remembered = json!({ "pin": "271828", "password": buyer.login["password"] });
        buyer.client.delete_with("/v1/account", &new_key(), &remembered).ok(200);
        world.advance(WITHIN_S / 2);
        held.some_ended();
        world.advance(WITHIN_S / 2 + 1);
        let now = world.gateway.now();
        let forget = world.gateway.store.write(move |db| login_grants_expired_delete(db, now));
        let forgotten = actix_web::rt::System::new().block_on(forget).unwrap();
        assert_eq!(forgotten, SHOPS - 1 + LOGINS, "and long before they would have expired");
        held.all_ended();
    });
}

#[test]
fn signing_out_shows_no_shop_anything() {
    on_both(|world| {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let online = shop.tokens(&person, &buyer.login, &[("scope", "openid")]);
        let unused = shop.code(&person, &buyer.login, &[("scope", "openid")]);
        person.submit(&person.get("/oauth/end-session").ok(), &[]).ok();
        shop.userinfo(&online).ok();
        shop.userinfo(&shop.exchange(&unused).ok()).ok();
        world.advance(301);
        shop.userinfo(&online).refused(401, "invalid_token");
    });
}
