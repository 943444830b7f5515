//! A call that ran out of time is made once more: on a busy machine that is no fault of the plugin. The second time it
//! may still be the machine, so it is remembered.

use std::sync::atomic::{AtomicBool, Ordering};

use purser_host::{ByHandError, CallError, Fault};

/// Makes calls, and knows whether one got no time twice.
#[derive(Default)]
pub(super) struct Patience {
    exhausted: AtomicBool,
}

/// An error that time may mend.
pub(super) trait Late {
    /// Whether the call only took too long, or never had its turn.
    fn is_late(&self) -> bool;
}

impl Late for CallError {
    fn is_late(&self) -> bool {
        match self {
            Self::Fault(fault, _) => *fault == Fault::Deadline,
            Self::Overloaded => true,
            Self::Refused(_) | Self::InputTooLarge { .. } => false,
        }
    }
}

impl Late for ByHandError {
    fn is_late(&self) -> bool {
        match self {
            Self::Call(error) => error.is_late(),
            Self::UnknownFunction { .. } | Self::Input(_) => false,
        }
    }
}

impl Patience {
    /// What a call gives, the second time if the first only took too long.
    pub(super) async fn ask<T, E: Late>(
        &self,
        call: impl AsyncFn() -> Result<T, E>,
    ) -> Result<T, E> {
        let first = call().await;
        if !first.as_ref().is_err_and(E::is_late) {
            return first;
        }
        let second = call().await;
        if second.as_ref().is_err_and(E::is_late) {
            self.exhausted.store(true, Ordering::Relaxed);
        }
        second
    }

    /// Whether a call got no time twice.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn late() -> CallError {
        CallError::Fault(Fault::Deadline, "100 ms".to_owned())
    }

    #[tokio::test]
    async fn what_only_took_too_long_is_asked_once_more() {
        let check = async |answers: [Result<u8, CallError>; 2], asked: usize, exhausted: bool| {
            let (patience, count) = (Patience::default(), AtomicUsize::new(0));
            let answer = patience
                .ask(async || {
                    let nth = count.fetch_add(1, Ordering::Relaxed);
                    match &answers[nth] {
                        Ok(value) => Ok(*value),
                        Err(error) if error.is_late() => Err(late()),
                        Err(_) => Err(CallError::Fault(Fault::Trap, String::new())),
                    }
                })
                .await;
            assert_eq!(answer.is_ok(), answers[asked - 1].is_ok());
            assert_eq!((count.into_inner(), patience.is_exhausted()), (asked, exhausted));
        };
        let trap = || Err(CallError::Fault(Fault::Trap, String::new()));
        check([Ok(1), Ok(2)], 1, false).await;
        check([trap(), Ok(2)], 1, false).await;
        check([Err(late()), Ok(2)], 2, false).await;
        check([Err(CallError::Overloaded), trap()], 2, false).await;
        check([Err(late()), Err(late())], 2, true).await;
    }
}
