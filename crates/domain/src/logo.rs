//! An organization's logo: a picture of a kind that carries no script, small enough for a mail (S2.5, section 15).

use crate::field::FieldError;

/// The most bytes of a logo: 256 KiB.
pub const LOGO_MAX: usize = 256 * 1024;
/// The longest side in pixels: a small file can unpack to a picture that fills a browser's memory.
const SIDE_MAX: u32 = 2_000;
const FIELD: &str = "logo";

/// What a logo is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    WebP,
}

impl Format {
    const ALL: [Format; 3] = [Self::Png, Self::Jpeg, Self::WebP];

    /// The media type that it is kept and served under.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }

    /// What the file is called in a mail.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Png => "logo.png",
            Self::Jpeg => "logo.jpg",
            Self::WebP => "logo.webp",
        }
    }

    /// The format of that media type.
    pub fn from_media_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.media_type() == text)
    }
}

/// What the picture is, by its own bytes: what its sender calls it doesn't count.
pub fn check(image: &[u8]) -> Result<Format, FieldError> {
    if image.is_empty() {
        return Err(FieldError::new(FIELD, "Choose a picture first."));
    }
    if image.len() > LOGO_MAX {
        return Err(too_large());
    }
    let Some(format) = format_of(image) else { return Err(FieldError::new(FIELD, other_format(image))) };
    let size = match format {
        Format::Png => png_size(image),
        Format::Jpeg => jpeg_size(image),
        Format::WebP => webp_size(image),
    };
    match size {
        None | Some((0, _) | (_, 0)) => {
            Err(FieldError::new(FIELD, "The picture is damaged. Save it anew and try again."))
        }
        Some((width, height)) if width.max(height) > SIDE_MAX => Err(FieldError::new(
            FIELD,
            format!("The picture can be at most 2,000 pixels wide and high. It is {width} × {height}."),
        )),
        Some(_) => Ok(format),
    }
}

/// What is said of a file that is too large, however much of it was read.
pub fn too_large() -> FieldError {
    FieldError::new(FIELD, "The logo can have at most 256 KiB.")
}

fn format_of(image: &[u8]) -> Option<Format> {
    if image.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Format::Png)
    } else if image.starts_with(b"\xff\xd8\xff") {
        Some(Format::Jpeg)
    } else if image.starts_with(b"RIFF") && image.get(8..12) == Some(b"WEBP".as_slice()) {
        Some(Format::WebP)
    } else {
        None
    }
}

fn other_format(image: &[u8]) -> &'static str {
    let head = image.get(..image.len().min(1_024)).unwrap_or_default();
    if head.windows(4).any(|window| window.eq_ignore_ascii_case(b"<svg")) {
        "An SVG file can carry script, so it isn't taken. Use PNG, JPEG or WebP."
    } else {
        "Use a PNG, JPEG or WebP picture."
    }
}

/// Bytes as a number, the first one highest.
fn big_endian(bytes: Option<&[u8]>) -> Option<u32> {
    Some(bytes?.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}

/// Bytes as a number, the first one lowest.
fn little_endian(bytes: Option<&[u8]>) -> Option<u32> {
    Some(bytes?.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
}

/// PNG (ISO 15948) begins with the chunk that has its size.
fn png_size(image: &[u8]) -> Option<(u32, u32)> {
    (image.get(12..16)? == b"IHDR").then_some(())?;
    Some((big_endian(image.get(16..20))?, big_endian(image.get(20..24))?))
}

/// JPEG (ITU T.81) has its size in the first frame header, after any other segments.
fn jpeg_size(image: &[u8]) -> Option<(u32, u32)> {
    let mut rest = image.get(2..)?;
    loop {
        let (marker, after) = match rest {
            [0xff, 0xff, ..] => {
                rest = rest.get(1..)?;
                continue;
            }
            [0xff, marker, after @ ..] => (*marker, after),
            _ => return None,
        };
        match marker {
            0x01 | 0xd0..=0xd7 => rest = after,
            0xc4 | 0xc8 | 0xcc | 0x02..=0xbf | 0xe0..=0xfe | 0xda..=0xdf => {
                rest = after.get(usize::try_from(big_endian(after.get(..2))?).ok()?..)?;
            }
            0xc0..=0xcf => return Some((big_endian(after.get(5..7))?, big_endian(after.get(3..5))?)),
            _ => return None,
        }
    }
}

/// WebP (RFC 9649) has its size in its first chunk, of one of three kinds.
fn webp_size(image: &[u8]) -> Option<(u32, u32)> {
    match image.get(12..16)? {
        b"VP8X" => Some((little_endian(image.get(24..27))? + 1, little_endian(image.get(27..30))? + 1)),
        b"VP8L" => {
            let bits = little_endian(image.get(21..25))?;
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8 " => {
            (image.get(23..26)? == b"\x9d\x01\x2a").then_some(())?;
            Some((little_endian(image.get(26..28))? & 0x3fff, little_endian(image.get(28..30))? & 0x3fff))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        image.extend(width.to_be_bytes());
        image.extend(height.to_be_bytes());
        image.extend([8, 6, 0, 0, 0]);
        image
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut image =
            vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc4, 0, 3, 0, 0xff, 0xc2, 0, 11, 8];
        image.extend(height.to_be_bytes());
        image.extend(width.to_be_bytes());
        image
    }

    fn webp(chunk: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut image = b"RIFF\0\0\0\0WEBP".to_vec();
        image.extend(chunk);
        image.extend([0; 4]);
        image.extend(body);
        image
    }

    #[test]
    fn pictures_are_known_by_their_own_bytes() {
        let extended = webp(b"VP8X", &[0, 0, 0, 0, 99, 0, 0, 49, 0, 0]);
        let lossless = webp(b"VP8L", &[0x2f, 99, 0x40, 0x0c, 0]);
        let lossy = webp(b"VP8 ", &[0, 0, 0, 0x9d, 1, 0x2a, 100, 0, 50, 0]);
        assert_eq!(webp_size(&extended), Some((100, 50)));
        assert_eq!(webp_size(&lossless), Some((100, 50)));
        assert_eq!(webp_size(&lossy), Some((100, 50)));
        assert_eq!(jpeg_size(&jpeg(100, 50)), Some((100, 50)));
        assert_eq!(png_size(&png(100, 50)), Some((100, 50)));
        for (image, format) in [
            (png(1, 2_000), Format::Png),
            (jpeg(2_000, 1), Format::Jpeg),
            (extended, Format::WebP),
            (lossless, Format::WebP),
            (lossy, Format::WebP),
        ] {
            assert_eq!(check(&image), Ok(format));
            assert_eq!(Format::from_media_type(format.media_type()), Some(format));
        }
    }

    #[test]
    fn what_is_no_small_picture_is_refused() {
        let mut heavy = png(100, 100);
        heavy.resize(LOGO_MAX + 1, 0);
        for (image, words) in [
            (Vec::new(), "Choose"),
            (b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\">".to_vec(), "script"),
            (b"<html>".to_vec(), "PNG, JPEG or WebP"),
            (b"GIF89a".to_vec(), "PNG, JPEG or WebP"),
            (png(2_001, 1), "2001 × 1"),
            (jpeg(1, u16::MAX), "2,000"),
            (png(0, 1), "damaged"),
            (heavy, "256 KiB"),
        ] {
            let error = check(&image).unwrap_err();
            assert_eq!(error.field, "logo");
            assert!(error.message.contains(words), "{}", error.message);
        }
    }

    #[test]
    fn a_picture_that_is_cut_off_anywhere_is_refused() {
        let lossy = webp(b"VP8 ", &[0, 0, 0, 0x9d, 1, 0x2a, 100, 0, 50, 0]);
        for whole in [png(100, 50).get(..24).unwrap().to_vec(), jpeg(100, 50), lossy] {
            for end in 0..whole.len() {
                assert!(check(whole.get(..end).unwrap()).is_err(), "{end}");
            }
        }
        assert!(check(&[0xff; 1_000]).is_err());
        assert!(check(b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\0").is_err());
    }
}
