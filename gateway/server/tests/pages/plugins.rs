//! What plugins say is text on every page that shows it: the names of taxes, the words of a refusal, what they were
//! configured with and what they answered.

use serde_json::json;

use crate::{
    browser::{Browser, Page},
    on_both_databases,
    pay::{buyer_with, location, shop_named},
    support::{Client, World, new_key, text},
};

const EVIL: &str = "<script>alert(1)</script>";
const SHOWN: &str = "&#60;script&#62;alert(1)&#60;/script&#62;";

/// Checks that a page shows it, and that no browser would run it.
#[track_caller]
fn shows(page: &Page) {
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    page.says(SHOWN);
}

/// Lets a table of taxes, whose names are what a browser would run, answer for Iceland.
fn tax_everything(world: &World) -> String {
    let plugins = world.operator.get("/v1/plugins?limit=100").ok(200);
    let all = plugins["data"].as_array().unwrap();
    let table = all.iter().find(|plugin| plugin["name"] == "tax-table").expect("it is bundled");
    let id = text(table, "/id");
    let rate = json!({
        "categories": ["general"], "percent": "24", "reason": "standard", "from": "2015-01-01",
        "source": EVIL, "label": EVIL,
    });
    let config = json!({ "places": [{ "place": "IS", "tax": EVIL, "rates": [rate] }] });
    let enabling = json!({ "countries": ["IS"], "config": config });
    world.operator.post(&format!("/v1/plugins/{id}/enable"), None, &enabling).ok(200);
    id
}

on_both_databases! {
    fn script_in_the_name_of_a_tax_is_text(world: &World) {
        let plugin = tax_everything(world);
        let made = json!({ "name": "Bókabúð", "country": "IS" });
        let made = world.operator.post("/v1/merchants", None, &made).ok(201);
        let client = Client::new(&world.base, Some(&text(&made, "/secret_key")));
        let price = json!({ "amount": "10.00", "currency": "USD" });
        let offer = json!({ "item": { "id": "bok", "title": "Bók" }, "price": price });
        let offer = text(&client.post("/v1/offers", None, &offer).ok(201), "/offer");
        let (mut browser, _) = buyer_with(world, "100.00");
        let till = browser.get(&format!("/pay?offer={offer}&country=IS")).ok();
        shows(&till);
        let done = location(&browser.submit(&till, &[]));
        let done = browser.get(&done).ok();
        let purchase = done.body.split("/wallet/purchases/").nth(1).unwrap().split(['"', '/']).next().unwrap();
        shows(&browser.get(&format!("/wallet/purchases/{purchase}")).ok());

        let mut desk = Browser::new(world);
        desk.open_desk("/desk", &text(&made, "/secret_key"));
        let item = text(&client.get("/v1/sales").ok(200), "/data/0/item");
        shows(&desk.get(&format!("/desk/sales/{item}")).ok());

        let key = std::fs::read_to_string(world.gateway.settings.data.join("operator.key")).unwrap();
        let mut operator = Browser::new(world);
        operator.open_desk("/operator", key.trim());
        shows(&operator.get(&format!("/operator/plugins/{plugin}")).ok());
        shows(&operator.get(&format!("/operator/plugins/{plugin}/calls")).ok());
        let wish = json!({ "authority": "IS", "period": "2024-06" });
        let made = world.operator.post("/v1/tax/remittances", Some(&new_key()), &wish).ok(201);
        let page = operator.get(&format!("/operator/taxes/{}", text(&made, "/id"))).ok();
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
    }

    fn script_in_a_refusal_is_text(world: &World) {
        let component = purser_hostile::component();
        let made = world.operator.post_bytes("/v1/plugins", component).ok(201);
        let enable = format!("/v1/plugins/{}/enable", text(&made, "/id"));
        world.operator.post(&enable, None, &json!({ "countries": ["XX"] })).ok(200);
        let (mut browser, _) = buyer_with(world, "100.00");
        let till = shop_named(world, "Lantern Books").link("10.00", "USD");
        for language in ["en", "ar"] {
            let refused = browser.get(&format!("{till}&country=XX-SCR&lang={language}"));
            shows(&refused.problem(422, "tax-category-unsupported"));
        }
    }
}
