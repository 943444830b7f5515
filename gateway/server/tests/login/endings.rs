//! What ends a buyer's logins, as shops find out that would know each other's names for the buyer: by trying what they
//! hold at every moment.

use jiff::SignedDuration;

use super::*;

/// As long as an access token lives, so that what ends here does not end by itself.
const WITHIN_S: i64 = 300;
/// Enough that neither none nor all end in the first half: once in a million times.
const LOGINS: usize = 20;

fn on_both(check: impl Fn(&World)) {
    let slowly = |settings: &mut purser::settings::Settings| {
        settings.shops_told_within = SignedDuration::from_secs(WITHIN_S);
    };
    check(&World::with(slowly));
    check(&World::on_postgres_with(slowly));
}

/// The tokens of so many logins of one buyer.
fn log_in_often(shop: &Shop, person: &Person, login: &Value, scope: &str) -> Vec<Value> {
    (0..LOGINS).map(|_| shop.tokens(person, login, &[("scope", scope)])).collect()
}

/// Half of the time after an end: some have ended, and some have not.
fn some(alive: impl Iterator<Item = bool>) {
    let alive = alive.filter(|alive| *alive).count();
    assert!((1..LOGINS).contains(&alive), "{alive} of {LOGINS}");
}

fn all_ended(shop: &Shop, logins: &[Value]) {
    for tokens in logins {
        shop.userinfo(tokens).refused(401, "invalid_token");
        if tokens.get("refresh_token").is_some() {
            shop.refresh(tokens).refused(400, "invalid_grant");
        }
    }
}

#[test]
fn new_credentials_end_each_login_in_its_own_time() {
    on_both(|world| {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let mut logins = log_in_often(&shop, &person, &buyer.login, "openid offline_access");
        let change =
            json!({ "pin": "271828", "password": buyer.login["password"], "new_pin": "141421" });
        buyer.client.post("/v1/account/credentials", None, &change).ok(200);
        world.advance(WITHIN_S / 2);
        some(logins.iter().map(|tokens| shop.userinfo(tokens).status == 200));
        // Whoever looks by refreshing prolongs nothing.
        let refreshed: Vec<Value> = logins.iter().map(|tokens| shop.refresh(tokens).body).collect();
        some(refreshed.iter().map(|tokens| tokens.get("refresh_token").is_some()));
        logins.extend(refreshed.into_iter().filter(|tokens| tokens.get("refresh_token").is_some()));
        world.advance(WITHIN_S / 2 + 1);
        all_ended(&shop, &logins);
        person.get(&shop.authorize(&[("prompt", "none")])).leads().find("login_required").unwrap();
    });
}

#[test]
fn an_erased_account_ends_each_login_in_its_own_time() {
    on_both(|world| {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let logins = log_in_often(&shop, &person, &buyer.login, "openid offline_access");
        let remembered = json!({ "pin": "271828", "password": buyer.login["password"] });
        buyer.client.delete_with("/v1/account", &new_key(), &remembered).ok(200);
        world.advance(WITHIN_S / 2);
        some(logins.iter().map(|tokens| shop.userinfo(tokens).status == 200));
        world.advance(WITHIN_S / 2 + 1);
        all_ended(&shop, &logins);
    });
}

#[test]
fn signing_out_ends_what_was_granted_until_then_each_in_its_own_time() {
    on_both(|world| {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let online = log_in_often(&shop, &person, &buyer.login, "openid");
        let offline = shop.tokens(&person, &buyer.login, &[]);
        let elsewhere =
            shop.tokens(&Person::new(&world.base), &buyer.login, &[("scope", "openid")]);
        person.submit(&person.get("/oauth/end-session").ok(), &[]).ok();
        world.advance(WITHIN_S / 2);
        some(online.iter().map(|tokens| shop.userinfo(tokens).status == 200));
        shop.userinfo(&elsewhere).ok();
        world.advance(WITHIN_S / 2 + 1);
        all_ended(&shop, &online);
        shop.userinfo(&shop.refresh(&offline).ok()).ok();
    });
}
