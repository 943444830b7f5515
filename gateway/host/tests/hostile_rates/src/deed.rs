//! What the plugin can be made to do.

/// A way to misbehave, named by the currency that is converted. The rate of each is in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Converts by the table, rightly, but never minds its age.
    Stale,
    /// Says that another amount comes out than its legs give.
    WrongLegs,
    /// Converts to another currency than asked.
    WrongTo,
    /// Says that its rates are of the day after.
    Tomorrow,
    /// Names no legs.
    NoLegs,
    /// Panics.
    Panic,
    /// Refuses for a reason that the contract does not know.
    UnknownRefusal,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 7] = [
        Self::Stale,
        Self::WrongLegs,
        Self::WrongTo,
        Self::Tomorrow,
        Self::NoLegs,
        Self::Panic,
        Self::UnknownRefusal,
    ];

    /// What must be converted.
    pub const fn currency(self) -> &'static str {
        match self {
            Self::Stale => "CHF",
            Self::WrongLegs => "SEK",
            Self::WrongTo => "NOK",
            Self::Tomorrow => "DKK",
            Self::NoLegs => "PLN",
            Self::Panic => "CZK",
            Self::UnknownRefusal => "HUF",
        }
    }

    /// The deed for a currency.
    pub fn of(currency: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.currency() == currency)
    }
}
