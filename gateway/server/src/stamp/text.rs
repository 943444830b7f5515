//! Text in Helvetica, which every PDF reader has: its characters, and how wide they are.

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// Helvetica.
    Regular,
    /// Helvetica-Bold.
    Bold,
}

/// Text in the one encoding that readers of PDF have without an embedded font (WinAnsiEncoding, ISO 32000 annex D).
pub(super) fn encoded(text: &str) -> Vec<u8> {
    text.chars().map(|character| code(character).unwrap_or(b'?')).collect()
}

/// Whether all of it can be written.
pub(super) fn is_encodable(text: &str) -> bool {
    text.chars().all(|character| code(character).is_some())
}

fn code(character: char) -> Option<u8> {
    match character {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(character)).ok(),
        '€' => Some(0x80),
        '‘' => Some(0x91),
        '’' => Some(0x92),
        '“' => Some(0x93),
        '”' => Some(0x94),
        '•' => Some(0x95),
        '–' => Some(0x96),
        '—' => Some(0x97),
        'Š' => Some(0x8a),
        'š' => Some(0x9a),
        'Œ' => Some(0x8c),
        'œ' => Some(0x9c),
        'Ž' => Some(0x8e),
        'ž' => Some(0x9e),
        'Ÿ' => Some(0x9f),
        _ => None,
    }
}

/// How wide `text` is at a size, in the size's unit, rounded up.
pub(super) fn width(text: &str, face: Face, size: u32) -> u32 {
    let thousandths: u32 = encoded(text).into_iter().map(|code| advance(code, face)).sum();
    thousandths.saturating_mul(size).div_ceil(1000)
}

/// The largest size up to `size` at which `text` is no wider than `room`.
pub(super) fn fitting(text: &str, face: Face, size: u32, room: u32) -> u32 {
    match width(text, face, size) {
        wide if wide > room => size.saturating_mul(room).checked_div(wide).unwrap_or(size),
        _ => size,
    }
}

/// Words that are joined by `joint` into lines of at most `room`.
pub(super) fn lines(
    words: &[String],
    joint: &str,
    face: Face,
    size: u32,
    room: u32,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        let joined = lines.last().map(|line| format!("{line}{joint}{word}"));
        match (joined, lines.last_mut()) {
            (Some(joined), Some(line)) if width(&joined, face, size) <= room => *line = joined,
            _ => lines.push(word.clone()),
        }
    }
    lines
}

fn advance(code: u8, face: Face) -> u32 {
    let table = match face {
        Face::Regular => &REGULAR,
        Face::Bold => &BOLD,
    };
    let known = usize::from(code).checked_sub(32).and_then(|index| table.get(index));
    known.copied().unwrap_or(ACCENTED).into()
}

/// The widest of the accented letters but Æ and Œ.
const ACCENTED: u16 = 778;

/// Adobe's font metrics from space to tilde, in thousandths of the size.
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_wide_as_its_letters() {
        assert_eq!(width("Hello", Face::Regular, 1000), 722 + 556 + 222 + 222 + 556);
        assert_eq!(width("Hello", Face::Bold, 1000), 722 + 556 + 278 + 278 + 611);
        assert_eq!(fitting("Hello", Face::Regular, 1000, 5000), 1000);
        assert_eq!(fitting("Hello", Face::Regular, 1000, 1139), 500);
    }

    #[test]
    fn what_the_font_does_not_have_is_a_question_mark() {
        assert_eq!(encoded("€ 1 – ü"), b"\x80 1 \x96 \xfc");
        assert_eq!(encoded("₹\n郵"), b"???");
        assert!(is_encodable("£") && !is_encodable("₩"));
    }

    #[test]
    fn words_are_broken_into_lines() {
        let words = ["From US", "To GB", "Up to 30 g"].map(str::to_owned);
        let all = lines(&words, ", ", Face::Regular, 1000, 100_000);
        assert_eq!(all, ["From US, To GB, Up to 30 g"]);
        let narrow = lines(&words, ", ", Face::Regular, 1000, 8_000);
        assert_eq!(narrow, ["From US, To GB", "Up to 30 g"]);
    }
}
