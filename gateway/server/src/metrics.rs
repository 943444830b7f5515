//! What the gateway counts, for Prometheus.
//!
//! Labels come from closed sets (routes, problem names, plugins that are installed), never from what a client
//! sends, so that nobody can make the set of series grow.

use std::time::{Duration, Instant};

use prometheus::{
    Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder, core::Collector, proto::MetricFamily,
};
use purser_core::{
    command::{Command, Outcome},
    refusal::Refusal,
};
use purser_store::{TellerCounts, delivery::Outcome as Delivered};

/// From a cached answer to a login's Argon2: the buckets, in seconds.
const REQUEST_BUCKETS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// A plugin call takes tens of microseconds and ends at its wall clock.
const PLUGIN_BUCKETS: [f64; 10] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1];

/// Every metric's name begins with it.
const NAMESPACE: &str = "purser";

/// All counters. Cheap to use: an atomic increment behind a look-up.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    commands: IntCounterVec,
    plugin_calls: HistogramVec,
    plugin_failures: IntCounterVec,
    teller: HistogramVec,
    webhook_attempts: HistogramVec,
    webhook_deliveries: IntGaugeVec,
    rates_age: GaugeVec,
    check_ok: IntGauge,
    streams: IntGaugeVec,
    slow_hashes: IntCounterVec,
    background_failures: IntCounterVec,
    seconds_since_epoch_of_check: Gauge,
}

impl Metrics {
    /// Counters at zero.
    ///
    /// # Errors
    ///
    /// When two of them have the same name, which a test rules out.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some(NAMESPACE.to_owned()), None)?;
        let metrics = Self {
            requests: HistogramVec::new(
                histogram(
                    "http_request_duration_seconds",
                    "Time to answer a request.",
                    &REQUEST_BUCKETS,
                ),
                &["method", "route", "status"],
            )?,
            commands: IntCounterVec::new(
                Opts::new("commands_total", "Commands that the teller decided, by outcome."),
                &["command", "outcome"],
            )?,
            plugin_calls: HistogramVec::new(
                histogram(
                    "plugin_call_duration_seconds",
                    "Time of a plugin call.",
                    &PLUGIN_BUCKETS,
                ),
                &["function"],
            )?,
            plugin_failures: IntCounterVec::new(
                Opts::new("plugin_failures_total", "Plugin calls that had no answer."),
                &["function"],
            )?,
            teller: HistogramVec::new(
                histogram(
                    "teller_duration_seconds",
                    "Time from handing a command to the teller to its decision.",
                    &REQUEST_BUCKETS,
                ),
                &["command"],
            )?,
            webhook_attempts: HistogramVec::new(
                histogram(
                    "webhook_attempt_duration_seconds",
                    "Time of a try to deliver an event to an endpoint, by what came of it.",
                    &REQUEST_BUCKETS,
                ),
                &["outcome"],
            )?,
            webhook_deliveries: IntGaugeVec::new(
                Opts::new(
                    "webhook_deliveries",
                    "Deliveries to active endpoints that are not done, and those of them that are due.",
                ),
                &["queue"],
            )?,
            rates_age: GaugeVec::new(
                Opts::new("rates_age_seconds", "Age of the newest exchange rates, by source."),
                &["source"],
            )?,
            check_ok: IntGauge::new(
                "ledger_check_ok",
                "1 when the last check proved the books, 0 when it did not, -1 before the first.",
            )?,
            streams: IntGaugeVec::new(
                Opts::new("streams_open", "Live event streams that are open."),
                &["stream"],
            )?,
            slow_hashes: IntCounterVec::new(
                Opts::new("slow_hashes_total", "Argon2 hashes of what people remember, by desk."),
                &["desk"],
            )?,
            background_failures: IntCounterVec::new(
                Opts::new("background_failures_total", "Rounds of background work that failed."),
                &["loop"],
            )?,
            seconds_since_epoch_of_check: Gauge::new(
                "ledger_check_timestamp_seconds",
                "When the books were last checked.",
            )?,
            registry,
        };
        metrics.register()?;
        metrics.check_ok.set(-1);
        Ok(metrics)
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        let version =
            IntGaugeVec::new(Opts::new("build_info", "The version that runs."), &["version"])?;
        version.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let all: [Box<dyn Collector>; 14] = [
            Box::new(version),
            Box::new(self.requests.clone()),
            Box::new(self.commands.clone()),
            Box::new(self.plugin_calls.clone()),
            Box::new(self.plugin_failures.clone()),
            Box::new(self.teller.clone()),
            Box::new(self.webhook_attempts.clone()),
            Box::new(self.webhook_deliveries.clone()),
            Box::new(self.rates_age.clone()),
            Box::new(self.check_ok.clone()),
            Box::new(self.streams.clone()),
            Box::new(self.slow_hashes.clone()),
            Box::new(self.background_failures.clone()),
            Box::new(self.seconds_since_epoch_of_check.clone()),
        ];
        all.into_iter().try_for_each(|collector| self.registry.register(collector))
    }

    /// A request was answered. `route` is the pattern that matched (`/v1/purchases/{id}`), never the path.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let status = status_label(status);
        self.requests.with_label_values(&[method, route, status]).observe(took.as_secs_f64());
    }

    /// A command goes to the teller, until what this returns is decided.
    pub fn at_teller(&self, command: &Command) -> AtTeller<'_> {
        AtTeller { metrics: self, command: name_of(command), since: Instant::now() }
    }

    /// A plugin was called; `function` is the contract's (`tax.assess`).
    pub fn plugin_called(&self, function: &'static str, took: Duration, failed: bool) {
        self.plugin_calls.with_label_values(&[function]).observe(took.as_secs_f64());
        if failed {
            self.plugin_failures.with_label_values(&[function]).inc();
        }
    }

    /// An endpoint was tried to be told of an event.
    pub fn webhook_attempt(&self, outcome: Delivered, took: Duration) {
        self.webhook_attempts.with_label_values(&[outcome.name()]).observe(took.as_secs_f64());
    }

    /// How many deliveries are not done, and how many of them are due.
    pub fn webhooks_waiting(&self, waiting: i64, due: i64) {
        self.webhook_deliveries.with_label_values(&["waiting"]).set(waiting);
        self.webhook_deliveries.with_label_values(&["due"]).set(due);
    }

    /// How old the newest rates of a source are.
    pub fn rates_age(&self, source: &str, age: Duration) {
        self.rates_age.with_label_values(&[source]).set(age.as_secs_f64());
    }

    /// The books were checked at `at`.
    pub fn ledger_checked(&self, ok: bool, at: jiff::Timestamp) {
        self.check_ok.set(i64::from(ok));
        self.seconds_since_epoch_of_check
            .set(Duration::from_secs(at.as_second().unsigned_abs()).as_secs_f64());
    }

    /// A live stream was opened; it is counted until what this returns is dropped.
    pub fn stream_open(&self, stream: &str) -> StreamOpen {
        let gauge = self.streams.with_label_values(&[stream]);
        gauge.inc();
        StreamOpen(gauge)
    }

    /// The counter of the slow hashes that a desk makes.
    pub fn slow_hashes(&self, desk: &str) -> IntCounter {
        self.slow_hashes.with_label_values(&[desk])
    }

    /// A round of background work failed.
    pub fn background_failure(&self, name: &str) {
        self.background_failures.with_label_values(&[name]).inc();
    }

    /// Everything in Prometheus' text format, with what the teller has counted by itself.
    ///
    /// # Errors
    ///
    /// When a metric cannot be written, which would be a defect of this file.
    pub fn render(&self, teller: TellerCounts) -> Result<String, prometheus::Error> {
        let mut families = self.registry.gather();
        families.extend(teller_families(teller)?);
        TextEncoder::new().encode_to_string(&families)
    }
}

/// A command that waits for the teller.
pub struct AtTeller<'a> {
    metrics: &'a Metrics,
    command: &'static str,
    since: Instant,
}

impl AtTeller<'_> {
    /// The teller decided it.
    pub fn decided(self, outcome: &Outcome) {
        let outcome = outcome.as_ref().map_or_else(Refusal::name, |_| "done");
        self.metrics.commands.with_label_values(&[self.command, outcome]).inc();
        let took = self.since.elapsed().as_secs_f64();
        self.metrics.teller.with_label_values(&[self.command]).observe(took);
    }
}

/// A command's name in metrics.
const fn name_of(command: &Command) -> &'static str {
    match command {
        Command::Load(_) => "load",
        Command::Purchase(_) => "purchase",
        Command::Refund(_) => "refund",
        Command::Goodwill(_) => "goodwill",
        Command::Transfer(_) => "transfer",
        Command::EraseAccount(_) => "erase-account",
        Command::ActivateBatch(_) => "activate-batch",
        Command::ActivateCard(_) => "activate-card",
        Command::BlockCard(_) => "block-card",
        Command::BuyStamp(_) => "buy-stamp",
        Command::IssueStamp(_) => "issue-stamp",
        Command::FailStamp(_) => "fail-stamp",
        Command::ScanStamp(_) => "scan-stamp",
        Command::VoidStamp(_) => "void-stamp",
        Command::Trade(_) => "trade",
        Command::Remit(_) => "remit",
        Command::Payout(_) => "payout",
        Command::Settle(_) => "settle",
        Command::Note(_) => "note",
    }
}

/// An open stream, for the gauge.
#[derive(Debug)]
pub struct StreamOpen(IntGauge);

impl Drop for StreamOpen {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The teller counts in the store; here its figures only get their names.
fn teller_families(counts: TellerCounts) -> Result<Vec<MetricFamily>, prometheus::Error> {
    let named = |name: &str, help: &str| Opts::new(name, help).namespace(NAMESPACE);
    let turns = IntCounter::with_opts(named(
        "teller_turns_total",
        "Database transactions in which the teller decided commands.",
    ))?;
    turns.inc_by(counts.turns);
    let commands = IntCounter::with_opts(named(
        "teller_turn_commands_total",
        "Commands decided in the teller's transactions: divided by their number, how many share one.",
    ))?;
    commands.inc_by(counts.commands);
    let waiting = IntGauge::with_opts(named(
        "teller_queue_length",
        "Commands and small changes that wait in the teller's queue.",
    ))?;
    waiting.set(i64::try_from(counts.waiting).unwrap_or(i64::MAX));
    Ok([turns.collect(), commands.collect(), waiting.collect()].concat())
}

fn histogram(name: &str, help: &str, buckets: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(buckets.to_vec())
}

/// The statuses that the gateway answers with; anything else is counted together.
fn status_label(status: u16) -> &'static str {
    match status {
        200 => "200",
        201 => "201",
        204 => "204",
        304 => "304",
        400 => "400",
        401 => "401",
        402 => "402",
        403 => "403",
        404 => "404",
        405 => "405",
        409 => "409",
        413 => "413",
        422 => "422",
        429 => "429",
        500 => "500",
        502 => "502",
        503 => "503",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use purser_core::{ids::CardId, stock::BlockCard};

    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new().unwrap();
        metrics.request("POST", "/v1/purchases", 201, Duration::from_millis(3));
        let block = Command::BlockCard(BlockCard { card: CardId::from_random(1) });
        metrics.at_teller(&block).decided(&Err(Refusal::NotFound));
        metrics.slow_hashes("logins").inc();
        let open = metrics.stream_open("events");
        let teller = TellerCounts { turns: 7, commands: 900, waiting: 3 };
        let text = metrics.render(teller).unwrap();
        for line in [
            r#"purser_http_request_duration_seconds_count{method="POST",route="/v1/purchases",status="201"} 1"#,
            r#"purser_commands_total{command="block-card",outcome="not-found"} 1"#,
            r#"purser_teller_duration_seconds_count{command="block-card"} 1"#,
            r#"purser_teller_turns_total 7"#,
            r#"purser_teller_turn_commands_total 900"#,
            r#"purser_teller_queue_length 3"#,
            r#"purser_streams_open{stream="events"} 1"#,
            r#"purser_slow_hashes_total{desk="logins"} 1"#,
            r#"purser_ledger_check_ok -1"#,
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        drop(open);
        let text = metrics.render(teller).unwrap();
        assert!(text.contains(r#"purser_streams_open{stream="events"} 0"#));
    }
}
