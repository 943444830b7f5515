//! The symbol as modules: Data Matrix ECC 200 (ISO/IEC 16022).

use datamatrix::{
    DataMatrixBuilder, SymbolSize,
    data::EncodationType,
    placement::{Bitmap, PathSegment},
};
use purser_core::stamp::piece::Symbol;

use super::PrintError;

/// The standard asks for one module of light around a symbol; scanners like more, and envelopes have room.
pub(super) const QUIET_MODULES: u16 = 4;

/// Dark and light modules, without the quiet zone.
pub(super) struct Modules {
    bitmap: Bitmap<bool>,
    pub(super) width: u16,
    pub(super) height: u16,
}

/// A part of the outline, in modules from the upper left corner, x before y.
pub(super) enum Outline {
    /// A new part begins here.
    Move(i16, i16),
    /// A line to here.
    Line(i16, i16),
    /// Back to where the part began.
    Close,
}

impl Modules {
    /// The bytes in Base 256, so that every decoder gives back bytes and no text; in the one size that the symbol has.
    pub(super) fn of(indicium: &[u8], symbol: Symbol) -> Result<Self, PrintError> {
        let (size, width, height) = match symbol {
            Symbol::Full => (SymbolSize::Square44, 44, 44),
            Symbol::Lite => (SymbolSize::Rect16x48, 48, 16),
        };
        if indicium.is_empty() {
            return Err(PrintError::DoesNotFit);
        }
        let matrix = DataMatrixBuilder::new()
            .with_encodation_types(EncodationType::Base256)
            .with_macros(false)
            .with_symbol_list(size)
            .encode(indicium)
            .map_err(|_| PrintError::DoesNotFit)?;
        Ok(Self { bitmap: matrix.bitmap(), width, height })
    }

    /// The dark modules, column before row.
    pub(super) fn dark(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.bitmap.pixels()
    }

    /// The outline of the dark modules, to be filled by the even-odd rule. One shape instead of a thousand squares, between
    /// which a renderer would let the paper shine through.
    pub(super) fn outline(&self) -> Vec<Outline> {
        let (mut x, mut y) = (0_i16, 0_i16);
        let mut start = (x, y);
        let mut outline = vec![Outline::Move(x, y)];
        for segment in self.bitmap.path() {
            outline.push(match segment {
                PathSegment::Move(dx, dy) => {
                    (x, y) = (x.saturating_add(dx), y.saturating_add(dy));
                    start = (x, y);
                    Outline::Move(x, y)
                }
                PathSegment::Horizontal(dx) => {
                    x = x.saturating_add(dx);
                    Outline::Line(x, y)
                }
                PathSegment::Vertical(dy) => {
                    y = y.saturating_add(dy);
                    Outline::Line(x, y)
                }
                // The library counts on from where the part began, as SVG does.
                PathSegment::Close => {
                    (x, y) = start;
                    Outline::Close
                }
            });
        }
        outline
    }
}
