//! Bodies arrive in time, or not at all: whoever sends half of one and waits would hold what has come so far for ever.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage as _,
    body::BoxBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::Method,
    middleware::Next,
    rt::time::{Sleep, sleep},
    web::Bytes,
};
use futures_util::Stream;

/// The largest plugin takes two seconds over a slow line; nothing that people wait for takes as long.
const ARRIVES_MAX: Duration = Duration::from_secs(10);

/// Goes around every request.
pub(super) async fn around(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    // Most requests without a body are these, and they need no clock.
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let timely =
            Timely { payload: request.take_payload(), patience: Box::pin(sleep(ARRIVES_MAX)) };
        request.set_payload(Payload::Stream { payload: Box::pin(timely) });
    }
    next.call(request).await
}

/// A body that ends with an error when it has not arrived in time.
struct Timely {
    payload: Payload,
    patience: Pin<Box<Sleep>>,
}

impl Stream for Timely {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let timely = &mut *self;
        match Pin::new(&mut timely.payload).poll_next(context) {
            Poll::Ready(chunk) => Poll::Ready(chunk),
            Poll::Pending => timely.patience.as_mut().poll(context).map(|()| {
                let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                Some(Err(PayloadError::Io(late)))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};

    use super::*;

    #[actix_web::test]
    async fn a_body_that_never_ends_ends_with_an_error() {
        let half = stream::iter([Ok(Bytes::from_static(b"half"))]).chain(stream::pending());
        let mut timely = Timely {
            payload: Payload::Stream { payload: Box::pin(half) },
            patience: Box::pin(sleep(Duration::from_millis(1))),
        };
        assert_eq!(timely.next().await.unwrap().unwrap(), Bytes::from_static(b"half"));
        assert!(timely.next().await.unwrap().is_err());
    }
}
