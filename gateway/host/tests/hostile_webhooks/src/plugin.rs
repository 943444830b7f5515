//! The plugin itself, on the bare contract.

use purser_sdk::bindings::{
    stamps::purser::plugin::http::Method,
    webhook::{
        export_webhook,
        exports::purser::plugin::webhook::{Delivery, Endpoint, Event, Guest, Signing},
    },
    wire::{Description, Error},
};

use crate::{Deed, Lie, abuse::flood};

struct HostileWebhooks;

impl Guest for HostileWebhooks {
    fn describe() -> Description {
        Description {
            name: "hostile-webhooks".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            covers: Vec::new(),
            valid_from: "2000-01-01".into(),
            valid_to: None,
            sources: Vec::new(),
        }
    }

    fn render(event: Event, endpoint: Endpoint) -> Result<Vec<Delivery>, Error> {
        let deed = Deed::at(&endpoint.url);
        let honest = Delivery {
            method: Method::Post,
            url: endpoint.url,
            headers: Vec::new(),
            body: event.id.into_bytes(),
            signing: Signing::StandardWebhooks,
        };
        match deed {
            Deed::Honest => Ok(vec![honest]),
            Deed::LogFlood => {
                flood();
                Ok(vec![honest])
            }
            Deed::Crime(crime) => Ok(vec![Delivery { url: crime.commit()?, ..honest }]),
            Deed::Lie(lie) => Ok(told(lie, honest)),
        }
    }
}

fn told(lie: Lie, mut honest: Delivery) -> Vec<Delivery> {
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let rest = honest.url.split_once("://").map_or_else(String::new, |(_, rest)| rest.to_owned());
    let host = rest.split(['/', ':']).next().unwrap_or_default().to_owned();
    match lie {
        Lie::OtherHost => honest.url = "https://evil.example/hooks".into(),
        Lie::OtherPort => honest.url = format!("http://{host}:1/hooks"),
        Lie::OtherScheme => honest.url = format!("ftp://{rest}"),
        Lie::Disguised => honest.url = format!("http://{host}@evil.example/hooks"),
        Lie::NoUrl => honest.url = "http://[".into(),
        Lie::File => honest.url = "file:///etc/passwd".into(),
        Lie::LongUrl => honest.url.push_str(&"x".repeat(10_000)),
        Lie::HeaderInjection => honest.headers = header("x-a", "b\r\nwebhook-signature: v1,forged"),
        Lie::NameInjection => honest.headers = header("x-a: b\r\nwebhook-signature", "v1,forged"),
        Lie::OwnHost => honest.headers = header("host", "evil.example"),
        Lie::OwnFrame => honest.headers = header("transfer-encoding", "chunked"),
        Lie::OwnSignature => honest.headers = header("webhook-signature", "v1,forged"),
        Lie::ManyHeaders => honest.headers = vec![("x-a".into(), "b".into()); 1_000],
        Lie::LongHeader => honest.headers = header("x-a", &"b".repeat(100_000)),
        Lie::ManyDeliveries => return vec![honest; 5_000],
        Lie::LongBody => honest.body = vec![b'x'; 300_000],
    }
    vec![honest]
}

#[allow(unsafe_code)]
mod exported {
    use super::{HostileWebhooks, export_webhook};
    export_webhook!(HostileWebhooks with_types_in purser_sdk::bindings::webhook);
}
