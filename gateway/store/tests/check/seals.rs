//! Seals that were broken.

use purser_core::{
    jws::{Keyring, SigningKey},
    secret::Secret,
};

use crate::{
    check,
    databases::{block_on, on_both},
    story,
};

#[test]
fn a_seal_that_was_broken_is_found() {
    let cases: [(&str, &str); 8] = [
        (
            "UPDATE entry SET at = at + 1 WHERE id = (SELECT entry FROM entry_sealed WHERE position = 2)",
            "position 1",
        ),
        (
            "UPDATE entry SET object = 'x' WHERE id = (SELECT entry FROM entry_sealed WHERE position = 9)",
            "position 8 on: an entry was changed",
        ),
        (
            "DELETE FROM entry WHERE id = (SELECT entry FROM entry_sealed WHERE position = 3)",
            "position 1",
        ),
        ("DELETE FROM entry_sealed WHERE position = 8", "position 8 on: a position has no entry"),
        ("DELETE FROM seal WHERE first_position = 8", "is sealed by no seal"),
        ("DELETE FROM seal WHERE first_position = 1", "position 8 on: it does not follow"),
        (
            "UPDATE seal SET at = at + 1000000 WHERE first_position = 8",
            "position 8 on: the gateway did not sign it",
        ),
        ("DELETE FROM entry_unsealed", "is not sealed and does not wait"),
    ];
    for (sql, what) in cases {
        on_both(|database| check(database, |_| sql.to_owned(), "seals-unbroken", |_| what.into()));
    }
}

#[test]
fn a_seal_of_somebody_else_is_found() {
    on_both(|database| {
        let store = database.store.clone();
        block_on(async {
            story(&store).await;
            let other = SigningKey::from_seed(&Secret::new([8; 32])).unwrap();
            let proof = store.check(Keyring::new([other.public()])).await.unwrap();
            let bad: Vec<_> =
                proof.iter().filter(|check| !check.ok).map(|check| check.name).collect();
            assert_eq!(bad, ["seals-unbroken"]);
        });
    });
}
