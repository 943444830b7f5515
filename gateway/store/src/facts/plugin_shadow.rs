//! Versions that run beside the one that answers, and what they would have answered.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{MerchantId, PluginId},
    money::{Currency, Money},
};

use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{plugin_shadow, plugin_shadow_example, plugin_shadow_tally},
};

/// A place where a version runs beside the one that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The country.
    pub place: String,
    /// Which version.
    pub plugin: PluginId,
    /// Under which configuration; none, under that of the one that answers.
    pub config: Option<String>,
    /// Since when.
    pub started_at: Timestamp,
}

/// What a version would have answered to one merchant's sales to one country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Where the buyers are.
    pub country: String,
    /// Whose sales.
    pub merchant: MerchantId,
    /// In which currency.
    pub currency: String,
    /// Sales that it was asked about.
    pub calls: i64,
    /// The same taxes.
    pub equal: i64,
    /// No answer.
    pub failed: i64,
    /// Its taxes less those that were charged, in minor units.
    pub difference_minor: i64,
}

impl Tally {
    /// Other taxes.
    pub const fn different(&self) -> i64 {
        self.calls.saturating_sub(self.equal).saturating_sub(self.failed)
    }

    /// Its taxes less those that were charged, in a currency that is known.
    pub fn difference(&self) -> Option<Money> {
        let currency = Currency::parse(&self.currency).ok()?;
        Some(Money::new(self.difference_minor, currency))
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = plugin_shadow)]
struct ShadowRow {
    place: String,
    plugin: String,
    config: Option<String>,
    started_at: i64,
}

impl ShadowRow {
    fn read(self) -> Result<Shadow, StoreError> {
        let row = Row::new("plugin_shadow", &self.place);
        Ok(Shadow {
            plugin: row.parse("plugin", &self.plugin)?,
            started_at: row.time("started_at", self.started_at)?,
            place: self.place,
            config: self.config,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = plugin_shadow_tally)]
struct TallyRow {
    country: String,
    merchant: String,
    currency: String,
    calls: i64,
    equal: i64,
    failed: i64,
    difference: i64,
}

/// Begins anew: what was recorded of the version before is forgotten.
pub fn shadow_start(
    conn: &mut Connection,
    plugin: PluginId,
    shadows: &[Shadow],
) -> Result<(), StoreError> {
    shadow_end(conn, plugin)?;
    let name = plugin.to_string();
    let tallies = plugin_shadow_tally::table.filter(plugin_shadow_tally::plugin.eq(&name));
    diesel::delete(tallies).execute(conn)?;
    let examples = plugin_shadow_example::table.filter(plugin_shadow_example::plugin.eq(&name));
    diesel::delete(examples).execute(conn)?;
    for shadow in shadows {
        let row = (
            plugin_shadow::place.eq(&shadow.place),
            plugin_shadow::plugin.eq(shadow.plugin.to_string()),
            plugin_shadow::config.eq(&shadow.config),
            plugin_shadow::started_at.eq(shadow.started_at.as_microsecond()),
        );
        diesel::insert_into(plugin_shadow::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Runs a version beside nothing any more; what was recorded stays. False if it did not run.
pub fn shadow_end(conn: &mut Connection, plugin: PluginId) -> Result<bool, StoreError> {
    let of_plugin = plugin_shadow::table.filter(plugin_shadow::plugin.eq(plugin.to_string()));
    Ok(diesel::delete(of_plugin).execute(conn)? > 0)
}

/// All versions that run beside others.
pub fn shadow_list(conn: &mut Connection) -> Result<Vec<Shadow>, StoreError> {
    let rows: Vec<ShadowRow> = plugin_shadow::table
        .order((plugin_shadow::plugin, plugin_shadow::place))
        .select(ShadowRow::as_select())
        .load(conn)?;
    rows.into_iter().map(ShadowRow::read).collect()
}

/// Adds to what a version would have answered.
pub fn tally_add(conn: &mut Connection, plugin: PluginId, new: &Tally) -> Result<(), StoreError> {
    use plugin_shadow_tally as tally;
    let (plugin, merchant) = (plugin.to_string(), new.merchant.to_string());
    let key = (&plugin, &new.country, &merchant, &new.currency);
    let grown = (
        tally::calls.eq(tally::calls + new.calls),
        tally::equal.eq(tally::equal + new.equal),
        tally::failed.eq(tally::failed + new.failed),
        tally::difference.eq(tally::difference + new.difference_minor),
    );
    if diesel::update(tally::table.find(key)).set(grown).execute(conn)? > 0 {
        return Ok(());
    }
    let row = (
        tally::plugin.eq(&plugin),
        tally::country.eq(&new.country),
        tally::merchant.eq(&merchant),
        tally::currency.eq(&new.currency),
        tally::calls.eq(new.calls),
        tally::equal.eq(new.equal),
        tally::failed.eq(new.failed),
        tally::difference.eq(new.difference_minor),
    );
    diesel::insert_into(tally::table).values(row).execute(conn)?;
    Ok(())
}

/// What a version would have answered, by country, merchant and currency.
pub fn tally_list(conn: &mut Connection, plugin: PluginId) -> Result<Vec<Tally>, StoreError> {
    use plugin_shadow_tally as tally;
    let rows: Vec<TallyRow> = tally::table
        .filter(tally::plugin.eq(plugin.to_string()))
        .order((tally::country, tally::merchant, tally::currency))
        .select(TallyRow::as_select())
        .load(conn)?;
    let read = |row: TallyRow| {
        let merchant =
            Row::new("plugin_shadow_tally", &row.country).parse("merchant", &row.merchant)?;
        let TallyRow { country, currency, calls, equal, failed, difference, .. } = row;
        let difference_minor = difference;
        Ok(Tally { country, merchant, currency, calls, equal, failed, difference_minor })
    };
    rows.into_iter().map(read).collect()
}

/// Keeps an answer that was another, as JSON, if there are fewer than `most` yet.
pub fn example_add(
    conn: &mut Connection,
    plugin: PluginId,
    (document, at): (&str, Timestamp),
    most: i64,
) -> Result<(), StoreError> {
    use plugin_shadow_example as example;
    let of_plugin = example::table.filter(example::plugin.eq(plugin.to_string()));
    let position: i64 = of_plugin.count().get_result(conn)?;
    if position >= most {
        return Ok(());
    }
    let row = (
        example::plugin.eq(plugin.to_string()),
        example::position.eq(position),
        example::at.eq(at.as_microsecond()),
        example::document.eq(document),
    );
    diesel::insert_into(example::table).values(row).execute(conn)?;
    Ok(())
}

/// The first answers that were others, as JSON.
pub fn example_list(conn: &mut Connection, plugin: PluginId) -> Result<Vec<String>, StoreError> {
    use plugin_shadow_example as example;
    Ok(example::table
        .filter(example::plugin.eq(plugin.to_string()))
        .order(example::position)
        .select(example::document)
        .load(conn)?)
}
