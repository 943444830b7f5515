//! Whether an indicium is good: whether it is what a stamp of this gateway was printed as, and what became of that.
//!
//! No plugin is asked. The version that made a mark read it, and the vendor's key signed it, before it was issued, and
//! it is kept byte for byte. So what happens to plugins later makes no stamp a forgery, and whoever shows bytes of
//! their own reaches no plugin with them (decision 0024).

use purser_core::{
    Timestamp,
    stamp::{Seen, Stamp, scan::Verdict},
};
use purser_store::read::stamp::stamp_by_indicium;

use crate::{gateway::Gateway, problem::Problem};

/// What was found of an indicium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Nothing, if it is forged.
    pub verdict: Option<Verdict>,
    /// The stamp that it is.
    pub stamp: Option<Stamp>,
    /// The scan that used it.
    pub first: Option<Seen>,
}

impl Finding {
    /// A mark that this gateway did not make.
    pub const FORGED: Self = Self { verdict: None, stamp: None, first: None };
}

/// Tells what an indicium is, and changes nothing.
pub async fn verify(gateway: &Gateway, indicium: &[u8], at: Timestamp) -> Result<Finding, Problem> {
    let Some(stamp) = genuine(gateway, indicium).await? else {
        return Ok(Finding::FORGED);
    };
    let Some((verdict, first)) = stamp.verdict(at) else { return Ok(Finding::FORGED) };
    let first = first.cloned();
    Ok(Finding { verdict: Some(verdict), stamp: Some(stamp), first })
}

/// The stamp whose very indicium this is.
pub(super) async fn genuine(gateway: &Gateway, indicium: &[u8]) -> Result<Option<Stamp>, Problem> {
    let indicium = indicium.to_owned();
    Ok(gateway.store.read(move |db| stamp_by_indicium(db, &indicium)).await?)
}
