//! What merchants' endpoints are told, how it is signed, and when it is tried again.
//!
//! Signatures are those of Standard Webhooks 1.0 (<https://www.standardwebhooks.com>): `v1,` and the base64 of
//! HMAC-SHA-256 over `id.timestamp.body`. Any of its libraries verifies them.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{
    ids::{DeliveryId, EventId, WebhookId},
    outbound::Request,
};

mod secret;

pub use self::secret::{NotASecret, WebhookSecret, signature_header};

/// Every kind of event that an endpoint can ask for.
pub const EVENT_KINDS: [&str; 8] = [
    "purchase.paid",
    "refund.made",
    "payout.sent",
    "payout.failed",
    "stamp.issued",
    "stamp.scanned",
    "stamp.voided",
    "merchant.updated",
];
/// Stands for all of them, and for those to come.
pub const EVERY_KIND: &str = "*";
/// The kind of the event that a merchant sends itself. It is in no stream.
pub const TEST_KIND: &str = "webhook.test";

/// Seconds from one failed try to the next: from a restart of the endpoint to a long weekend's worth of trouble.
const WAITS_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The longest wait that an endpoint is granted when it asks for one: that of the schedule.
const RETRY_AFTER_S_MAX: i64 = 86_400;
/// A wait grows by up to a tenth, so that what failed together does not come back together.
const JITTER_SHARE: i64 = 10;

/// Whether an endpoint that asks for `kinds` is told of an event of that kind.
pub fn is_wanted(kinds: &[String], kind: &str) -> bool {
    kinds.iter().any(|wanted| wanted == EVERY_KIND || wanted == kind)
}

/// When a delivery is tried again whose `failures`th try in a row failed at `at`; `None`: it is given up. `jitter` is
/// random. An endpoint that asks for more time is granted it, up to a day.
pub fn retry_at(
    failures: u32,
    at: Timestamp,
    jitter: u32,
    retry_after: Option<SignedDuration>,
) -> Option<Timestamp> {
    let place = usize::try_from(failures).ok()?.checked_sub(1)?;
    let wait_ms = WAITS_S.get(place)?.saturating_mul(1_000);
    let more_ms = i64::from(jitter).checked_rem(wait_ms / JITTER_SHARE).unwrap_or(0);
    let scheduled = SignedDuration::from_millis(wait_ms.saturating_add(more_ms));
    let asked = retry_after.unwrap_or_default();
    let asked = asked.min(SignedDuration::from_secs(RETRY_AFTER_S_MAX));
    at.checked_add(scheduled.max(asked)).ok()
}

impl DeliveryId {
    /// The delivery of an event to an endpoint: there is one, whoever makes it and however often. It begins with the
    /// event's time.
    pub fn of(webhook: WebhookId, event: EventId) -> Self {
        let mut hash = Sha256::new_with_prefix("webhook delivery");
        hash.update(webhook.bits().to_be_bytes());
        hash.update(event.bits().to_be_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let bits = hash.first_chunk().map_or(0, |bits| u128::from_be_bytes(*bits));
        Self::from_random((event.bits() >> 80 << 80) | (bits >> 48))
    }
}

/// Something that happened, as an endpoint is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name, the same at every try.
    pub id: EventId,
    /// `purchase.paid`, `refund.made`, ...
    pub kind: String,
    /// When.
    pub created_at: Timestamp,
    /// JSON.
    pub data: String,
}

/// Where a merchant is told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name.
    pub id: WebhookId,
    /// Where it is.
    pub url: Url,
    /// What the operator configured its plugin with.
    pub config: Option<String>,
}

/// Who signs a message to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// The gateway, as Standard Webhooks says, afresh at each try.
    StandardWebhooks,
    /// Nobody: the endpoint's address is its secret.
    None,
}

/// A message to an endpoint, worded by a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    request: Request,
    signing: Signing,
}

/// The headers that only the gateway sets, with what they begin with.
pub const SIGNATURE_HEADERS: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
/// Messages of one event to one endpoint: as many as it has parts that are told apart.
pub const MESSAGES_MAX: usize = 8;

/// Why something is no message to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Elsewhere than the merchant said.
    #[error("url: not within the origin of the endpoint's own")]
    Origin,
    /// Only the gateway signs.
    #[error("headers: webhook-id, webhook-timestamp and webhook-signature are the gateway's")]
    Signature,
}

impl Message {
    /// A message that goes to where the merchant said, and does not sign itself.
    pub fn new(
        request: Request,
        signing: Signing,
        endpoint: &Endpoint,
    ) -> Result<Self, MessageError> {
        if request.url().origin() != endpoint.url.origin() {
            return Err(MessageError::Origin);
        }
        let own = |(name, _): &(String, String)| SIGNATURE_HEADERS.contains(&name.as_str());
        if request.headers().iter().any(own) {
            return Err(MessageError::Signature);
        }
        Ok(Self { request, signing })
    }

    /// What is sent.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Who signs it.
    pub fn signing(&self) -> Signing {
        self.signing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::Method;

    #[test]
    fn a_failure_is_tried_again_nine_times_over_three_days() {
        let at = Timestamp::from_second(1_000_000).unwrap();
        let wait = |failures, jitter, asked: i64| {
            let asked = (asked > 0).then(|| SignedDuration::from_secs(asked));
            retry_at(failures, at, jitter, asked).map(|next| next.duration_since(at).as_secs())
        };
        let waits: Vec<_> = (1..=9).map(|failures| wait(failures, 0, 0).unwrap()).collect();
        assert_eq!(waits, WAITS_S);
        assert_eq!((wait(0, 0, 0), wait(10, 0, 0), wait(11, 7, 5)), (None, None, None));
        for jitter in [1, 499, 500, 12_345_678, u32::MAX] {
            for (failures, base) in (1..).zip(WAITS_S) {
                let later = wait(failures, jitter, 0).unwrap() - base;
                assert!((0..=base / 10).contains(&later), "{failures} {jitter}: {later}");
            }
        }
        assert_eq!(wait(1, 0, 120), Some(120), "asked for");
        assert_eq!(wait(4, 0, 120), Some(7_200), "the schedule is longer");
        assert_eq!(wait(1, 0, 1_000_000), Some(86_400), "a day at most");
    }

    #[test]
    fn an_event_has_one_delivery_for_each_endpoint() {
        let (webhook, event) = (WebhookId::from_random(1), EventId::from_random(7 << 80 | 5));
        let id = DeliveryId::of(webhook, event);
        assert_eq!(id, DeliveryId::of(webhook, event));
        assert_eq!(id.bits() >> 80, 7);
        assert_ne!(id, DeliveryId::of(WebhookId::from_random(2), event));
        assert_ne!(id, DeliveryId::of(webhook, EventId::from_random(7 << 80 | 6)));
    }

    #[test]
    fn an_endpoint_is_told_what_it_asked_for() {
        let kinds =
            |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
        assert!(is_wanted(&kinds(&["*"]), "purchase.paid"));
        assert!(is_wanted(&kinds(&["refund.made", "purchase.paid"]), "purchase.paid"));
        assert!(!is_wanted(&kinds(&["refund.made"]), "purchase.paid"));
        assert!(!is_wanted(&kinds(&[]), "purchase.paid"));
    }

    #[test]
    fn a_message_stays_within_the_origin_of_its_endpoint() {
        let url = Url::parse("https://shop.example/hooks?x=1").unwrap();
        let endpoint = Endpoint { id: WebhookId::from_random(1), url, config: None };
        let message = |url: &str, header: &str| {
            let headers = vec![(header.to_owned(), "x".to_owned())];
            let request = Request::new(Method::Post, url, headers, b"{}".to_vec()).unwrap();
            Message::new(request, Signing::None, &endpoint).map(|_| ())
        };
        assert_eq!(message("https://shop.example/hooks?x=1", "content-type"), Ok(()));
        assert_eq!(message("https://shop.example:443/elsewhere", "x-kind"), Ok(()));
        for url in [
            "http://shop.example/",
            "https://shop.example:8443/",
            "https://shop.example.evil.example/",
        ] {
            assert_eq!(message(url, "x-kind"), Err(MessageError::Origin), "{url}");
        }
        for name in SIGNATURE_HEADERS {
            let signed = message("https://shop.example/", name);
            assert_eq!(signed, Err(MessageError::Signature), "{name}");
        }
    }
}
