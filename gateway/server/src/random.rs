//! Randomness, from the operating system only.

use purser_core::ids::TIME_SHIFT;

use crate::clock;

/// `N` random bytes.
///
/// A machine that has no randomness cannot run a gateway, so this aborts the process where others would hand
/// an error through every signature.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gives no randomness");
        std::process::abort();
    }
    bytes
}

/// The bits of new ids for lines of one log that are written at once: they share a time, so their ids say which came
/// first.
pub fn ids_in_order<const N: usize>() -> [u128; N] {
    let mut ids = [(); N].map(|()| id_bits());
    ids.sort_unstable();
    ids
}

/// The bits of a new id: 48 of milliseconds since 1970, 80 of randomness. Rows that are written together then stand
/// together in every index, where wholly random ids would touch a page each. The time is the machine's, not the
/// sandbox's; it says from when on a shop is told of something, and nothing else is read from it.
pub fn id_bits() -> u128 {
    id_bits_at(clock::machine_ms())
}

/// The bits of a new id that says another time: that of a thing which is told of then.
pub fn id_bits_at(machine_ms: u128) -> u128 {
    let random = u128::from_be_bytes(bytes()) >> (u128::BITS - TIME_SHIFT);
    (machine_ms << TIME_SHIFT) | random
}

/// A number below another, each as likely; zero where there is none.
pub fn below(limit: u128) -> u128 {
    // Of 128 bits the remainder favours nothing that anybody could measure.
    u128::from_be_bytes(bytes()).checked_rem(limit).unwrap_or(0)
}
