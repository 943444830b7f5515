//! What goes wrong, as clients see it: RFC 9457 problems, each with one name, one meaning and one cure.
//!
//! Everything that can fail ends here: this is the one place where errors of the other parts become problems.
//! Internal text never leaves the process.

mod from;

use std::{sync::Arc, time::Duration};

use purser_money::MoneyError;
use serde_json::{Map, Value};

use crate::app::basket::Basket;

/// A problem's name, and with it status and text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(&'static Text);

#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Text {
    name: &'static str,
    status: u16,
    title: &'static str,
    meaning: &'static str,
    cure: &'static str,
}

impl Kind {
    /// The name: the last part of `type`.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.0.status
    }

    /// One line for people.
    pub const fn title(self) -> &'static str {
        self.0.title
    }

    /// What it means.
    pub const fn meaning(self) -> &'static str {
        self.0.meaning
    }

    /// What to do.
    pub const fn cure(self) -> &'static str {
        self.0.cure
    }

    /// The problem of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// Every problem there is.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|kind| **kind)
    }
}

macro_rules! kinds {
    ($($constant:ident = $name:literal, $status:literal, $title:literal, $meaning:literal, $cure:literal;)*) => {
        $(
            #[doc = $title]
            pub const $constant: Kind = Kind(&Text {
                name: $name, status: $status, title: $title, meaning: $meaning, cure: $cure,
            });
        )*
        static ALL: &[&Kind] = &[$(&$constant),*];
    };
}

kinds! {
    MALFORMED_REQUEST = "malformed-request", 400, "The request cannot be read",
        "A part of the request has the wrong form: `field` names it and `detail` says how.",
        "Correct that field and send the request again. Fields that this call does not know are refused too.";
    INVALID_AMOUNT = "invalid-amount", 400, "That amount cannot be moved",
        "The amount is zero, has more decimals than its currency, is too large, or would become nothing when converted.",
        "Send a decimal string above zero with at most the decimals of its ISO 4217 currency, like \"12.34\" EUR or \"500\" JPY.";
    UNKNOWN_CURRENCY = "unknown-currency", 400, "No such currency",
        "The code is no active currency of ISO 4217 that has a minor unit.",
        "Use the three capital letters of the currency, like EUR.";
    KEY_MISSING = "idempotency-key-missing", 400, "The Idempotency-Key header is missing",
        "Calls that move money need a key, so that a retry never moves it twice.",
        "Send an Idempotency-Key of 1 to 255 visible ASCII characters, new for each intent and the same for each retry.";
    NOT_AUTHENTICATED = "not-authenticated", 401, "Please sign in",
        "The Authorization header is missing, or its token or key is wrong, expired or ended.",
        "Send `Authorization: Bearer` with a fresh access token, a merchant key or an operator key.";
    WRONG_CREDENTIALS = "wrong-credentials", 401, "Those credentials are not right",
        "E-mail, PIN, password or code do not belong together. Which of them is wrong is not said.",
        "Check all of them. With the recovery code new ones can be set.";
    INSUFFICIENT_FUNDS = "insufficient-funds", 402, "There is not enough money",
        "The vault, or the card, holds less than this takes. Nothing moved.",
        "Load a card first, or ask for less.";
    SCOPE_MISSING = "scope-missing", 403, "This key may not do that",
        "The key is right, but lacks the scope that the call needs.",
        "Use a key with that scope; a merchant's keys are made under /v1/api-keys.";
    VAULT_INACTIVE = "vault-inactive", 403, "This vault is closed",
        "Refunds went past their threshold, or the account was erased. What was left in the vault is on its compensation card.",
        "Sign in to see the compensation code, and load it into another account.";
    PIN_REQUIRED = "pin-required", 403, "The PIN is needed for this amount",
        "The amount is above the step-up limit, and the request holds no PIN or a wrong one.",
        "Send the same request with `pin`. Five wrong PINs in a row end the session.";
    PASSKEY_NEEDED = "passkey-needed", 403, "This account asks for a passkey too",
        "E-mail, PIN and password are right, but the account has a passkey, which only a browser can show.",
        "Sign in on the gateway's own pages, under /login.";
    PASSKEY_REFUSED = "passkey-refused", 403, "That passkey is not accepted",
        "It is not one of those that are known here, or it was shown too late, twice, or in another browser.",
        "Begin again, and confirm with the passkey within five minutes.";
    FORM_EXPIRED = "form-expired", 403, "This form cannot be sent any more",
        "It was opened before you signed in or out, or another site has sent it.",
        "Open the page again and send its form from there.";
    NOT_FOUND = "not-found", 404, "There is no such thing",
        "It does not exist, or it is somebody else's.",
        "Check the address and the id.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "This address does not take that method",
        "There is something at this address, but it cannot be asked for in this way.",
        "Use one of the methods that the Allow header names; /docs lists all calls.";
    REQUEST_IN_PROGRESS = "request-in-progress", 409, "The first request with this key is still running",
        "A request with the same Idempotency-Key has not been answered yet.",
        "Wait a moment and send the same request with the same key again.";
    ALREADY_REFUNDED = "already-refunded", 409, "This item was refunded before",
        "Each item can go back once; `refund` names the refund that was made.",
        "Nothing is to be done: the money came back then.";
    REFUND_LIMIT_EXCEEDED = "refund-limit-exceeded", 409, "No more refunds in this period",
        "As many refunds as the policy allows were made in the running period.",
        "Ask the merchant, who can give a refund of its own accord, or wait until the period is over.";
    REFUND_WINDOW_CLOSED = "refund-window-closed", 409, "The time for a refund is over",
        "The item was a final sale, or was bought too long ago.",
        "Ask the merchant, who can give a refund of its own accord.";
    OFFER_ALREADY_USED = "offer-already-used", 409, "This offer was bought before",
        "The merchant made the offer for one purchase only.",
        "Ask the merchant for a new offer.";
    CARD_ALREADY_USED = "card-already-used", 409, "This card is empty",
        "The card is right, but nothing is left on it.",
        "Use another card.";
    STAMP_ALREADY_SCANNED = "stamp-already-scanned", 409, "This stamp was used",
        "The stamp was scanned, so it can be neither voided nor refunded.",
        "Nothing is to be done.";
    ALREADY_SETTLED = "already-settled", 409, "It is known already what became of it",
        "The remittance or payout was confirmed, or has failed, before; `settled` says which. Nothing moved.",
        "Nothing is to be done. What failed is owed again: prepare it anew.";
    RETURN_SENT_BEFORE = "return-sent-before", 409, "This return was sent before",
        "The authority accepted it, or may have received it; `detail` says which. Nothing was sent.",
        "Ask the authority whether it has the return. If it has not, send it with `again` and another key.";
    BATCH_PRINTED_BEFORE = "batch-printed-before", 409, "This batch was printed before",
        "A request with the same Idempotency-Key printed it; `batch` names it. Its codes were shown then, and are not shown again.",
        "Use the first answer. If it was lost, leave that batch unsold, and print another with a new key.";
    NOTHING_TO_REMIT = "nothing-to-remit", 409, "There is nothing to tell the authority",
        "Nothing was sold or went back in that period, or earlier remittances told all of it.",
        "See /v1/tax/liabilities for what is owed, and /v1/tax/remittances for what was prepared.";
    PERIOD_NOT_OVER = "period-not-over", 409, "That period is not over",
        "What is sold until its end belongs into its return.",
        "Prepare the remittance when the period has ended, by UTC days. Only a sandbox prepares it earlier.";
    STAMP_HELD = "stamp-held", 409, "This stamp is given back by voiding it",
        "Its vendor holds the money for a stamp back for some days, because scans come late; so its item cannot be refunded at once.",
        "Void the stamp with POST /v1/stamps/{id}/void; the money comes back after `days` days if no scan comes.";
    WEBHOOK_DISABLED = "webhook-disabled", 409, "This endpoint is disabled",
        "An endpoint that is disabled is told nothing. `detail` says why it is.",
        "Enable it with `PATCH /v1/webhooks/{id}` and `{\"enabled\": true}`: it goes on where it stopped.";
    PRICE_CHANGED = "price-changed", 409, "The price is now higher than you agreed to",
        "The total is above `max_total`; `quote` holds the new one. Nothing moved.",
        "Show the new total, and buy with a new `max_total` and a new key if it is accepted.";
    REQUEST_TOO_LARGE = "request-too-large", 413, "The request is too large",
        "The body has more bytes than this call takes.",
        "Send less at a time.";
    OFFER_TAMPERED = "offer-tampered", 422, "This offer is not the merchant's",
        "The offer's signature does not match its content, or no key of that merchant made it.",
        "Get the offer from the merchant again. Merchants: sign with a registered key, and name it in `kid`.";
    OFFER_EXPIRED = "offer-expired", 422, "This offer is over",
        "The offer's `exp` has passed, or its `iat` or `nbf` is still to come.",
        "Ask the merchant for a new offer.";
    OFFER_ELSEWHERE = "offer-not-for-this-gateway", 422, "This offer is for another gateway",
        "The offer's `aud` is not this gateway's issuer.",
        "Merchants: set `aud` to the `issuer` that /v1/gateway shows.";
    NOT_PURCHASED = "not-purchased", 422, "This item was not purchased here",
        "The item is unknown, or was bought from another account.",
        "Check the item's id in your list of purchases.";
    CARD_REFUSED = "card-refused", 422, "This card is not accepted",
        "The card is unknown, not sold yet, expired, blocked, or its tap is not fresh. Which of these is not said.",
        "Check the code, or tap the card again. Then ask where it was bought.";
    KEY_REUSED = "idempotency-key-reused", 422, "That key belongs to another request",
        "The Idempotency-Key was used before with another path or body.",
        "Use a new key for a new intent.";
    CURRENCY_UNSUPPORTED = "currency-unsupported", 422, "That currency cannot be converted",
        "No currency plugin has a rate between the two currencies.",
        "Use another currency, or ask the operator to enable a plugin that knows it.";
    TAX_COUNTRY_UNSUPPORTED = "tax-country-unsupported", 422, "Taxes of that country are not known here",
        "No tax plugin answers for where the buyer consumes, or none is enabled there; or no country was given.",
        "Give the country in `country`, or ask the operator to enable a tax plugin for it.";
    TAX_CATEGORY_UNSUPPORTED = "tax-category-unsupported", 422, "The tax on such an item is not known there",
        "The tax plugin has no sourced rate for the item's category in that country on that day.",
        "Merchants: use another category, or a plugin that knows it.";
    TAX_ID_INVALID = "tax-id-invalid", 422, "That tax number is not valid",
        "The number has the wrong form or check digit.",
        "Correct `tax_id`, or leave it out to buy as a consumer.";
    LIMIT_EXCEEDED = "limit-exceeded", 422, "That is more than the law allows",
        "Anonymous stored value is limited there; `limit` says which limit and `most` how much. Of a limit of \
         whoever is paid nothing is said.",
        "Ask for less.";
    WEBHOOK_URL_REFUSED = "webhook-url-refused", 422, "That address cannot be a webhook",
        "It is not http or https, or it points into a private network.",
        "Use a public https address.";
    POSTAGE_UNSUPPORTED = "postage-unsupported", 422, "This vendor does not carry that",
        "Nothing that the vendor sells carries such a piece from there to there; `field` says what it is about.",
        "Ask POST /v1/stamps/quotes what the vendor carries, or another vendor.";
    PLUGIN_REFUSED = "plugin-refused", 422, "This plugin is refused",
        "The file, or what is asked of the plugin, breaks a rule; `detail` says which, and what to do.",
        "Do what `detail` says; an author finds out more with `purser plugin test`.";
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Too many failed attempts",
        "Failures are counted to keep guessing slow.",
        "Wait as many seconds as Retry-After says.";
    INTERNAL = "internal", 500, "Something went wrong here",
        "The gateway met a state that should not be. The command did not happen, and the operator was alarmed.",
        "Try again with the same Idempotency-Key. If it stays, give the operator the request id.";
    PLUGIN_FAILED = "plugin-failed", 502, "A plugin failed",
        "A plugin crashed, took too long or broke its contract. The command did not happen.",
        "Try again later with the same Idempotency-Key; the operator sees the fault.";
    RETURN_NOT_SENT = "return-not-sent", 502, "The return did not get there",
        "The authority's address could not be reached, or did not answer in time. What happened is kept with the remittance.",
        "If it cannot have arrived, send it again with the same key. If it may have, `detail` says so and what to do.";
    OVERLOADED = "overloaded", 503, "The gateway is busy",
        "More requests are waiting than the gateway takes on. The command did not happen.",
        "Try again with the same Idempotency-Key after Retry-After seconds.";
    DATABASE_UNAVAILABLE = "database-unavailable", 503, "The database does not answer",
        "The gateway cannot reach its database. Whether a command happened is found out with its key.",
        "Try again with the same Idempotency-Key after Retry-After seconds.";
    RATES_TOO_OLD = "rates-too-old", 503, "There are no fresh exchange rates",
        "The newest rates are older than they may be, so nothing is converted.",
        "Try again later. Operators: import rates with `purser rates import`.";
}

/// The members that are the problem's own: those of RFC 9457, and ours.
const MEMBERS: [&str; 8] =
    ["type", "title", "status", "detail", "instance", "field", "quote", "request_id"];

/// What a client is told.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which.
    pub kind: Kind,
    /// This occurrence, for people; never holds a secret or personal data.
    pub detail: String,
    /// The field at fault, as a path: `price.amount`, `offers[2]`.
    pub field: Option<String>,
    /// More members.
    pub with: Map<String, Value>,
    /// Seconds to wait.
    pub retry_after: Option<Duration>,
    /// What the purchase would cost now.
    pub basket: Option<Arc<Basket>>,
}

impl Problem {
    /// A problem with the standard text.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            detail: kind.meaning().to_owned(),
            field: None,
            with: Map::new(),
            retry_after: None,
            basket: None,
        }
    }

    /// The same with its own text.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same about a field.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same with a further member, which is none of those that every problem has.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        debug_assert!(!MEMBERS.contains(&name), "`{name}` means something else in a problem");
        self.with.insert(name.to_owned(), value.into());
        self
    }

    /// The same, to be tried again after a while.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(Duration::from_secs(seconds));
        self
    }

    /// What is not there, or is somebody else's.
    pub fn not_found() -> Self {
        Self::new(NOT_FOUND)
    }

    /// A field of the wrong form.
    pub fn malformed(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(MALFORMED_REQUEST).field(field).detail(detail)
    }

    /// A purchase that would cost more than was agreed to.
    pub fn price_changed(basket: Basket) -> Self {
        Self { basket: Some(Arc::new(basket)), ..Self::new(PRICE_CHANGED) }
    }

    /// A broken invariant: logged here, where it is handled, and told without its text.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, alarm = true, "an invariant is broken");
        Self::new(INTERNAL)
    }

    /// An amount, rate or currency in `field` that was refused.
    pub fn amount(field: &str, error: MoneyError) -> Self {
        let (kind, part) = match error {
            MoneyError::UnknownCurrency => (UNKNOWN_CURRENCY, ".currency"),
            MoneyError::MalformedAmount
            | MoneyError::TooManyDecimals { .. }
            | MoneyError::CurrenciesDiffer(..)
            | MoneyError::MalformedDecimal
            | MoneyError::RateNotPositive
            | MoneyError::PercentOutOfRange
            | MoneyError::NoWeights
            | MoneyError::Overflow => (INVALID_AMOUNT, ".amount"),
        };
        Self::new(kind).field(format!("{field}{part}")).detail(error.to_string())
    }
}
