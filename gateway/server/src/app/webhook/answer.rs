//! What endpoints answer, which is theirs to say and ours to bound.

use jiff::{SignedDuration, fmt::rfc2822::DateTimeParser};

use crate::clock;

/// How long an endpoint wants to be left alone.
pub(super) type Retry = Option<SignedDuration>;

/// Characters of an answer that are kept.
const SHOWN_CHARS_MAX: usize = 1_024;

/// An answer's first bytes as text, for people: without control characters but line ends, and without what turns text
/// around.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let plain = |c: &char| {
        (!c.is_control() || *c == '\n')
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(plain).take(SHOWN_CHARS_MAX).collect()
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a time by the endpoint's clock.
pub(super) fn retry_after(value: &str) -> Retry {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(SignedDuration::from_secs(i64::from(seconds)));
    }
    let at = DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    let wait = at.duration_since(clock::machine_now());
    (!wait.is_negative()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_shown_without_what_cannot_be_seen() {
        assert_eq!(shown(b"no\r\n\x1b[31mroom\0"), "no\n[31mroom");
        assert_eq!(shown("a\u{202e}b\u{85}c".as_bytes()), "abc");
        assert_eq!(shown(&[0xff, b'x']), "\u{fffd}x");
        assert_eq!(shown(&[b'x'; 5_000]).len(), 1_024);
    }

    #[test]
    fn a_wait_is_seconds_or_a_time_to_come() {
        assert_eq!(retry_after(" 120 "), Some(SignedDuration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), None, "long over");
        let wait = retry_after("Thu, 31 Dec 9998 22:00:00 GMT").unwrap();
        assert!(wait > SignedDuration::from_hours(24 * 365), "{wait}");
        for text in ["", "-5", "soon", "5.5", "99999999999999999999"] {
            assert_eq!(retry_after(text), None, "{text}");
        }
    }
}
