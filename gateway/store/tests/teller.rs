//! What the teller promises, on both databases.
#![allow(clippy::unwrap_used, reason = "a test fails loudly")]

mod databases;
mod world;

use databases::{block_on, on_both, open};
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_types::BigInt};
use purser_core::command::Prepared;
use purser_store::{
    Connection, OpenError, Reply, Store, StoreConfig, StoreError, SubmitError, idempotency_find,
    read::{Page, log::log_page},
};
use world::*;

#[test]
fn a_command_happens_once_however_often_its_key_is_sent() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let first = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 1_000)])));
            let replies = all((0..20).map(|_| store.submit(first.clone()))).await;
            let fresh = replies.iter().filter(|reply| !reply.as_ref().unwrap().replayed).count();
            assert_eq!(fresh, 1);
            let outcome = replies[0].as_ref().unwrap().outcome.clone();
            assert!(replies.iter().all(|reply| reply.as_ref().unwrap().outcome == outcome));
            assert_eq!(balance(&store, buyer).await, 10_000 - 1_190);

            let later = store.submit(first.clone()).await.unwrap();
            assert!(later.replayed && later.outcome == outcome);
            let claim = first.key.clone().unwrap();
            let found =
                store.read(move |conn| idempotency_find(conn, &claim.scope, &claim.key)).await;
            assert_eq!(found.unwrap(), Some(([1; 32], outcome)));
            assert_proven(&store).await;
        });
    });
}

#[test]
fn a_command_without_a_key_happens_once_however_often_it_is_sent() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer(&store).await;
            cards(&store, 1, eur(1_000)).await;
            for command in [trade(eur(600), usd(640)), note(buyer)] {
                let command = keyless(&store, command);
                let replies = all((0..10).map(|_| store.submit(command.clone()))).await;
                let later = store.submit(command).await;
                let replayed = |reply: &&Result<Reply, _>| reply.as_ref().unwrap().replayed;
                assert_eq!(replies.iter().chain([&later]).filter(replayed).count(), 10);
            }
            assert_proven(&store).await;
        });
    });
}

#[test]
fn each_balance_in_a_log_follows_from_the_one_before() {
    on_both(|database| {
        let store = database.store.clone();
        let other = open(&database.url);
        block_on(async {
            let buyer = buyer_with(&store, usd(100_000)).await;
            // Prepared in the opposite order of their decisions, by two processes.
            let commands = (0..40).map(|n| {
                let store = if n % 2 == 0 { &store } else { &other };
                let bought = purchase(buyer, &[(merchant(1), 100 + n)]);
                store.submit(Prepared { at: at(100 - n), ..prepared(store, buy(&bought)) })
            });
            assert!(all(commands).await.iter().all(|reply| said(reply) == "done"));
            let page = Page::new(None, 100).unwrap();
            let log = store.read(move |conn| log_page(conn, buyer, &page)).await.unwrap().rows;
            assert_eq!(log.len(), 41);
            for (younger, older) in log.iter().zip(log.iter().skip(1)) {
                assert!(younger.at > older.at);
                assert_eq!(younger.balance, older.balance.minus(younger.amount).unwrap());
            }
        });
    });
}

#[test]
fn a_key_that_was_used_for_another_request_is_refused() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let one = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 1_000)])));
            let mut claim = one.key.clone().unwrap();
            claim.fingerprint = [2; 32];
            let other = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 2_000)])));
            let other = Prepared { key: Some(claim), ..other };
            // In the same turn, and after it.
            let replies =
                all([one, other.clone()].into_iter().map(|command| store.submit(command))).await;
            assert_eq!(replies.iter().map(said).collect::<Vec<_>>(), ["done", "key-reused"]);
            assert_eq!(store.submit(other).await, Err(SubmitError::KeyReused));
            assert_eq!(balance(&store, buyer).await, 10_000 - 1_190);
        });
    });
}

#[test]
fn one_refused_command_does_not_fail_its_neighbours() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let rich = buyer_with(&store, usd(10_000)).await;
            let poor = buyer_with(&store, usd(100)).await;
            let commands = (0..40).map(|n| {
                let buyer = if n % 4 == 0 { poor } else { rich };
                store.submit(prepared(&store, buy(&purchase(buyer, &[(merchant(1), 200)]))))
            });
            let replies = all(commands).await;
            let said: Vec<_> = replies.iter().map(said).collect();
            assert_eq!(said.iter().filter(|said| **said == "done").count(), 30);
            assert_eq!(said.iter().filter(|said| **said == "insufficient-funds").count(), 10);
            assert_eq!(balance(&store, rich).await, 10_000 - 30 * 238);
            assert_eq!(balance(&store, poor).await, 100);
            assert_proven(&store).await;
        });
    });
}

#[test]
fn one_command_that_the_database_refuses_does_not_fail_its_neighbours() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let good = purchase(buyer, &[(merchant(1), 200)]);
            // Ids are random, so that this cannot happen; the database sees it all the same.
            let mut twin = purchase(buyer, &[(merchant(1), 300)]);
            twin.items[0].id = good.items[0].id;
            let third = purchase(buyer, &[(merchant(1), 400)]);
            let commands = [good, twin, third].map(|purchase| prepared(&store, buy(&purchase)));
            let replies = all(commands.into_iter().map(|command| store.submit(command))).await;
            assert_eq!(said(&replies[0]), "done");
            assert!(matches!(replies[1], Err(SubmitError::Broken(_))), "{:?}", replies[1]);
            assert_eq!(said(&replies[2]), "done");
            assert_eq!(balance(&store, buyer).await, 10_000 - 238 - 476);
            assert_proven(&store).await;
        });
    });
}

#[test]
fn a_small_change_that_fails_leaves_nothing_and_fails_no_other() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let version = store.facts_version();
            let changes = (0..10).map(|n| {
                store.change_facts(move |conn| {
                    conn.batch_execute("UPDATE duty SET name = name")?;
                    if n % 2 == 0 { Ok(()) } else { Err(StoreError::corrupt("test", "on purpose")) }
                })
            });
            let kept = all(changes).await.iter().filter(|done| done.is_ok()).count();
            assert_eq!(kept, 5);
            let stored = store.read(|conn| Ok(facts_version(conn))).await.unwrap();
            assert_eq!((stored, store.facts_version()), (version + 5, version + 5));
            let panicked =
                store.write(|_| -> Result<(), StoreError> { panic!("on purpose") }).await;
            assert!(matches!(panicked, Err(StoreError::Unavailable)));
            assert!(store.change_facts(|_| Ok(())).await.is_ok(), "the writer lives on");
        });
    });
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(conn: &mut Connection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(conn).unwrap().n
}

fn facts_version(conn: &mut Connection) -> i64 {
    number(conn, "SELECT facts_version AS n FROM gateway")
}

#[test]
fn a_full_queue_says_so_and_loses_nothing() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(1_000_000)).await;
            // All are queued before the first is answered, because the futures are polled one after the other.
            let commands = (0..1_600).map(|_| {
                store.submit(prepared(&store, buy(&purchase(buyer, &[(merchant(1), 1)]))))
            });
            let replies = all(commands).await;
            let said: Vec<_> = replies.iter().map(said).collect();
            let done = said.iter().filter(|said| **said == "done").count();
            let overloaded = said.iter().filter(|said| **said == "overloaded").count();
            assert_eq!(done + overloaded, 1_600);
            assert!(overloaded > 0 && done >= 1_024, "{done} done, {overloaded} overloaded");
            assert_eq!(balance(&store, buyer).await, 1_000_000 - i64::try_from(done).unwrap());
        });
    });
}

#[test]
fn the_teller_tells_how_many_commands_share_a_commit_and_how_many_wait() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let before = store.teller_counts();
            assert_eq!(before.waiting, 0);
            let commands = (0..100).map(|_| {
                store.submit(prepared(&store, buy(&purchase(buyer, &[(merchant(1), 1)]))))
            });
            all(commands).await;
            let after = store.teller_counts();
            assert_eq!((after.commands - before.commands, after.waiting), (100, 0));
            let turns = after.turns - before.turns;
            assert!((1..=100).contains(&turns), "{turns} turns");

            store.clone().shutdown();
            let late = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 1)])));
            assert_eq!(store.submit(late).await, Err(SubmitError::Unavailable));
            assert_eq!(store.teller_counts(), after, "what was refused does not wait");
        });
    });
}

#[test]
fn a_card_that_is_blocked_while_its_batch_is_sold_stays_blocked() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer(&store).await;
            let (batch, cards) = unsold_cards(&store, 3, usd(1_000)).await;
            let commands = [block(cards[1]), activate(batch, &cards)];
            let replies =
                all(commands.into_iter().map(|command| store.submit(prepared(&store, command))))
                    .await;
            assert_eq!(replies.iter().map(said).collect::<Vec<_>>(), ["done", "done"]);
            assert_eq!(outcome(&store, load(buyer, cards[0], usd(1_000))).await, "done");
            assert_eq!(outcome(&store, load(buyer, cards[1], usd(1_000))).await, "card-refused");
            assert_eq!(outcome(&store, load(buyer, cards[0], usd(1))).await, "card-already-used");
            assert_proven(&store).await;
        });
    });
}

#[test]
fn erasing_an_account_destroys_what_identifies_it_and_keeps_its_money() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(4_321)).await;
            done(&store, erase(buyer)).await;
            let left = store
                .read(|conn| {
                    let identities = number(conn, "SELECT COUNT(*) AS n FROM identity");
                    let card = "SELECT CAST(SUM(balance) AS BIGINT) AS n FROM ledger_account WHERE name LIKE 'card:%'";
                    Ok((identities, number(conn, card)))
                })
                .await
                .unwrap();
            assert_eq!(left, (0, 4_321));
            assert_eq!(
                outcome(&store, buy(&purchase(buyer, &[(merchant(1), 1)]))).await,
                "vault-inactive"
            );
            assert_proven(&store).await;
        });
    });
}

#[test]
fn a_closed_store_answers_what_has_queued_and_refuses_the_rest() {
    on_both(|database| {
        let store = open(&database.url);
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let before = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 100)])));
            let after = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 100)])));
            assert_eq!(said(&store.submit(before).await), "done");
            store.clone().shutdown();
            assert_eq!(store.submit(after).await, Err(SubmitError::Unavailable));
        });
    });
}

#[test]
fn a_database_of_other_keys_or_another_currency_is_refused() {
    on_both(|database| {
        let config = |unit: &str, keys: &str| StoreConfig {
            url: database.url.clone(),
            unit_of_account: purser_core::money::Currency::parse(unit).unwrap(),
            key_fingerprint: keys.to_owned(),
        };
        assert!(Store::open(&config("USD", "keys")).is_ok());
        assert!(matches!(
            Store::open(&config("EUR", "keys")),
            Err(OpenError::UnitOfAccount { .. })
        ));
        assert!(matches!(Store::open(&config("USD", "others")), Err(OpenError::Keys)));
    });
}

#[test]
fn whoever_listens_hears_of_commits_and_of_placed_events() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let mut notes = store.committed();
            done(&store, buy(&purchase(buyer, &[(merchant(1), 100), (merchant(2), 100)]))).await;
            let note = notes.recv().await.unwrap();
            assert_eq!(
                (note.accounts, note.merchants),
                (vec![buyer], vec![merchant(1), merchant(2)])
            );
            assert_eq!(store.place_events().await.unwrap(), 2);
            let note = notes.recv().await.unwrap();
            assert_eq!((note.accounts, note.merchants), (vec![], vec![merchant(1), merchant(2)]));
            assert_eq!(store.place_events().await.unwrap(), 0);
        });
    });
}

#[test]
fn rolling_up_changes_no_balance_that_is_shown() {
    on_both(|database| {
        let stores = [database.store.clone(), open(&database.url)];
        block_on(async {
            let buyer = buyer_with(&stores[0], usd(100_000)).await;
            for _ in 0..5 {
                done(&stores[0], buy(&purchase(buyer, &[(merchant(1), 1_000)]))).await;
            }
            let shown = stores[0].read(purser_store::open_balances).await.unwrap();
            let rolled = all((0..8).map(|n| stores[n % 2].roll())).await;
            let rolled: usize = rolled.into_iter().map(Result::unwrap).sum();
            assert_eq!(rolled, 1 + 5 * 3);
            assert_eq!(stores[0].read(purser_store::open_balances).await.unwrap(), shown);
            assert_proven(&stores[0]).await;
        });
    });
}
