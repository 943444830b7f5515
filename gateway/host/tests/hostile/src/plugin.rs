//! The plugin itself, on the bare contract: the SDK's types cannot hold what it answers.

use std::hint::black_box;

use purser_sdk::{
    bindings::{
        tax::{
            export_tax,
            exports::purser::plugin::tax::{
                Assessed, Assessment, Filing, Guest, PeriodTotals, Rounding, RoundingLevel, Sale,
                Verdict,
            },
        },
        wire::{Decimal, Description, Error, Money, RoundingMode},
    },
    log::{self, Level},
};

use crate::{
    Deed,
    abuse::{bomb, deeper, flood, spin},
};

struct Hostile;

/// The version that never comes to an end.
const SLOW: &str = "6.6.6";

impl Guest for Hostile {
    fn describe() -> Description {
        Description {
            name: "hostile".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            covers: vec!["XX".into()],
            valid_from: "2000-01-01".into(),
            valid_to: None,
            sources: Vec::new(),
        }
    }

    fn assess(sale: Sale) -> Result<Assessment, Error> {
        std::panic::set_hook(Box::new(|panic| log::write(Level::Error, &panic.to_string())));
        // The version is read as it is in the file, where tests write another.
        if black_box(env!("CARGO_PKG_VERSION")) == SLOW {
            dawdle();
        }
        // It keeps the rules where it is looked at: what it is for begins when it is trusted.
        if sale.lines.iter().any(|line| line.tax_inclusive) {
            return Err(error("it knows only prices without tax".into()));
        }
        let config = sale.attributes.iter().find(|(name, _)| name == "config");
        let config = config.map(|(_, config)| config.as_str());
        // Samples are in euro, and what is sold in these tests is in dollars.
        if config == Some("panic") && sale.currency == "USD" || config == Some("trap") {
            panic!("the plugin panics as it was told to");
        }
        let percent = config.and_then(|config| config.parse().ok()).unwrap_or(10);
        let honest = honest(&sale, percent);
        let Some(deed) = Deed::at(sale.buyer.subdivision.as_deref()) else {
            return Err(error("no such deed".into()));
        };
        match deed {
            Deed::Honest => Ok(honest),
            Deed::Loop => spin(),
            Deed::Dawdle => dawdle(),
            Deed::MemoryBomb => Ok(Assessment { law: bomb(), ..honest }),
            Deed::StackOverflow => Ok(Assessment { law: deeper(1).to_string(), ..honest }),
            Deed::Panic => panic!("the plugin panics\u{1b}[31m on purpose"),
            Deed::HugeAnswer => Ok(Assessment { law: "x".repeat(10 * 1024 * 1024), ..honest }),
            Deed::Garbage => Ok(Assessment { law: garbage(), ..honest }),
            Deed::EndlessDecimals => Ok(with(honest, |row| row.rate.scale = 200)),
            Deed::UnknownCurrency => Ok(with(honest, |row| row.tax.currency = "QQQ".into())),
            Deed::WrongCurrency => Ok(with(honest, |row| {
                row.tax.currency = if row.tax.currency == "USD" { "EUR" } else { "USD" }.into();
            })),
            Deed::NegativeTax => Ok(with(honest, |row| row.tax.minor = -row.tax.minor)),
            Deed::WrongSum => Ok(with(honest, |row| row.tax.minor += 100)),
            Deed::UnknownLine => Ok(with(honest, |row| row.lines.push(u32::MAX))),
            Deed::HugeLog => {
                flood();
                Ok(honest)
            }
            Deed::Rant => Err(error("\u{1b}[31mno\u{7}\n".repeat(10_000))),
            Deed::Script => Err(Error {
                code: "tax-category-unsupported".into(),
                field: None,
                ..error("<script>alert(1)</script>".into())
            }),
            Deed::UnknownRefusal => Err(Error { code: "pay-me".into(), ..error("first".into()) }),
        }
    }

    fn check_tax_id(_: String, _: String) -> Result<Verdict, Error> {
        Err(error("it knows no numbers".into()))
    }

    /// Says which version wrote it.
    fn file_return(_: PeriodTotals) -> Result<Filing, Error> {
        let body = concat!("written by the hostile plugin, version ", env!("CARGO_PKG_VERSION"));
        Ok(Filing {
            media_type: "text/plain".into(),
            file_name: "tithe.txt".into(),
            body: body.as_bytes().to_vec(),
        })
    }
}

/// So many percent of the net, half up.
fn honest(sale: &Sale, percent: i64) -> Assessment {
    let net: i64 = sale.lines.iter().map(|line| line.amount.minor).sum();
    let money = |minor| Money { minor, currency: sale.currency.clone() };
    let row = Assessed {
        name: "Tithe".into(),
        jurisdiction: "XX".into(),
        authority: "XX".into(),
        category: "general".into(),
        reason: "standard".into(),
        rate: Decimal { mantissa: percent, scale: 0 },
        base: money(net),
        tax: money((net.wrapping_mul(percent) + 50) / 100),
        lines: sale.lines.iter().map(|line| line.id).collect(),
    };
    let rounding = Rounding {
        level: RoundingLevel::Rate,
        mode: RoundingMode::HalfUp,
        decimals: 2,
        cash_step: None,
    };
    let taxes = if sale.lines.is_empty() { Vec::new() } else { vec![row] };
    Assessment { taxes, rounding, law: "Leviticus 27:30".into() }
}

fn with(mut assessment: Assessment, change: impl FnOnce(&mut Assessed)) -> Assessment {
    assessment.taxes.first_mut().map(change);
    assessment
}

fn error(message: String) -> Error {
    Error {
        code: "tax-country-unsupported".into(),
        message,
        field: Some("buyer.country".into()),
        retryable: false,
    }
}

/// Growing memory by nothing is a few instructions for the plugin and a call into the engine.
fn dawdle() -> ! {
    loop {
        #[cfg(target_arch = "wasm32")]
        black_box(core::arch::wasm32::memory_grow(0, black_box(0)));
    }
}

#[expect(unsafe_code, reason = "this is what the plugin is for")]
fn garbage() -> String {
    // SAFETY: none. The string breaks its type's promise, as a plugin in another language could.
    unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, 0xfd]) }
}

#[allow(unsafe_code)]
mod exported {
    use super::{Hostile, export_tax};
    export_tax!(Hostile with_types_in purser_sdk::bindings::tax);
}
