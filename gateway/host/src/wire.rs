//! The contract's records as they cross the border: `sdk/wit` word for word, so that wasmtime can check each
//! plugin's types against these when it is loaded. Their JSON is the one of [`crate::json`].
//!
//! Records are here and not generated so that one type carries both the crossing and the JSON.
#![expect(
    dead_code,
    reason = "the cases of enums are made by lifting, which the compiler does not see"
)]

use serde::{Serialize, Serializer};
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::json;

pub(crate) mod http;
pub(crate) mod stamps;
pub(crate) mod webhook;

pub(crate) type Attributes = Vec<(String, String)>;

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(record)]
pub(crate) struct Money {
    pub(crate) minor: i64,
    pub(crate) currency: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Decimal {
    pub(crate) mantissa: i64,
    pub(crate) scale: u8,
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&json::decimal_text(self.mantissa, self.scale))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub(crate) enum RoundingMode {
    #[component(name = "half-up")]
    HalfUp,
    #[component(name = "half-even")]
    HalfEven,
    #[component(name = "half-down")]
    HalfDown,
    #[component(name = "down")]
    Down,
    #[component(name = "up")]
    Up,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(record)]
pub(crate) struct Place {
    pub(crate) country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subdivision: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Error {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) field: Option<String>,
    pub(crate) retryable: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) covers: Vec<String>,
    #[component(name = "valid-from")]
    pub(crate) valid_from: String,
    #[component(name = "valid-to")]
    pub(crate) valid_to: Option<String>,
    pub(crate) sources: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Line {
    pub(crate) id: u32,
    pub(crate) category: String,
    pub(crate) quantity: u32,
    pub(crate) amount: Money,
    #[component(name = "tax-inclusive")]
    pub(crate) tax_inclusive: bool,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
pub(crate) struct Registration {
    pub(crate) authority: String,
    pub(crate) scheme: String,
    pub(crate) number: String,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Sale {
    pub(crate) date: String,
    pub(crate) currency: String,
    pub(crate) seller: Place,
    pub(crate) registrations: Vec<Registration>,
    pub(crate) buyer: Place,
    #[component(name = "buyer-tax-id")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buyer_tax_id: Option<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub(crate) enum RoundingLevel {
    #[component(name = "unit")]
    Unit,
    #[component(name = "line")]
    Line,
    #[component(name = "rate")]
    Rate,
    #[component(name = "invoice")]
    Invoice,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Rounding {
    pub(crate) level: RoundingLevel,
    pub(crate) mode: RoundingMode,
    pub(crate) decimals: u8,
    #[component(name = "cash-step")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cash_step: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub(crate) struct Assessed {
    pub(crate) name: String,
    pub(crate) jurisdiction: String,
    pub(crate) authority: String,
    pub(crate) category: String,
    pub(crate) reason: String,
    pub(crate) rate: Decimal,
    pub(crate) base: Money,
    pub(crate) tax: Money,
    pub(crate) lines: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub(crate) struct Assessment {
    pub(crate) taxes: Vec<Assessed>,
    pub(crate) rounding: Rounding,
    pub(crate) law: String,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub(crate) struct Verdict {
    pub(crate) valid: bool,
    pub(crate) normalized: String,
    pub(crate) country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
pub(crate) struct PeriodLine {
    pub(crate) jurisdiction: String,
    pub(crate) category: String,
    pub(crate) reason: String,
    pub(crate) rate: Decimal,
    pub(crate) base: Money,
    pub(crate) tax: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) corrects: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
pub(crate) struct PeriodTotals {
    pub(crate) authority: String,
    pub(crate) period: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    pub(crate) lines: Vec<PeriodLine>,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Filing {
    #[component(name = "media-type")]
    pub(crate) media_type: String,
    #[component(name = "file-name")]
    pub(crate) file_name: String,
    #[serde(serialize_with = "json::bytes")]
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Feed {
    pub(crate) id: String,
    pub(crate) url: String,
    #[component(name = "media-type")]
    pub(crate) media_type: String,
    #[component(name = "every-minutes")]
    pub(crate) every_minutes: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(record)]
pub(crate) struct Quoted {
    pub(crate) currency: String,
    pub(crate) rate: Decimal,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RateTable {
    pub(crate) source: String,
    #[component(name = "as-of")]
    pub(crate) as_of: String,
    pub(crate) base: String,
    pub(crate) rates: Vec<Quoted>,
    pub(crate) attributes: Attributes,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lower, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Policy {
    pub(crate) today: String,
    #[component(name = "max-age-days")]
    pub(crate) max_age_days: u32,
    pub(crate) mode: RoundingMode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(enum)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub(crate) enum Operation {
    #[component(name = "multiply")]
    Multiply,
    #[component(name = "divide")]
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
pub(crate) struct LegRounding {
    pub(crate) decimals: u8,
    pub(crate) mode: RoundingMode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Leg {
    pub(crate) operation: Operation,
    pub(crate) rate: Decimal,
    #[component(name = "then-round")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) then_round: Option<LegRounding>,
}

#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Serialize)]
#[component(record)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Conversion {
    pub(crate) legs: Vec<Leg>,
    pub(crate) converted: Money,
    pub(crate) source: String,
    #[component(name = "as-of")]
    pub(crate) as_of: String,
    #[component(name = "valid-until")]
    pub(crate) valid_until: String,
}
