//! Taxes by a table: for countries that no other plugin knows, an operator writes rates instead of code.
//!
//! The table is the plugin's configuration. `docs/taxes.md` describes it, `examples/tax-tables` has some to begin with.
//! A table says which rate a category has in a place on which days, and where that is written; how the law rounds; what is
//! different for sellers and buyers abroad; how tax numbers look; and under which labels a return is filed. What it
//! does not say is refused, never guessed, and what is wrong in it is named by its row and field.
//!
//! The plugin covers nothing by itself: an operator enables it for the places of the table.

mod assess;
mod file_return;
mod number;
mod table;

use purser_sdk::{
    Assessment, Description, Error, Filing, PeriodTotals, Sale, Tax, config, date, misconfigured,
};

use crate::table::Table;

/// The plugin.
pub struct TaxTable;

impl Tax for TaxTable {
    fn describe() -> Description {
        Description {
            name: "tax-table",
            version: env!("CARGO_PKG_VERSION"),
            covers: vec![],
            valid_from: date(2000, 1, 1),
            valid_to: None,
            sources: vec!["the operator's table, in which every rate has its source"],
        }
    }

    fn assess(sale: &Sale) -> Result<Assessment, Error> {
        assess::assess(sale, &configured(&sale.attributes)?)
    }

    fn file_return(totals: &PeriodTotals) -> Result<Filing, Error> {
        file_return::file_return(totals, &configured(&totals.attributes)?)
    }
}

purser_sdk::register_tax!(TaxTable);

/// The whole table is checked at every call, so that no row waits for its first sale to be wrong.
fn configured(attributes: &[(String, String)]) -> Result<Table, Error> {
    let table: Option<Table> = config(attributes)?;
    let table = table.ok_or_else(|| {
        misconfigured("config", "there is none: this plugin needs a table, see docs/taxes.md")
    })?;
    table.check()?;
    Ok(table)
}
