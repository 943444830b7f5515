//! The symbol as PNG.

use png::{BitDepth, ColorType, Encoder, PixelDimensions, Unit};

use super::{
    PrintError, StampView,
    symbol::{Modules, QUIET_MODULES},
};

/// Dots of one module: enough for any decoder, at a file of a kilobyte.
const MODULE_DOTS: usize = 8;
/// A module is half a millimetre on paper.
const DOTS_PER_METRE: u32 = 16_000;
const WHITE: u8 = 0xff;
const BLACK: u8 = 0;

/// The symbol on opaque white, with its quiet zone, and nothing else.
pub fn png(stamp: &StampView) -> Result<Vec<u8>, PrintError> {
    let modules = Modules::of(&stamp.indicium, stamp.symbol)?;
    let quiet = usize::from(QUIET_MODULES);
    let dots = |size: u16| usize::from(size).saturating_add(2 * quiet).saturating_mul(MODULE_DOTS);
    let (width, height) = (dots(modules.width), dots(modules.height));
    let mut pixels = vec![WHITE; width.saturating_mul(height)];
    for (column, row) in modules.dark() {
        let first = |at: usize| at.saturating_add(quiet).saturating_mul(MODULE_DOTS);
        let (left, top) = (first(column), first(row));
        for line in pixels.chunks_exact_mut(width).skip(top).take(MODULE_DOTS) {
            line.iter_mut().skip(left).take(MODULE_DOTS).for_each(|pixel| *pixel = BLACK);
        }
    }
    written(&pixels, width, height).map_err(|_| PrintError::Image)
}

fn written(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>, png::EncodingError> {
    let size = |dots: usize| u32::try_from(dots).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, size(width), size(height));
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let density = PixelDimensions { xppu: DOTS_PER_METRE, yppu: DOTS_PER_METRE, unit: Unit::Meter };
    encoder.set_pixel_dims(Some(density));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
