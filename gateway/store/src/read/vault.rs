//! Vaults, as their owners and their payers see them.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    account::Account,
    ids::{AccountId, CardId},
    money::Money,
    place::Place,
    policy::RefundPolicy,
    vault::{Vault, VaultStatus, VaultView},
};

use super::{card::card_left, row::Row};
use crate::{
    Connection, StoreError,
    schema::{identity, ledger_account, vault},
};

/// A row of `vault`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = vault)]
pub(crate) struct VaultRow {
    account: String,
    handle: String,
    active: bool,
    compensation: Option<String>,
    refund_count: i64,
    period_started_at: Option<i64>,
}

impl VaultRow {
    pub(crate) fn read(self) -> Result<Vault, StoreError> {
        let row = Row::new("vault", &self.account);
        let compensation: Option<CardId> =
            self.compensation.as_deref().map(|card| row.parse("compensation", card)).transpose()?;
        let status = match (self.active, compensation) {
            (true, None) => VaultStatus::Active,
            (true, Some(_)) => return Err(row.fault("compensation")),
            (false, compensation) => VaultStatus::Closed { compensation },
        };
        Ok(Vault {
            account: row.parse("account", &self.account)?,
            status,
            refund_count: row.number("refund_count", self.refund_count)?,
            period_started_at: row.time_if("period_started_at", self.period_started_at)?,
            handle: self.handle,
        })
    }
}

/// The vaults of these accounts, as far as they are there.
pub(crate) fn vaults_get(
    conn: &mut Connection,
    accounts: &[String],
) -> Result<Vec<Vault>, StoreError> {
    let found: Vec<VaultRow> = vault::table
        .filter(vault::account.eq_any(accounts))
        .select(VaultRow::as_select())
        .load(conn)?;
    found.into_iter().map(VaultRow::read).collect()
}

/// A vault as its owner is shown it now.
pub fn vault_view(
    conn: &mut Connection,
    account: AccountId,
    policy: &RefundPolicy,
    now: Timestamp,
) -> Result<Option<VaultView>, StoreError> {
    let (holds, refunded) =
        (Account::Vault(account).to_string(), Account::Refund(account).to_string());
    let of_account = ledger_account::name.eq(&holds).or(ledger_account::name.eq(&refunded));
    type Balance = (String, i64, String);
    let rows: Vec<(VaultRow, Option<Balance>)> = vault::table
        .left_join(ledger_account::table.on(of_account))
        .filter(vault::account.eq(account.to_string()))
        .select((
            VaultRow::as_select(),
            (ledger_account::name, ledger_account::balance, ledger_account::currency).nullable(),
        ))
        .load(conn)?;

    let nothing = Money::zero(policy.max_total.currency());
    let (mut vault, mut balance, mut refund_total) = (None, nothing, nothing);
    for (row, account) in rows {
        vault = Some(row);
        let Some((name, minor, currency)) = account else { continue };
        let money = Row::new("ledger_account", &name).money("currency", minor, &currency)?;
        if name == holds { balance = money } else { refund_total = money }
    }
    let Some(vault) = vault.map(VaultRow::read).transpose()? else { return Ok(None) };
    let left = vault.compensation().map(|card| card_left(conn, card)).transpose()?.flatten();
    Ok(Some(vault.view(balance, refund_total, left, policy, now)))
}

/// Whose vault has this handle. A closed vault's handle is as unknown as one that never was.
pub fn vault_find_by_handle(
    conn: &mut Connection,
    handle: &str,
) -> Result<Option<AccountId>, StoreError> {
    let account: Option<String> = vault::table
        .filter(vault::handle.eq(handle).and(vault::active.eq(true)))
        .select(vault::account)
        .first(conn)
        .optional()?;
    account.map(|account| Row::new("vault", &account).parse("account", &account)).transpose()
}

/// The card that holds the rest of a closed vault, empty or not.
pub fn vault_compensation(
    conn: &mut Connection,
    account: AccountId,
) -> Result<Option<CardId>, StoreError> {
    let row: Option<VaultRow> = vault::table
        .find(account.to_string())
        .select(VaultRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(VaultRow::read).transpose()?.and_then(|vault| vault.compensation()))
}

/// The country that a buyer's taxes depend on, if the buyer named one.
pub fn vault_country(
    conn: &mut Connection,
    account: AccountId,
) -> Result<Option<Place>, StoreError> {
    let account = account.to_string();
    let country: Option<Option<String>> =
        identity::table.find(&account).select(identity::country).first(conn).optional()?;
    country
        .flatten()
        .map(|country| Row::new("identity", &account).place("country", &country))
        .transpose()
}
