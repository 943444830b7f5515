//! What the plugin can be made to do.

use crate::Crime;

/// When it happens: before anything is paid, or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Asked what there is to buy.
    Quote,
    /// Asked what is to be signed. From here on it is paid.
    Draft,
    /// Asked for the mark.
    Assemble,
    /// Asked what the mark says.
    Read,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 4] = [Self::Quote, Self::Draft, Self::Assemble, Self::Read];

    /// Its part in the name of a deed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Draft => "draft",
            Self::Assemble => "assemble",
            Self::Read => "read",
        }
    }
}

/// What happens, named by the service that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A good stamp.
    Honest,
    /// A good stamp, and a megabyte of log with each call.
    LogFlood,
    /// No answer.
    Crime(Crime, Stage),
    /// A wrong one.
    Lie(Lie),
}

impl Deed {
    /// Every deed.
    pub fn all() -> impl Iterator<Item = Self> {
        let crimes = |stage| Crime::ALL.into_iter().map(move |crime| Self::Crime(crime, stage));
        let good = [Self::Honest, Self::LogFlood].into_iter();
        good.chain(Stage::ALL.into_iter().flat_map(crimes))
            .chain(Lie::ALL.into_iter().map(Self::Lie))
    }

    /// What must be bought.
    pub fn service(self) -> String {
        match self {
            Self::Honest => "honest".to_owned(),
            Self::LogFlood => "log".to_owned(),
            Self::Crime(crime, stage) => format!("{}-in-{}", crime.name(), stage.name()),
            Self::Lie(lie) => lie.name().to_owned(),
        }
    }

    /// The deed of a service.
    pub fn of(service: &str) -> Option<Self> {
        Self::all().find(|deed| deed.service() == service)
    }

    /// When it goes wrong; never, if it does not.
    pub const fn stage(self) -> Option<Stage> {
        match self {
            Self::Honest | Self::LogFlood => None,
            Self::Crime(_, stage) => Some(stage),
            Self::Lie(lie) => Some(lie.stage()),
        }
    }
}

/// A way to say what is not so, or what may not be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// A price of nothing.
    PriceZero,
    /// Pays the buyer.
    PriceNegative,
    /// A price that no register holds.
    PriceHuge,
    /// A price in a currency that there is not.
    PriceUnknown,
    /// Thousands of products.
    ManyProducts,
    /// A service that was not asked for.
    OtherService,
    /// A weight step that the piece is heavier than.
    TooLight,
    /// A stamp that is good for no day.
    NeverValid,
    /// Nothing that could be signed.
    NothingToSign,
    /// More to sign than a symbol holds.
    MuchToSign,
    /// Another symbol than was sold.
    OtherSymbol,
    /// A stamp without a name.
    NoSerial,
    /// Asks for one more request, whatever it was answered.
    FetchForever,
    /// Asks for a host that was not granted.
    FetchElsewhere,
    /// Asks for the gateway's own machine.
    FetchLoopback,
    /// Asks for the granted host, but unencrypted.
    FetchPlain,
    /// Asks for what is no address.
    FetchNowhere,
    /// Refuses what it offered, once it is paid.
    RefusesLate,
    /// A mark that no symbol holds.
    LongMark,
    /// A mark of ten times the price.
    SaysPrice,
    /// A mark in another currency.
    SaysCurrency,
    /// A mark of the piece before.
    SaysCounter,
    /// A mark of another vendor.
    SaysVendor,
    /// A mark under another key.
    SaysKey,
    /// A mark that is good for longer.
    SaysDay,
    /// A mark whose signature is of something else.
    SaysSigned,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 26] = [
        Self::PriceZero,
        Self::PriceNegative,
        Self::PriceHuge,
        Self::PriceUnknown,
        Self::ManyProducts,
        Self::OtherService,
        Self::TooLight,
        Self::NeverValid,
        Self::NothingToSign,
        Self::MuchToSign,
        Self::OtherSymbol,
        Self::NoSerial,
        Self::FetchForever,
        Self::FetchElsewhere,
        Self::FetchLoopback,
        Self::FetchPlain,
        Self::FetchNowhere,
        Self::RefusesLate,
        Self::LongMark,
        Self::SaysPrice,
        Self::SaysCurrency,
        Self::SaysCounter,
        Self::SaysVendor,
        Self::SaysKey,
        Self::SaysDay,
        Self::SaysSigned,
    ];

    /// What it is asked for by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PriceZero => "price-zero",
            Self::PriceNegative => "price-negative",
            Self::PriceHuge => "price-huge",
            Self::PriceUnknown => "price-unknown",
            Self::ManyProducts => "many-products",
            Self::OtherService => "other-service",
            Self::TooLight => "too-light",
            Self::NeverValid => "never-valid",
            Self::NothingToSign => "nothing-to-sign",
            Self::MuchToSign => "much-to-sign",
            Self::OtherSymbol => "other-symbol",
            Self::NoSerial => "no-serial",
            Self::FetchForever => "fetch-forever",
            Self::FetchElsewhere => "fetch-elsewhere",
            Self::FetchLoopback => "fetch-loopback",
            Self::FetchPlain => "fetch-plain",
            Self::FetchNowhere => "fetch-nowhere",
            Self::RefusesLate => "refuses-late",
            Self::LongMark => "long-mark",
            Self::SaysPrice => "says-price",
            Self::SaysCurrency => "says-currency",
            Self::SaysCounter => "says-counter",
            Self::SaysVendor => "says-vendor",
            Self::SaysKey => "says-key",
            Self::SaysDay => "says-day",
            Self::SaysSigned => "says-signed",
        }
    }

    /// When it is told.
    pub const fn stage(self) -> Stage {
        match self {
            Self::PriceZero
            | Self::PriceNegative
            | Self::PriceHuge
            | Self::PriceUnknown
            | Self::ManyProducts
            | Self::OtherService
            | Self::TooLight
            | Self::NeverValid => Stage::Quote,
            Self::NothingToSign
            | Self::MuchToSign
            | Self::OtherSymbol
            | Self::NoSerial
            | Self::FetchForever
            | Self::FetchElsewhere
            | Self::FetchLoopback
            | Self::FetchPlain
            | Self::FetchNowhere
            | Self::RefusesLate => Stage::Draft,
            Self::LongMark => Stage::Assemble,
            Self::SaysPrice
            | Self::SaysCurrency
            | Self::SaysCounter
            | Self::SaysVendor
            | Self::SaysKey
            | Self::SaysDay
            | Self::SaysSigned => Stage::Read,
        }
    }
}

/// What it does where nobody asks for a deed, as where it is looked at before it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Sells nothing.
    Reticent,
    /// Sells a letter and keeps the rules.
    Truthful,
    /// Its mark ends with a byte that nobody signed and that it does not look at.
    Careless,
    /// Says that its mark is good for longer than was paid.
    Generous,
    /// Its mark ends with a digit that nobody signed and that it reads as the weight.
    Credulous,
}

impl Alone {
    /// Every way, in the order of their digits.
    pub const ALL: [Self; 5] =
        [Self::Reticent, Self::Truthful, Self::Careless, Self::Generous, Self::Credulous];

    /// What stands in the file where it does this. A test writes another over what was compiled.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Reticent => "does-alone:0",
            Self::Truthful => "does-alone:1",
            Self::Careless => "does-alone:2",
            Self::Generous => "does-alone:3",
            Self::Credulous => "does-alone:4",
        }
    }
}
