//! A return is sent to its authority: the file that the plugin wrote, in a request to an address that the operator
//! gives. The gateway sends it, so that no plugin reaches anybody.

use purser_core::{ids::RemittanceId, outgoing::Settled};
use purser_store::read::remittance::{
    FilingSent, filing_get, filing_sent_insert, filing_sent_list,
};

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

/// Where a return is sent to.
pub struct Destination {
    /// The address.
    pub url: String,
    /// Headers that the authority asks for, such as an authorization. They are not kept.
    pub headers: Vec<(String, String)>,
}

/// Sends the return of a remittance, and keeps what was answered.
pub async fn send(
    gateway: &Gateway,
    id: RemittanceId,
    to: Destination,
) -> Result<FilingSent, Problem> {
    let stored = remittance::get(gateway, id).await?;
    if let Some((Settled::Failed, _)) = stored.settled {
        let problem = Problem::new(problem::ALREADY_SETTLED);
        return Err(problem.with("settled", Settled::Failed.name()));
    }
    let url = gateway
        .outbound
        .check(&to.url)
        .map_err(|refused| Problem::malformed("url", refused.to_string()))?;
    let filing = gateway.store.read(move |db| filing_get(db, id)).await?;
    let filing = filing.ok_or_else(|| Problem::internal("a remittance has no return"))?;
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    let mut headers = to.headers;
    headers.push(("content-type".to_owned(), filing.media_type));
    let request = Request { method: Method::POST, url, headers, body: filing.body };
    let limits = Limits { answer: Answer::First(ANSWER_BYTES_MAX), ..Limits::default() };
    let (status, answer) = match gateway.outbound.send(request, &limits).await {
        Ok(reply) => (Some(reply.status), printable(&reply.body)),
        Err(SendError::Header(name)) => {
            let detail = format!("the header {name} cannot be sent");
            return Err(Problem::malformed("headers", detail));
        }
        Err(error) => (None, error.to_string()),
    };
    let sent = FilingSent { remittance: id, at: gateway.now(), url: bare.into(), status, answer };
    let row = sent.clone();
    gateway.store.write(move |db| filing_sent_insert(db, &row)).await?;
    if status.is_none() {
        return Err(Problem::new(problem::RETURN_NOT_SENT).detail(sent.answer));
    }
    Ok(sent)
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
