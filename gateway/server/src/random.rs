//! Randomness, from the operating system only.

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

/// The bits of a new id.
pub fn id_bits() -> u128 {
    u128::from_be_bytes(bytes())
}
