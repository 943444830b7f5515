//! Sign-up, credentials, sessions and throttles.

use diesel::connection::SimpleConnection;
use purser_core::{
    ids::{AccountId, CardId, SessionId},
    money::Money,
    place::Place,
    policy::RefundPolicy,
    vault::VaultView,
};
use purser_store::{
    Connection,
    facts::{identity::*, refund_policy::*, session::*, throttle::*},
    read::vault::*,
};

use crate::{
    at,
    databases::{block_on, on_both},
    hash, money, usd,
};

pub(crate) fn identity(n: u8) -> NewIdentity<'static> {
    let names: [(&str, &[u8]); 4] = [("h0", b"l0"), ("h1", b"l1"), ("h2", b"l2"), ("h3", b"l3")];
    let (handle, lookup) = names[usize::from(n)];
    NewIdentity {
        account: AccountId::from_random(n.into()),
        handle,
        lookup,
        pin_verifier: b"pin",
        recovery_hash: hash(n),
        country: Some(Place::parse("DE").unwrap()),
        created_at: at(0),
    }
}

#[test]
fn signing_up_opens_an_empty_vault_once() {
    on_both(|database| {
        let conn = &mut database.conn;
        let new = identity(1);
        assert_eq!(identity_insert(conn, &new).unwrap(), SignUp::New);
        let again =
            NewIdentity { account: AccountId::from_random(9), handle: "other", ..identity(1) };
        let again = NewIdentity { recovery_hash: hash(9), ..again };
        assert_eq!(identity_insert(conn, &again).unwrap(), SignUp::Known(new.account));

        let policy = refund_policy_current(conn).unwrap();
        assert_eq!(policy, RefundPolicy::standard(usd()));
        let view = vault_view(conn, new.account, &policy, at(0)).unwrap().unwrap();
        let nothing = Money::zero(usd());
        let expected = VaultView {
            account: new.account,
            balance: nothing,
            active: true,
            handle: "h1".into(),
            refund_total: nothing,
            refund_count: 0,
            period_started_at: None,
            policy,
            compensation: None,
        };
        assert_eq!(view, expected);
        assert_eq!(vault_find_by_handle(conn, "h1").unwrap(), Some(new.account));
        assert_eq!(vault_find_by_handle(conn, "other").unwrap(), None);
        assert_eq!(vault_country(conn, new.account).unwrap(), new.country);
        assert_eq!(vault_view(conn, again.account, &policy, at(0)).unwrap(), None);
    });
}

#[test]
fn a_vault_shows_its_own_balances_only() {
    on_both(|database| {
        let conn = &mut database.conn;
        for n in [1, 2] {
            identity_insert(conn, &identity(n)).unwrap();
        }
        let account = AccountId::from_random(1);
        let card = CardId::from_random(5);
        conn.batch_execute(&format!(
            "UPDATE ledger_account SET balance = 1234 WHERE name = 'vault:{account}';
             UPDATE ledger_account SET balance = 56 WHERE name = 'refund:{account}';
             UPDATE vault SET refund_count = 2, period_started_at = {} WHERE account = '{account}';",
            at(0).as_microsecond()
        ))
        .unwrap();
        let policy = refund_policy_current(conn).unwrap();
        let view = vault_view(conn, account, &policy, at(1)).unwrap().unwrap();
        assert_eq!((view.balance, view.refund_total), (money("12.34 USD"), money("0.56 USD")));
        assert_eq!((view.refund_count, view.period_started_at), (2, Some(at(0))));
        let over = at(90 * 24 * 3600);
        let view = vault_view(conn, account, &policy, over).unwrap().unwrap();
        assert_eq!(
            (view.balance, view.refund_total.minor(), view.refund_count),
            (money("12.34 USD"), 0, 0)
        );

        conn.batch_execute(&format!(
            "UPDATE vault SET active = FALSE, compensation = '{card}' WHERE account = '{account}';
             INSERT INTO ledger_account (name, currency, guarded, balance) VALUES ('card:{card}', 'USD', TRUE, 700);",
        ))
        .unwrap();
        let view = vault_view(conn, account, &policy, at(1)).unwrap().unwrap();
        assert_eq!((view.active, view.compensation), (false, Some((card, money("7.00 USD")))));
        assert_eq!(vault_compensation(conn, account).unwrap(), Some(card));
        assert_eq!(vault_compensation(conn, AccountId::from_random(2)).unwrap(), None);
        assert_eq!(vault_find_by_handle(conn, "h1").unwrap(), None);
        let other = vault_view(conn, AccountId::from_random(2), &policy, at(1)).unwrap().unwrap();
        assert!(other.balance.is_zero() && other.active);

        conn.batch_execute("UPDATE vault SET refund_count = -1").unwrap();
        let error = vault_view(conn, account, &policy, at(1)).unwrap_err().to_string();
        assert!(error.contains("refund_count") && error.contains("vault"), "{error}");
    });
}

#[test]
fn credentials_are_replaced_and_never_shared() {
    on_both(|database| {
        let conn = &mut database.conn;
        for n in [1, 2] {
            identity_insert(conn, &identity(n)).unwrap();
        }
        let account = AccountId::from_random(1);
        let new = NewCredentials {
            lookup: b"new",
            pin_verifier: b"new pin",
            recovery: RecoveryChange::New(hash(7)),
        };
        assert!(identity_credentials_set(conn, account, &new).unwrap());
        assert!(identity_find(conn, b"l1").unwrap().is_none());
        let found = identity_find(conn, b"new").unwrap().unwrap();
        assert_eq!(
            (found.account, found.pin_verifier.as_slice()),
            (account, b"new pin".as_slice())
        );
        assert!(identity_find_by_recovery(conn, &hash(1)).unwrap().is_none());
        assert_eq!(identity_find_by_recovery(conn, &hash(7)).unwrap().unwrap().account, account);
        assert!(identity_get(conn, account).unwrap().is_some());
        assert!(identity_get(conn, AccountId::from_random(9)).unwrap().is_none());
        assert!(
            !identity_credentials_set(conn, AccountId::from_random(9), &identity_credentials())
                .unwrap()
        );
        let once = |old, new| NewCredentials {
            lookup: b"newer",
            pin_verifier: b"newer pin",
            recovery: RecoveryChange::Exchanged { old: hash(old), new: hash(new) },
        };
        assert!(identity_credentials_set(conn, account, &once(7, 8)).unwrap());
        assert!(!identity_credentials_set(conn, account, &once(7, 9)).unwrap(), "used up");
        assert_eq!(identity_find_by_recovery(conn, &hash(8)).unwrap().unwrap().account, account);
        let taken = NewCredentials {
            lookup: b"l2",
            pin_verifier: b"",
            recovery: RecoveryChange::New(hash(9)),
        };
        assert!(identity_credentials_set(conn, account, &taken).unwrap_err().is_conflict());
        let late = NewCredentials {
            lookup: b"late",
            pin_verifier: b"",
            recovery: RecoveryChange::Kept { lookup: [7; 32] },
        };
        assert!(!identity_credentials_set(conn, account, &late).unwrap(), "shown too long ago");
        assert!(identity_hold(conn, account, b"newer").unwrap());
        assert!(!identity_hold(conn, account, b"new").unwrap());
    });
}

fn identity_credentials() -> NewCredentials<'static> {
    NewCredentials {
        lookup: b"nobody's",
        pin_verifier: b"",
        recovery: RecoveryChange::New(hash(9)),
    }
}

fn session(n: u8) -> (Session, RefreshToken) {
    let session = Session {
        id: SessionId::from_random(n.into()),
        account: AccountId::from_random(1),
        created_at: at(0),
        expires_at: at(1000),
        pin_failures: 0,
    };
    (session, token(n))
}

fn token(n: u8) -> RefreshToken {
    RefreshToken { hash: hash(n), expires_at: at(100) }
}

#[test]
fn a_refresh_token_that_comes_again_ends_its_session() {
    on_both(|database| {
        let conn = &mut database.conn;
        for n in [1, 2] {
            let (session, token) = session(n);
            session_insert(conn, &session, &token).unwrap();
        }
        let (first, _) = session(1);
        let refresh = |conn: &mut Connection, old, new, second| {
            session_refresh(conn, &hash(old), &token(new), at(second)).unwrap()
        };
        assert_eq!(refresh(conn, 1, 11, 1), Refresh::Rotated(first));
        assert_eq!(refresh(conn, 11, 12, 2), Refresh::Rotated(first));
        assert_eq!(refresh(conn, 99, 13, 2), Refresh::Unknown);
        assert_eq!(session_get(conn, first.id, at(3)).unwrap(), Some(first));
        assert_eq!(refresh(conn, 1, 14, 3), Refresh::Reused(first.id));
        assert_eq!(session_get(conn, first.id, at(3)).unwrap(), None);
        assert_eq!(refresh(conn, 12, 15, 4), Refresh::Unknown, "the whole family ended");
        assert_eq!(refresh(conn, 2, 21, 100), Refresh::Unknown, "the token has expired");
        let (second, _) = session(2);
        assert_eq!(
            session_get(conn, second.id, at(999)).unwrap(),
            Some(second),
            "another session lives on"
        );
        assert_eq!(session_get(conn, second.id, at(1000)).unwrap(), None, "until it expires");
    });
}

#[test]
fn sessions_end_alone_together_or_by_wrong_pins() {
    on_both(|database| {
        let conn = &mut database.conn;
        for n in 1..=4 {
            let (session, token) = session(n);
            session_insert(conn, &session, &token).unwrap();
        }
        let id = |n: u8| SessionId::from_random(n.into());
        let lives = |conn: &mut Connection, n| session_get(conn, id(n), at(1)).unwrap().is_some();
        for left in [4, 3, 2, 1] {
            assert_eq!(session_pin_failed(conn, id(1)).unwrap(), PinFailure::Left(left));
        }
        session_pin_passed(conn, id(1)).unwrap();
        for left in [4, 3, 2, 1] {
            assert_eq!(session_pin_failed(conn, id(1)).unwrap(), PinFailure::Left(left));
        }
        assert_eq!(session_pin_failed(conn, id(1)).unwrap(), PinFailure::Ended);
        assert_eq!(session_pin_failed(conn, id(1)).unwrap(), PinFailure::Ended);
        assert!(!lives(conn, 1));

        assert!(session_end(conn, id(2)).unwrap());
        assert!(!session_end(conn, id(2)).unwrap());
        assert_eq!(sessions_expired_delete(conn, at(999)).unwrap(), 0);
        assert!(lives(conn, 3) && lives(conn, 4));
        session_end_all(conn, AccountId::from_random(1), at(1)).unwrap();
        assert!(!lives(conn, 3) && !lives(conn, 4));
    });
}

#[test]
fn failures_count_within_their_window() {
    on_both(|database| {
        let conn = &mut database.conn;
        let fail = |conn: &mut Connection, key: &[u8], second: i64| {
            throttle_fail(conn, key, at(second - 600), at(second)).unwrap()
        };
        assert_eq!(fail(conn, b"a", 0), 1);
        assert_eq!(fail(conn, b"a", 10), 2);
        assert_eq!(fail(conn, b"b", 10), 1);
        let seen = throttle_get(conn, b"a", at(-1)).unwrap().unwrap();
        assert_eq!((seen.window_started_at, seen.failures), (at(0), 2));
        assert_eq!(throttle_get(conn, b"a", at(0)).unwrap(), None, "its window is over");
        assert_eq!(fail(conn, b"a", 600), 1, "a new window");
        assert_eq!(throttles_expired_delete(conn, at(9)).unwrap(), 0);
        assert_eq!(throttles_expired_delete(conn, at(10)).unwrap(), 1);
        assert_eq!(throttle_get(conn, b"b", at(-1)).unwrap(), None);
        assert_eq!(throttles_expired_delete(conn, at(600)).unwrap(), 1);
    });
}

#[test]
fn an_address_is_familiar_until_nobody_signed_in_for_long() {
    on_both(|database| {
        let conn = &mut database.conn;
        assert!(!address_is_familiar(conn, b"a", at(0)).unwrap());
        address_familiar_set(conn, b"a", at(10)).unwrap();
        assert!(address_is_familiar(conn, b"a", at(9)).unwrap());
        assert!(!address_is_familiar(conn, b"a", at(10)).unwrap());
        assert!(!address_is_familiar(conn, b"b", at(0)).unwrap());
        address_familiar_set(conn, b"a", at(20)).unwrap();
        assert_eq!(familiar_addresses_expired_delete(conn, at(19)).unwrap(), 0);
        assert!(address_is_familiar(conn, b"a", at(19)).unwrap());
        assert_eq!(familiar_addresses_expired_delete(conn, at(20)).unwrap(), 1);
    });
}

#[test]
fn a_changed_fact_is_noticed_and_a_login_is_none() {
    on_both(|database| {
        let store = &database.store;
        let before = store.facts_version();
        let standard = RefundPolicy::standard(usd());
        block_on(store.change_facts(move |conn| refund_policy_insert(conn, at(1), &standard)))
            .unwrap();
        let after = store.facts_version();
        assert_eq!(after, before + 1);
        let (session, token) = session(1);
        block_on(store.write(move |conn| session_insert(conn, &session, &token))).unwrap();
        assert_eq!(store.facts_version(), after);
    });
}

#[test]
fn of_two_at_once_one_signs_up_one_rotates_and_both_failures_count() {
    on_both(|database| {
        let store = &database.store;
        let sign_up = |n: u8| {
            let new = NewIdentity { lookup: b"the same", ..identity(n) };
            store.write(move |conn| identity_insert(conn, &new))
        };
        let both = block_on(async { tokio::join!(sign_up(1), sign_up(2)) });
        let account = identity_find(&mut database.conn, b"the same").unwrap().unwrap().account;
        match (both.0.unwrap(), both.1.unwrap()) {
            (SignUp::New, SignUp::Known(known)) | (SignUp::Known(known), SignUp::New) => {
                assert_eq!(known, account);
            }
            both => panic!("{both:?}"),
        }

        let (first, first_token) = session(1);
        block_on(store.write(move |conn| session_insert(conn, &first, &first_token))).unwrap();
        let refresh =
            |n: u8| store.write(move |conn| session_refresh(conn, &hash(1), &token(n), at(1)));
        let both = block_on(async { tokio::join!(refresh(11), refresh(12)) });
        match (both.0.unwrap(), both.1.unwrap()) {
            (Refresh::Rotated(_), Refresh::Reused(_))
            | (Refresh::Reused(_), Refresh::Rotated(_)) => {}
            both => panic!("{both:?}"),
        }

        for window in [0, 600] {
            let fail = || {
                store.write(move |conn| throttle_fail(conn, b"key", at(window - 600), at(window)))
            };
            let (one, two, three) = block_on(async { tokio::join!(fail(), fail(), fail()) });
            let mut counts = [one.unwrap(), two.unwrap(), three.unwrap()];
            counts.sort_unstable();
            assert_eq!(counts, [1, 2, 3]);
        }
    });
}
