//! Several processes on one database, and a server that goes away.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails loudly")]

mod databases;
mod world;

use std::time::{Duration, Instant};

use databases::{block_on, on_both, open};
use diesel::{Connection as _, connection::SimpleConnection};
use purser_core::{command::Prepared, ids::AccountId};
use purser_store::{Store, SubmitError, read::vault::vault_view};
use world::*;

#[test]
fn a_single_use_offer_is_bought_once_by_two_processes() {
    on_both(|database| {
        let stores = [database.store.clone(), open(&database.url)];
        block_on(async {
            let mut buyers = Vec::new();
            for _ in 0..10 {
                buyers.push(buyer_with(&stores[0], usd(10_000)).await);
            }
            let commands = (0..60).map(|n| {
                let store = &stores[n % 2];
                let bought = single_use(purchase(buyers[n % 10], &[(merchant(1), 100)]), "once");
                store.submit(prepared(store, buy(&bought)))
            });
            let replies = all(commands).await;
            let said: Vec<_> = replies.iter().map(said).collect();
            assert_eq!(said.iter().filter(|said| **said == "done").count(), 1, "{said:?}");
            assert_eq!(
                said.iter().filter(|said| **said == "offer-already-used").count(),
                59,
                "{said:?}"
            );
            assert_proven(&stores[0]).await;
        });
    });
}

#[test]
fn two_processes_spend_one_balance_and_one_key_once() {
    on_both(|database| {
        let stores = [database.store.clone(), open(&database.url)];
        block_on(async {
            let buyer = buyer_with(&stores[0], usd(1_190 * 20)).await;
            let other = world::buyer(&stores[0]).await;
            let same = prepared(&stores[0], buy(&purchase(buyer, &[(merchant(1), 1_000)])));
            let commands = (0..80).map(|n| {
                let store = &stores[n % 2];
                let command = match n % 4 {
                    0 | 1 => same.clone(),
                    2 => prepared(store, transfer(buyer, other, usd(1_190))),
                    _ => prepared(store, buy(&purchase(buyer, &[(merchant(2), 1_000)]))),
                };
                store.submit(command)
            });
            let replies = all(commands).await;
            let fresh = |reply: &&Result<purser_store::Reply, SubmitError>| {
                matches!(reply, Ok(purser_store::Reply { outcome: Ok(_), replayed: false }))
            };
            assert_eq!(replies.iter().filter(fresh).count(), 20, "{replies:?}");
            assert_eq!(balance(&stores[0], buyer).await, 0);
            assert_proven(&stores[1]).await;
        });
    });
}

#[test]
fn two_processes_refund_one_item_once() {
    on_both(|database| {
        let stores = [database.store.clone(), open(&database.url)];
        block_on(async {
            let buyer = buyer_with(&stores[0], usd(10_000)).await;
            let bought = purchase(buyer, &[(merchant(1), 1_000)]);
            done(&stores[0], buy(&bought)).await;
            let commands = (0..50).map(|n| {
                let store = &stores[n % 2];
                store.submit(prepared(store, refund(buyer, &bought.items[0], policy())))
            });
            let replies = all(commands).await;
            let said: Vec<_> = replies.iter().map(said).collect();
            assert_eq!(said.iter().filter(|said| **said == "done").count(), 1);
            assert_eq!(said.iter().filter(|said| **said == "already-refunded").count(), 49);
            assert_proven(&stores[0]).await;
        });
    });
}

#[test]
fn two_processes_sell_no_more_of_a_float_than_is_there() {
    on_both(|database| {
        let stores = [database.store.clone(), open(&database.url)];
        block_on(async {
            cards(&stores[0], 2, eur(5_000)).await;
            let commands = (0..40).map(|n| {
                let store = &stores[n % 2];
                store.submit(prepared(store, trade(eur(3_000), usd(3_200))))
            });
            // Rolled up meanwhile: what is there is the same, wherever it stands.
            let rolled = all((0..4).map(|n| stores[n % 2].roll()));
            let (replies, rolled) = tokio::join!(all(commands), rolled);
            assert!(rolled.iter().all(Result::is_ok), "{rolled:?}");
            let said: Vec<_> = replies.iter().map(said).collect();
            assert_eq!(said.iter().filter(|said| **said == "done").count(), 3, "{said:?}");
            let refused = said.iter().filter(|said| **said == "insufficient-funds").count();
            assert_eq!(refused, 37, "{said:?}");
            assert_eq!(outcome(&stores[1], trade(eur(1_001), usd(1))).await, "insufficient-funds");
            assert_eq!(outcome(&stores[1], trade(eur(1_000), usd(1))).await, "done");
            assert_proven(&stores[0]).await;
        });
    });
}

#[test]
fn a_lost_connection_is_taken_up_again_and_nothing_happens_twice() {
    let mut database = databases::postgres();
    let store = database.store.clone();
    block_on(async {
        let buyer = buyer_with(&store, usd(1_000_000)).await;
        cards(&store, 1, eur(1_000)).await;
        for round in 0..10_u8 {
            // What no client gave a key happens once, too.
            let commands: Vec<_> = (0..50)
                .map(|_| prepared(&store, buy(&purchase(buyer, &[(merchant(1), 100)]))))
                .chain([keyless(&store, trade(eur(1), usd(1))), keyless(&store, note(buyer))])
                .collect();
            let (sender, receiver) = std::sync::mpsc::channel();
            let url = database.url.clone();
            // Another thread cuts every connection of this database while the commands are decided.
            let cutter = std::thread::spawn(move || {
                let mut conn = diesel::PgConnection::establish(&url).unwrap();
                let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                           WHERE datname = current_database() AND pid <> pg_backend_pid()";
                while receiver.try_recv().is_err() {
                    conn.batch_execute(cut).unwrap();
                }
            });
            let first = all(commands.iter().map(|command| store.submit(command.clone()))).await;
            sender.send(()).unwrap();
            cutter.join().unwrap();
            let again = all(commands.iter().map(|command| store.submit(command.clone()))).await;
            assert!(again.iter().all(|reply| said(reply) == "done"), "{again:?}");
            let broken = |reply: &&Result<_, _>| matches!(reply, Err(SubmitError::Broken(_)));
            assert_eq!(first.iter().find(broken), None);
            for (first, again) in first.iter().zip(&again) {
                assert!(
                    first.is_err() || again.as_ref().unwrap().replayed,
                    "an acknowledged command was lost"
                );
            }
            assert_eq!(
                balance_again(&store, buyer).await,
                1_000_000 - 50 * 119 * (i64::from(round) + 1)
            );
        }
    });
    database.conn = databases::connect(&database.url);
    block_on(assert_proven(&store));
}

#[test]
fn what_was_prepared_with_older_facts_is_prepared_again() {
    on_both(|database| {
        let store = database.store.clone();
        let other = open(&database.url);
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let before = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 200)])));
            // Another process changes them.
            other.change_facts(|_| Ok(())).await.unwrap();
            assert_eq!(other.facts_version(), before.facts_version + 1);
            assert_eq!(store.submit(before.clone()).await, Err(SubmitError::Stale));
            let after = Prepared { facts_version: store.facts_version(), ..before };
            assert_eq!(said(&store.submit(after).await), "done");
        });
    });
}

#[test]
fn whoever_only_looks_hears_of_what_another_process_changed() {
    on_both(|database| {
        let store = database.store.clone();
        let other = open(&database.url);
        block_on(async {
            let before = store.facts_version();
            other.change_facts(|_| Ok(())).await.unwrap();
            assert_eq!(store.facts_version(), before, "nobody told it");
            let begun = Instant::now();
            while store.facts_version_recent().await.unwrap() == before {
                assert!(begun.elapsed() < Duration::from_secs(5), "it never asks");
                tokio::task::yield_now().await;
            }
            assert_eq!(store.facts_version(), before + 1);
        });
    });
}

/// Looks until a connection is there that was not cut.
async fn balance_again(store: &Store, account: AccountId) -> i64 {
    loop {
        let view = store.read(move |conn| vault_view(conn, account, &policy(), at(0))).await;
        if let Ok(view) = view {
            return view.unwrap().balance.minor();
        }
    }
}
