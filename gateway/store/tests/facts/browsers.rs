//! Browsers in which somebody is signed in.

use purser_core::ids::{AccountId, SessionId};
use purser_store::facts::{browser::*, identity::*, session::*};

use crate::{at, databases::on_both, hash, logins::identity};

fn session(n: u8) -> Session {
    Session {
        id: SessionId::from_random(n.into()),
        account: AccountId::from_random(1),
        created_at: at(0),
        expires_at: at(1_000),
        pin_failures: 0,
    }
}

fn browser(n: u8, who: SignedIn, end: i64) -> BrowserSession {
    BrowserSession { hash: hash(n), who, created_at: at(0), expires_at: at(end) }
}

#[test]
fn a_buyers_browser_ends_with_its_session() {
    on_both(|database| {
        let conn = &mut database.conn;
        identity_insert(conn, &identity(1)).unwrap();
        for n in [1, 2] {
            let session = session(n);
            session_insert_bare(conn, &session).unwrap();
            browser_session_insert(conn, &browser(n, SignedIn::Buyer(session.id), 500)).unwrap();
        }
        let found = browser_buyer_find(conn, &hash(1), at(10)).unwrap().unwrap();
        assert_eq!((found.session, found.account), (session(1).id, identity(1).account));
        assert_eq!(found.country, identity(1).country);
        assert_eq!(browser_buyer_find(conn, &hash(9), at(10)).unwrap(), None);
        assert_eq!(browser_key_find(conn, &hash(1), at(10)).unwrap(), None, "it is no desk");
        assert_eq!(browser_buyer_find(conn, &hash(1), at(500)).unwrap(), None, "its time is over");

        session_end(conn, session(1).id).unwrap();
        assert_eq!(browser_buyer_find(conn, &hash(1), at(10)).unwrap(), None);
        assert_eq!(browser_sessions_expired_delete(conn, at(10)).unwrap(), 1);
        assert!(browser_buyer_find(conn, &hash(2), at(10)).unwrap().is_some());
        browser_session_delete(conn, &hash(2)).unwrap();
        assert_eq!(browser_buyer_find(conn, &hash(2), at(10)).unwrap(), None);
    });
}

#[test]
fn a_desk_names_the_key_that_opened_it_until_its_time_is_over() {
    on_both(|database| {
        let conn = &mut database.conn;
        browser_session_insert(conn, &browser(1, SignedIn::Merchant(hash(7)), 500)).unwrap();
        browser_session_insert(conn, &browser(2, SignedIn::Operator(hash(8)), 900)).unwrap();
        assert_eq!(browser_key_find(conn, &hash(1), at(10)).unwrap(), Some(hash(7)));
        assert_eq!(browser_key_find(conn, &hash(2), at(10)).unwrap(), Some(hash(8)));
        assert_eq!(browser_buyer_find(conn, &hash(1), at(10)).unwrap(), None, "it is no wallet");
        assert_eq!(browser_key_find(conn, &hash(1), at(500)).unwrap(), None);
        assert_eq!(browser_sessions_expired_delete(conn, at(500)).unwrap(), 1);
        assert_eq!(browser_key_find(conn, &hash(2), at(500)).unwrap(), Some(hash(8)));
    });
}
