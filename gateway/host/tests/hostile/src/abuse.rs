//! What any program can do to whoever runs it. The hostile plugins of all roles share it.

use std::hint::black_box;

use purser_sdk::log::{self, Level};

/// Computes for ever.
pub(crate) fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns).wrapping_add(1);
    }
}

/// Takes memory until there is none.
pub(crate) fn bomb() -> String {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1024 * 1024]);
        black_box(&hoard);
    }
}

/// Calls itself until the stack is full.
pub(crate) fn deeper(depth: u64) -> u64 {
    match black_box(depth) {
        u64::MAX => 0,
        depth => black_box(deeper(depth.wrapping_add(1))).wrapping_add(depth),
    }
}

/// Writes a megabyte to the log.
pub(crate) fn flood() {
    let line = "l".repeat(1024);
    (0..1024).for_each(|_| log::write(Level::Info, &line));
}
