//! What a plugin writes to the log during one call: bounded, without control characters, passed on when the
//! call ends.

use crate::{fault::printable, limits::LOG_LINE_BYTES, wire::Level};

/// The lines of one call.
#[derive(Debug)]
pub(crate) struct LogBook {
    lines: Vec<(Level, String)>,
    room: usize,
}

impl LogBook {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { lines: Vec::new(), room: bytes_max }
    }

    /// How many bytes are left.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Keeps what fits; what does not is dropped without a fault, since logging must not fail a sale.
    pub(crate) fn write(&mut self, level: Level, message: &str) {
        let Some(room) = self.room.checked_sub(LOG_LINE_BYTES) else {
            self.room = 0;
            return;
        };
        let mut line = printable(&message.replace('\n', " "), room);
        while line.len() > room {
            line.pop();
        }
        self.room = room.saturating_sub(line.len());
        self.lines.push((level, line));
    }

    /// The last line that was an error: with the SDK's hook, the text of a panic.
    pub(crate) fn last_error(&self) -> Option<&str> {
        let error = self.lines.iter().rev().find(|(level, _)| *level == Level::Error);
        error.map(|(_, line)| line.as_str())
    }

    /// Hands the lines to the gateway's own log.
    pub(crate) fn publish(&self, plugin: &str) {
        for (level, line) in &self.lines {
            match level {
                Level::Debug => {
                    tracing::debug!(target: "plugin", { plugin.name = plugin }, "{line}")
                }
                Level::Info => tracing::info!(target: "plugin", { plugin.name = plugin }, "{line}"),
                Level::Warn => tracing::warn!(target: "plugin", { plugin.name = plugin }, "{line}"),
                Level::Error => {
                    tracing::error!(target: "plugin", { plugin.name = plugin }, "{line}")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_budget_and_loses_control_characters() {
        let mut log = LogBook::new(LOG_LINE_BYTES + 5);
        log.write(Level::Error, "a\x1b[31m\nbcdefgh");
        assert_eq!(log.last_error(), Some("a[31m"));
        log.write(Level::Error, "more");
        assert_eq!(log.last_error(), Some("a[31m"));
    }

    #[test]
    fn empty_lines_come_to_an_end() {
        let mut log = LogBook::new(16 * 1024);
        for _ in 0..100_000 {
            log.write(Level::Info, "");
        }
        assert_eq!(log.lines.len(), 256);
    }

    #[test]
    fn a_character_is_never_cut_in_two() {
        let mut log = LogBook::new(LOG_LINE_BYTES + 5);
        log.write(Level::Error, "€€€");
        assert_eq!(log.last_error(), Some("€"));
    }
}
