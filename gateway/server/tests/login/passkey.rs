//! A buyer who has a passkey logs in at a shop.

use super::{
    browser::Browser,
    person::{Person, Seen as _, parameter},
    ring::{MINE, Ring, secrets},
    shop::Shop,
    *,
};

on_both_databases! {
    fn a_passkey_is_asked_for_on_the_way_to_a_shop(world: &World) {
        let shop = Shop::new(world);
        let (mut browser, login) = Browser::of_buyer(world);
        let mut ring = Ring::new(world);
        ring.made_in(&mut browser, MINE, &secrets(&login));
        let person = Person::new(&world.base);
        // The second time the shop insists on a new sign-in.
        for prompt in ["", "login"] {
            let asked = |address: &str| {
                let page = person.get(address).ok();
                person.sign_in_on(&page, &login).ok()
            };
            let page = asked(&shop.authorize(&[("prompt", prompt)]));
            assert!(page.policy().contains("form-action 'self' http://127.0.0.1:9"), "{}", page.policy());
            let again = person.submit(&page, &[("answer", "{}")]).leads();
            assert!(again.starts_with("/oauth/authorize?"), "{again}");
            let page = asked(&again);
            let answer = ring.answer(&page);
            let on = person.submit(&page, &[("answer", &answer)]).leads();
            let address = person.log_in(&on, &login);
            let code = parameter(&address, "code").unwrap_or_else(|| panic!("no code: {address}"));
            shop.exchange(&code).ok();
        }
    }
}

#[test]
fn somebody_elses_passkey_lets_nobody_in_at_a_shop() {
    let world = &World::on_sqlite();
    let shop = Shop::new(world);
    let [(login, _), (other, mut others)] = [(); 2].map(|()| {
        let (mut browser, login) = Browser::of_buyer(world);
        let mut ring = Ring::new(world);
        ring.made_in(&mut browser, MINE, &secrets(&login));
        (login, ring)
    });
    let asked = |login| {
        let person = Person::new(&world.base);
        let page = person.get(&shop.authorize(&[])).ok();
        let page = person.sign_in_on(&page, login).ok();
        (person, page)
    };
    let (_, theirs) = asked(&other);
    let answer = others.answer(&theirs);
    let (person, page) = asked(&login);
    let again = person.submit(&page, &[("answer", &answer)]).leads();
    assert!(person.get(&again).ok().body.contains("name=\"password\""));
}
