//! A small model in memory, and both databases beside it: whatever is asked in whatever order, they agree.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails loudly"
)]

mod ask;
#[path = "../databases/mod.rs"]
mod databases;
mod rules;
#[path = "../world/mod.rs"]
mod world;

use std::collections::HashMap;

use ask::{Ask, Step, step};
use databases::{Database, block_on, on_both};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use purser_core::{
    command::Prepared,
    jws::{self, Keyring, SigningKey},
    secret::Secret,
};
use purser_store::{Reply, Store};
use rules::{DAY, Model, Said};
use world::{all, said};

async fn play(store: &Store, start: i64, steps: &[Step]) {
    let key = SigningKey::from_seed(&Secret::new([7; 32])).unwrap();
    let mut model = Model::start(store, start).await;
    for step in steps {
        match step {
            Step::Ask(asks) => ask_at_once(store, &mut model, asks).await,
            Step::Days(days) => model.now += days * DAY,
            Step::Roll => drop(store.roll().await.unwrap()),
            Step::Seal => drop(store.seal(&key, model.at()).await.unwrap()),
            Step::Place => drop(store.place_events().await.unwrap()),
        }
        model.compare(store).await;
    }
    let proof = store.check(Keyring::new([key.public()])).await.unwrap();
    assert!(proof.iter().all(|check| check.ok), "{proof:#?}");
}

async fn ask_at_once(store: &Store, model: &mut Model, asks: &[Ask]) {
    let mut sent: Vec<Prepared> = model.answers.iter().map(|(sent, _)| sent.clone()).collect();
    let mut expected = Vec::new();
    model.look();
    for ask in asks {
        let Some((command, said)) = model.apply(ask, &sent, store) else { continue };
        // A command that is not decided leaves its key free, and sending it again is another story.
        if !matches!(said, Said::Now("stale")) {
            sent.push(command.clone());
        }
        expected.push((command, said));
    }
    let submitted = expected.iter().map(|(command, _)| store.submit(command.clone()));
    let replies = all(submitted).await;
    let mut answered: HashMap<String, Reply> = HashMap::new();
    for (sent, reply) in &model.answers {
        answered.insert(sent.key.clone().unwrap().key, reply.clone());
    }
    for ((command, expected), reply) in expected.iter().zip(&replies) {
        let key = command.key.clone().unwrap().key;
        match expected {
            Said::Now("stale") => assert_eq!(said(reply), "stale"),
            Said::Now(expected) => {
                assert_eq!(said(reply), *expected, "{command:?}");
                let reply = reply.clone().unwrap();
                assert!(!reply.replayed);
                answered.insert(key, reply.clone());
                model.answers.push((command.clone(), reply));
            }
            Said::AsBefore => {
                let reply = reply.as_ref().unwrap();
                assert!(reply.replayed && reply.outcome == answered[&key].outcome);
            }
        }
    }
}

fn play_all(database: &mut Database) {
    jws::self_test().unwrap();
    let store = database.store.clone();
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = asked.unwrap_or(60);
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let steps = prop::collection::vec(step(), 1..24);
    // All cases share a database, each with buyers and cards of its own; each leaves it proven.
    let played = runner.run(&steps, |steps| {
        block_on(play(&store, 0, &steps));
        Ok(())
    });
    played.unwrap();
}

#[test]
fn the_model_and_the_databases_agree() {
    on_both(play_all);
}
