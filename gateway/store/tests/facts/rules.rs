//! Merchants, keys, policies, plugins and rates.

use purser_core::{
    account::Taxpayer,
    ids::{KeyId, MerchantId, PluginId, RateTableId},
    money::{Currency, Percent},
    place::Place,
    policy::RefundPolicy,
    rate::RateTable,
    tax::Registration,
};
use purser_store::{
    Connection,
    facts::{
        api_key::*, merchant::*, offer_key::*, plugin::*, plugin_binding::*, rate_table::*,
        refund_policy::*,
    },
};

use crate::{at, databases::on_both, hash, money, usd};

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
            stamps: (n == 2)
                .then(|| StampTerms { plugin: "stamps-open".into(), void_hold_days: 7 }),
        };
        let (one, two) = (merchant(1, 0), merchant(2, 1));
        merchant_insert(conn, &one).unwrap();
        merchant_insert(conn, &two).unwrap();
        assert_eq!(merchant_get(conn, one.id).unwrap(), Some(one.clone()));
        assert_eq!(merchant_get(conn, MerchantId::from_random(3)).unwrap(), None);
        assert_eq!(merchant_list(conn).unwrap(), [two.clone(), one.clone()]);
        let two =
            Merchant { name: "Schuhe".into(), stamps: None, registrations: Vec::new(), ..two };
        assert!(merchant_update(conn, &two).unwrap());
        assert_eq!(merchant_get(conn, two.id).unwrap(), Some(two.clone()));
        assert_eq!(merchant_get(conn, one.id).unwrap(), Some(one.clone()), "nobody else changed");
        let nobody = Merchant { id: MerchantId::from_random(3), ..two.clone() };
        assert!(!merchant_update(conn, &nobody).unwrap());

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
        assert_eq!(refund_policy_list(conn, 9).unwrap(), [(at(20), lax), (at(10), strict)]);
        assert_eq!(refund_policy_list(conn, 1).unwrap(), [(at(20), lax)]);
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
            publisher: (n > 1).then(|| "a key".to_owned()),
            grants: "{}".to_owned(),
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
            let moment = binding_moment(conn, at(second)).unwrap();
            let binding = Binding {
                role: "tax".into(),
                place: "DE".into(),
                from: from.parse().unwrap(),
                plugin: plugin.map(PluginId::from_random),
                at: moment,
                config: plugin.map(|plugin| format!("{{\"of\":{plugin}}}")),
            };
            binding_insert(conn, &binding).unwrap();
        };
        bind(conn, "2024-01-01", Some(1), 0);
        bind(conn, "2024-07-01", Some(2), 1);
        bind(conn, "2024-03-01", Some(3), 2);
        bind(conn, "2024-03-01", None, 3);
        bind(conn, "2024-09-01", Some(4), 5);
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
        assert_eq!(first.from.to_string(), "2024-09-01");
        assert!(first.at > at(5), "the last word is the later one, also by a clock that is behind");
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
        for (table, kept) in [
            (&monday, TableKept::New),
            (&corrected, TableKept::Other(monday.id)),
            (&other, TableKept::New),
        ] {
            assert_eq!(rate_table_insert(conn, table).unwrap(), kept);
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
