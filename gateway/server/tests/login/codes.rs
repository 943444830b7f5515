//! From the shop and back to it, and what a code is worth.

use super::{
    person::parameter,
    shop::{AFTER, ALL, CHALLENGE, VERIFIER, claims, header},
    *,
};

on_both_databases! {
    fn a_buyer_signs_in_agrees_and_is_back_with_nothing_between(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let page = person.get(&shop.authorize(&[])).ok();
        assert!(page.body.contains("Shop DE"), "the page says which shop");
        assert!(page.policy().contains("form-action 'self' http://127.0.0.1:9;"), "{}", page.policy());
        assert!(page.policy().contains("frame-ancestors 'none'"));
        let refuse = page.links().into_iter().find(|link| link.contains("access_denied")).unwrap();
        assert_eq!(parameter(&refuse, "state").as_deref(), Some("a state"));
        assert_eq!(parameter(&refuse, "iss").as_ref(), Some(&world.base));

        let wrong = person.sign_in_on(&page, &but(&buyer.login, "pin", "000000"));
        assert_eq!(wrong.status, 401);
        let signed_in = person.sign_in_on(&wrong, &buyer.login).leads();
        let consent = person.get(&signed_in).ok();
        assert!(consent.body.contains("Shop DE") && consent.body.contains("127.0.0.1:9"));
        assert!(consent.links().iter().any(|link| link.contains("access_denied")), "refusing is a link");
        let back = person.submit(&consent, &[]).leads();
        assert!(back.starts_with(REDIRECT), "what the address says itself is kept: {back}");
        assert_eq!(parameter(&back, "state").as_deref(), Some("a state"));
        assert_eq!(parameter(&back, "iss").as_ref(), Some(&world.base), "RFC 9207");

        let tokens = shop.exchange(&parameter(&back, "code").unwrap()).ok();
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));
        assert_eq!(tokens["scope"], ALL);
        let told = claims(&tokens["id_token"]);
        assert_eq!((&told["iss"], &told["aud"]), (&json!(world.base), &json!(shop.id)));
        assert_eq!((&told["nonce"], told.get("auth_time")), (&json!("a nonce"), None));
        assert_eq!(header(&tokens["id_token"])["alg"], "EdDSA");
        let seen = shop.userinfo(&tokens).ok();
        for claim in ["sub", "preferred_username", "email"] {
            assert_eq!(seen[claim], told[claim], "{claim}");
            assert!(consent.body.contains(seen[claim].as_str().unwrap()), "the buyer saw {claim}");
        }
        assert_eq!(seen.as_object().unwrap().len(), 3);
    }

    fn what_was_agreed_to_is_remembered_and_more_is_asked_again(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let less = [("scope", "openid profile")];
        let first = shop.tokens(&person, &buyer.login, &less);
        assert_eq!((&first["scope"], first.get("refresh_token")), (&json!("openid profile"), None));
        assert_eq!(shop.userinfo(&first).ok().get("email"), None);
        assert!(person.get(&shop.authorize(&less)).leads().starts_with(REDIRECT));
        assert!(person.get(&shop.authorize(&[("scope", "openid")])).leads().starts_with(REDIRECT));
        let more = person.get(&shop.authorize(&[])).ok();
        assert!(person.submit(&more, &[]).leads().starts_with(REDIRECT));
        assert!(person.get(&shop.authorize(&[])).leads().starts_with(REDIRECT));
        let other = Shop::of(world, shop.merchant.clone(), &json!({}));
        assert!(person.get(&other.authorize(&[])).leads().starts_with(REDIRECT), "it is the merchant's");
        let elsewhere = Shop::new(world);
        person.get(&elsewhere.authorize(&[])).ok();
    }

    fn a_code_is_worth_its_tokens_once(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let code = shop.code(&person, &buyer.login, &[]);
        let tokens = shop.exchange(&code).ok();
        shop.userinfo(&tokens).ok();
        shop.exchange(&code).refused(400, "invalid_grant");
        shop.userinfo(&tokens).refused(401, "invalid_token");
        shop.refresh(&tokens).refused(400, "invalid_grant");
    }

    fn of_many_exchanges_at_once_one_succeeds(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let code = shop.code(&Person::new(&world.base), &buyer.login, &[]);
        let replies = support::at_once(20, move |_| shop.exchange(&code).status);
        assert_eq!(replies.iter().filter(|status| **status == 200).count(), 1, "{replies:?}");
    }

    fn a_code_is_bound_to_client_address_and_verifier(world: &World) {
        let (shop, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let code = || shop.code(&person, &buyer.login, &[]);
        let stolen = code();
        other.exchange(&stolen).refused(400, "invalid_grant");
        shop.exchange(&stolen).ok();
        for changed in [
            ("redirect_uri", "http://127.0.0.1:9/callback"), ("redirect_uri", AFTER),
            ("code_verifier", "another-verifier-of-at-least-43-characters.."), ("code_verifier", ""),
            ("code_verifier", CHALLENGE),
        ] {
            let code = code();
            shop.exchange_with(&code, &[changed]).refused(400, "invalid_grant");
            shop.exchange(&code).refused(400, "invalid_grant");
        }
        let lax = Shop::with(world, &json!({ "require_pkce": false }));
        let plain = [("code_challenge", ""), ("code_challenge_method", "")];
        let code = lax.code(&person, &buyer.login, &plain);
        lax.exchange_with(&code, &[("code_verifier", VERIFIER)]).refused(400, "invalid_grant");
        let code = lax.code(&person, &buyer.login, &plain);
        lax.exchange_with(&code, &[("code_verifier", "")]).ok();
        let code = lax.code(&person, &buyer.login, &[]);
        lax.exchange_with(&code, &[("code_verifier", "")]).refused(400, "invalid_grant");
    }

    fn a_code_is_over_after_a_minute_and_whatever_becomes_of_its_session(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let code = shop.code(&person, &buyer.login, &[]);
        person.submit(&person.get("/oauth/end-session").ok(), &[]).ok();
        // Two shops whose codes died at one moment could tell that they were the same buyer's.
        shop.exchange(&code).ok();
        let code = shop.code(&person, &buyer.login, &[]);
        world.advance(61);
        shop.exchange(&code).refused(400, "invalid_grant");
    }
}
