//! The statements of a turn on PostgreSQL, each over columns.

pub(super) mod stamps;

use diesel::{
    pg::Pg,
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::{Array, BigInt, Binary, Bool, Nullable, Text},
};

use crate::teller::{
    batch::KeyName,
    journal::{BalanceRow, DeltaRow, EntryRow, PostingRow},
    rows::{
        CardRow, EventRow, EvidenceRow, ItemRow, KeyRow, LoadRow, LogRow, OfferRow, PurchaseRow,
        RefundRow, TradeRow, TransferRow, VaultChange,
    },
};

type Conn = PgConnection;

/// Declares a statement over columns: the text before the arrays, the arrays, the text after them.
macro_rules! statement {
    ($name:ident, $row:ty, $before:literal, $after:literal, {
        $($column:ident: $sql:ty => $rust:ty = $get:expr,)+
    }) => {
        pub(in crate::teller::postgres) struct $name<'a> {
            $($column: Vec<$rust>,)+
        }

        impl<'a> $name<'a> {
            /// Runs it, unless there is nothing to write. Says how many rows were written.
            pub(in crate::teller::postgres) fn run(rows: &'a [$row], conn: &mut Conn) -> QueryResult<usize> {
                if rows.is_empty() {
                    return Ok(0);
                }
                let columns = Self { $($column: rows.iter().map($get).collect(),)+ };
                columns.execute(conn)
            }
        }

        impl QueryFragment<Pg> for $name<'_> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($before);
                let mut separator = "";
                $(
                    out.push_sql(separator);
                    out.push_bind_param::<Array<$sql>, _>(&self.$column)?;
                    separator = ", ";
                )+
                let _ = separator;
                out.push_sql($after);
                Ok(())
            }
        }

        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;
        }

        impl RunQueryDsl<Conn> for $name<'_> {}
    };
}
use statement;

statement!(EntryInsert, EntryRow<'a>,
    "WITH written AS (INSERT INTO entry (id, at, kind, object) SELECT * FROM unnest(",
    ") RETURNING id) INSERT INTO entry_unsealed SELECT id FROM written", {
    id: Text => &'a str = |row| row.id.as_str(),
    at: BigInt => i64 = |row| row.at,
    kind: Text => &'a str = |row| row.kind,
    object: Text => &'a str = |row| row.object,
});

statement!(PostingInsert, PostingRow,
    "INSERT INTO posting (entry, n, account, currency, amount) SELECT * FROM unnest(", ")", {
    entry: Text => &'a str = |row| row.entry.as_str(),
    n: BigInt => i64 = |row| row.n,
    account: Text => &'a str = |row| row.account.as_str(),
    currency: Text => &'a str = |row| row.currency,
    amount: BigInt => i64 = |row| row.amount,
});

statement!(BalanceUpsert, BalanceRow,
    "INSERT INTO ledger_account (name, currency, guarded, balance) SELECT * FROM unnest(",
    ") ON CONFLICT (name, currency) DO UPDATE SET balance = excluded.balance", {
    name: Text => &'a str = |row| row.name.as_str(),
    currency: Text => &'a str = |row| row.currency,
    guarded: Bool => bool = |row| row.guarded,
    balance: BigInt => i64 = |row| row.balance,
});

statement!(DeltaInsert, DeltaRow,
    "INSERT INTO open_delta (id, name, currency, amount) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    name: Text => &'a str = |row| row.name.as_str(),
    currency: Text => &'a str = |row| row.currency,
    amount: BigInt => i64 = |row| row.amount,
});

statement!(LoadInsert, LoadRow,
    "INSERT INTO vault_load (id, account, card, at, document) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    account: Text => &'a str = |row| row.account.as_str(),
    card: Text => &'a str = |row| row.card.as_str(),
    at: BigInt => i64 = |row| row.at,
    document: Text => &'a str = |row| row.document.as_str(),
});

statement!(PurchaseInsert, PurchaseRow<'a>,
    "INSERT INTO purchase (id, account, at, total, currency, country, receipt, sale_receipts, evidence) \
     SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    account: Text => &'a str = |row| row.account.as_str(),
    at: BigInt => i64 = |row| row.at,
    total: BigInt => i64 = |row| row.total,
    currency: Text => &'a str = |row| row.currency,
    country: Text => &'a str = |row| row.country,
    receipt: Text => &'a str = |row| row.receipt,
    sale_receipts: Text => &'a str = |row| row.sale_receipts.as_str(),
    evidence: Text => &'a str = |row| row.evidence.as_str(),
});

statement!(ItemInsert, ItemRow<'a>,
    "INSERT INTO item (id, purchase, position, account, merchant, sale, at, offer_id, title, price, net, gross, \
     fee, currency, charged, unit, rate, taxpayer, taxes, refund_window_days) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    purchase: Text => &'a str = |row| row.purchase.as_str(),
    position: BigInt => i64 = |row| row.position,
    account: Text => &'a str = |row| row.account.as_str(),
    merchant: Text => &'a str = |row| row.merchant.as_str(),
    sale: Text => &'a str = |row| row.sale.as_str(),
    at: BigInt => i64 = |row| row.at,
    offer_id: Text => &'a str = |row| row.offer_id,
    title: Text => &'a str = |row| row.title,
    price: BigInt => i64 = |row| row.price,
    net: BigInt => i64 = |row| row.net,
    gross: BigInt => i64 = |row| row.gross,
    fee: BigInt => i64 = |row| row.fee,
    currency: Text => &'a str = |row| row.currency,
    charged: BigInt => i64 = |row| row.charged,
    unit: Text => &'a str = |row| row.unit,
    rate: Text => &'a str = |row| row.rate,
    taxpayer: Text => &'a str = |row| row.taxpayer.as_str(),
    taxes: Text => &'a str = |row| row.taxes.as_str(),
    refund_window_days: Nullable<BigInt> => Option<i64> = |row| row.refund_window_days,
});

statement!(RefundInsert, RefundRow,
    "INSERT INTO refund (id, item, account, merchant, at, credited, currency, goodwill) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    item: Text => &'a str = |row| row.item.as_str(),
    account: Text => &'a str = |row| row.account.as_str(),
    merchant: Text => &'a str = |row| row.merchant.as_str(),
    at: BigInt => i64 = |row| row.at,
    credited: BigInt => i64 = |row| row.credited,
    currency: Text => &'a str = |row| row.currency,
    goodwill: Bool => bool = |row| row.goodwill,
});

statement!(TransferInsert, TransferRow,
    "INSERT INTO transfer (id, from_account, to_account, at, amount, currency) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    from_account: Text => &'a str = |row| row.from_account.as_str(),
    to_account: Text => &'a str = |row| row.to_account.as_str(),
    at: BigInt => i64 = |row| row.at,
    amount: BigInt => i64 = |row| row.amount,
    currency: Text => &'a str = |row| row.currency,
});

statement!(TradeInsert, TradeRow,
    "INSERT INTO trade (id, at, sold, sold_currency, bought, bought_currency) SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    at: BigInt => i64 = |row| row.at,
    sold: BigInt => i64 = |row| row.sold,
    sold_currency: Text => &'a str = |row| row.sold_currency,
    bought: BigInt => i64 = |row| row.bought,
    bought_currency: Text => &'a str = |row| row.bought_currency,
});

statement!(CardInsert, CardRow<'a>,
    "INSERT INTO card (id, serial, code_hash, kind, status, face, currency, batch, expires_at) \
     SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    serial: Text => &'a str = |row| row.serial,
    code_hash: Binary => &'a [u8] = |row| row.code_hash,
    kind: Text => &'a str = |row| row.kind,
    status: Text => &'a str = |row| row.status,
    face: BigInt => i64 = |row| row.face,
    currency: Text => &'a str = |row| row.currency,
    batch: Nullable<Text> => Option<&'a str> = |row| row.batch.as_deref(),
    expires_at: Nullable<BigInt> => Option<i64> = |row| row.expires_at,
});

statement!(EventInsert, EventRow<'a>,
    "WITH written AS (INSERT INTO event (id, merchant, kind, at, data) SELECT * FROM unnest(",
    ") RETURNING id) INSERT INTO event_unplaced SELECT id FROM written", {
    id: Text => &'a str = |row| row.id.as_str(),
    merchant: Text => &'a str = |row| row.merchant.as_str(),
    kind: Text => &'a str = |row| row.kind,
    at: BigInt => i64 = |row| row.at,
    data: Text => &'a str = |row| row.data,
});

statement!(LogInsert, LogRow<'a>,
    "INSERT INTO log_line (id, account, kind, outcome, at, amount, balance, currency, object) \
     SELECT * FROM unnest(", ")", {
    id: Text => &'a str = |row| row.id.as_str(),
    account: Text => &'a str = |row| row.account.as_str(),
    kind: Text => &'a str = |row| row.kind,
    outcome: Text => &'a str = |row| row.outcome,
    at: BigInt => i64 = |row| row.at,
    amount: BigInt => i64 = |row| row.amount,
    balance: BigInt => i64 = |row| row.balance,
    currency: Text => &'a str = |row| row.currency,
    object: Text => &'a str = |row| row.object,
});

statement!(OfferInsert, OfferRow<'a>,
    "INSERT INTO offer_use (merchant, offer_id) SELECT * FROM unnest(", ") ON CONFLICT DO NOTHING", {
    merchant: Text => &'a str = |row| row.merchant.as_str(),
    offer_id: Text => &'a str = |row| row.offer_id,
});

statement!(EvidenceInsert, EvidenceRow<'a>,
    "INSERT INTO evidence (id, digest, engine, function, input, output, fuel) SELECT * FROM unnest(",
    ") ON CONFLICT DO NOTHING", {
    id: Binary => &'a [u8] = |row| row.id,
    digest: Binary => &'a [u8] = |row| row.digest,
    engine: Text => &'a str = |row| row.engine,
    function: Text => &'a str = |row| row.function,
    input: Text => &'a str = |row| row.input,
    output: Text => &'a str = |row| row.output,
    fuel: BigInt => i64 = |row| row.fuel,
});

statement!(KeyInsert, KeyRow<'a>,
    "INSERT INTO idempotency (scope, key, fingerprint, outcome, at) SELECT * FROM unnest(",
    ") ON CONFLICT DO NOTHING", {
    scope: Text => &'a str = |row| row.scope,
    key: Text => &'a str = |row| row.key,
    fingerprint: Binary => &'a [u8] = |row| row.fingerprint,
    outcome: Text => &'a str = |row| row.outcome.as_str(),
    at: BigInt => i64 = |row| row.at,
});

statement!(VaultUpdate, VaultChange,
    "UPDATE vault SET active = new.active, compensation = new.compensation, refund_count = new.refund_count, \
     period_started_at = new.period_started_at FROM unnest(",
    ") AS new (account, active, compensation, refund_count, period_started_at) WHERE vault.account = new.account", {
    account: Text => &'a str = |row| row.account.as_str(),
    active: Bool => bool = |row| row.active,
    compensation: Nullable<Text> => Option<&'a str> = |row| row.compensation.as_deref(),
    refund_count: BigInt => i64 = |row| row.refund_count,
    period_started_at: Nullable<BigInt> => Option<i64> = |row| row.period_started_at,
});

type CardChange = (String, &'static str, Option<i64>);

statement!(CardUpdate, CardChange,
    "UPDATE card SET status = new.status, tap_counter = new.tap_counter FROM unnest(",
    ") AS new (id, status, tap_counter) WHERE card.id = new.id", {
    id: Text => &'a str = |row| row.0.as_str(),
    status: Text => &'a str = |row| row.1,
    tap_counter: Nullable<BigInt> => Option<i64> = |row| row.2,
});

/// Declares a look at the rows that two columns name together. (`a = ANY(...) AND b = ANY(...)` would try every
/// pair.)
macro_rules! pairs {
    ($name:ident, $pair:ty, $before:literal, $after:literal, $columns:ty => $found:ty) => {
        pub(super) struct $name<'a> {
            one: Vec<&'a str>,
            other: Vec<&'a str>,
        }

        impl<'a> $name<'a> {
            /// Finds those that are there.
            pub(super) fn find(pairs: &'a [$pair], conn: &mut Conn) -> QueryResult<Vec<$found>> {
                if pairs.is_empty() {
                    return Ok(Vec::new());
                }
                let one = pairs.iter().map(|(one, _)| &**one).collect();
                let other = pairs.iter().map(|(_, other)| *other).collect();
                Self { one, other }.load(conn)
            }
        }

        impl QueryFragment<Pg> for $name<'_> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($before);
                out.push_bind_param::<Array<Text>, _>(&self.one)?;
                out.push_sql(", ");
                out.push_bind_param::<Array<Text>, _>(&self.other)?;
                out.push_sql($after);
                Ok(())
            }
        }

        impl QueryId for $name<'_> {
            type QueryId = $name<'static>;
        }

        impl Query for $name<'_> {
            type SqlType = $columns;
        }

        impl RunQueryDsl<Conn> for $name<'_> {}
    };
}

pairs!(KeysAnswered, KeyName<'a>,
    "SELECT k.scope, k.key, k.fingerprint, k.outcome FROM idempotency AS k JOIN unnest(",
    ") AS asked (scope, key) ON k.scope = asked.scope AND k.key = asked.key",
    (Text, Text, Binary, Text) => (String, String, Vec<u8>, String));

pairs!(OffersUsed, (String, &'a str),
    "SELECT o.merchant, o.offer_id FROM offer_use AS o JOIN unnest(",
    ") AS asked (merchant, offer_id) ON o.merchant = asked.merchant AND o.offer_id = asked.offer_id",
    (Text, Text) => (String, String));

/// The newest line of each of these buyers' transaction logs.
pub(super) struct LogsLatest<'a> {
    accounts: &'a [String],
}

impl<'a> LogsLatest<'a> {
    /// Finds them, one row for each that was asked for.
    pub(super) fn find(
        accounts: &'a [String],
        conn: &mut Conn,
    ) -> QueryResult<Vec<(String, Option<i64>)>> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        Self { accounts }.load(conn)
    }
}

impl QueryFragment<Pg> for LogsLatest<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The end of the index for each, however long the logs are.
        out.push_sql(
            "SELECT asked.account, (SELECT line.at FROM log_line AS line WHERE line.account = asked.account \
             ORDER BY line.at DESC LIMIT 1) FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(self.accounts)?;
        out.push_sql(") AS asked (account)");
        Ok(())
    }
}

impl QueryId for LogsLatest<'_> {
    type QueryId = LogsLatest<'static>;
}

impl Query for LogsLatest<'_> {
    type SqlType = (Text, Nullable<BigInt>);
}

impl RunQueryDsl<Conn> for LogsLatest<'_> {}
