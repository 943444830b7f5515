//! What a client intends, once: the idempotency key, and the way of a command to the teller.

use std::{future::Future, sync::Arc};

use purser_core::{
    Timestamp,
    command::{Command, KeyClaim, Outcome, Prepared},
    ids::{AccountId, SessionId},
    place::Place,
    secret::keyed_hash_of,
};
use purser_store::{Reply, SubmitError};
use serde_json::Value;

use super::facts::Facts;
use crate::{
    gateway::Gateway,
    problem::{self, Problem},
};

/// How often a stale command is prepared again: an operator who swaps plugins back and forth changes the facts ten
/// times in a second, and no purchase fails for it.
const PREPARED_AGAIN_MAX: u32 = 20;

/// A buyer who is signed in.
#[derive(Debug, Clone)]
pub struct Payer {
    /// Whose vault.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// Where the buyer lives, as far as it said.
    pub country: Option<Place>,
    /// The version of the facts when it was authenticated.
    pub facts_version: i64,
}

/// A command in the making: when, and with which facts.
#[derive(Clone)]
pub struct Making {
    /// The gateway's time.
    pub at: Timestamp,
    /// The facts it is prepared with.
    pub facts: Arc<Facts>,
}

/// The claim to a key for a request: a keyed MAC over method, path and canonical body without the PIN.
pub fn claim(
    gateway: &Gateway,
    scope: String,
    key: String,
    method: &str,
    path: &str,
    body: &[u8],
) -> KeyClaim {
    let canonical = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut members)) => {
            members.remove("pin");
            canonical(&Value::Object(members))
        }
        Ok(other) => canonical(&other),
        Err(_) => body.to_vec(),
    };
    let parts = [method.as_bytes(), path.as_bytes(), &canonical];
    let fingerprint = *keyed_hash_of(&gateway.keys.fingerprint, "request", &parts).as_bytes();
    KeyClaim { scope, key, fingerprint }
}

/// What the key answered before, if it did: the same request gets the same answer.
pub fn answered(
    claim: &KeyClaim,
    stored: Option<([u8; 32], Outcome)>,
) -> Result<Option<Outcome>, Problem> {
    match stored {
        None => Ok(None),
        Some((fingerprint, outcome)) if fingerprint == claim.fingerprint => Ok(Some(outcome)),
        Some(_) => Err(Problem::new(problem::KEY_REUSED)),
    }
}

/// A command that the teller decided.
pub struct Carried {
    /// The command, as it was prepared last.
    pub prepared: Arc<Prepared>,
    /// What came of it.
    pub reply: Reply,
}

/// Has a command carried out, and gives what its key answers.
pub async fn carry_out<P, F>(
    gateway: &Gateway,
    key: Option<KeyClaim>,
    facts_version: i64,
    prepare: P,
) -> Result<Outcome, Problem>
where
    P: Fn(Making) -> F,
    F: Future<Output = Result<Command, Problem>>,
{
    carry(gateway, key, facts_version, prepare).await.map(|carried| carried.reply.outcome)
}

/// Prepares a command and hands it to the teller; prepares it again if what it assumed has changed.
pub async fn carry<P, F>(
    gateway: &Gateway,
    key: Option<KeyClaim>,
    facts_version: i64,
    prepare: P,
) -> Result<Carried, Problem>
where
    P: Fn(Making) -> F,
    F: Future<Output = Result<Command, Problem>>,
{
    let mut version = facts_version;
    for _ in 0..=PREPARED_AGAIN_MAX {
        let making = Making { at: gateway.now(), facts: gateway.facts.at(version) };
        let (at, facts_version) = (making.at, making.facts.version);
        let command = prepare(making).await?;
        let waiting = gateway.metrics.at_teller(&command);
        let prepared = Arc::new(Prepared { key: key.clone(), at, facts_version, command });
        match gateway.store.submit(Arc::clone(&prepared)).await {
            Ok(reply) => {
                waiting.decided(&reply.outcome);
                return Ok(Carried { prepared, reply });
            }
            Err(SubmitError::Stale) => version = gateway.store.facts_version(),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::new(problem::OVERLOADED).retry_after(1))
}

/// JSON with sorted members and without spaces: the same for every way to write the same value.
fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_canonical(value, &mut bytes);
    bytes
}

fn write_canonical(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<_> = members.iter().collect();
            names.sort_by_key(|(name, _)| name.as_str());
            bytes.push(b'{');
            for (name, value) in names {
                bytes.extend(Value::from(name.as_str()).to_string().into_bytes());
                bytes.push(b':');
                write_canonical(value, bytes);
                bytes.push(b',');
            }
            bytes.push(b'}');
        }
        Value::Array(values) => {
            bytes.push(b'[');
            for value in values {
                write_canonical(value, bytes);
                bytes.push(b',');
            }
            bytes.push(b']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            bytes.extend(value.to_string().into_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_does_not_matter_and_everything_else_does() {
        let bytes = |json: &str| canonical(&serde_json::from_str(json).unwrap());
        assert_eq!(
            bytes(r#"{"b": [1, {"y": 2, "x": 3}], "a": "c"}"#),
            bytes(r#"{"a":"c","b":[1,{"x":3,"y":2}]}"#)
        );
        assert_ne!(bytes(r#"{"a": [1, 2]}"#), bytes(r#"{"a": [2, 1]}"#));
        assert_ne!(bytes(r#"{"a": [[1], 2]}"#), bytes(r#"{"a": [[1, 2]]}"#));
        assert_ne!(bytes(r#"{"a": "1"}"#), bytes(r#"{"a": 1}"#));
    }
}
