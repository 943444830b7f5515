//! The role `webhook`: what a merchant's endpoint is told of an event.

use crate::{Description, Error, tax::Attributes};

pub use crate::bindings::stamps::purser::plugin::http::Method;

mod wire;

pub use wire::Exported;

/// A plugin that words events for endpoints. [`crate::register_webhook!`] makes it one.
///
/// ```
/// use purser_sdk::{Description, Error, Webhook, date, webhook::{Delivery, Endpoint, Event, Signing}};
///
/// /// Tells of money only, and only that there is some.
/// struct Bell;
///
/// impl Webhook for Bell {
///     fn describe() -> Description {
///         Description {
///             name: "webhook-bell",
///             version: "1.0.0",
///             covers: vec![],
///             valid_from: date(2026, 1, 1),
///             valid_to: None,
///             sources: vec!["https://bell.example/api"],
///         }
///     }
///
///     fn render(event: &Event, endpoint: &Endpoint) -> Result<Vec<Delivery>, Error> {
///         if event.kind != "purchase.paid" {
///             return Ok(vec![]);
///         }
///         Ok(vec![Delivery::json(endpoint, r#"{"ring": true}"#, Signing::None)])
///     }
/// }
///
/// purser_sdk::register_webhook!(Bell);
/// ```
pub trait Webhook {
    /// What the plugin says of itself; the same as in its manifest.
    fn describe() -> Description;

    /// The messages of an event to an endpoint, at most eight, made one after the other; none, if the endpoint is not told
    /// of such an event.
    fn render(event: &Event, endpoint: &Endpoint) -> Result<Vec<Delivery>, Error>;
}

/// Something that happened, as `GET /v1/events` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name, the same at every try.
    pub id: String,
    /// `purchase.paid`, `refund.made`, ...; more may come.
    pub kind: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// JSON. It holds what merchants and buyers wrote: trust none of it.
    pub data: String,
    /// More, by name.
    pub attributes: Attributes,
}

/// Where a merchant is told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// More, by name: the operator's [`config`](crate::config()).
    pub attributes: Attributes,
}

/// Who signs a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// The gateway adds `webhook-id`, `webhook-timestamp` and `webhook-signature`, afresh at each try.
    StandardWebhooks,
    /// Nobody: the endpoint's address is its secret.
    None,
}

/// A message to an endpoint. The gateway sends it, and keeps what came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The method.
    pub method: Method,
    /// Within the origin of the endpoint's own address.
    pub url: String,
    /// Names in small letters. Those that frame a message, and those that sign it, are the gateway's.
    pub headers: Vec<(String, String)>,
    /// What is sent, at most 256 KiB.
    pub body: Vec<u8>,
    /// Who signs it.
    pub signing: Signing,
}

impl Delivery {
    /// JSON that is posted to the endpoint's own address.
    pub fn json(endpoint: &Endpoint, body: impl Into<String>, signing: Signing) -> Self {
        Self {
            method: Method::Post,
            url: endpoint.url.clone(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.into().into_bytes(),
            signing,
        }
    }
}

/// Makes a type that is a [`Webhook`] the plugin of this crate.
#[macro_export]
macro_rules! register_webhook {
    ($plugin:ty) => {
        // The names of a component's exports are none that a native linker takes.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // No name that an author would give to theirs.
            type PurserExport = $crate::webhook::Exported<$plugin>;
            $crate::bindings::webhook::export_webhook!(PurserExport with_types_in $crate::bindings::webhook);
        };
        #[cfg(not(target_arch = "wasm32"))]
        const _: std::marker::PhantomData<$crate::webhook::Exported<$plugin>> = {
            const fn implements<T: $crate::Webhook>() {}
            implements::<$plugin>();
            std::marker::PhantomData
        };
    };
}
