//! What the plugin can be made to do.

use crate::Crime;

/// What happens, named by the address of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A message, signed by the gateway.
    Honest,
    /// The same, and a megabyte of log.
    LogFlood,
    /// No answer.
    Crime(Crime),
    /// A message that may not be sent.
    Lie(Lie),
}

impl Deed {
    /// Every deed.
    pub fn all() -> impl Iterator<Item = Self> {
        let good = [Self::Honest, Self::LogFlood].into_iter();
        good.chain(Crime::ALL.into_iter().map(Self::Crime))
            .chain(Lie::ALL.into_iter().map(Self::Lie))
    }

    /// What it is asked for by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Honest => "nothing",
            Self::LogFlood => "log",
            Self::Crime(crime) => crime.name(),
            Self::Lie(lie) => lie.name(),
        }
    }

    /// The deed for an address: `https://shop.example/hooks?do=panic`. One that asks for none is told the truth.
    pub fn at(url: &str) -> Self {
        let asked = url.split_once("?do=").map(|(_, name)| name);
        Self::all().find(|deed| Some(deed.name()) == asked).unwrap_or(Self::Honest)
    }
}

/// A way to say what is not so, or what may not be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// To another host.
    OtherHost,
    /// To another port of the host.
    OtherPort,
    /// By another scheme.
    OtherScheme,
    /// To another host, behind a user's name that looks like the endpoint.
    Disguised,
    /// To what is no address.
    NoUrl,
    /// To a file.
    File,
    /// To an address of ten thousand letters.
    LongUrl,
    /// A header that ends its line and begins another.
    HeaderInjection,
    /// The same in a header's name.
    NameInjection,
    /// The header that names the host.
    OwnHost,
    /// The header that says where the message ends.
    OwnFrame,
    /// A signature of its own.
    OwnSignature,
    /// A thousand headers.
    ManyHeaders,
    /// A header of 100 kilobytes.
    LongHeader,
    /// Thousands of messages.
    ManyDeliveries,
    /// A message of 300 kilobytes.
    LongBody,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 16] = [
        Self::OtherHost,
        Self::OtherPort,
        Self::OtherScheme,
        Self::Disguised,
        Self::NoUrl,
        Self::File,
        Self::LongUrl,
        Self::HeaderInjection,
        Self::NameInjection,
        Self::OwnHost,
        Self::OwnFrame,
        Self::OwnSignature,
        Self::ManyHeaders,
        Self::LongHeader,
        Self::ManyDeliveries,
        Self::LongBody,
    ];

    /// What it is asked for by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherHost => "other-host",
            Self::OtherPort => "other-port",
            Self::OtherScheme => "other-scheme",
            Self::Disguised => "disguised",
            Self::NoUrl => "no-url",
            Self::File => "file",
            Self::LongUrl => "long-url",
            Self::HeaderInjection => "header-injection",
            Self::NameInjection => "name-injection",
            Self::OwnHost => "own-host",
            Self::OwnFrame => "own-frame",
            Self::OwnSignature => "own-signature",
            Self::ManyHeaders => "many-headers",
            Self::LongHeader => "long-header",
            Self::ManyDeliveries => "many-deliveries",
            Self::LongBody => "long-body",
        }
    }
}
