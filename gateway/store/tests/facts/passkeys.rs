//! Passkeys, and the challenges that are answered with them.

use purser_core::ids::{AccountId, KeyId, MerchantId};
use purser_store::facts::{api_key::*, identity::*, passkey::*};

use crate::{at, databases::on_both, hash, logins::identity};

fn passkey(n: u8, owner: PasskeyOwner) -> PasskeyRow {
    PasskeyRow {
        id: vec![n; 32],
        owner,
        name: format!("key {n}"),
        handle: vec![n; 16],
        credential: "{}".into(),
        created_at: at(i64::from(n)),
        used_at: None,
    }
}

#[test]
fn a_passkey_is_its_owners_until_it_is_taken_away() {
    on_both(|database| {
        let conn = &mut database.conn;
        identity_insert(conn, &identity(1)).unwrap();
        let (mine, other) =
            (PasskeyOwner::Account(AccountId::from_random(1)), PasskeyOwner::Key(hash(7)));
        for new in [passkey(2, mine), passkey(1, mine), passkey(3, other)] {
            assert!(passkey_insert(conn, &new).unwrap());
            assert!(!passkey_insert(conn, &new).unwrap(), "an id is taken once");
        }
        assert_eq!(passkey_list(conn, mine).unwrap(), [passkey(1, mine), passkey(2, mine)]);
        assert_eq!(passkey_get(conn, &[3; 32]).unwrap(), Some(passkey(3, other)));
        assert!(passkey_used(conn, &passkey(1, mine), "{\"n\":1}", at(9)).unwrap());
        assert!(!passkey_used(conn, &passkey(1, mine), "{}", at(9)).unwrap(), "it was shown since");
        let used = passkey_get(conn, &[1; 32]).unwrap().unwrap();
        assert_eq!((used.credential.as_str(), used.used_at), ("{\"n\":1}", Some(at(9))));
        assert!(!passkey_delete(conn, mine, &[3; 32]).unwrap(), "it is somebody else's");
        assert!(passkey_delete(conn, mine, &[2; 32]).unwrap());
        assert!(!passkey_used(conn, &passkey(2, mine), "{}", at(9)).unwrap());
        passkeys_of_account_delete(conn, AccountId::from_random(1)).unwrap();
        assert_eq!(passkey_list(conn, mine).unwrap(), []);
        assert_eq!(passkey_list(conn, other).unwrap().len(), 1);
    });
}

#[test]
fn a_withdrawn_key_takes_its_passkeys_along() {
    on_both(|database| {
        let conn = &mut database.conn;
        let owner = KeyOwner::Merchant(MerchantId::from_random(1));
        let key = ApiKey {
            id: KeyId::from_random(1),
            owner,
            scopes: Vec::new(),
            created_at: at(0),
            expires_at: None,
        };
        api_key_insert(conn, &key, &hash(7)).unwrap();
        for (n, of) in [(1, 7), (2, 8)] {
            passkey_insert(conn, &passkey(n, PasskeyOwner::Key(hash(of)))).unwrap();
        }
        assert!(api_key_delete(conn, owner, key.id).unwrap());
        assert_eq!(passkey_get(conn, &[1; 32]).unwrap(), None);
        assert!(passkey_get(conn, &[2; 32]).unwrap().is_some());
    });
}

#[test]
fn a_challenge_is_answered_once_and_in_time() {
    on_both(|database| {
        let conn = &mut database.conn;
        for n in [1, 2, 3] {
            passkey_ceremony_insert(conn, &hash(n), "{}", at(100)).unwrap();
        }
        assert_eq!(passkey_ceremony_take(conn, &hash(1), at(99)).unwrap().as_deref(), Some("{}"));
        assert_eq!(passkey_ceremony_take(conn, &hash(1), at(99)).unwrap(), None);
        assert_eq!(passkey_ceremony_take(conn, &hash(2), at(100)).unwrap(), None);
        assert_eq!(passkey_ceremony_take(conn, &hash(9), at(0)).unwrap(), None);
        assert_eq!(passkey_ceremonies_expired_delete(conn, at(99)).unwrap(), 0);
        assert_eq!(passkey_ceremonies_expired_delete(conn, at(100)).unwrap(), 1);
    });
}
