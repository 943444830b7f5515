//! Whatever goes wrong has a page that says what happened, that no money moved, and what to do.

use crate::{
    browser::Browser,
    support::{Client, World, drop_database},
};

#[test]
fn an_unknown_address_has_a_page_for_people_and_a_problem_for_programs() {
    let world = World::on_sqlite();
    let mut browser = Browser::new(&world);
    browser.get("/nowhere?lang=de").problem(404, "not-found").says("Es wurde kein Geld bewegt");
    browser.get("/problems/nothing").problem(404, "not-found");
    Client::new(&world.base, None).get("/nowhere").problem(404, "not-found");
    Client::new(&world.base, None).get("/v1/nowhere").problem(404, "not-found");
    let mut program = Browser::new(&world);
    program.headers = vec![("Accept".into(), "application/json".into())];
    let answer = program.get("/problems/nothing");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(program.get("/problems/not-found").header("content-type"), Some("application/json"));
}

#[test]
fn a_page_that_cannot_be_sent_to_says_how_it_can_be_asked() {
    let world = World::on_sqlite();
    let mut browser = Browser::new(&world);
    let refused = browser.post("/problems", &[]).problem(405, "method-not-allowed");
    assert_eq!(refused.header("allow"), Some("GET, HEAD"));
}

#[test]
fn while_the_database_is_down_every_page_still_says_so() {
    let world = World::on_postgres();
    let (mut browser, login) = Browser::of_buyer(&world);
    let mut stranger = Browser::new(&world);
    let form = stranger.get("/login").ok();
    drop_database(world.gateway.settings.database.as_ref().unwrap());
    let down = browser.get("/login").problem(503, "database-unavailable");
    down.says("No money moved").says("Try again");
    assert!(down.header("retry-after").is_some());
    assert!(down.header("content-security-policy").is_some());
    let field = |name: &str| login[name].as_str().unwrap().to_owned();
    let (email, pin, password) = (field("email"), field("pin"), field("password"));
    let fields = [("email", &*email), ("pin", &*pin), ("password", &*password)];
    stranger
        .submit(&form, &fields)
        .problem(503, "database-unavailable")
        .says("Look before you send the form again");
    // What needs no database is as it was.
    browser.get("/problems").ok();
}
