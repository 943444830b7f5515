//! What a shop holds after the first exchange, and what ends it.

use super::*;

on_both_databases! {
    fn refresh_tokens_rotate_and_a_used_one_ends_all(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let first = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
        let second = shop.refresh(&first).ok();
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        let (told, again) = (shop::claims(&first["id_token"]), shop::claims(&second["id_token"]));
        assert_eq!((&told["sub"], &told["aud"]), (&again["sub"], &again["aud"]));
        assert_eq!(again.get("nonce"), None, "OpenID Connect Core, 12.2");
        shop.userinfo(&first).ok();
        shop.userinfo(&second).ok();
        shop.refresh(&first).refused(400, "invalid_grant");
        shop.userinfo(&second).refused(401, "invalid_token");
        shop.refresh(&second).refused(400, "invalid_grant");
    }

    fn of_many_refreshes_at_once_one_succeeds_and_the_copies_end_all(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let tokens = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
        let base = shop.base.clone();
        let replies = support::at_once(20, move |_| shop.refresh(&tokens));
        let good: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(good.len(), 1, "{replies:?}");
        shop::userinfo(&base, &text(&good[0].body, "/access_token")).refused(401, "invalid_token");
    }

    fn a_refresh_token_is_its_clients_and_shows_no_more_than_was_agreed_to(world: &World) {
        let (shop, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let tokens = shop.tokens(&person, &buyer.login, &[("scope", "openid email offline_access")]);
        other.refresh(&tokens).refused(400, "invalid_grant");
        let token = text(&tokens, "/refresh_token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", "openid profile")];
        let less = shop.post("/oauth/token", &fields).ok();
        assert_eq!(less["scope"], "openid");
        assert_eq!(shop.userinfo(&less).ok().as_object().unwrap().len(), 1);
        let whole = shop.refresh(&less).ok();
        assert_eq!(whole["scope"], "openid email offline_access");
    }

    fn without_offline_access_it_is_over_in_some_minutes(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let online = shop.tokens(&person, &buyer.login, &[("scope", "openid")]);
        let offline = shop.tokens(&person, &buyer.login, &[]);
        shop.userinfo(&online).ok();
        assert_eq!(online.get("refresh_token"), None);
        person.submit(&person.get("/oauth/end-session").ok(), &[]).ok();
        world.advance(301);
        shop.userinfo(&online).refused(401, "invalid_token");
        shop.userinfo(&shop.refresh(&offline).ok()).ok();
    }

    fn tokens_are_over_in_their_time(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let mut tokens = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
        world.advance(301);
        shop.userinfo(&tokens).refused(401, "invalid_token");
        for _ in 0..4 {
            tokens = shop.refresh(&tokens).ok();
            world.advance(29 * 24 * 3600);
        }
        shop.refresh(&tokens).refused(400, "invalid_grant");
        let tokens = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
        world.advance(31 * 24 * 3600);
        shop.refresh(&tokens).refused(400, "invalid_grant");
    }

    fn new_credentials_and_an_erased_account_end_all(world: &World) {
        let (shop, buyer) = (Shop::new(world), world.buyer());
        let tokens = shop.tokens(&Person::new(&world.base), &buyer.login, &[]);
        let change = json!({ "pin": "271828", "password": buyer.login["password"], "new_pin": "141421" });
        buyer.client.post("/v1/account/credentials", None, &change).ok(200);
        shop.userinfo(&tokens).refused(401, "invalid_token");
        shop.refresh(&tokens).refused(400, "invalid_grant");
        let login = but(&buyer.login, "pin", "141421");
        let tokens = shop.tokens(&Person::new(&world.base), &login, &[]);
        let session = world.sign_in(&login).ok(200);
        let client = support::Client::new(&world.base, Some(&text(&session, "/access_token")));
        let remembered = json!({ "pin": "141421", "password": login["password"] });
        client.delete_with("/v1/account", &new_key(), &remembered).ok(200);
        shop.userinfo(&tokens).refused(401, "invalid_token");
        shop.refresh(&tokens).refused(400, "invalid_grant");
    }

    fn what_is_given_back_has_ended(world: &World) {
        let (shop, other, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        for part in ["/access_token", "/refresh_token"] {
            let tokens = shop.tokens(&person, &buyer.login, &[]);
            let token = text(&tokens, part);
            assert_eq!(other.revoke(&token).status, 200, "nobody learns whose it is");
            shop.userinfo(&tokens).ok();
            assert_eq!(shop.revoke(&token).status, 200);
            assert_eq!(shop.revoke(&token).status, 200);
            shop.userinfo(&tokens).refused(401, "invalid_token");
            shop.refresh(&tokens).refused(400, "invalid_grant");
        }
        assert_eq!(shop.revoke("nonsense").status, 200);
        shop.post("/oauth/revoke", &[]).refused(400, "invalid_request");
    }

    fn a_consent_that_is_taken_back_ends_all_and_is_asked_for_again(world: &World) {
        use purser::app::oidc::consent;
        let (shop, elsewhere, buyer) = (Shop::new(world), Shop::new(world), world.buyer());
        let person = Person::new(&world.base);
        let tokens = shop.tokens(&person, &buyer.login, &[]);
        let others = elsewhere.tokens(&person, &buyer.login, &[("scope", "openid email offline_access")]);
        let (account, merchant) = (buyer.id.parse().unwrap(), shop.merchant.id.parse().unwrap());
        let run = actix_web::rt::System::new();
        let shops = run.block_on(consent::shops(&world.gateway, account)).unwrap();
        let seen: Vec<_> = shops.iter().map(|shop| (shop.merchant.to_string(), shop.sees.clone())).collect();
        let of = |shop: &Shop| seen.iter().find(|(id, _)| *id == shop.merchant.id).unwrap().1.clone();
        assert_eq!(json!(of(&shop)), shop.userinfo(&tokens).ok());
        assert_eq!(json!(of(&elsewhere)), elsewhere.userinfo(&others).ok());
        assert!(run.block_on(consent::withdraw(&world.gateway, account, merchant)).unwrap());
        assert!(!run.block_on(consent::withdraw(&world.gateway, account, merchant)).unwrap());
        shop.userinfo(&tokens).refused(401, "invalid_token");
        shop.refresh(&tokens).refused(400, "invalid_grant");
        elsewhere.userinfo(&others).ok();
        person.get(&shop.authorize(&[])).ok();
    }
}
