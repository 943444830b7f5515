//! What pages say, in the reader's language: Fluent messages, one file per part and language.
//!
//! The language is what the reader chose (`?lang=`, kept in a cookie), else what the browser asks for, else English. A
//! message that a translation lacks is said in English.

mod parts;

use std::{borrow::Cow, fmt, sync::LazyLock};

use actix_web::{
    HttpRequest,
    http::header::{AcceptLanguage, Header as _},
};
use fluent_bundle::{
    FluentArgs, FluentError, FluentResource, FluentValue, concurrent::FluentBundle,
    types::FluentNumber,
};
use jiff::tz::TimeZone;
use purser_core::Timestamp;
use purser_money::Money;

use crate::format;

/// The cookie that keeps the chosen language.
pub const COOKIE: &str = "purser-lang";
/// The parameter that chooses it.
pub const PARAMETER: &str = "lang";

/// A language that pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, which every message has.
    English,
    /// German.
    German,
    /// Japanese.
    Japanese,
    /// Arabic.
    Arabic,
}

/// Messages in one language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// Which.
    pub language: Language,
}

/// A message with arguments, said when it is shown.
pub struct Said<'k> {
    words: Words,
    key: Cow<'k, str>,
    arguments: FluentArgs<'static>,
}

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; 4]> =
    LazyLock::new(|| Language::ALL.map(|language| bundle(language, parts::of(language))));

impl Language {
    /// All of them, as they are offered.
    pub const ALL: [Self; 4] = [Self::English, Self::German, Self::Japanese, Self::Arabic];

    /// Its code in BCP 47.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Japanese => "ja",
            Self::Arabic => "ar",
        }
    }

    /// Its name in itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::Japanese => "日本語",
            Self::Arabic => "العربية",
        }
    }

    /// Which way it is written, as HTML says it.
    pub const fn direction(self) -> &'static str {
        match self {
            Self::English | Self::German | Self::Japanese => "ltr",
            Self::Arabic => "rtl",
        }
    }

    /// The language of a code, whatever its region.
    pub fn parse(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary))
    }

    /// The language that a request chooses with `?lang=`.
    pub fn chosen(request: &HttpRequest) -> Option<Self> {
        let parameters = url::form_urlencoded::parse(request.query_string().as_bytes());
        let mut chosen = parameters.filter(|(name, _)| name == PARAMETER);
        chosen.next().and_then(|(_, code)| Self::parse(&code))
    }

    /// The language that a request is answered in.
    pub fn of(request: &HttpRequest) -> Self {
        let kept = || request.cookie(COOKIE).and_then(|cookie| Self::parse(cookie.value()));
        let asked = || {
            let accepted = AcceptLanguage::parse(request).ok()?;
            accepted.ranked().iter().find_map(|range| Self::parse(&range.to_string()))
        };
        Self::chosen(request).or_else(kept).or_else(asked).unwrap_or(Self::English)
    }

    fn bundle(self) -> &'static Bundle {
        let [english, german, japanese, arabic] = &*BUNDLES;
        match self {
            Self::English => english,
            Self::German => german,
            Self::Japanese => japanese,
            Self::Arabic => arabic,
        }
    }
}

impl Words {
    /// The words of a request.
    pub fn of(request: &HttpRequest) -> Self {
        Self { language: Language::of(request) }
    }

    /// A message.
    pub fn t(&self, key: &str) -> String {
        self.look(key, None).unwrap_or_else(|| key.to_owned())
    }

    /// A message with arguments: `words.say("load-done").arg("amount", shown).count("cards", 2)`.
    pub fn say<'k>(&self, key: &'k str) -> Said<'k> {
        Said { words: *self, key: key.into(), arguments: FluentArgs::new() }
    }

    /// The message for one of several things: `words.named("sale-status", "paid")` is `sale-status-paid`.
    pub fn named(&self, stem: &str, name: &str) -> String {
        self.t(&format!("{stem}-{name}"))
    }

    /// A message with arguments that are texts.
    pub fn say_all(&self, key: &str, arguments: &[(String, String)]) -> String {
        let pairs = arguments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let arguments: FluentArgs<'_> = pairs.collect();
        self.look(key, Some(&arguments)).unwrap_or_else(|| key.to_owned())
    }

    /// A message, if there is one of that name.
    pub fn find(&self, key: &str) -> Option<String> {
        self.look(key, None)
    }

    /// An amount, the same everywhere.
    pub fn money(&self, amount: Money) -> String {
        self.left_to_right(format::for_people(amount))
    }

    /// An amount that came or went: the sign stands before it.
    pub fn moved(&self, sign: &str, amount: Money) -> String {
        self.left_to_right(format!("{sign}{}", format::for_people(amount)))
    }

    /// Amounts read from left to right. Among letters that do not, their signs would wander to the other end (UAX #9).
    fn left_to_right(&self, text: String) -> String {
        match self.language.direction() {
            "rtl" => format!("\u{2066}{text}\u{2069}"),
            _ => text,
        }
    }

    /// A day, in UTC.
    pub fn day(&self, at: Timestamp) -> String {
        at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
    }

    /// A moment, in UTC and to the minute.
    pub fn time(&self, at: Timestamp) -> String {
        at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
    }

    fn look(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        look_in([self.language, Language::English].map(Language::bundle), key, arguments)
    }
}

impl Said<'_> {
    /// The same with an argument.
    pub fn arg(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.arguments.set(name, FluentValue::from(value.to_string()));
        self
    }

    /// The same with a number, by which a language may choose its plural.
    pub fn count(mut self, name: &'static str, number: impl fmt::Display) -> Self {
        let text = number.to_string();
        let value = match text.parse::<FluentNumber>() {
            Ok(number) => FluentValue::Number(number),
            Err(_) => FluentValue::from(text),
        };
        self.arguments.set(name, value);
        self
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words.look(&self.key, Some(&self.arguments)) {
            Some(text) => f.write_str(&text),
            None => f.write_str(&self.key),
        }
    }
}

/// A message as the first that has it says it.
fn look_in(bundles: [&Bundle; 2], key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
    bundles.into_iter().find_map(|bundle| said(bundle, key, arguments))
}

fn said(bundle: &Bundle, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    let mut errors: Vec<FluentError> = Vec::new();
    let text = bundle.format_pattern(pattern, arguments, &mut errors);
    // An argument that is missing is shown by its name.
    if !errors.is_empty() {
        tracing::warn!(
            message.key = key,
            message.language = ?bundle.locales,
            "a message lacks an argument"
        );
    }
    Some(text.into_owned())
}

fn bundle(language: Language, texts: &[&str]) -> Bundle {
    let mut bundle =
        FluentBundle::new_concurrent(vec![language.code().parse().unwrap_or_default()]);
    // Marks around arguments keep an amount whole in text that runs the other way.
    bundle.set_use_isolating(language == Language::Arabic);
    for text in texts {
        // A message that cannot be read is said in English; a test finds it before any reader does.
        let resource = match FluentResource::try_new((*text).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        let _ = bundle.add_resource(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_translation_lacks_is_said_in_english_and_nothing_is_empty() {
        let english = "known = Known\nnew = New\npaid = Paid { $amount }\ntwice = { $count ->\n    [one] Once\n   *[other] { $count } times\n}\n";
        let english = bundle(Language::English, &[english]);
        // One message is missing, one cannot be read, and one names an argument that nobody gives.
        let arabic =
            "known = معروف\npaid = { $price } دُفع\ntwice = { $count ->\n    [one] مرة\n}\n";
        let arabic = bundle(Language::Arabic, &[arabic]);
        let say = |key: &str, arguments: &[(&str, &str)]| {
            let arguments: FluentArgs<'_> = arguments.iter().copied().collect();
            look_in([&arabic, &english], key, Some(&arguments))
        };
        assert_eq!(say("known", &[]).as_deref(), Some("معروف"));
        assert_eq!(say("new", &[]).as_deref(), Some("New"));
        assert_eq!(say("twice", &[("count", "2")]).as_deref(), Some("2 times"));
        let paid = say("paid", &[("amount", "1.00 EUR")]).unwrap();
        assert!(paid.contains("دُفع") && paid.contains("$price"), "{paid}");
        assert_eq!(say("nowhere", &[]), None);
    }

    #[test]
    fn what_no_language_has_is_shown_by_its_name() {
        let (words, nowhere) = (Words { language: Language::Japanese }, "no-such-message");
        assert_eq!(words.t(nowhere), nowhere);
        assert_eq!(words.say(nowhere).arg("amount", 1).to_string(), nowhere);
        let arguments = [("amount".to_owned(), "1".to_owned())];
        assert_eq!(words.say_all(nowhere, &arguments), nowhere);
        assert_eq!(words.find(nowhere), None);
    }
}
