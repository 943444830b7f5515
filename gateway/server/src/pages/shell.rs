//! What every page has around its content: language, title bar, navigation, the banner of the sandbox, what was just
//! done, and the token of its forms.

use actix_web::{HttpRequest, http::Method, web::Data};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use purser_core::Timestamp;
use purser_money::Money;
use serde::{Deserialize, Serialize};

use super::{
    assets, csrf, visit,
    words::{Language, PARAMETER, Said, Words},
};
use crate::{gateway::Gateway, random};

/// The cookie that carries what was just done to the next page.
pub(super) const FLASH_COOKIE: &str = "purser-flash";

/// Whose pages these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Buyers', and everybody's.
    Wallet,
    /// A merchant's desk.
    Desk,
    /// The operator's desk.
    Operator,
}

impl Area {
    /// The area of a path.
    pub fn of(path: &str) -> Self {
        match path {
            _ if is_within(path, "/desk") => Self::Desk,
            _ if is_within(path, "/operator") => Self::Operator,
            _ => Self::Wallet,
        }
    }

    /// The area of a path that may have a query behind it.
    pub fn of_address(address: &str) -> Self {
        Self::of(address.split(['?', '#']).next().unwrap_or_default())
    }

    /// The first page of it.
    pub const fn home(self) -> &'static str {
        match self {
            Self::Wallet => "/wallet",
            Self::Desk => "/desk",
            Self::Operator => "/operator",
        }
    }

    /// Where one signs in.
    pub const fn login(self) -> &'static str {
        match self {
            Self::Wallet => "/login",
            Self::Desk => "/desk/login",
            Self::Operator => "/operator/login",
        }
    }

    /// Where one signs out.
    pub const fn logout(self) -> &'static str {
        match self {
            Self::Wallet => "/logout",
            Self::Desk => "/desk/logout",
            Self::Operator => "/operator/logout",
        }
    }

    /// What its title bar leads to: address, and the name of the message.
    const fn links(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Wallet => &[
                ("/wallet", "nav-wallet"),
                ("/wallet/load", "nav-load"),
                ("/wallet/purchases", "nav-purchases"),
                ("/wallet/transfer", "nav-transfer"),
                ("/wallet/stamps", "nav-stamps"),
                ("/wallet/shops", "nav-shops"),
                ("/wallet/account", "nav-account"),
            ],
            Self::Desk => &[
                ("/desk", "nav-desk"),
                ("/desk/sales", "nav-sales"),
                ("/desk/offers", "nav-offers"),
                ("/desk/statements", "nav-statements"),
                ("/desk/payouts", "nav-payouts"),
                ("/desk/webhooks", "nav-webhooks"),
                ("/desk/keys", "nav-keys"),
                ("/desk/passkeys", "nav-passkeys"),
            ],
            Self::Operator => &[
                ("/operator", "nav-operator"),
                ("/operator/merchants", "nav-merchants"),
                ("/operator/cards", "nav-cards"),
                ("/operator/plugins", "nav-plugins"),
                ("/operator/rates", "nav-rates"),
                ("/operator/taxes", "nav-taxes"),
                ("/operator/payouts", "nav-payouts"),
                ("/operator/treasury", "nav-treasury"),
                ("/operator/refunds", "nav-refunds"),
                ("/operator/check", "nav-check"),
                ("/operator/passkeys", "nav-passkeys"),
            ],
        }
    }
}

/// The scope that a merchant's key needs for what a link leads to.
fn scope_of(href: &str) -> Option<&'static str> {
    match href {
        "/desk/sales" => Some("sales:read"),
        "/desk/offers" => Some("offers"),
        "/desk/statements" | "/desk/payouts" => Some("payouts:read"),
        "/desk/webhooks" => Some("webhooks"),
        "/desk/keys" => Some("keys"),
        _ => None,
    }
}

/// What the page of a link has tabs to that are not below its own address.
fn tabs_of(href: &str) -> &'static [&'static str] {
    match href {
        "/desk/keys" => &["/desk/offer-keys", "/desk/logins"],
        "/operator/cards" => &["/operator/smart-cards"],
        _ => &[],
    }
}

/// How near a link of the title bar is to a page, as `aria-current` says it: it is the page, or the page is of its
/// section. The first page of an area is no section: all others are below it.
fn nearness(area: Area, href: &str, path: &str) -> Option<&'static str> {
    if href == path {
        return Some("page");
    }
    let of_section = |start: &&str| is_within(path, start);
    let within = of_section(&href) || tabs_of(href).iter().any(of_section);
    (within && href != area.home()).then_some("true")
}

/// Whether a path is another, or below it.
fn is_within(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A link of the title bar.
pub struct Link {
    /// Where to.
    pub href: String,
    /// What it says.
    pub text: String,
    /// Whether it is this page (`page`), or this page is of its section (`true`).
    pub current: Option<&'static str>,
}

/// A language that the page can be had in.
pub struct Offered {
    /// Which.
    pub language: Language,
    /// The same page in it.
    pub href: String,
    /// Whether it is this page's.
    pub current: bool,
}

/// How something went that was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It was done.
    Good,
    /// It was not.
    Bad,
}

impl Tone {
    /// The class of its alert.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// What was just done, said once on the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    tone: Tone,
    key: String,
    arguments: Vec<(String, String)>,
}

impl Flash {
    /// A message, by its key.
    pub fn good(key: &str) -> Self {
        Self { tone: Tone::Good, key: key.to_owned(), arguments: Vec::new() }
    }

    /// A message that something did not happen.
    pub fn bad(key: &str) -> Self {
        Self { tone: Tone::Bad, ..Self::good(key) }
    }

    /// The same with an argument.
    pub fn arg(mut self, name: &str, value: impl ToString) -> Self {
        self.arguments.push((name.to_owned(), value.to_string()));
        self
    }

    /// Encrypted, so that nobody else makes a page say something.
    pub(super) fn seal(&self, gateway: &Gateway) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        BASE64URL_NOPAD.encode(&gateway.keys.wrap(FLASH_COOKIE, &json))
    }

    fn open(gateway: &Gateway, sealed: &str) -> Option<Self> {
        let wrapped = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let json = gateway.keys.unwrap(FLASH_COOKIE, &wrapped).ok()?;
        serde_json::from_slice(&json).ok()
    }

    fn say(&self, words: Words) -> String {
        words.say_all(&self.key, &self.arguments)
    }
}

/// What every page has around its content. Templates call its methods: `shell.t("key")`.
pub struct Shell {
    /// What it says.
    pub words: Words,
    /// Whose pages these are.
    pub area: Area,
    /// Whether somebody is signed in.
    pub signed_in: bool,
    /// Whether money here is play money.
    pub sandbox: bool,
    /// The token of its forms.
    pub csrf: String,
    /// What was just done: its tone and its text.
    pub flash: Option<(Tone, String)>,
    /// What a merchant's key may be used for: the title bar leads nowhere else.
    pub scopes: Vec<String>,
    path: String,
    query: String,
    answers_form: bool,
}

impl Shell {
    /// The shell of a visitor's page.
    pub fn new(gateway: &Gateway, request: &HttpRequest, cookie: &str) -> Self {
        let mut shell = Self::bare(request);
        shell.csrf = csrf::token(gateway, cookie);
        let name = visit::prefixed(gateway, FLASH_COOKIE);
        let flash = request.cookie(&name).and_then(|cookie| Flash::open(gateway, cookie.value()));
        shell.flash = flash.map(|flash| (flash.tone, flash.say(shell.words)));
        shell
    }

    /// The shell of a page that must come whatever else is broken: it asks nothing of anybody.
    pub fn bare(request: &HttpRequest) -> Self {
        let gateway = request.app_data::<Data<Gateway>>();
        Self {
            words: Words::of(request),
            area: Area::of(request.path()),
            signed_in: false,
            sandbox: gateway.is_some_and(|gateway| gateway.settings.sandbox),
            csrf: String::new(),
            flash: None,
            scopes: Vec::new(),
            path: request.path().to_owned(),
            query: request.query_string().to_owned(),
            answers_form: request.method() == Method::POST,
        }
    }

    /// A message.
    pub fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// A message with arguments.
    pub fn say<'k>(&self, key: &'k str) -> Said<'k> {
        self.words.say(key)
    }

    /// The message for one of several things.
    pub fn named(&self, stem: &str, name: &str) -> String {
        self.words.named(stem, name)
    }

    /// An amount.
    pub fn money(&self, amount: &Money) -> String {
        self.words.money(*amount)
    }

    /// A day.
    pub fn day(&self, at: &Timestamp) -> String {
        self.words.day(*at)
    }

    /// A moment.
    pub fn time(&self, at: &Timestamp) -> String {
        self.words.time(*at)
    }

    /// The address of an asset.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }

    /// A new idempotency key, for the form in which it is hidden.
    pub fn once(&self) -> String {
        format!("form_{}", HEXLOWER.encode(&random::bytes::<16>()))
    }

    /// The links of the title bar.
    pub fn links(&self) -> Vec<Link> {
        let link = |(href, key): &(&str, &str)| Link {
            href: (*href).to_owned(),
            text: self.t(key),
            current: nearness(self.area, href, &self.path),
        };
        let allowed = |(href, _): &&(&str, &str)| {
            scope_of(href).is_none_or(|scope| self.scopes.iter().any(|held| held == scope))
        };
        self.area.links().iter().filter(allowed).map(link).collect()
    }

    /// The languages that this page can be had in. One that answers a form can be had once, as it is.
    pub fn languages(&self) -> Vec<Offered> {
        if self.answers_form {
            return Vec::new();
        }
        let offered = |language: Language| Offered {
            language,
            href: self.here_in(language),
            current: language == self.words.language,
        };
        Language::ALL.map(offered).into()
    }

    /// This page's address in another language.
    fn here_in(&self, language: Language) -> String {
        let parameters = url::form_urlencoded::parse(self.query.as_bytes());
        let others = parameters.filter(|(name, _)| name != PARAMETER);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair(PARAMETER, language.code())
            .finish();
        format!("{}?{query}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_of_an_area_as_a_whole() {
        assert_eq!(Area::of("/desk"), Area::Desk);
        assert_eq!(Area::of("/desk/login"), Area::Desk);
        assert_eq!(Area::of("/desktop"), Area::Wallet);
        assert_eq!(Area::of("/operator/cards"), Area::Operator);
        assert_eq!(Area::of("/"), Area::Wallet);
    }

    #[test]
    fn the_title_bar_marks_the_page_or_its_section_and_never_two() {
        let check = |path: &str, expected: &[(&str, &str)]| {
            let area = Area::of(path);
            let links = area.links().iter();
            let marked: Vec<_> =
                links.filter_map(|(href, _)| Some((*href, nearness(area, href, path)?))).collect();
            assert_eq!(marked, expected, "{path}");
        };
        check("/desk", &[("/desk", "page")]);
        check("/desk/sales", &[("/desk/sales", "page")]);
        check("/desk/sales/item_1", &[("/desk/sales", "true")]);
        check("/desk/logins", &[("/desk/keys", "true")]);
        check("/desk/webhooks/wh_1", &[("/desk/webhooks", "true")]);
        check("/operator/smart-cards", &[("/operator/cards", "true")]);
        check("/operator/plugins/plug_1/calls", &[("/operator/plugins", "true")]);
        check("/wallet/loads", &[]);
        check("/wallet/account/erase", &[("/wallet/account", "true")]);
        check("/wallet/log", &[]);
    }
}
