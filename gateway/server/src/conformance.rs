//! The rules that all plugins keep: the same answer at the same cost, sums that can be booked, and no fault
//! whatever they are given. `purser plugin test` shows them to an author; the gateway holds a file to them before it
//! takes it.

use jiff::civil::Date;
use purser_core::{
    place::Place,
    rate::{ConversionPolicy, RateTable},
    tax::{Category, Line, Sale},
};
use purser_host::{ByHandError, CallError, CurrencyPlugin, Plugin, Role, StampsPlugin, TaxPlugin};
use purser_money::{Currency, Rate, Rounding};

use self::{
    patience::Patience,
    samples::{Sample, odd_price},
};
use crate::cli::report::{Finding, Verdict};

mod configured;
mod damage;
mod marks;
mod messages;
mod patience;
mod samples;

pub use self::configured::{Unusable, configured};

/// A document of none, one and a thousand lines.
const LINES: [i64; 3] = [0, 1, 1000];

/// A call that the plugin's author knows: a function and its arguments as JSON.
pub type Known = (String, String);

/// What holding a plugin against the rules has shown.
#[derive(Debug)]
pub struct Held {
    /// A finding for each rule.
    pub findings: Vec<Finding>,
    /// Whether a call got no time twice: then what failed may be the machine's fault.
    pub ran_late: bool,
}

/// Holds a plugin against all rules.
pub async fn run(plugin: &Plugin, cases: &[Known], today: Date) -> Held {
    let place = plugin.description().covers.first().cloned().unwrap_or_else(|| {
        let usual = match plugin.role() {
            Role::Tax => "DE",
            Role::Currency | Role::Webhook => "EUR",
            Role::Stamps => "US",
        };
        usual.to_owned()
    });
    let (samples, patience) = (samples::of(plugin.role(), &place), Patience::default());
    let findings = vec![
        repeatable(plugin, &samples, cases, &patience).await,
        hostile(plugin, &samples, &patience).await,
        answers(plugin, &place, today, &patience).await,
    ];
    Held { findings, ran_late: patience.is_exhausted() }
}

/// What the role asks of answers beyond their types.
async fn answers(plugin: &Plugin, place: &str, today: Date, patience: &Patience) -> Finding {
    if let Some(tax) = plugin.tax() {
        return sums(plugin, &tax, today, patience).await;
    }
    if let Some(currency) = plugin.currency() {
        return legs(&currency, today, patience).await;
    }
    if let Some(webhook) = plugin.webhook() {
        return messages::run(&webhook, patience).await;
    }
    match plugin.stamps() {
        Some(stamps) => match services(&stamps, patience).await {
            services @ Finding { verdict: Verdict::Fail, .. } => services,
            _ => marks::run(&stamps, place, today, patience).await,
        },
        None => Finding::fail("answers", "the plugin has no role", "name one in plugin.toml"),
    }
}

/// What a vendor sells is within its bounds; one that needs a configuration first may say so.
async fn services(stamps: &StampsPlugin, patience: &Patience) -> Finding {
    match patience.ask(async || stamps.services(None).await).await {
        Ok(called) => {
            let services = called.value.len();
            Finding::ok("services", format!("{services} services are within their bounds"))
        }
        Err(CallError::Refused(refusal)) => Finding::ok("services", refusal.message),
        Err(error) => {
            Finding::fail("services", error, "name every service once, with places that there are")
        }
    }
}

/// The same input gives the same bytes for the same fuel, or the same refusal: else nothing could be replayed.
async fn repeatable(
    plugin: &Plugin,
    samples: &[Sample],
    cases: &[Known],
    patience: &Patience,
) -> Finding {
    let describe = [("describe", "{}".to_owned())];
    let samples = samples.iter().map(|sample| (sample.function, sample.input.to_string()));
    let cases = cases.iter().map(|(function, input)| (function.as_str(), input.clone()));
    let mut compared = 0_usize;
    for (function, input) in describe.into_iter().chain(samples).chain(cases) {
        let one = outcome(plugin, function, &input, patience).await;
        if one != outcome(plugin, function, &input, patience).await {
            return Finding::fail(
                "repeatable",
                format!("{function} answers or costs something else the second time"),
                "sort what comes out of hash maps; keep no state between calls",
            );
        }
        compared = compared.saturating_add(1);
    }
    let detail = format!("{compared} calls gave the same bytes for the same fuel twice");
    Finding::ok("repeatable", detail)
}

/// What a call gives and costs, or how it fails.
async fn outcome(
    plugin: &Plugin,
    function: &str,
    input: &str,
    patience: &Patience,
) -> Result<(String, u64), String> {
    match patience.ask(async || plugin.call_json(function, input).await).await {
        Ok(called) => Ok((called.value, called.evidence.fuel)),
        Err(error) => Err(error.to_string()),
    }
}

/// Whatever comes in, the plugin answers or refuses.
async fn hostile(plugin: &Plugin, samples: &[Sample], patience: &Patience) -> Finding {
    for sample in samples {
        let input = sample.input.to_string();
        match patience.ask(async || plugin.call_json(sample.function, &input).await).await {
            Ok(_) | Err(ByHandError::Call(CallError::Refused(_))) => {}
            Err(error) => {
                return Finding::fail(
                    "hostile input",
                    format!("{}: {} of {}: {error}", plugin.name(), sample.function, sample.name),
                    "check arguments, and refuse with an error instead of a panic",
                );
            }
        }
    }
    Finding::ok("hostile input", format!("{} kinds were answered or refused", samples.len()))
}

/// Documents of every size can be booked, in every country.
async fn sums(plugin: &Plugin, tax: &TaxPlugin, today: Date, patience: &Patience) -> Finding {
    let mut assessed = 0_usize;
    for country in &plugin.description().covers {
        for lines in LINES {
            let Some(sale) = document(country, lines, today) else { continue };
            match patience.ask(async || tax.assess(&sale).await).await {
                Ok(_) => assessed = assessed.saturating_add(1),
                Err(CallError::Refused(_)) => {}
                Err(error) => return not_booked(format!("{lines} lines in {country}: {error}")),
            }
        }
    }
    match assessed {
        0 => Finding::warn(
            "sums",
            "no sale of today was assessed",
            "name the plugin's countries in plugin.toml",
        ),
        _ => Finding::ok(
            "sums",
            format!("{assessed} documents of 0, 1 and 1000 lines can be booked"),
        ),
    }
}

fn not_booked(detail: String) -> Finding {
    Finding::fail(
        "sums",
        detail,
        "taxes are of the lines' net, not negative, and name each line at most once",
    )
}

fn document(country: &str, lines: i64, today: Date) -> Option<Sale> {
    let (currency, place) = (Currency::parse("EUR").ok()?, Place::parse(country).ok()?);
    let line = |index| Line {
        category: Category::General,
        amount: odd_price(currency, index),
        tax_inclusive: index % 2 == 1,
    };
    Some(Sale {
        date: today,
        currency,
        seller: place.clone(),
        registrations: Vec::new(),
        buyer: place,
        buyer_tax_id: None,
        lines: (0..lines).map(line).collect(),
    })
}

/// Conversions are what their legs give, in every rounding and direction.
async fn legs(plugin: &CurrencyPlugin, today: Date, patience: &Patience) -> Finding {
    let Some(table) = table(today) else {
        return Finding::fail(
            "legs",
            "the table of rates cannot be made",
            "report this defect of purser",
        );
    };
    let mut converted = 0_usize;
    for (from, to) in [("EUR", "USD"), ("USD", "EUR"), ("JPY", "USD"), ("USD", "KWD")] {
        let (Ok(from), Ok(to)) = (Currency::parse(from), Currency::parse(to)) else { continue };
        for rounding in [Rounding::Down, Rounding::Up, Rounding::HalfUp] {
            let amount = odd_price(from, 1);
            let policy = ConversionPolicy { today, max_age_days: 5, rounding };
            let convert = async || plugin.convert(amount, to, &table, &policy).await;
            match patience.ask(convert).await {
                Ok(_) => converted = converted.saturating_add(1),
                Err(CallError::Refused(_)) => {}
                Err(error) => return not_converted(format!("{from} to {to}: {error}")),
            }
        }
    }
    match converted {
        0 => Finding::warn(
            "legs",
            "none of euros, dollars, yen and dinars was converted",
            "show conversions of the plugin's own currencies in tests/*.json",
        ),
        _ => Finding::ok("legs", format!("{converted} conversions are what their legs give")),
    }
}

fn not_converted(detail: String) -> Finding {
    Finding::fail(
        "legs",
        detail,
        "name every step by its published rate, and round once, at the end",
    )
}

fn table(as_of: Date) -> Option<RateTable> {
    let rate = |(code, ten_thousandths)| {
        Some((Currency::parse(code).ok()?, Rate::from_parts(ten_thousandths, 4).ok()?))
    };
    let rates = [("USD", 1_0705), ("JPY", 171_9400), ("KWD", 3285)]
        .into_iter()
        .map(rate)
        .collect::<Option<_>>()?;
    Some(RateTable { source: "test".to_owned(), as_of, base: Currency::parse("EUR").ok()?, rates })
}
