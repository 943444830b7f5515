//! Fetches the feeds of exchange rates that currency plugins name, from the hosts that their manifests ask for.
//!
//! A plugin reaches nothing by itself: it names an address, and the gateway fetches it, if the operator enabled the
//! plugin, the host stands in its manifest, and the address is https.

use std::{collections::HashMap, time::Duration};

use tokio::{sync::watch, time::Instant};
use url::Url;

use super::{failed, wait};
use crate::{
    app::rates::{self, Source},
    gateway::Gateway,
    outbound::{Answer, Limits, Method, Request},
    problem::{self, Problem},
};

/// How often the schedule is looked at.
const TICK: Duration = Duration::from_secs(60);
/// No feed changes faster than this, whatever its plugin says.
const PERIOD_MIN: Duration = Duration::from_secs(15 * 60);
/// A feed that failed is tried again after this.
const RETRY: Duration = Duration::from_secs(15 * 60);
/// A central bank's file takes a second.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn run(gateway: Gateway, mut stopped: watch::Receiver<bool>) {
    let mut due: HashMap<String, Instant> = HashMap::new();
    loop {
        if let Err(problem) = round(&gateway, &mut due).await {
            failed(&gateway, "feeds", &problem);
        }
        if wait(&mut stopped, TICK).await {
            return;
        }
    }
}

async fn round(gateway: &Gateway, due: &mut HashMap<String, Instant>) -> Result<(), Problem> {
    for source in rates::sources(gateway).await? {
        let name = format!("{} {}", source.plugin.digest(), source.feed.id);
        if due.get(&name).is_some_and(|due| Instant::now() < *due) {
            continue;
        }
        let minutes = u64::from(source.feed.every_minutes);
        let period = Duration::from_secs(minutes.saturating_mul(60)).max(PERIOD_MIN);
        let next = match fetch_and_keep(gateway, &source).await {
            Ok(()) => period,
            Err(problem) => {
                failed(gateway, "feeds", &problem);
                RETRY
            }
        };
        due.insert(name, Instant::now() + next);
    }
    Ok(())
}

async fn fetch_and_keep(gateway: &Gateway, source: &Source) -> Result<(), Problem> {
    let url = granted(&source.feed.url, &source.plugin.manifest().hosts)?;
    let bytes = fetch(gateway, url).await.map_err(|error| {
        Problem::new(problem::RATES_TOO_OLD)
            .detail(format!("{} cannot be fetched: {error}", source.feed.id))
    })?;
    let imported = rates::keep(gateway, source, &bytes).await?;
    tracing::info!(
        rates.feed = %source.feed.id, rates.as_of = %imported.newest.table.as_of, rates.new = imported.new,
        "rates were fetched"
    );
    Ok(())
}

/// The address, if its host was granted and nobody can change what is read on the way.
fn granted(address: &str, hosts: &[String]) -> Result<Url, Problem> {
    let url =
        Url::parse(address).ok().filter(|url| url.scheme() == "https" && url.username().is_empty());
    let host = url.as_ref().and_then(Url::host_str);
    match url.as_ref().zip(host) {
        Some((url, host))
            if url.port().is_none() && hosts.iter().any(|granted| granted == host) =>
        {
            Ok(url.clone())
        }
        _ => Err(Problem::new(problem::PLUGIN_FAILED)
            .detail("a feed is at an address that was not granted")),
    }
}

/// The bytes of a feed. A redirect is a failure: it could lead to a host that was not granted.
async fn fetch(gateway: &Gateway, url: Url) -> Result<Vec<u8>, String> {
    let answer = Answer::AtMost(gateway.plugins.limits().input_bytes);
    let limits = Limits { total: TIMEOUT, answer, ..Limits::default() };
    let request = Request { method: Method::GET, url, headers: Vec::new(), body: Vec::new() };
    let reply = gateway.outbound.send(request, &limits).await.map_err(|error| error.to_string())?;
    if reply.status == 200 { Ok(reply.body) } else { Err(format!("status {}", reply.status)) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_granted_hosts_are_fetched_and_only_by_https() {
        let hosts = ["www.ecb.europa.eu".to_owned()];
        let granted = |address: &str| super::granted(address, &hosts).is_ok();
        assert!(granted("https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"));
        for address in [
            "http://www.ecb.europa.eu/x",
            "https://www.ecb.europa.eu.evil.example/x",
            "https://www.ecb.europa.eu:8443/x",
            "https://www.ecb.europa.eu@evil.example/x",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
            "x",
        ] {
            assert!(!granted(address), "{address}");
        }
    }
}
