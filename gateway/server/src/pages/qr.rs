//! QR codes as inline SVG: `{{ qr::svg(text, label)|safe }}`.

use fast_qr::{ECL, QRBuilder};

use crate::problem::Problem;

/// Modules of quiet around the symbol (ISO/IEC 18004, section 9.1).
const QUIET: usize = 4;

/// The symbol of a text, black on white in any colour scheme, as scanners want it. `label` is what is told to who does
/// not see it.
pub fn svg(text: &str, label: &str) -> Result<String, Problem> {
    let code = QRBuilder::new(text)
        .ecl(ECL::M)
        .build()
        .map_err(|_| Problem::internal("a text is too long for a QR code"))?;
    let size = code.size + 2 * QUIET;
    let mut path = String::new();
    for row in 0..code.size {
        let modules = code.data.get(row * code.size..(row + 1) * code.size).unwrap_or_default();
        let dark = modules.iter().enumerate().filter(|(_, module)| module.value());
        for (column, _) in dark {
            path.push_str(&format!("M{} {}h1v1h-1z", column + QUIET, row + QUIET));
        }
    }
    let label = askama::filters::escape(label, askama::filters::Html)
        .map_err(Problem::internal)?
        .to_string();
    Ok(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {size} {size}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/>\
         <path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_become_markup() {
        let svg = svg("purser", "\"><script>").unwrap();
        assert!(!svg.contains("<script>"), "{svg}");
        assert!(svg.contains("viewBox=\"0 0 29 29\""), "version 1 and its quiet zone: {svg}");
    }
}
