//! What the plugin can be made to do.

/// A way to misbehave, named by the subdivision of the country `XX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Ten percent, rightly.
    Honest,
    /// Computes for ever: meets the fuel limit.
    Loop,
    /// Does for ever what costs much time and little fuel: meets the wall clock.
    Dawdle,
    /// Takes memory until there is none.
    MemoryBomb,
    /// Calls itself until the stack is full.
    StackOverflow,
    /// Panics.
    Panic,
    /// Answers ten megabytes.
    HugeAnswer,
    /// Answers text that is no UTF-8.
    Garbage,
    /// Answers a rate of 200 decimals.
    EndlessDecimals,
    /// Answers a currency that there is not.
    UnknownCurrency,
    /// Answers in another currency than the sale's.
    WrongCurrency,
    /// Pays the buyer.
    NegativeTax,
    /// Taxes that are more than their rate.
    WrongSum,
    /// Speaks of lines that are not in the sale.
    UnknownLine,
    /// Writes a megabyte to the log, then answers honestly.
    HugeLog,
    /// Refuses, at length and with control characters.
    Rant,
    /// Refuses for a reason that the contract does not know.
    UnknownRefusal,
    /// Refuses with what a browser would run.
    Script,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 18] = [
        Self::Honest,
        Self::Loop,
        Self::Dawdle,
        Self::MemoryBomb,
        Self::StackOverflow,
        Self::Panic,
        Self::HugeAnswer,
        Self::Garbage,
        Self::EndlessDecimals,
        Self::UnknownCurrency,
        Self::WrongCurrency,
        Self::NegativeTax,
        Self::WrongSum,
        Self::UnknownLine,
        Self::HugeLog,
        Self::Rant,
        Self::UnknownRefusal,
        Self::Script,
    ];

    /// Where the buyer must be.
    pub const fn place(self) -> &'static str {
        match self {
            Self::Honest => "XX",
            Self::Loop => "XX-LOP",
            Self::Dawdle => "XX-DAW",
            Self::MemoryBomb => "XX-MEM",
            Self::StackOverflow => "XX-STK",
            Self::Panic => "XX-PAN",
            Self::HugeAnswer => "XX-BIG",
            Self::Garbage => "XX-GAR",
            Self::EndlessDecimals => "XX-DEC",
            Self::UnknownCurrency => "XX-UNK",
            Self::WrongCurrency => "XX-CUR",
            Self::NegativeTax => "XX-NEG",
            Self::WrongSum => "XX-SUM",
            Self::UnknownLine => "XX-LIN",
            Self::HugeLog => "XX-LOG",
            Self::Rant => "XX-RAN",
            Self::UnknownRefusal => "XX-WHY",
            Self::Script => "XX-SCR",
        }
    }

    /// The deed for a buyer at `subdivision` of `XX`.
    pub fn at(subdivision: Option<&str>) -> Option<Self> {
        let part = |deed: &Self| deed.place().split_once('-').map(|(_, part)| part);
        Self::ALL.into_iter().find(|deed| part(deed) == subdivision)
    }
}
