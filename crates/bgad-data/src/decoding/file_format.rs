//! A file's format, from its first bytes.

use image::ImageFormat;

/// Number of bytes examined.
const START: usize = 64;

/// The kinds of files that are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An image format that is read.
    Image(ImageFormat),
    /// Another known kind, by name.
    Other(&'static str),
    /// An unknown kind.
    Unknown,
}

/// First bytes of formats that are not read but that people often mistake for, or use as, images.
const OTHERS: [(&[u8], &str); 22] = [
    (b"GIF8", "a GIF"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"8BPS", "a Photoshop document"),
    (b"v/1\x01", "an OpenEXR image"),
    (b"#?RADIANCE", "a Radiance HDR image"),
    (b"\0\0\x01\0", "an icon"),
    (b"DDS ", "a DDS texture"),
    (b"qoif", "a QOI image"),
    (b"SIMPLE  =", "a FITS image"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"<svg", "an SVG drawing"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"II\xbc", "a JPEG XR image"),
];

impl Kind {
    /// Recognises a file's kind from its beginning; needs the first 64 bytes, or all of a shorter file.
    pub(crate) fn of(start: &[u8]) -> Self {
        let start = &start[..start.len().min(START)];
        let is = |magic: &[u8]| start.starts_with(magic);
        if is(b"\x89PNG\r\n\x1a\n") {
            return Self::Image(ImageFormat::Png);
        }
        if is(b"\xff\xd8\xff") && !is(b"\xff\xd8\xff\xf7") {
            return Self::Image(ImageFormat::Jpeg);
        }
        if is(b"\xff\xd8\xff\xf7") {
            return Self::Other("a JPEG-LS image");
        }
        if is(b"II*\0") || is(b"MM\0*") || is(b"II+\0") || is(b"MM\0+") {
            return Self::Image(ImageFormat::Tiff);
        }
        if is(b"RIFF") && start.get(8..12) == Some(b"WEBP") {
            return Self::Image(ImageFormat::WebP);
        }
        if is(b"BM") {
            return Self::Image(ImageFormat::Bmp);
        }
        if start.get(4..8) == Some(b"ftyp") {
            return Self::Other(match start.get(8..12) {
                Some(b"avif" | b"avis") => "an AVIF image",
                Some(b"heic" | b"heix" | b"mif1" | b"msf1" | b"hevc") => "a HEIC image",
                _ => "a film",
            });
        }
        if let [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t', ..] = start {
            return Self::Other("a PNM image");
        }
        let known = OTHERS.iter().find(|(magic, _)| is(magic));
        known.map_or(Self::Unknown, |(_, name)| Self::Other(name))
    }
}
