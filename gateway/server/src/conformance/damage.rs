//! A damaged mark is no mark: whatever of its bytes is changed, cut off or added, it no longer says the same under the
//! same signature. Else one stamp would have many marks, or a mark would say what nobody signed.

use purser_host::{CallError, Fault, StampsPlugin};

use super::{marks::Mark, patience::Patience};

/// Every bit of a byte, and the one that tells small letters from capitals.
const FLIPS: [u8; 2] = [0xff, 0x20];
/// What is added at the end.
const TAILS: [&[u8]; 3] = [b"\0", b" ", &[0xff; 4]];
/// What all readings of one mark may cost: some seconds. A plugin that brings an interpreter along is shown every second or
/// fifth damage, the same ones each time.
const FUEL_MAX: u64 = 5_000_000_000;

/// Shows a plugin its own mark, damaged in every way.
pub(super) async fn run(
    stamps: &StampsPlugin,
    mark: &Mark,
    patience: &Patience,
) -> Result<(), String> {
    let damaged = damaged(&mark.bytes);
    let fuel = mark.fuel.saturating_mul(damaged.len() as u64);
    let stride = usize::try_from(fuel.div_ceil(FUEL_MAX)).unwrap_or(usize::MAX).max(1);
    for (how, bytes) in damaged.into_iter().step_by(stride) {
        let claims = match patience.ask(async || stamps.read(&bytes).await).await {
            Ok(called) => called.value,
            // What makes no sense is refused by the plugin, or by the gateway.
            Err(CallError::Refused(_) | CallError::Fault(Fault::BadOutput, _)) => continue,
            Err(error) => return Err(format!("a mark {how}: {error}")),
        };
        if claims == mark.claims {
            return Err(format!("a mark {how} is read as if it were whole"));
        }
        if (&claims.signed, &claims.signature) == (&mark.claims.signed, &mark.claims.signature) {
            return Err(format!("a mark {how} says something else under the same signature"));
        }
    }
    Ok(())
}

/// The damages of a mark, each with its name.
fn damaged(mark: &[u8]) -> Vec<(String, Vec<u8>)> {
    let flipped = (0..mark.len()).flat_map(|at| FLIPS.map(|flip| (at, flip)));
    let flipped = flipped.map(|(at, flip)| {
        let change = |(index, byte): (usize, &u8)| if index == at { byte ^ flip } else { *byte };
        let bytes = mark.iter().enumerate().map(change).collect();
        (format!("whose byte {at} is changed"), bytes)
    });
    let cut = (0..mark.len()).map(|length| {
        (format!("that ends after {length} bytes"), mark.iter().copied().take(length).collect())
    });
    let longer =
        TAILS.iter().map(|tail| (format!("with {} bytes more", tail.len()), [mark, tail].concat()));
    flipped.chain(cut).chain(longer).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_byte_is_changed_every_length_is_cut_to_and_no_damage_is_the_mark() {
        let mark = b"mark";
        let damaged: Vec<Vec<u8>> = damaged(mark).into_iter().map(|(_, bytes)| bytes).collect();
        assert!(damaged.iter().all(|bytes| bytes != mark));
        let differing = |bytes: &Vec<u8>| (0..4).find(|at| bytes.get(*at) != mark.get(*at));
        let same_length = damaged.iter().filter(|bytes| bytes.len() == mark.len());
        let changed: BTreeSet<_> = same_length.filter_map(differing).collect();
        assert_eq!(changed, BTreeSet::from([0, 1, 2, 3]));
        let lengths: BTreeSet<_> = damaged.iter().map(Vec::len).collect();
        assert_eq!(lengths, BTreeSet::from([0, 1, 2, 3, 4, 5, 8]));
    }
}
