//! Guesses that come through one shop count for that shop.

use super::*;

#[test]
fn a_flood_of_guesses_through_one_shop_stops_that_shop_only() {
    let world = World::with(|settings| settings.throttle.logins_per_merchant = 1);
    let (flooded, other) = (Shop::new(&world), Shop::new(&world));
    let (new, known) = (world.buyer(), world.buyer());
    let try_at = |shop: &Shop, login: &Value| {
        let person = Person::new(&world.base);
        person.sign_in_on(&person.get(&shop.authorize(&[])).ok(), login)
    };
    // Ten times as many in the sandbox.
    for _ in 0..10 {
        let guess = login(&format!("{}@example.org", new_key()));
        assert_eq!(try_at(&flooded, &guess).status, 401);
    }
    let stranger = login(&format!("{}@example.org", new_key()));
    let page = try_at(&flooded, &stranger);
    assert_eq!(page.status, 429, "the shop's budget is spent");
    assert!(
        page.body.contains("name=\"password\""),
        "and the page says so where it can be tried again"
    );
    assert_eq!(try_at(&other, &stranger).status, 401, "another shop has its own");
    try_at(&other, &new.login).leads();
    world.sign_in(&known.login).ok(200);
    try_at(&flooded, &known.login).leads();
}
