//! Where a buyer is led without being asked: nowhere that the operator does not know for the shop's.

use super::*;

const SHOP: &str = "https://shop.example/callback";
const BYE: &str = "https://shop.example/bye";

/// A shop of a merchant with these origins.
fn shop(world: &World, origins: &Value) -> Shop {
    let merchant = world.merchant("DE");
    let path = format!("/v1/merchants/{}", merchant.id);
    world.operator.patch(&path, &json!({ "return_origins": origins })).ok(200);
    let fields = json!({ "redirect_uris": [SHOP, REDIRECT], "post_logout_redirect_uris": [BYE] });
    Shop::of(world, merchant, &fields)
}

/// Requests that nobody can grant without a word of the buyer, or at all.
const FRUITLESS: [&[(&str, &str)]; 3] = [
    &[("redirect_uri", SHOP), ("prompt", "none")],
    &[("redirect_uri", SHOP), ("scope", "nonsense")],
    &[("redirect_uri", SHOP), ("response_type", "token")],
];

/// The address to sign out at.
fn end_session(shop: &Shop) -> String {
    let fields =
        [("client_id", shop.id.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a b")];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/oauth/end-session?{query}")
}

on_both_databases! {
    fn who_comes_from_a_shop_signs_in_where_the_form_may_lead_back_to_it(world: &World) {
        let shop = shop(world, &json!([]));
        let (way, person) = (shop.authorize(&[]), Person::new(&world.base));
        let next: String = url::form_urlencoded::byte_serialize(way.as_bytes()).collect();
        assert_eq!(person.get(&format!("/login?next={next}")).leads(), way);
    }

    fn a_link_to_the_gateway_ends_at_no_strangers_page(world: &World) {
        let shop = shop(world, &json!(["https://other.example"]));
        let (buyer, person) = (world.buyer(), Person::new(&world.base));
        let to_shop = |page: &crate::browser::Page, start: &str| {
            let page = page.clone().ok();
            assert_eq!(page.location(), None);
            page.says("Shop DE").says("https://shop.example</bdi>");
            let links = page.links();
            let link = links.iter().find(|link| link.starts_with(start));
            link.unwrap_or_else(|| panic!("{links:?}")).clone()
        };
        for changed in FRUITLESS {
            let link = to_shop(&person.get(&shop.authorize(changed)), SHOP);
            assert!(person::parameter(&link, "error").is_some(), "the shop is told all the same: {link}");
            assert_eq!(person::parameter(&link, "state").as_deref(), Some("a state"));
        }
        assert_eq!(to_shop(&person.get(&end_session(&shop)), BYE), format!("{BYE}?state=a+b"));

        // Who signs in and agrees goes there, and so does who does not want to; and who signs out there.
        let back = person.log_in(&shop.authorize(&[("redirect_uri", SHOP)]), &buyer.login);
        assert!(back.starts_with(&format!("{SHOP}?code=")), "{back}");
        let granted = person.get(&shop.authorize(&[("redirect_uri", SHOP), ("prompt", "none")])).leads();
        assert!(granted.starts_with(&format!("{SHOP}?code=")), "{granted}");
        let asked = person.get(&end_session(&shop)).ok();
        assert_eq!(person.submit(&asked, &[]).leads(), format!("{BYE}?state=a+b"));
    }

    fn a_shop_that_the_operator_knows_is_told_at_once(world: &World) {
        let shop = shop(world, &json!(["https://shop.example"]));
        let person = Person::new(&world.base);
        for changed in FRUITLESS {
            let location = person.get(&shop.authorize(changed)).leads();
            assert!(location.starts_with(SHOP) && person::parameter(&location, "error").is_some(), "{location}");
        }
        assert_eq!(person.get(&end_session(&shop)).leads(), format!("{BYE}?state=a+b"));
    }

    /// What listens on the reader's own machine is no stranger: so a shop that is being built needs no operator.
    fn a_shop_on_the_same_machine_is_told_at_once(world: &World) {
        let shop = shop(world, &json!([]));
        let location = Person::new(&world.base).get(&shop.authorize(&[("prompt", "none")])).leads();
        assert!(location.starts_with(REDIRECT), "{location}");
    }
}
