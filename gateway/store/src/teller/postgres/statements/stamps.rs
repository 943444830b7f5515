//! The statements of stamps.

use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::{Array, BigInt, Binary, Nullable, Text},
};

use super::{Conn, statement};
use crate::{
    read::stamp::StampRow,
    teller::stamps::{RegisterChange, ScanRow, StampChange},
};

type VendorChange = (String, i64);

statement!(VendorUpdate, VendorChange,
    "UPDATE stamp_vendor SET items = new.items FROM unnest(",
    ") AS new (merchant, items) WHERE stamp_vendor.merchant = new.merchant", {
    merchant: Text => &'a str = |row| row.0.as_str(),
    items: BigInt => i64 = |row| row.1,
});

statement!(RegisterUpsert, RegisterChange,
    "INSERT INTO stamp_register (vendor, currency, pieces, ascending, descending, loaded) SELECT * FROM unnest(",
    ") ON CONFLICT (vendor, currency) DO UPDATE SET pieces = excluded.pieces, ascending = excluded.ascending, \
     descending = excluded.descending, loaded = excluded.loaded", {
    vendor: Text => &'a str = |row| row.vendor.as_str(),
    currency: Text => &'a str = |row| row.currency,
    pieces: BigInt => i64 = |row| row.pieces,
    ascending: BigInt => i64 = |row| row.ascending,
    descending: BigInt => i64 = |row| row.descending,
    loaded: BigInt => i64 = |row| row.loaded,
});

statement!(StampInsert, StampRow,
    "INSERT INTO stamp (id, account, vendor, vendor_number, key_id, item, at, price, currency, service, expires_on, \
     piece, ascending, descending, item_serial, ordered, status, due_at) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    account: Text => &'a str = |row| row.account.as_str(),
    vendor: Text => &'a str = |row| row.vendor.as_str(),
    vendor_number: BigInt => i64 = |row| row.vendor_number,
    key_id: BigInt => i64 = |row| row.key_id,
    item: Text => &'a str = |row| row.item.as_str(),
    at: BigInt => i64 = |row| row.at,
    price: BigInt => i64 = |row| row.price,
    currency: Text => &'a str = |row| row.currency.as_str(),
    service: Text => &'a str = |row| row.service.as_str(),
    expires_on: Text => &'a str = |row| row.expires_on.as_str(),
    piece: BigInt => i64 = |row| row.piece,
    ascending: BigInt => i64 = |row| row.ascending,
    descending: BigInt => i64 = |row| row.descending,
    item_serial: BigInt => i64 = |row| row.item_serial,
    ordered: Text => &'a str = |row| row.ordered.as_str(),
    status: Text => &'a str = |row| row.state.status.as_str(),
    due_at: Nullable<BigInt> => Option<i64> = |row| row.state.due_at,
});

statement!(StampUpdate, StampChange,
    "UPDATE stamp SET status = new.status, issue = new.issue, indicium = new.indicium, failure = new.failure, \
     seen_at = new.seen_at, seen_place = new.seen_place, asked_at = new.asked_at, due_at = new.due_at FROM unnest(",
    ") AS new (id, status, issue, indicium, failure, seen_at, seen_place, asked_at, due_at) WHERE stamp.id = new.id", {
    id: Text => &'a str = |row| row.id.as_str(),
    status: Text => &'a str = |row| row.state.status.as_str(),
    issue: Nullable<Text> => Option<&'a str> = |row| row.state.issue.as_deref(),
    indicium: Nullable<Binary> => Option<&'a [u8]> = |row| row.state.indicium.as_deref(),
    failure: Nullable<Text> => Option<&'a str> = |row| row.state.failure.as_deref(),
    seen_at: Nullable<BigInt> => Option<i64> = |row| row.state.seen_at,
    seen_place: Nullable<Text> => Option<&'a str> = |row| row.state.seen_place.as_deref(),
    asked_at: Nullable<BigInt> => Option<i64> = |row| row.state.asked_at,
    due_at: Nullable<BigInt> => Option<i64> = |row| row.state.due_at,
});

statement!(ScanInsert, ScanRow<'a>,
    "INSERT INTO stamp_scan (id, stamp, at, scanned_at, place, scanner, verdict) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    stamp: Text => &'a str = |row| row.stamp.as_str(),
    at: BigInt => i64 = |row| row.at,
    scanned_at: BigInt => i64 = |row| row.scanned_at,
    place: Nullable<Text> => Option<&'a str> = |row| row.place,
    scanner: Text => &'a str = |row| row.scanner.as_str(),
    verdict: Text => &'a str = |row| row.verdict,
});
