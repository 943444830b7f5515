//! The symbol as SVG.

use std::fmt::Write as _;

use super::{
    PrintError, StampView,
    symbol::{Modules, Outline, QUIET_MODULES},
};

/// Dots a module has where nobody says how large the image is to be.
const MODULE_DOTS: u16 = 6;

/// The symbol on white, with its quiet zone. One unit is one module, so that it is sharp at every multiple of its size.
pub fn svg(stamp: &StampView) -> Result<String, PrintError> {
    let modules = Modules::of(&stamp.indicium, stamp.symbol)?;
    let with_quiet = |size: u16| size.saturating_add(2 * QUIET_MODULES);
    let (width, height) = (with_quiet(modules.width), with_quiet(modules.height));
    let dots = |size: u16| size.saturating_mul(MODULE_DOTS);
    let mut path = String::new();
    for part in modules.outline() {
        let written = match part {
            Outline::Move(x, y) => write!(path, "M{x} {y}"),
            Outline::Line(x, y) => write!(path, "L{x} {y}"),
            Outline::Close => write!(path, "z"),
        };
        written.map_err(|_| PrintError::Image)?;
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" \
         shape-rendering=\"crispEdges\" role=\"img\">\
         <title>{}</title><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\
         <path transform=\"translate({QUIET_MODULES} {QUIET_MODULES})\" fill=\"#000\" fill-rule=\"evenodd\" d=\"{path}\"/></svg>\n",
        dots(width),
        dots(height),
        escaped(&format!("{}, {}", stamp.price, stamp.serial)),
    ))
}

/// Text within an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
