//! Live streams: a merchant's events and a buyer's transaction log, as server-sent events.
//!
//! A stream is woken by the commits of this process, and looks by itself now and then, since others may share the
//! database. However many commits there are, it looks a few times a second. It ends when the key or session ends, when
//! the gateway stops, and never holds more than one page.

mod follow;
mod places;

use std::{convert::Infallible, time::Duration};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    web::{Bytes, Data},
};
use futures_util::stream;
use purser_core::ids::{AccountId, EventId, LogId, MerchantId, SessionId};
use purser_store::{
    Committed,
    facts::session::session_get,
    read::{
        event::{event_position, event_position_last, events_after},
        log::log_page,
        page::Page,
    },
};
use serde::Serialize;
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, sleep_until, timeout_at},
};

pub use self::places::Streams;
use self::{
    follow::Log,
    places::{Follower, Place},
};
use super::{
    answer,
    auth::{Buyer, Merchant},
    merchant::Event,
};
use crate::{gateway::Gateway, pages::visit::MerchantVisit, problem::Problem};

/// What a merchant's key needs.
const SCOPE: &str = "sales:read";
/// Rows that are sent at a time.
const ROWS_MAX: usize = 100;
/// How often a stream looks by itself for what other processes committed.
const LOOK: Duration = Duration::from_secs(2);
/// From one look to the next, however much is committed: nobody sees a tenth of a second, and a busy account costs no
/// more than ten looks of each of its streams.
const PAUSE: Duration = Duration::from_millis(100);
/// Proxies end connections that are silent for half a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What is followed, and by whom.
enum Followed {
    /// A merchant's events behind a position.
    Events { merchant: MerchantId, position: i64, listener: Listener },
    /// A buyer's transaction log.
    Log { account: AccountId, session: SessionId, log: Log },
}

/// With what a merchant's stream was opened: it ends when that is good no more.
pub(crate) enum Listener {
    /// A key of the API.
    Key(HttpRequest),
    /// A desk in a browser.
    Desk(HttpRequest),
}

impl Listener {
    const fn request(&self) -> &HttpRequest {
        match self {
            Self::Key(request) | Self::Desk(request) => request,
        }
    }

    /// Whether what it was opened with is still good.
    async fn may_go_on(&self) -> bool {
        match self {
            Self::Key(request) => Merchant::extract(request).await.is_ok(),
            Self::Desk(request) => {
                let visit = MerchantVisit::extract(request).await;
                visit.is_ok_and(|visit| visit.require(SCOPE).is_ok())
            }
        }
    }
}

/// An open stream.
struct Open {
    gateway: Gateway,
    followed: Followed,
    commits: broadcast::Receiver<Committed>,
    closing: watch::Receiver<bool>,
    ready: Option<Bytes>,
    looked_at: Instant,
    heartbeat_at: Instant,
    _place: Place,
}

/// Everything that happens to the merchant's sales, as it happens.
#[utoipa::path(get, path = "/v1/events/stream", tag = "merchant", security(("merchant" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen: the stream goes on behind it")),
    responses((status = 200, body = String, content_type = "text/event-stream", description = "`id`, `event` and `data`: an event as /v1/events shows it"), super::openapi::Problems))]
pub async fn events_stream(
    gateway: Data<Gateway>,
    request: HttpRequest,
    merchant: Merchant,
) -> Result<HttpResponse, Problem> {
    merchant.require(SCOPE)?;
    follow_events(&gateway, merchant.id, Listener::Key(request)).await
}

/// Follows the events of a merchant, for as long as the listener may read them.
pub(crate) async fn follow_events(
    gateway: &Gateway,
    id: MerchantId,
    listener: Listener,
) -> Result<HttpResponse, Problem> {
    let seen = last_event_id(listener.request())?;
    let position = match seen {
        None => gateway.store.read(move |db| event_position_last(db, id)).await?.unwrap_or(0),
        Some(seen) => {
            let event: EventId = seen.parse().map_err(|_| unknown_event())?;
            let found = gateway.store.read(move |db| event_position(db, id, event)).await?;
            found.ok_or_else(unknown_event)?
        }
    };
    open(gateway, Followed::Events { merchant: id, position, listener }, None)
}

/// The transaction log, as it grows.
#[utoipa::path(get, path = "/v1/transactions/stream", tag = "buyer", security(("buyer" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last line that was seen: the stream goes on behind it, with the last hundred at most")),
    responses((status = 200, body = String, content_type = "text/event-stream", description = "`id`, `event` and `data`: a line as /v1/transactions shows it"), super::openapi::Problems))]
pub async fn transactions_stream(
    gateway: Data<Gateway>,
    request: HttpRequest,
    buyer: Buyer,
) -> Result<HttpResponse, Problem> {
    follow_log(&gateway, &request, (buyer.account, buyer.session)).await
}

/// Follows the transaction log of an account, for as long as the session lives.
pub(crate) async fn follow_log(
    gateway: &Gateway,
    request: &HttpRequest,
    (account, session): (AccountId, SessionId),
) -> Result<HttpResponse, Problem> {
    let seen = last_event_id(request)?;
    let page =
        Page::new(None, ROWS_MAX).ok_or_else(|| Problem::internal("a page of a hundred rows"))?;
    let newest = gateway.store.read(move |db| log_page(db, account, &page)).await?.rows;
    let (log, missed) = match seen {
        None => (Log::behind(newest, ROWS_MAX, gateway.now()), Vec::new()),
        Some(seen) => {
            let line: LogId = seen.parse().map_err(|_| unknown_event())?;
            let missed: Vec<_> = newest.iter().take_while(|row| row.id != line).cloned().collect();
            if missed.len() == newest.len() {
                return Err(unknown_event());
            }
            (Log::behind(newest, ROWS_MAX, gateway.now()), missed)
        }
    };
    let missed: String = missed.into_iter().rev().map(transaction).collect();
    open(gateway, Followed::Log { account, session, log }, Some(missed))
}

fn last_event_id(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(header) = request.headers().get("last-event-id") else { return Ok(None) };
    header.to_str().map(|id| Some(id.to_owned())).map_err(|_| unknown_event())
}

fn unknown_event() -> Problem {
    Problem::malformed(
        "Last-Event-ID",
        "no id that this stream can go on from; leave it out to start now",
    )
}

fn open(
    gateway: &Gateway,
    followed: Followed,
    missed: Option<String>,
) -> Result<HttpResponse, Problem> {
    let follower = match &followed {
        Followed::Events { merchant, .. } => Follower::Merchant(*merchant),
        Followed::Log { account, .. } => Follower::Buyer(*account),
    };
    let place = gateway.streams.enter(gateway, follower)?;
    // The first line tells the client at once that it is connected, and after how long it may try again.
    let greeting = format!("retry: 2000\n: connected\n\n{}", missed.unwrap_or_default());
    let open = Open {
        gateway: gateway.clone(),
        followed,
        commits: gateway.store.committed(),
        closing: gateway.streams.closing(),
        ready: Some(Bytes::from(greeting)),
        looked_at: Instant::now(),
        heartbeat_at: Instant::now() + HEARTBEAT,
        _place: place,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(open, |mut open| async move {
            let sent = open.next().await?;
            Some((Ok::<_, Infallible>(sent), open))
        })))
}

impl Open {
    /// What is to be sent next; nothing when the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(ready) = self.ready.take() {
            return Some(ready);
        }
        loop {
            sleep_until(self.looked_at + PAUSE).await;
            // What was committed until now is seen by the look; only later commits are news.
            self.commits = self.commits.resubscribe();
            self.looked_at = Instant::now();
            let sent = match self.look().await {
                Ok(sent) => sent,
                Err(problem) => {
                    // The client comes back with the last id that it saw.
                    tracing::warn!(%problem, "a live stream ends");
                    return None;
                }
            };
            if !sent.is_empty() {
                // Asked after the look: whoever signed out sees nothing that happened since.
                return self.may_go_on().await.then(|| sent.into());
            }
            let look_at = (Instant::now() + LOOK).min(self.heartbeat_at);
            if !self.wait(look_at).await {
                return None;
            }
            if Instant::now() >= self.heartbeat_at {
                self.heartbeat_at = Instant::now() + HEARTBEAT;
                return self.may_go_on().await.then(|| Bytes::from_static(b":\n\n"));
            }
        }
    }

    /// Waits for a commit that concerns this stream, or until it looks by itself. False when the gateway stops.
    async fn wait(&mut self, until: Instant) -> bool {
        loop {
            let heard = tokio::select! {
                _ = self.closing.wait_for(|closing| *closing) => return false,
                heard = timeout_at(until, self.commits.recv()) => heard,
            };
            match heard {
                Err(_) => return true,
                Ok(Ok(committed)) if self.concerns(&committed) => return true,
                Ok(Ok(_)) => {}
                // It fell behind: what it missed is in the database.
                Ok(Err(broadcast::error::RecvError::Lagged(_))) => return true,
                Ok(Err(broadcast::error::RecvError::Closed)) => return false,
            }
        }
    }

    fn concerns(&self, committed: &Committed) -> bool {
        match &self.followed {
            Followed::Events { merchant, .. } => committed.merchants.contains(merchant),
            Followed::Log { account, .. } => committed.accounts.contains(account),
        }
    }

    /// Whether the key or the session still lives.
    async fn may_go_on(&self) -> bool {
        match &self.followed {
            Followed::Events { listener, .. } => listener.may_go_on().await,
            Followed::Log { session, .. } => {
                let (session, now) = (*session, self.gateway.now());
                let found = self.gateway.store.read(move |db| session_get(db, session, now)).await;
                matches!(found, Ok(Some(_)))
            }
        }
    }

    /// Reads what is new, as text.
    async fn look(&mut self) -> Result<String, Problem> {
        match &mut self.followed {
            Followed::Events { merchant, position, .. } => {
                let (merchant, behind) = (*merchant, *position);
                let rows = self
                    .gateway
                    .store
                    .read(move |db| events_after(db, merchant, behind, ROWS_MAX))
                    .await?;
                let mut sent = String::new();
                for row in rows {
                    *position = row.position;
                    let event = Event::from(row);
                    sent.push_str(&message(&event.id.to_string(), &event.r#type, &event));
                }
                Ok(sent)
            }
            Followed::Log { account, log, .. } => {
                let rows = log.read(&self.gateway, *account, ROWS_MAX).await?;
                Ok(rows.into_iter().map(transaction).collect())
            }
        }
    }
}

fn transaction(row: purser_core::record::LogRecord) -> String {
    let (id, kind) = (row.id.to_string(), row.kind.name());
    message(&id, kind, &answer::Transaction::from(row))
}

/// One message. JSON has no line breaks, so it is one line of data.
fn message(id: &str, kind: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("id: {id}\nevent: {kind}\ndata: {data}\n\n")
}
