//! Money that leaves: rows that are few and rarely written, in the same words for both databases.

use diesel::prelude::*;
use purser_core::{
    books::{Books, Needs},
    outgoing::Settled,
    record::Writes,
};

use super::{batch::Fault, rows::micros};
use crate::{
    Connection,
    read::{
        payout::PayoutRow,
        remittance::{RemittanceRow, tax_account_count},
        row::Row,
    },
    schema::{filing, payout, remittance, settlement},
};

/// Reads what became of remittances and payouts, and what was made of tax accounts. The open accounts that they take
/// from are locked before, so that nobody changes it meanwhile.
pub(super) fn load(conn: &mut Connection, needs: &Needs, books: &mut Books) -> Result<(), Fault> {
    for of in &needs.outgoing {
        let id = of.to_string();
        let outcome = settlement::table.find(&id).select(settlement::outcome);
        let outcome: Option<String> = outcome.first(conn).optional()?;
        if let Some(outcome) = outcome {
            let settled = Settled::parse(&outcome);
            let fault = || Row::new("settlement", &id).fault("outcome");
            books.load_settled(*of, settled.ok_or_else(fault)?);
        }
    }
    for account in &needs.tax_accounts {
        books.load_tax_account(account.clone(), tax_account_count(conn, account)?);
    }
    Ok(())
}

/// Writes what leaves, and what became of it.
pub(super) fn write(conn: &mut Connection, writes: &Writes) -> Result<(), Fault> {
    for record in &writes.remittances {
        let row = RemittanceRow::new(record)?;
        diesel::insert_into(remittance::table).values(row).execute(conn)?;
    }
    for record in &writes.filings {
        let row = (
            filing::remittance.eq(record.remittance.to_string()),
            filing::hash.eq(record.hash.as_slice()),
            filing::media_type.eq(&record.media_type),
            filing::file_name.eq(&record.file_name),
            filing::body.eq(&record.body),
        );
        diesel::insert_into(filing::table).values(row).execute(conn)?;
    }
    for record in &writes.payouts {
        let row = PayoutRow::new(record);
        diesel::insert_into(payout::table).values(row).execute(conn)?;
    }
    for record in &writes.settlements {
        let row = (
            settlement::object.eq(record.of.to_string()),
            settlement::at.eq(micros(record.at)),
            settlement::outcome.eq(record.settled.name()),
            settlement::number.eq(record.number),
        );
        diesel::insert_into(settlement::table).values(row).execute(conn)?;
    }
    Ok(())
}
