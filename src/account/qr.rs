//! QR codes.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// The side of one module, in pixels: large enough to be scanned from a screen.
const MODULE_PX: u32 = 4;

/// A QR code as an SVG document; `None`: the text is too long for one (2,953 bytes).
pub fn svg(text: &str) -> Option<String> {
    // Screens do not get scratched, and the lowest level of error correction has the largest modules.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let mut renderer = code.render::<svg::Color>();
    Some(renderer.module_dimensions(MODULE_PX, MODULE_PX).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_an_svg_document_without_the_text() {
        let picture = svg("otpauth://totp/a?secret=GEZDGNBV").unwrap();
        assert!(picture.starts_with("<?xml") && picture.ends_with("</svg>"));
        assert!(!picture.contains("GEZDGNBV"));
    }

    #[test]
    fn text_that_is_too_long_has_no_qr_code() {
        assert!(svg(&"a".repeat(2953)).is_some());
        assert!(svg(&"a".repeat(2954)).is_none());
    }
}
