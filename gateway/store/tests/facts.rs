//! What operators, merchants and logins write is read back as it was meant, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails loudly"
)]

mod databases;

use databases::{block_on, on_both};
use diesel::connection::SimpleConnection;
use purser_core::{
    Timestamp,
    account::Taxpayer,
    ids::{AccountId, BatchId, CardId, KeyId, MerchantId, PluginId, RateTableId, SessionId},
    money::{Currency, Money, Percent},
    place::Place,
    policy::RefundPolicy,
    rate::RateTable,
    record::{CardKind, CardRecord, CardStatus},
    secret::KeyedHash,
    tax::Registration,
    vault::VaultView,
};
use purser_store::{
    Connection,
    facts::{
        api_key::*, card::*, identity::*, merchant::*, offer_key::*, plugin::*, plugin_binding::*,
        rate_table::*, refund_policy::*, session::*, throttle::*,
    },
    read::{card::*, vault::*},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_719_570_000 + second).unwrap()
}

fn hash(byte: u8) -> KeyedHash {
    KeyedHash::from_bytes([byte; 32])
}

fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::parse(amount, Currency::parse(code).unwrap()).unwrap()
}

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

fn identity(n: u8) -> NewIdentity<'static> {
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
            recovery_hash: Some(hash(7)),
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
        let taken = NewCredentials { lookup: b"l2", pin_verifier: b"", recovery_hash: None };
        assert!(identity_credentials_set(conn, account, &taken).unwrap_err().is_conflict());
    });
}

fn identity_credentials() -> NewCredentials<'static> {
    NewCredentials { lookup: b"nobody's", pin_verifier: b"", recovery_hash: None }
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
        session_end_all(conn, AccountId::from_random(1), Some(id(3))).unwrap();
        assert!(lives(conn, 3) && !lives(conn, 4));
        assert_eq!(sessions_expired_delete(conn, at(999)).unwrap(), 0);
        assert_eq!(sessions_expired_delete(conn, at(1000)).unwrap(), 1);
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
        throttle_clear(conn, b"b").unwrap();
        assert_eq!(throttle_get(conn, b"b", at(-1)).unwrap(), None);
        assert_eq!(throttles_expired_delete(conn, at(599)).unwrap(), 0);
        assert_eq!(throttles_expired_delete(conn, at(600)).unwrap(), 1);
    });
}

#[test]
fn merchants_and_their_keys_are_read_back() {
    on_both(|database| {
        let conn = &mut database.conn;
        let merchant = |n: u8, second| Merchant {
            id: MerchantId::from_random(n.into()),
            name: "Bücher & mehr".into(),
            country: Place::parse("DE").unwrap(),
            fee_percent: Percent::parse("1.50").unwrap(),
            taxpayer: if n == 1 {
                Taxpayer::Operator
            } else {
                Taxpayer::Merchant(MerchantId::from_random(2))
            },
            registrations: vec![Registration {
                authority: "DE".into(),
                scheme: "vat".into(),
                number: "1".into(),
            }],
            return_origins: vec!["https://shop.example".into()],
            created_at: at(second),
        };
        let (one, two) = (merchant(1, 0), merchant(2, 1));
        merchant_insert(conn, &one).unwrap();
        merchant_insert(conn, &two).unwrap();
        assert_eq!(merchant_get(conn, one.id).unwrap(), Some(one.clone()));
        assert_eq!(merchant_get(conn, MerchantId::from_random(3)).unwrap(), None);
        assert_eq!(merchant_list(conn).unwrap(), [two.clone(), one.clone()]);

        let key = |n: u8, owner, expires_at| ApiKey {
            id: KeyId::from_random(n.into()),
            owner,
            scopes: vec!["offers".into(), "sales:read".into()],
            created_at: at(n.into()),
            expires_at,
        };
        let owner = KeyOwner::Merchant(one.id);
        let keys =
            [key(1, owner, None), key(2, owner, Some(at(50))), key(3, KeyOwner::Operator, None)];
        for (n, key) in (1..).zip(&keys) {
            api_key_insert(conn, key, &hash(n)).unwrap();
        }
        assert_eq!(api_key_find(conn, &hash(2), at(49)).unwrap(), Some(keys[1].clone()));
        assert_eq!(api_key_find(conn, &hash(2), at(50)).unwrap(), None);
        assert_eq!(api_key_list(conn, owner).unwrap(), [keys[1].clone(), keys[0].clone()]);
        assert!(!api_key_delete(conn, owner, keys[2].id).unwrap(), "somebody else's");
        assert!(api_key_delete(conn, owner, keys[0].id).unwrap());
        assert_eq!(api_key_find(conn, &hash(1), at(0)).unwrap(), None);

        let offer_key = StoredOfferKey {
            kid: "key_a".into(),
            merchant: one.id,
            alg: OfferAlg::EdDsa,
            material: vec![0, 1, 255],
            created_at: at(0),
        };
        offer_key_insert(conn, &offer_key).unwrap();
        assert_eq!(offer_key_get(conn, "key_a").unwrap(), Some(offer_key.clone()));
        assert_eq!(offer_key_list(conn, one.id).unwrap(), [offer_key]);
        assert!(!offer_key_delete(conn, two.id, "key_a").unwrap());
        assert!(offer_key_delete(conn, one.id, "key_a").unwrap());
        assert_eq!(offer_key_get(conn, "key_a").unwrap(), None);
    });
}

fn card(n: u32, kind: CardKind, batch: Option<BatchId>) -> CardRecord {
    let mut code_hash = [0; 32];
    code_hash[..4].copy_from_slice(&n.to_be_bytes());
    CardRecord {
        id: CardId::from_random(n.into()),
        serial: format!("S{n}"),
        currency: Currency::parse("EUR").unwrap(),
        code_hash,
        status: CardStatus::Inactive,
        kind,
        face: money("50.00 EUR"),
        batch,
        expires_at: Some(at(1000)),
    }
}

#[test]
fn a_batch_of_thousands_is_kept_and_its_cards_follow_it() {
    on_both(|database| {
        let conn = &mut database.conn;
        let batch = NewBatch {
            id: BatchId::from_random(1),
            face: money("50.00 EUR"),
            country: Some(Place::parse("DE").unwrap()),
            expires_at: Some(at(1000)),
            created_at: at(0),
        };
        let cards: Vec<_> =
            (1..=2_500).map(|n| card(n, CardKind::Voucher, Some(batch.id))).collect();
        batch_insert(conn, &batch, &cards).unwrap();
        let stored = batch_get(conn, batch.id).unwrap().unwrap();
        assert_eq!(stored.cards, cards.iter().map(|card| card.id).collect::<Vec<_>>());
        assert_eq!(
            (stored.face, stored.active, stored.expires_at),
            (batch.face, false, batch.expires_at)
        );
        assert_eq!(batch_get(conn, BatchId::from_random(2)).unwrap(), None);

        let code = KeyedHash::from_bytes(cards[7].code_hash);
        let found = card_find_by_code(conn, &code).unwrap().unwrap();
        assert_eq!(
            (found.id, found.status, found.kind),
            (cards[7].id, CardStatus::Inactive, CardKind::Voucher)
        );
        assert_eq!((found.left, found.country), (money("0.00 EUR"), batch.country.clone()));
        conn.batch_execute(&format!(
            "UPDATE card_batch SET active = TRUE;
             UPDATE card SET status = 'blocked' WHERE id = '{}';
             INSERT INTO ledger_account (name, currency, guarded, balance) VALUES ('card:{}', 'EUR', TRUE, 5000);",
            cards[8].id, found.id,
        ))
        .unwrap();
        let found = card_find_by_code(conn, &code).unwrap().unwrap();
        assert_eq!(
            (found.status, found.left, found.currency()),
            (CardStatus::Active, found.face, found.face.currency())
        );
        assert_eq!(card_get(conn, cards[8].id).unwrap().unwrap().status, CardStatus::Blocked);
        assert_eq!(card_find_by_code(conn, &hash(99)).unwrap(), None);
    });
}

#[test]
fn a_chip_is_registered_once() {
    on_both(|database| {
        let conn = &mut database.conn;
        let country = Place::parse("JP").unwrap();
        let foreign = Chip { smart_id: b"chip 1", smart_keys: Some(b"sealed") };
        let own = Chip { smart_id: b"chip 2", smart_keys: None };
        smart_card_insert(conn, &card(1, CardKind::Smart, None), Some(&country), foreign).unwrap();
        smart_card_insert(conn, &card(2, CardKind::Smart, None), None, own).unwrap();
        let found = card_find_by_smart_id(conn, b"chip 1").unwrap().unwrap();
        assert_eq!(
            (found.id, found.smart_keys.as_deref()),
            (CardId::from_random(1), Some(b"sealed".as_slice()))
        );
        assert_eq!(
            (found.country, found.status, found.tap_counter),
            (Some(country), CardStatus::Inactive, None)
        );
        assert_eq!(card_find_by_smart_id(conn, b"chip 3").unwrap(), None);
        assert_eq!(card_smart_keys(conn).unwrap(), [b"sealed".to_vec()]);
        let again = smart_card_insert(conn, &card(3, CardKind::Smart, None), None, own);
        assert!(again.unwrap_err().is_conflict());
    });
}

#[test]
fn refunds_are_judged_by_the_policy_of_their_time() {
    on_both(|database| {
        let conn = &mut database.conn;
        let standard = RefundPolicy::standard(usd());
        let strict = RefundPolicy { max_count: 1, max_total: money("20.00 USD"), ..standard };
        let lax = RefundPolicy { window_days: 30, ..standard };
        refund_policy_insert(conn, at(10), &strict).unwrap();
        refund_policy_insert(conn, at(20), &lax).unwrap();
        for (time, policy) in [(9, standard), (10, strict), (19, strict), (20, lax)] {
            assert_eq!(refund_policy_at(conn, at(time)).unwrap(), policy, "at {time}");
        }
        assert_eq!(refund_policy_current(conn).unwrap(), lax);
    });
}

#[test]
fn a_plugin_is_installed_once_and_lives_on() {
    on_both(|database| {
        let conn = &mut database.conn;
        let plugin = |n: u8| Plugin {
            id: PluginId::from_random(n.into()),
            digest: [n; 32],
            name: "tax-eu".into(),
            version: format!("1.{n}.0"),
            role: "tax".into(),
            manifest: "{}".into(),
            status: PluginStatus::Installed,
            installed_at: at(n.into()),
        };
        let (old, new) = (plugin(1), plugin(2));
        plugin_insert(conn, &old, b"\0asm old").unwrap();
        plugin_insert(conn, &new, b"\0asm new").unwrap();
        assert_eq!(plugin_get(conn, old.id).unwrap(), Some(old.clone()));
        assert_eq!(plugin_component(conn, new.id).unwrap().unwrap(), b"\0asm new");
        assert_eq!(plugin_component(conn, PluginId::from_random(3)).unwrap(), None);
        assert_eq!(plugin_find_by_digest(conn, &[2; 32]).unwrap(), Some(new.clone()));
        assert!(plugin_status_set(conn, new.id, PluginStatus::Active).unwrap());
        assert!(!plugin_status_set(conn, PluginId::from_random(3), PluginStatus::Active).unwrap());
        let new = Plugin { status: PluginStatus::Active, ..new };
        assert_eq!(plugin_find_by_name(conn, "tax-eu").unwrap(), [new.clone(), old.clone()]);
        assert_eq!(plugin_list(conn).unwrap(), [new, old]);
        let again = Plugin { id: PluginId::from_random(3), ..plugin(1) };
        assert!(plugin_insert(conn, &again, b"").unwrap_err().is_conflict());
    });
}

#[test]
fn the_binding_of_a_day_answers_for_that_day() {
    on_both(|database| {
        let conn = &mut database.conn;
        let bind = |conn: &mut Connection, from: &str, plugin: Option<u128>, second| {
            let binding = Binding {
                role: "tax".into(),
                place: "DE".into(),
                from: from.parse().unwrap(),
                plugin: plugin.map(PluginId::from_random),
                at: at(second),
            };
            binding_insert(conn, &binding).unwrap();
        };
        bind(conn, "2024-01-01", Some(1), 0);
        bind(conn, "2024-07-01", Some(2), 1);
        bind(conn, "2024-03-01", Some(3), 2);
        bind(conn, "2024-03-01", None, 3);
        bind(conn, "2024-09-01", Some(4), 4);
        bind(conn, "2024-09-01", Some(5), 4);
        let plugin = |conn: &mut Connection, place, day: &str| {
            let binding = binding_for(conn, "tax", place, day.parse().unwrap()).unwrap();
            binding.map(|binding| binding.plugin.map(PluginId::bits))
        };
        for (day, expected) in [
            ("2023-12-31", None),
            ("2024-01-01", Some(Some(1))),
            ("2024-02-29", Some(Some(1))),
            ("2024-03-01", Some(None)),
            ("2024-07-01", Some(Some(2))),
            ("2024-12-31", Some(Some(5))),
        ] {
            assert_eq!(plugin(conn, "DE", day), expected, "{day}");
        }
        assert_eq!(plugin(conn, "FR", "2024-12-31"), None);
        let first = binding_list(conn).unwrap().swap_remove(0);
        assert_eq!((first.from.to_string().as_str(), first.at), ("2024-09-01", at(4)));
    });
}

#[test]
fn a_table_of_rates_is_kept_once_and_the_newest_is_found() {
    on_both(|database| {
        let conn = &mut database.conn;
        let table = |n: u128, feed: &str, as_of: &str, dollar: &str| StoredRateTable {
            id: RateTableId::from_random(n),
            plugin: PluginId::from_random(1),
            feed: feed.into(),
            table: RateTable {
                source: "ECB".into(),
                as_of: as_of.parse().unwrap(),
                base: Currency::parse("EUR").unwrap(),
                rates: vec![(usd(), dollar.parse().unwrap())],
            },
            fetched_at: at(n.try_into().unwrap()),
        };
        let (friday, same) =
            (table(1, "daily", "2024-06-28", "1.0705"), table(2, "daily", "2024-06-28", "1.0705"));
        let (monday, corrected) =
            (table(3, "daily", "2024-07-01", "1.0745"), table(4, "daily", "2024-07-01", "1.0746"));
        let other = table(5, "monthly", "2024-07-02", "2");
        assert_eq!(rate_table_insert(conn, &friday).unwrap(), TableKept::New);
        assert_eq!(rate_table_insert(conn, &same).unwrap(), TableKept::Known(friday.id));
        for table in [&monday, &corrected, &other] {
            assert_eq!(rate_table_insert(conn, table).unwrap(), TableKept::New);
        }
        let newest = |conn: &mut Connection, day: &str| {
            let found = rate_table_newest(conn, &["daily"], day.parse().unwrap()).unwrap();
            found.map(|table| table.id)
        };
        assert_eq!(newest(conn, "2024-06-27"), None);
        assert_eq!(newest(conn, "2024-06-30"), Some(friday.id));
        assert_eq!(newest(conn, "2024-07-09"), Some(corrected.id));
        let both =
            rate_table_newest(conn, &["daily", "monthly"], "2024-07-09".parse().unwrap()).unwrap();
        assert_eq!(both.as_ref(), Some(&other));
        assert_eq!(rate_table_get(conn, friday.id).unwrap(), Some(friday));
        assert_eq!(rate_table_list(conn, 2).unwrap(), [other, corrected]);
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
