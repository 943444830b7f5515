//! What the teller promises, on both databases.

mod databases;
mod world;

use databases::{block_on, on_both};
use purser_core::{command::Command, ids::AccountId};
use purser_store::{Store, SubmitError, read::vault::vault_view};
use world::*;

async fn balance(store: &Store, account: AccountId) -> i64 {
    let view = store.read(move |conn| vault_view(conn, account, &policy(), at(0))).await;
    view.unwrap().unwrap().balance.minor()
}

#[test]
fn a_command_happens_once_however_often_its_key_is_sent() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            let buyer = buyer_with(&store, usd(10_000)).await;
            let first = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 1_000)])));
            let replies = (0..20).map(|_| store.submit(first.clone()));
            let replies = all(replies).await;
            let fresh = replies.iter().filter(|reply| !reply.as_ref().unwrap().replayed).count();
            assert_eq!(fresh, 1);
            let outcome = &replies[0].as_ref().unwrap().outcome;
            assert!(replies.iter().all(|reply| reply.as_ref().unwrap().outcome == *outcome));
            assert_eq!(balance(&store, buyer).await, 10_000 - 1_190);

            let other = prepared(&store, buy(&purchase(buyer, &[(merchant(1), 1)])));
            let mut claim = first.key.clone().unwrap();
            claim.fingerprint = [2; 32];
            let reused = purser_core::command::Prepared { key: Some(claim), ..other };
            assert_eq!(store.submit(reused).await, Err(SubmitError::KeyReused));
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
        });
    });
}

/// Waits for all of them, which run at once.
async fn all<T: Send + 'static>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().map(Option::unwrap).collect()
}
