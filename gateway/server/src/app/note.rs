//! Requests that failed before the teller saw them, recorded in the buyer's transaction log.

use purser_core::{
    command::{Command, Note, Prepared},
    ids::LogId,
    record::LogKind,
};
use purser_money::Money;

use super::intent::Payer;
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
    random::id_bits,
};

/// Records `problem` in the payer's log if it is a refusal of what was asked, and gives it back. What is wrong with
/// the request itself, or with the gateway, is no event in a buyer's life.
pub async fn refused(gateway: &Gateway, payer: &Payer, kind: LogKind, problem: Problem) -> Problem {
    if !is_recorded(&problem) {
        return problem;
    }
    let note = Note {
        log: LogId::from_random(id_bits()),
        account: payer.account,
        kind,
        outcome: problem.kind.name().to_owned(),
        amount: Money::zero(gateway.settings.unit_of_account),
        object: String::new(),
    };
    let facts_version = gateway.facts.at(payer.facts_version).version;
    let command = Command::Note(Box::new(note));
    let prepared = Prepared { key: None, at: gateway.now(), facts_version, command };
    if let Err(error) = gateway.store.submit(prepared).await {
        tracing::warn!(%error, "a refused request could not be recorded");
    }
    problem
}

/// Offers that were refused: somebody may have tampered with a price.
fn is_recorded(problem: &Problem) -> bool {
    [problem::OFFER_TAMPERED, problem::OFFER_EXPIRED, problem::OFFER_ELSEWHERE]
        .contains(&problem.kind)
}
