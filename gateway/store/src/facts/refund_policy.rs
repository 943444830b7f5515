//! How far refunds go, with history: a request is judged by the policy in force when it is made.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    money::{Currency, Money},
    policy::RefundPolicy,
};

use super::identity::unit_of_account;
use crate::{Connection, StoreError, read::row::Row, schema::refund_policy};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = refund_policy)]
struct PolicyRow {
    version: i64,
    at: i64,
    max_count: i64,
    max_total: i64,
    window_days: i64,
    period_days: i64,
}

impl PolicyRow {
    fn read(self, unit: Currency) -> Result<(Timestamp, RefundPolicy), StoreError> {
        let version = self.version.to_string();
        let row = Row::new("refund_policy", &version);
        let policy = RefundPolicy {
            max_count: row.number("max_count", self.max_count)?,
            max_total: Money::new(self.max_total, unit),
            window_days: row.number("window_days", self.window_days)?,
            period_days: row.number("period_days", self.period_days)?,
        };
        Ok((row.time("at", self.at)?, policy))
    }
}

/// The policy in force: the newest, or the standard one when none was ever set.
pub fn refund_policy_current(conn: &mut Connection) -> Result<RefundPolicy, StoreError> {
    refund_policy_at(conn, Timestamp::MAX)
}

/// The policy that was in force at a time.
pub fn refund_policy_at(conn: &mut Connection, at: Timestamp) -> Result<RefundPolicy, StoreError> {
    let found: Option<PolicyRow> = refund_policy::table
        .filter(refund_policy::at.le(at.as_microsecond()))
        .order(refund_policy::version.desc())
        .select(PolicyRow::as_select())
        .first(conn)
        .optional()?;
    let unit = unit_of_account(conn)?;
    let Some(policy) = found else { return Ok(RefundPolicy::standard(unit)) };
    policy.read(unit).map(|(_, policy)| policy)
}

/// The `limit` newest policies, each with the time from which on it was in force.
pub fn refund_policy_list(
    conn: &mut Connection,
    limit: i64,
) -> Result<Vec<(Timestamp, RefundPolicy)>, StoreError> {
    let unit = unit_of_account(conn)?;
    let rows: Vec<PolicyRow> = refund_policy::table
        .order(refund_policy::version.desc())
        .limit(limit)
        .select(PolicyRow::as_select())
        .load(conn)?;
    rows.into_iter().map(|row| row.read(unit)).collect()
}

/// Sets the policy from `at` on. Its total is in the unit of account.
pub fn refund_policy_insert(
    conn: &mut Connection,
    at: Timestamp,
    policy: &RefundPolicy,
) -> Result<(), StoreError> {
    let newest: Option<i64> = refund_policy::table
        .order(refund_policy::version.desc())
        .select(refund_policy::version)
        .first(conn)
        .optional()?;
    let row = PolicyRow {
        version: newest.unwrap_or(0).saturating_add(1),
        at: at.as_microsecond(),
        max_count: policy.max_count.into(),
        max_total: policy.max_total.minor(),
        window_days: policy.window_days.into(),
        period_days: policy.period_days.into(),
    };
    diesel::insert_into(refund_policy::table).values(row).execute(conn)?;
    Ok(())
}
