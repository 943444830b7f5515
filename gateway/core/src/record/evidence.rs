//! What plugins were asked and answered, named by its content.

use serde::{Deserialize, Serialize};

/// The name of a piece of evidence: the SHA-256 of its content, so that equal calls are one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EvidenceId(pub [u8; 32]);

impl Serialize for EvidenceId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for EvidenceId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
        let array = bytes.and_then(|bytes| bytes.try_into().ok());
        array.map(Self).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

/// One plugin call that moved money: enough to make the same call again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRecord {
    /// SHA-256 over the fields below.
    pub id: EvidenceId,
    /// SHA-256 of the component.
    pub digest: [u8; 32],
    /// The wasmtime version, which with the digest makes fuel reproducible.
    pub engine: String,
    /// `tax.assess`, `currency.convert`.
    pub function: String,
    /// Canonical JSON.
    pub input: String,
    /// Canonical JSON.
    pub output: String,
    /// Fuel that was used.
    pub fuel: u64,
}

impl EvidenceRecord {
    /// Evidence, named by its content.
    pub fn new(
        digest: [u8; 32],
        engine: String,
        function: String,
        input: String,
        output: String,
        fuel: u64,
    ) -> Self {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for part in [
            &digest[..],
            engine.as_bytes(),
            function.as_bytes(),
            input.as_bytes(),
            output.as_bytes(),
        ] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        hash.update(fuel.to_be_bytes());
        Self {
            id: EvidenceId(hash.finalize().into()),
            digest,
            engine,
            function,
            input,
            output,
            fuel,
        }
    }
}
