//! What is sold, as far as taxes tell things apart.

use crate::{Error, Problem};

macro_rules! names {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type { $($(#[$doc])* $variant,)* }

        impl $type {
            /// All of them, in the contract's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the contract.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

names! {
    /// The kind of thing on a line.
    Category {
        /// Whatever no other category names.
        General = "general",
        /// A service supplied over the network, without people.
        DigitalService = "digital-service",
        /// A printed book.
        Book = "book",
        /// A book as a file.
        Ebook = "ebook",
        /// A newspaper or periodical.
        Newspaper = "newspaper",
        /// Food for people, not served.
        Food = "food",
        /// A medicine for people.
        Medicine = "medicine",
        /// A night's lodging.
        Accommodation = "accommodation",
        /// A meal that is served.
        Restaurant = "restaurant",
        /// Carrying people.
        PassengerTransport = "passenger-transport",
        /// Valid postage stamps.
        Postage = "postage",
    }
}

names! {
    /// Why a line is taxed as it is.
    Reason {
        /// At the standard rate.
        Standard = "standard",
        /// At a lower rate.
        Reduced = "reduced",
        /// Taxable at nothing.
        Zero = "zero",
        /// Not taxable.
        Exempt = "exempt",
        /// The buyer, a business, owes the tax itself.
        ReverseCharge = "reverse-charge",
        /// Leaves the territory of the tax.
        Export = "export",
        /// The tax does not reach it.
        OutsideScope = "outside-scope",
    }
}

impl Category {
    /// The category of this name. A name that this release does not know is refused, not guessed.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::named(name).ok_or_else(|| {
            let known = Self::ALL.iter().map(|category| category.name()).collect::<Vec<_>>();
            Error::new(
                Problem::TaxCategoryUnsupported,
                format!(
                    "this plugin does not know the category {name:.40?}; there are {}",
                    known.join(", ")
                ),
            )
        })
    }
}

impl Reason {
    /// The reason of this name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        Self::named(name).ok_or_else(|| {
            Error::new(Problem::MalformedRequest, format!("{name:.40?} is no reason of a tax"))
        })
    }
}
