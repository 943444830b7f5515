//! What shops learn of one buyer, put together; and what the database keeps of it.

use std::collections::BTreeSet;

use super::{shop::ALL, *};

/// When a shop was visited it knows anyway; that a sign-in is told to one shop only is tested with the requests.
const TIMES: [&str; 3] = ["iat", "exp", "auth_time"];

/// Every text and number in a value, and in the tokens in it.
pub(super) fn told(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let others = members.iter().filter(|(name, _)| !TIMES.contains(&name.as_str()));
            others.for_each(|(_, value)| told(value, into));
        }
        Value::Array(values) => values.iter().for_each(|value| told(value, into)),
        Value::String(text) if text.split('.').count() == 3 && text.starts_with("ey") => {
            told(&shop::header(value), into);
            told(&shop::claims(value), into);
            into.insert(text.clone());
        }
        Value::String(text) => drop(into.insert(text.clone())),
        Value::Number(number) => drop(into.insert(number.to_string())),
        Value::Bool(_) | Value::Null => {}
    }
}

/// All that a shop is ever told of a buyer.
pub(super) fn all_told(shop: &Shop, login: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let person = Person::new(&shop.base);
    for changed in [vec![], vec![("max_age", "600")]] {
        let back = person.log_in(&shop.authorize(&changed), login);
        let code = person::parameter(&back, "code").unwrap();
        all.insert(code.clone());
        let tokens = shop.exchange(&code).ok();
        told(&tokens, &mut all);
        told(&shop.userinfo(&tokens).ok(), &mut all);
        told(&shop.refresh(&tokens).ok(), &mut all);
    }
    all
}

on_both_databases! {
    fn two_shops_cannot_tell_that_they_have_one_buyer(world: &World) {
        let (one, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let first = all_told(&one, &buyer.login);
        let second = all_told(&other, &buyer.login);
        let header = {
            let tokens = one.tokens(&Person::new(&world.base), &buyer.login, &[]);
            shop::header(&tokens["id_token"])
        };
        // What the gateway tells every shop of every buyer.
        let everybody: BTreeSet<String> = [
            world.base.clone(), format!("{}/oauth/userinfo", world.base), ALL.to_owned(), "a nonce".to_owned(),
            "Bearer".to_owned(), "300".to_owned(), "EdDSA".to_owned(), "JWT".to_owned(), "at+jwt".to_owned(),
            text(&header, "/kid"),
        ].into();
        let shared: Vec<_> = first.intersection(&second).filter(|text| !everybody.contains(*text)).collect();
        assert!(shared.is_empty(), "{shared:?}");
        let own = [&buyer.id, &buyer.handle, buyer.login["email"].as_str().unwrap()];
        for text in first.union(&second) {
            assert!(!own.iter().any(|own| text.contains(*own)), "{text}");
        }
        let again = all_told(&one, &buyer.login);
        assert!(first.intersection(&again).any(|text| text.starts_with("buyer-")), "the same at each visit");
    }
}

#[test]
fn a_stolen_database_logs_nobody_in() {
    let world = World::on_postgres();
    let (shop, buyer) = (Shop::new(&world), world.buyer());
    let person = Person::new(&world.base);
    let tokens = shop.tokens(&person, &buyer.login, &[]);
    let code = shop.code(&person, &buyer.login, &[]);
    let rows = support::every_row(world.database_url());
    assert!(rows.contains(&shop.id), "the rows are looked at");
    for secret in
        [&code, &shop.secret, &text(&tokens, "/refresh_token"), &text(&tokens, "/access_token")]
    {
        let random = &secret[secret.len() - 40..];
        assert!(!rows.contains(random), "{secret}");
    }
    assert!(
        !rows.contains(&text(&shop.userinfo(&tokens).ok(), "/sub")),
        "nor says who is whose buyer"
    );
}
