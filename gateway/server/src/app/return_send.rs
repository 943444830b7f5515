//! A return is sent to its authority: the file that the plugin wrote, in a request to an address that the operator
//! gives. The gateway sends it, so that no plugin reaches anybody.
//!
//! A return that is handed in twice is a mistake with an authority's name on it. So a key is claimed before, and of
//! several at once one sends; and what the authority has, or may have, goes there again only if the caller says so.

use purser_core::{command::KeyClaim, ids::RemittanceId, outgoing::Settled};
use purser_store::{
    StoreError,
    filing_claim::{
        Claimed, FilingClaim, Known, Repetition, filing_claim_end, filing_claim_find,
        filing_claim_insert, filing_claim_release,
    },
    read::remittance::{FilingSent, filing_get, filing_sent_list},
};
use url::Url;

use super::remittance;
use crate::{
    gateway::Gateway,
    outbound::{Answer, Limits, Method, Request, SendError},
    problem::{self, Problem},
};

/// What is kept of an answer: an authority says why it refuses in a few lines.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Times that are shown.
const SHOWN_MAX: i64 = 20;
/// After so long nobody is sending any more: several times what an authority is waited for.
const UNDER_WAY_S_MAX: i64 = 120;
/// Writes that conflict with others of the same moment are made again: more at once than anybody sends one return.
const CONFLICTS_MAX: u32 = 10;

/// Where a return is sent to.
pub struct Destination {
    /// The address.
    pub url: String,
    /// Headers that the authority asks for, such as an authorization. They are not kept.
    pub headers: Vec<(String, String)>,
    /// What is done if the authority has the return already, or may have it.
    pub repetition: Repetition,
}

/// What a key answered before, if it did.
pub async fn answered(gateway: &Gateway, key: &KeyClaim) -> Result<Option<FilingSent>, Problem> {
    let key = key.clone();
    let known = gateway.store.read(move |db| filing_claim_find(db, &key)).await?;
    known.map(|known| again(gateway, known)).transpose()
}

/// Sends the return of a remittance, and keeps what was answered.
pub async fn send(
    gateway: &Gateway,
    key: KeyClaim,
    id: RemittanceId,
    to: Destination,
) -> Result<FilingSent, Problem> {
    let Destination { url, mut headers, repetition } = to;
    let stored = remittance::get(gateway, id).await?;
    if let Some((Settled::Failed, _)) = stored.settled {
        let problem = Problem::new(problem::ALREADY_SETTLED);
        return Err(problem.with("settled", Settled::Failed.name()));
    }
    let url = gateway
        .outbound
        .check(&url)
        .map_err(|refused| Problem::malformed("url", refused.to_string()))?;
    let filing = gateway.store.read(move |db| filing_get(db, id)).await?;
    let filing = filing.ok_or_else(|| Problem::internal("a remittance has no return"))?;
    headers.push(("content-type".to_owned(), filing.media_type));
    let request = Request { method: Method::POST, url, headers, body: filing.body };
    let claim = FilingClaim { key, remittance: id, repetition, at: gateway.now() };
    match claimed(gateway, &claim).await? {
        Claimed::Yours => {}
        Claimed::Known(known) => return again(gateway, known),
        Claimed::Before(before) => return Err(sent_before(before)),
    }
    // In a task of its own: a client that goes away does not leave it half done.
    let sending = tokio::spawn(send_claimed(gateway.clone(), claim, request));
    sending.await.map_err(Problem::internal)?
}

/// What a key says again.
fn again(gateway: &Gateway, known: Known) -> Result<FilingSent, Problem> {
    match known {
        Known::Sent(sent) => told(sent),
        Known::UnderWay(since) => {
            let age_s = gateway.now().as_second().saturating_sub(since.as_second());
            if age_s > UNDER_WAY_S_MAX {
                return Err(unheard("the gateway ended before it heard an answer"));
            }
            Err(Problem::new(problem::REQUEST_IN_PROGRESS))
        }
        Known::OtherRequest => Err(Problem::new(problem::KEY_REUSED)),
    }
}

/// What came of a sending, as it is answered: without an answer it is a problem, whose key is used up.
fn told(sent: FilingSent) -> Result<FilingSent, Problem> {
    if sent.status.is_some() { Ok(sent) } else { Err(unheard(&sent.answer)) }
}

fn unheard(why: &str) -> Problem {
    let detail = format!(
        "{why}; the return may have arrived: ask the authority, and if it has not, send it with `again` and another key"
    );
    Problem::new(problem::RETURN_NOT_SENT).detail(detail)
}

fn sent_before(before: Option<FilingSent>) -> Problem {
    let detail = match before {
        None => {
            "it is being sent, or was when the gateway ended; the authority may have it".to_owned()
        }
        Some(FilingSent { at, status: Some(status), .. }) => {
            format!("it was sent at {at}, and the authority answered {status}")
        }
        Some(FilingSent { at, status: None, answer, .. }) => {
            format!("it was sent at {at} and may have arrived: {answer}")
        }
    };
    Problem::new(problem::RETURN_SENT_BEFORE).detail(detail)
}

async fn claimed(gateway: &Gateway, claim: &FilingClaim) -> Result<Claimed, Problem> {
    let insert = || {
        let claim = claim.clone();
        gateway.store.write(move |db| filing_claim_insert(db, &claim))
    };
    Ok(despite_conflicts(insert).await?)
}

async fn despite_conflicts<T, F>(write: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 0..CONFLICTS_MAX {
        match write().await {
            Err(error) if error.is_conflict() => {}
            done => return done,
        }
    }
    write().await
}

async fn send_claimed(
    gateway: Gateway,
    claim: FilingClaim,
    request: Request,
) -> Result<FilingSent, Problem> {
    let (key, url) = (&claim.key, request.url.clone());
    let limits = Limits { answer: Answer::First(ANSWER_BYTES_MAX), ..Limits::default() };
    let (status, answer) = match gateway.outbound.send(request, &limits).await {
        Ok(reply) => (Some(reply.status), printable(&reply.body)),
        Err(error) if !error.may_have_arrived() => {
            let sent = sent_to(&gateway, &claim, url, (None, error.to_string()));
            let release = || {
                let (key, sent) = (key.clone(), sent.clone());
                gateway.store.write(move |db| filing_claim_release(db, &key, &sent))
            };
            despite_conflicts(release).await?;
            return Err(match error {
                SendError::Header(_) => Problem::malformed("headers", sent.answer),
                _ => Problem::new(problem::RETURN_NOT_SENT).detail(sent.answer),
            });
        }
        Err(error) => (None, error.to_string()),
    };
    let sent = sent_to(&gateway, &claim, url, (status, answer));
    let end = || {
        let (key, sent) = (key.clone(), sent.clone());
        gateway.store.write(move |db| filing_claim_end(db, &key, &sent))
    };
    told(despite_conflicts(end).await?)
}

fn sent_to(
    gateway: &Gateway,
    claim: &FilingClaim,
    mut url: Url,
    (status, answer): (Option<u16>, String),
) -> FilingSent {
    // The query may hold a secret.
    url.set_query(None);
    url.set_fragment(None);
    FilingSent { remittance: claim.remittance, at: gateway.now(), url: url.into(), status, answer }
}

/// What was answered, as text that a log or a page can show.
fn printable(body: &[u8]) -> String {
    let shown = |char: &char| !char.is_control() || *char == '\n';
    String::from_utf8_lossy(body).chars().filter(shown).collect()
}

/// The newest times that a return was sent.
pub async fn list(gateway: &Gateway, id: RemittanceId) -> Result<Vec<FilingSent>, Problem> {
    Ok(gateway.store.read(move |db| filing_sent_list(db, id, SHOWN_MAX)).await?)
}
