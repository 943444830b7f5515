//! Fields of fixed size, one behind the other.

use purser_sdk::{Error, Problem};

/// Writes fields, each of which must fit.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// A number in so many bytes, the first one first.
    pub(crate) fn number(
        &mut self,
        field: &'static str,
        value: u64,
        size: usize,
    ) -> Result<(), Error> {
        let bytes = value.to_be_bytes();
        match bytes.len().checked_sub(size).and_then(|at| bytes.split_at_checked(at)) {
            Some((zeros, number)) if zeros.iter().all(|byte| *byte == 0) => {
                self.0.extend_from_slice(number);
                Ok(())
            }
            _ => Err(too_large(field, size)),
        }
    }

    /// A text in so many bytes, filled up with zeros.
    pub(crate) fn text(
        &mut self,
        field: &'static str,
        text: &str,
        size: usize,
    ) -> Result<(), Error> {
        let fill = size.checked_sub(text.len()).ok_or_else(|| too_large(field, size))?;
        self.0.extend_from_slice(text.as_bytes());
        self.0.extend(std::iter::repeat_n(0, fill));
        Ok(())
    }

    /// Bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// All of them.
    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

fn too_large(field: &'static str, size: usize) -> Error {
    let text = format!("it does not fit into the {size} bytes that a mark has for it");
    Error::new(Problem::PostageUnsupported, text).at(field)
}

/// Reads fields; none where the bytes end, or say what cannot be.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// A number of so many bytes.
    pub(crate) fn number(&mut self, size: usize) -> Option<u64> {
        let push = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        Some(self.slice(size)?.iter().fold(0, push))
    }

    /// A number of so many bytes that fits a smaller type.
    pub(crate) fn small<T: TryFrom<u64>>(&mut self, size: usize) -> Option<T> {
        T::try_from(self.number(size)?).ok()
    }

    /// A text of so many bytes, without the zeros at its end, of characters that `allowed` knows.
    pub(crate) fn text(&mut self, size: usize, allowed: fn(u8) -> bool) -> Option<String> {
        let bytes = self.slice(size)?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let (text, fill) = bytes.split_at_checked(end)?;
        let plain = text.iter().all(|byte| allowed(*byte)) && fill.iter().all(|byte| *byte == 0);
        plain.then(|| String::from_utf8(text.to_vec()).ok()).flatten()
    }

    /// So many bytes as they are.
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    fn slice(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }
}
