//! The offer maker: a pay link and a button that a buyer can pay with.

use super::{Shop, World};
use crate::on_both_databases;

const GOOD: [(&str, &str); 7] = [
    ("item.title", "A thing & more"),
    ("item.id", "thing-1"),
    ("item.category", "book"),
    ("price.amount", "12.50"),
    ("price.currency", "EUR"),
    ("expires_in", "week"),
    ("return_url", "https://shop.example/thanks"),
];

/// The good form with one field changed.
fn but<'f>(name: &'f str, value: &'f str) -> Vec<(&'f str, &'f str)> {
    let mut form: Vec<_> = GOOD.into_iter().filter(|(other, _)| *other != name).collect();
    form.push((name, value));
    form
}

on_both_databases! {
    fn an_offer_is_made_that_can_be_bought(world: &World) {
        let (mut shop, buyer) = (Shop::new(world), world.buyer_with("100.00"));
        let page = shop.browser.get("/desk/offers").ok();
        let made = shop.browser.send(&page, "/desk/offers", &GOOD);
        assert_eq!(made.status, 201);
        let link = made.body.split("id=\"link\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert!(link.starts_with(&format!("{}/pay?offer=", world.base)), "{link}");
        made.says("Pay €12.50").says("&#60;a href=&#34;").says("<svg class=\"qr\"").says("A thing &#38; more");
        let offer = link.split("offer=").nth(1).unwrap();
        let sold = buyer.buy(&[offer]).ok(201);
        assert_eq!(sold["items"][0]["title"], "A thing & more");
        assert_eq!(sold["items"][0]["taxes"][0]["category"], "book");
        let mut anybody = crate::browser::Browser::new(world);
        assert!(anybody.get(&format!("/pay?offer={offer}")).status < 400);
    }

    fn what_cannot_be_offered_is_named_in_the_form(world: &World) {
        let mut shop = Shop::new(world);
        let page = shop.browser.get("/desk/offers").ok();
        for (name, value, said) in [
            ("price.amount", "0", "Enter an amount above zero"),
            ("price.amount", "1,250.00", "nothing between thousands"),
            ("price.currency", "XXX", "Enter the three letters of a currency"),
            ("item.title", "", "Enter what it is"),
            ("item.id", "", "Enter your own id for it"),
            ("refund_window_days", "many", "Enter whole days"),
            ("return_url", "https://evil.example/", "within one of your registered origins"),
            ("item.url", "javascript:alert(1)", "Enter an address that begins with https"),
        ] {
            let refused = shop.browser.send(&page, "/desk/offers", &but(name, value));
            assert_eq!(refused.status, 400, "{name} = {value}");
            refused.says(said).says(&format!("href=\"#{name}\"")).says(&format!("id=\"{name}-wrong\""));
        }
        let twice = [GOOD.to_vec(), vec![("item.id", "other")]].concat();
        let hidden = page.form(0).fields;
        let mut sent: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
        sent.extend(twice);
        let refused = shop.browser.post("/desk/offers", &sent);
        assert_eq!(refused.status, 400, "a field that is there twice");
        let unknown = shop.browser.send(&page, "/desk/offers", &but("surprise", "1"));
        assert_eq!(unknown.status, 400, "a field that there is not");
    }
}
