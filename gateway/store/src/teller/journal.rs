//! Entries, and what they make of balances, into rows.

use diesel::prelude::*;
use purser_core::{account::Account, entry::Entry, money::Money};

use super::rows::micros;
use crate::{
    StoreError,
    schema::{entry, ledger_account, open_delta, posting},
};

#[derive(Insertable)]
#[diesel(table_name = entry)]
pub(super) struct EntryRow<'a> {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) kind: &'static str,
    pub(super) object: &'a str,
}

#[derive(Insertable)]
#[diesel(table_name = posting)]
pub(super) struct PostingRow {
    pub(super) entry: String,
    pub(super) n: i64,
    pub(super) account: String,
    pub(super) currency: &'static str,
    pub(super) amount: i64,
}

/// The rows of an entry and its postings, numbered in order.
pub(super) fn entry_rows(entry: &Entry) -> Result<(EntryRow<'_>, Vec<PostingRow>), StoreError> {
    let id = entry.id().to_string();
    let postings = (0_i64..).zip(entry.postings()).map(|(n, posting)| {
        let signed = posting.signed().map_err(|_| StoreError::corrupt("posting", &id))?;
        Ok(PostingRow {
            entry: id.clone(),
            n,
            account: posting.account.to_string(),
            currency: signed.currency().code(),
            amount: signed.minor(),
        })
    });
    let postings = postings.collect::<Result<_, StoreError>>()?;
    let row =
        EntryRow { at: micros(entry.at()), kind: entry.kind().name(), object: entry.object(), id };
    Ok((row, postings))
}

#[derive(Insertable)]
#[diesel(table_name = ledger_account)]
pub(super) struct BalanceRow {
    pub(super) name: String,
    pub(super) currency: &'static str,
    pub(super) guarded: bool,
    pub(super) balance: i64,
}

impl BalanceRow {
    pub(super) fn guarded(account: &Account, balance: Money) -> Self {
        let (currency, balance) = (balance.currency().code(), balance.minor());
        Self { name: account.to_string(), currency, guarded: true, balance }
    }
}

#[derive(Insertable)]
#[diesel(table_name = open_delta)]
pub(super) struct DeltaRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) currency: &'static str,
    pub(super) amount: i64,
}
