//! Short texts from outside.

/// Whether `text` has at most `chars_max` characters and none that steers a terminal or breaks a line.
pub fn is_plain(text: &str, chars_max: usize) -> bool {
    // What has no more bytes has no more characters.
    let fits = text.len() <= chars_max || text.chars().count() <= chars_max;
    fits && !has_control(text)
}

/// Most texts are ASCII, where bytes tell as much as characters.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        text.bytes().any(|byte| byte.is_ascii_control())
    } else {
        text.chars().any(char::is_control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_none_of_them_is_a_control() {
        for text in ["", "MwSt.", "éàü", "消費税消", "\u{a0}"] {
            assert!(is_plain(text, 5), "{text:?}");
        }
        for text in ["\n", "a\u{0}", "\u{7f}", "é\u{85}", "\u{9f}", "消費税消費税", "sixsix"]
        {
            assert!(!is_plain(text, 5), "{text:?}");
        }
    }
}
