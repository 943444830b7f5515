//! Which plugin answers for a country or a currency, from which day on. Bindings are never changed: a later one
//! takes over, so that what was asked on a past day can be asked of the plugin of that day.

use diesel::{dsl::max, prelude::*};
use purser_core::{Date, Timestamp, ids::PluginId};

use crate::{Connection, StoreError, read::row::Row, schema::plugin_binding};

/// A binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// `tax`, `currency`, ...
    pub role: String,
    /// A country (tax) or a currency; `*` is all.
    pub place: String,
    /// The first day.
    pub from: Date,
    /// Who answers. Nobody, where the place was disabled.
    pub plugin: Option<PluginId>,
    /// When this was decided: of two for one day the later one holds, and what was decided together has one moment.
    pub at: Timestamp,
    /// The operator's configuration, which the plugin is given with every call.
    pub config: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = plugin_binding)]
struct BindingRow {
    role: String,
    place: String,
    from_date: String,
    plugin: Option<String>,
    at: i64,
    config: Option<String>,
}

impl BindingRow {
    fn read(self) -> Result<Binding, StoreError> {
        let row = Row::new("plugin_binding", &self.place);
        Ok(Binding {
            from: row.parse("from_date", &self.from_date)?,
            plugin: self.plugin.as_deref().map(|plugin| row.parse("plugin", plugin)).transpose()?,
            at: row.time("at", self.at)?,
            role: self.role,
            place: self.place,
            config: self.config,
        })
    }
}

/// The moment of a decision that is made now: later than every one before, also where those were made by a clock that is
/// ahead. A command's and a gateway's are not the same, and the last word holds. It is asked for in the transaction that
/// writes the decision.
pub fn binding_moment(conn: &mut Connection, now: Timestamp) -> Result<Timestamp, StoreError> {
    let latest: Option<i64> = plugin_binding::table.select(max(plugin_binding::at)).first(conn)?;
    let next = latest.map_or(i64::MIN, |at| at.saturating_add(1));
    Row::new("plugin_binding", "*").time("at", now.as_microsecond().max(next))
}

/// Binds a plugin to a place, or disables the place. One decision says one thing for a place and a day.
pub fn binding_insert(conn: &mut Connection, new: &Binding) -> Result<(), StoreError> {
    let row = (
        plugin_binding::role.eq(&new.role),
        plugin_binding::place.eq(&new.place),
        plugin_binding::from_date.eq(new.from.to_string()),
        plugin_binding::plugin.eq(new.plugin.map(|plugin| plugin.to_string())),
        plugin_binding::at.eq(new.at.as_microsecond()),
        plugin_binding::config.eq(&new.config),
    );
    diesel::insert_into(plugin_binding::table).values(row).execute(conn)?;
    Ok(())
}

/// Who answers for exactly this place on a day: the binding that begins last, and of those the one decided last.
/// Whether `*` stands in for a place that has none is the caller's to ask.
pub fn binding_for(
    conn: &mut Connection,
    role: &str,
    place: &str,
    date: Date,
) -> Result<Option<Binding>, StoreError> {
    let found: Option<BindingRow> = plugin_binding::table
        .filter(plugin_binding::role.eq(role).and(plugin_binding::place.eq(place)))
        .filter(plugin_binding::from_date.le(date.to_string()))
        .order((plugin_binding::from_date.desc(), plugin_binding::at.desc()))
        .select(BindingRow::as_select())
        .first(conn)
        .optional()?;
    found.map(BindingRow::read).transpose()
}

/// All bindings, by role and place, the ones in force first.
pub fn binding_list(conn: &mut Connection) -> Result<Vec<Binding>, StoreError> {
    let rows: Vec<BindingRow> = plugin_binding::table
        .order((
            plugin_binding::role,
            plugin_binding::place,
            plugin_binding::from_date.desc(),
            plugin_binding::at.desc(),
        ))
        .select(BindingRow::as_select())
        .load(conn)?;
    rows.into_iter().map(BindingRow::read).collect()
}
