//! The return of a period, written by the plugin that assessed its sales: not by whichever is bound today.

use std::time::Instant;

use purser_core::{
    ids::RemittanceId,
    liability::{ReturnRow, TaxAccount},
    record::{EvidenceRecord, FilingRecord},
};
use purser_host::{Digest, PeriodLine, PeriodTotals, TaxPlugin};
use purser_store::{
    facts::plugin::plugin_find_by_digest, read::liability::assessed_last, seal_hash_at,
};
use serde::Deserialize;
use serde_json::Value;

use super::{liability::Owed, plugin::load};
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// The call whose evidence tells who assessed a sale.
const ASSESS: &str = "tax.assess";
/// The attribute that holds the operator's configuration.
const CONFIG: &str = "config";
/// The attribute that holds the hash of the journal up to the last entry that was counted.
const ENTRIES: &str = "entries-sha256";
/// The scheme under which one number serves for the whole Union (Dir. 2006/112/EC, title XII, chapter 6).
const ONE_STOP_SHOP: &str = "oss";
/// The currency of its returns (Reg. (EU) 282/2011, art. 60).
const EURO: &str = "EUR";

/// What a sale was assessed with, as its evidence tells.
#[derive(Deserialize)]
struct Assessed {
    sale: AssessedSale,
}

#[derive(Deserialize)]
struct AssessedSale {
    #[serde(default)]
    registrations: Vec<Registered>,
    #[serde(default)]
    attributes: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Registered {
    authority: String,
    scheme: String,
    number: String,
}

/// Has the return written, and gives the evidence of the call.
pub async fn file(
    gateway: &Gateway,
    remittance: RemittanceId,
    owed: &Owed,
    rows: &[ReturnRow],
) -> Result<(FilingRecord, EvidenceRecord), Problem> {
    let (account, before) = (owed.account.clone(), owed.period.end());
    let last = gateway
        .store
        .read(move |db| assessed_last(db, &account, before, |call| is_about(call, &account)));
    let last = last.await?.ok_or_else(|| {
        Problem::internal("what is owed was assessed by nobody that the evidence names")
    })?;
    let plugin = assessor(gateway, &last).await?;
    let assessed: Assessed = serde_json::from_str(&last.input).map_err(Problem::internal)?;
    let mut attributes = assessed.sale.attributes;
    attributes.retain(|(name, _)| name == CONFIG);
    let position = owed.position;
    if let Some(hash) = gateway.store.read(move |db| seal_hash_at(db, position)).await? {
        attributes.push((ENTRIES.to_owned(), data_encoding::HEXLOWER.encode(&hash.0)));
    }
    let totals = PeriodTotals {
        authority: owed.account.authority.as_str().to_owned(),
        period: owed.period.to_string(),
        number: number(&assessed.sale.registrations, &owed.account),
        lines: rows.iter().map(line).collect(),
        attributes,
    };
    let started = Instant::now();
    let called = plugin.file_return(&totals).await;
    gateway.metrics.plugin_called("tax.file-return", started.elapsed(), called.is_err());
    let called = called?;
    let filing = called.value;
    let record = FilingRecord::new(remittance, filing.media_type, filing.file_name, filing.body);
    Ok((record, called.evidence.into()))
}

fn line(row: &ReturnRow) -> PeriodLine {
    PeriodLine {
        jurisdiction: row.jurisdiction.clone(),
        category: row.category.clone(),
        reason: row.reason.clone(),
        rate: row.rate,
        base: row.base,
        tax: row.tax,
        corrects: row.corrects.map(|period| period.to_string()),
    }
}

/// Whether a call assessed a tax of the account's authority, in its currency.
fn is_about(call: &EvidenceRecord, account: &TaxAccount) -> bool {
    let of_account = |tax: &Value| {
        tax.pointer("/authority").and_then(Value::as_str) == Some(account.authority.as_str())
            && tax.pointer("/tax/currency").and_then(Value::as_str) == Some(account.currency.code())
    };
    call.function == ASSESS
        && serde_json::from_str::<Value>(&call.output).is_ok_and(|output| {
            let taxes = output.get("taxes").and_then(Value::as_array);
            taxes.is_some_and(|taxes| taxes.iter().any(of_account))
        })
}

/// The plugin that answered a call. It is kept for ever, whatever answers today.
async fn assessor(gateway: &Gateway, call: &EvidenceRecord) -> Result<TaxPlugin, Problem> {
    let digest = call.digest;
    let row = gateway.store.read(move |db| plugin_find_by_digest(db, &digest)).await?;
    let row = row.ok_or_else(|| {
        let digest = Digest::from_bytes(digest);
        let detail = format!("the plugin {digest}, which assessed these sales, is not installed");
        Problem::new(problem::PLUGIN_FAILED).detail(detail)
    })?;
    let loaded = load::plugin(gateway, &row).await?;
    loaded.tax().ok_or_else(|| Problem::internal("what assessed a sale is no tax plugin"))
}

/// The taxpayer's number at the authority; where it has none there, the one of the one-stop shop, whose returns are in
/// euros.
fn number(registrations: &[Registered], account: &TaxAccount) -> Option<String> {
    let there = registrations.iter().find(|one| one.authority == account.authority.as_str());
    let shop = |one: &&Registered| {
        one.scheme.eq_ignore_ascii_case(ONE_STOP_SHOP) && account.currency.code() == EURO
    };
    let shop = || registrations.iter().find(shop);
    there.or_else(shop).map(|one| one.number.clone())
}
