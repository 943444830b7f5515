//! Plugins on the operator's desk: what one asks for is seen before it is given, and what would be different before it
//! answers.

use serde_json::json;

use super::{World, csrf, operator};
use crate::{
    browser::{Browser, Page},
    on_both_databases,
    support::{
        plugin::{version, with_manifest},
        text,
    },
};

/// The form that uploads.
fn upload(browser: &mut Browser, file: &[u8], permissions: &[(&str, &str)]) -> Page {
    let page = browser.get("/operator/plugins").ok();
    browser.upload((&page, 0), permissions, file)
}

/// Installs a plugin, and gives its page's address.
fn installed(browser: &mut Browser, file: &[u8]) -> String {
    let answer = upload(browser, file, &[]);
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").unwrap().to_owned()
}

on_both_databases! {
    fn what_a_plugin_asks_for_is_shown_before_it_is_given(world: &World) {
        let mut browser = operator(world);
        let asking = with_manifest(&version("0.1.1"), |manifest| {
            manifest.hosts = vec!["api.post.example".into(), "other.example".into()];
            manifest.secrets = vec!["api-key".into(), "token".into()];
        });
        let path = installed(&mut browser, &asking);
        let id = path.rsplit('/').next().unwrap().to_owned();
        let plugin = || world.operator.get(&format!("/v1/plugins/{id}")).ok(200);
        assert_eq!((&plugin()["status"], &plugin()["grants"]), (&json!("installed"), &json!([])), "nothing is given by itself");
        let page = browser.get(&path).ok();
        page.says("See what it asks for before you enable it.").says("It was not given all of it yet");
        page.says("api.post.example").says("other.example").says("api-key").says("token");
        let enable = format!("{path}/enable");
        let early = browser.send(&page, &enable, &[("countries", "XX")]);
        assert_eq!(early.status, 422);
        early.says("it asks for more than it was granted");

        let grants = format!("{path}/grants");
        let token = csrf(&page);
        let some = [("csrf", token.as_str()), ("hosts[]", "api.post.example"), ("secrets[]", "s3cret-of-the-post"), ("secrets[]", "")];
        browser.post(&grants, &some).leads_to(&path);
        assert_eq!(plugin()["grants"], json!(["fetch api.post.example", "secret api-key"]));
        let page = browser.get(&path).ok();
        page.says("It was not given all of it yet");
        assert!(!page.body.contains("s3cret-of-the-post"), "a secret is never shown again");
        let rest = [("csrf", token.as_str()), ("hosts[]", "other.example"), ("secrets[]", ""), ("secrets[]", "t0ken")];
        browser.post(&grants, &rest).leads_to(&path);
        browser.get(&path).ok().says("It was given all of it.");
        for wrong in [("hosts[]", "evil.example"), ("limits", "interpreter")] {
            let refused = browser.post(&grants, &[("csrf", token.as_str()), wrong]);
            assert_eq!(refused.status, 400, "{wrong:?}");
        }
        let three = [("csrf", token.as_str()), ("secrets[]", "a"), ("secrets[]", "b"), ("secrets[]", "c")];
        assert_eq!(browser.post(&grants, &three).status, 400);
        assert_eq!(browser.send(&page, &enable, &[("countries", "XX")]).status, 303);
        assert_eq!(plugin()["status"], "active");
    }

    fn a_plugin_is_enabled_replaced_rolled_back_and_disabled(world: &World) {
        let (mut browser, shop, buyer) = (operator(world), world.merchant("DE"), world.buyer_with("500.00"));
        let old = installed(&mut browser, &version("0.1.1"));
        let page = browser.get(&old).ok();
        page.says("It asks for nothing");
        for (form, said) in [
            ([("countries", "DE"), ("from", "")], "Enter countries that the plugin covers"),
            ([("countries", "XX"), ("from", "soon")], "Enter a day, like 2026-10-01."),
        ] {
            let refused = browser.send(&page, &format!("{old}/enable"), &form);
            assert_eq!(refused.status, 400);
            refused.says(said);
        }
        let form = [("countries", "XX"), ("config", "<b>7</b>")];
        let _ = browser.send(&page, &format!("{old}/enable"), &form);
        let page = browser.get(&old).ok();
        assert!(!page.body.contains("<b>7</b>"), "a configuration is text");
        browser.send(&page, &format!("{old}/enable"), &[("countries", "XX"), ("no_config", "yes")]).leads_to(&old);
        let buy = || {
            let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": "XX" });
            buyer.client.post("/v1/purchases", Some(&crate::support::new_key()), &body).ok(201)
        };
        buy();
        browser.get(&format!("{old}/calls")).ok().says("tax.assess");
        let new = installed(&mut browser, &version("0.1.2"));
        let page = browser.get(&new).ok();
        browser.send(&page, &format!("{new}/activate"), &[]).leads_to(&new);
        let page = browser.get(&new).ok();
        page.says("It answers now wherever the version before did.");
        buy();
        browser.send(&page, &format!("{new}/rollback"), &[]).leads_to(&new);
        browser.get(&old).ok().says("Answers");
        let page = browser.get(&old).ok();
        browser.send(&page, &format!("{old}/disable"), &[]).leads_to(&old);
        let status = |path: &str| text(&world.operator.get(&path.replace("/operator/", "/v1/")).ok(200), "/status");
        assert_eq!((status(&old), status(&new)), ("retired".into(), "retired".into()));
        let page = browser.get(&new).ok();
        let nothing = browser.send(&page, &format!("{new}/activate"), &[]);
        assert_eq!(nothing.status, 422);
        nothing.says("no other version of");
        world.check();
    }

    fn a_shadow_shows_the_difference_in_money(world: &World) {
        let (mut browser, shop, buyer) = (operator(world), world.merchant("DE"), world.buyer_with("500.00"));
        let old = installed(&mut browser, &version("0.1.1"));
        let page = browser.get(&old).ok();
        browser.send(&page, &format!("{old}/enable"), &[("countries", "XX")]).leads_to(&old);
        let new = installed(&mut browser, &version("0.1.2"));
        let page = browser.get(&new).ok();
        // The one that answers charges 10 %.
        let form = [("countries", "XX"), ("config", "20")];
        browser.send(&page, &format!("{new}/shadow"), &form).leads_to(&new);
        let body = json!({ "offers": [shop.offer("10.00", "USD")], "country": "XX" });
        buyer.client.post("/v1/purchases", Some(&crate::support::new_key()), &body).ok(201);
        let shadow = format!("{}/shadow", new.replace("/operator/", "/v1/"));
        while world.operator.get(&shadow).ok(200)["calls"] != 1 {
            std::thread::yield_now();
        }
        let page = browser.get(&new).ok();
        page.says("It runs beside the one that answers in:").says(&shop.id).says("$1.00");
        browser.send(&page, &format!("{new}/shadow/stop"), &[]).leads_to(&new);
        browser.get(&new).ok().says("It runs beside nothing any more.").says(&shop.id);
    }

    fn what_is_no_plugin_is_refused_with_the_reason(world: &World) {
        let mut browser = operator(world);
        for (file, said) in [(&b"\0asm\x01\0\0\0"[..], "role=\"alert\""), (b"", "role=\"alert\"")] {
            let refused = upload(&mut browser, file, &[]);
            assert_eq!(refused.status, 422);
            refused.says(said).says("href=\"#file\"");
        }
        let large = vec![0; (32 << 20) + 1];
        let refused = upload(&mut browser, &large, &[("allow_large", "yes")]);
        assert_eq!(refused.status, 413);
        let unknown = upload(&mut browser, b"x", &[("surprise", "1")]);
        assert_eq!(unknown.status, 400);
        for path in ["/operator/plugins/nonsense", "/operator/plugins/plug_00000000000000000000000009", "/operator/plugins/nonsense/calls"] {
            browser.get(path).problem(404, "not-found");
        }
    }
}
