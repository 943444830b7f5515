//! What a plugin of any role can do instead of an answer.

/// A way to misbehave that has nothing to do with what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crime {
    /// Computes for ever.
    Loop,
    /// Takes memory until there is none.
    MemoryBomb,
    /// Calls itself until the stack is full.
    StackOverflow,
    /// Panics.
    Panic,
    /// Answers two megabytes.
    HugeAnswer,
    /// Refuses for a reason that the contract does not know.
    UnknownRefusal,
}

impl Crime {
    /// Every crime.
    pub const ALL: [Self; 6] = [
        Self::Loop,
        Self::MemoryBomb,
        Self::StackOverflow,
        Self::Panic,
        Self::HugeAnswer,
        Self::UnknownRefusal,
    ];

    /// What it is asked for by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::MemoryBomb => "bomb",
            Self::StackOverflow => "overflow",
            Self::Panic => "panic",
            Self::HugeAnswer => "huge",
            Self::UnknownRefusal => "refuse",
        }
    }
}

#[cfg(target_family = "wasm")]
impl Crime {
    /// Does it. What comes back is part of the answer: too large to be one.
    pub fn commit(self) -> Result<String, purser_sdk::bindings::wire::Error> {
        use crate::abuse::{bomb, deeper, spin};
        match self {
            Self::Loop => spin(),
            Self::MemoryBomb => Ok(bomb()),
            Self::StackOverflow => Ok(deeper(1).to_string()),
            Self::Panic => panic!("the plugin panics on purpose"),
            Self::HugeAnswer => Ok("x".repeat(2 * 1024 * 1024)),
            Self::UnknownRefusal => Err(purser_sdk::bindings::wire::Error {
                code: "pay-me".into(),
                message: "first".into(),
                field: None,
                retryable: false,
            }),
        }
    }
}
