//! Signing out at a shop, and who is asked first.

use super::{person::parameter, shop::AFTER, *};

fn address(fields: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/oauth/end-session?{query}")
}

/// Whether somebody is signed in.
fn is_signed_in(shop: &Shop, person: &Person) -> bool {
    let look = person.get(&shop.authorize(&[("prompt", "none")])).leads();
    parameter(&look, "error").as_deref() != Some("login_required")
}

on_both_databases! {
    fn a_shop_that_shows_the_token_of_its_buyer_signs_it_out(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let hint = text(&shop.tokens(&person, &buyer.login, &[]), "/id_token");
        assert!(is_signed_in(&shop, &person));
        // It is shown when it has long expired.
        world.advance(3_600);
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER), ("state", "a b")];
        assert_eq!(person.get(&address(&fields)).leads(), format!("{AFTER}?state=a+b"));
        assert!(!is_signed_in(&shop, &person));
        assert_eq!(person.get(&address(&fields)).leads(), format!("{AFTER}?state=a+b"), "signed out already");
        person.get(&address(&[("id_token_hint", &hint)])).ok();
    }

    fn anybody_else_is_asked_first(world: &World) {
        let (shop, ann, bob) = (Shop::new(world), world.buyer(), world.buyer());
        let hint = text(&shop.tokens(&Person::new(&world.base), &ann.login, &[]), "/id_token");
        let person = Person::new(&world.base);
        shop.tokens(&person, &bob.login, &[]);
        let with_hint = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTER)];
        let with_id = [("client_id", shop.id.as_str()), ("post_logout_redirect_uri", AFTER)];
        for fields in [&with_hint[..], &with_id[..], &[]] {
            let page = person.get(&address(fields)).ok();
            assert!(is_signed_in(&shop, &person), "only asked");
            assert_eq!(page.body.contains("Shop DE"), !fields.is_empty());
        }
        let forged = person.post_from_elsewhere("/oauth/end-session/confirm", &[("csrf", "x")]);
        assert!((400..500).contains(&forged.status));
        let asked = person.post_from_elsewhere("/oauth/end-session", &with_id).leads();
        let page = person.get(&asked).ok();
        assert!(is_signed_in(&shop, &person));
        assert!(page.policy().contains("form-action 'self' http://127.0.0.1:9;"), "{}", page.policy());
        assert_eq!(person.submit(&page, &[]).leads(), AFTER);
        assert!(!is_signed_in(&shop, &person));
    }

    fn nobody_is_sent_where_the_shop_is_not(world: &World) {
        let (shop, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let hint = text(&shop.tokens(&person, &buyer.login, &[]), "/id_token");
        for fields in [
            vec![("post_logout_redirect_uri", AFTER)],
            vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://evil.example/")],
            vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", REDIRECT)],
            vec![("id_token_hint", hint.as_str()), ("client_id", other.id.as_str())],
            vec![("id_token_hint", "nonsense")], vec![("client_id", "nonsense")],
            vec![("state", "a"), ("state", "b")],
        ] {
            let page = person.get(&address(&fields));
            assert_eq!((page.status, page.location()), (400, None), "{fields:?}");
            assert!(is_signed_in(&shop, &person));
        }
    }
}
