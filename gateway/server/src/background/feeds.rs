//! Fetches the feeds of exchange rates that currency plugins name, from the hosts that their manifests ask for.
//!
//! A plugin reaches nothing by itself: it names an address, and the gateway fetches it, if the operator enabled the
//! plugin, the host stands in its manifest, and the address is https.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig},
};
use url::Url;

use super::{failed, wait};
use crate::{
    app::rates::{self, Source},
    gateway::Gateway,
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
    let bytes_max = u64::try_from(gateway.plugins.limits().input_bytes).unwrap_or(u64::MAX);
    let address = url.to_string();
    let fetched = spawn_blocking(move || fetch(&address, bytes_max)).await;
    let bytes = fetched.map_err(Problem::internal)?.map_err(|error| {
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

/// The bytes of a feed. Redirects are not followed: they could lead to a host that was not granted.
fn fetch(address: &str, bytes_max: u64) -> Result<Vec<u8>, ureq::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let agent: Agent = Agent::config_builder()
        .https_only(true)
        .max_redirects(0)
        .max_redirects_will_error(true)
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("purser/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .into();
    agent.get(address).call()?.body_mut().with_config().limit(bytes_max).read_to_vec()
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
