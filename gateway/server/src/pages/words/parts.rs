//! The files that the messages are in. A new part is one line here and a file for each language.

use super::Language;

macro_rules! parts {
    ($($part:literal),* $(,)?) => {
        /// The texts of a language.
        pub(super) const fn of(language: Language) -> &'static [&'static str] {
            match language {
                Language::English => &[$(include_str!(concat!("../../../locales/en/", $part, ".ftl"))),*],
                Language::German => &[$(include_str!(concat!("../../../locales/de/", $part, ".ftl"))),*],
                Language::Japanese => &[$(include_str!(concat!("../../../locales/ja/", $part, ".ftl"))),*],
                Language::Arabic => &[$(include_str!(concat!("../../../locales/ar/", $part, ".ftl"))),*],
            }
        }
    };
}

parts!["shell", "account", "problems", "login", "pay", "wallet", "desk", "operator"];
