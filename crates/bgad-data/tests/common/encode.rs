//! Small image files, byte by byte, of kinds that the `image` crate does not write.
#![allow(dead_code, missing_docs)]

/// The checksum of PNG's chunks.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut body = kind.to_vec();
    body.extend(content);
    let mut chunk = (content.len() as u32).to_be_bytes().to_vec();
    chunk.extend(&body);
    chunk.extend(crc32(&body).to_be_bytes());
    chunk
}

/// zlib's format without compression.
fn stored(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a small image");
    let mut bytes = vec![0x78, 0x01, 1];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(content);
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    bytes.extend((b << 16 | a).to_be_bytes());
    bytes
}

/// A PNG with these rows, packed as its depth asks for; `extra` chunks stand before the data.
pub fn png(
    (width, height): (u32, u32),
    (depth, colour): (u8, u8),
    extra: &[(&[u8; 4], &[u8])],
    rows: &[&[u8]],
) -> Vec<u8> {
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([depth, colour, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(chunk(b"IHDR", &header));
    for (kind, content) in extra {
        bytes.extend(chunk(kind, content));
    }
    let filtered: Vec<u8> = rows
        .iter()
        .flat_map(|row| std::iter::once(&0).chain(*row))
        .copied()
        .collect();
    bytes.extend(chunk(b"IDAT", &stored(&filtered)));
    bytes.extend(chunk(b"IEND", &[]));
    bytes
}

/// A BMP of 8 bits with a palette of `[red, green, blue]`.
pub fn palette_bmp((width, height): (u32, u32), palette: &[[u8; 3]], indices: &[u8]) -> Vec<u8> {
    let row = width.next_multiple_of(4) as usize;
    let offset = 14 + 40 + 4 * palette.len();
    let mut bytes = b"BM".to_vec();
    bytes.extend(((offset + row * height as usize) as u32).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend((offset as u32).to_le_bytes());
    bytes.extend(40_u32.to_le_bytes());
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([1, 0, 8, 0]);
    bytes.extend([0; 4 + 4 + 4 + 4]);
    bytes.extend((palette.len() as u32).to_le_bytes());
    bytes.extend([0; 4]);
    for [red, green, blue] in palette {
        bytes.extend([*blue, *green, *red, 0]);
    }
    // From the bottom up.
    for line in indices.chunks(width as usize).rev() {
        bytes.extend(line);
        bytes.extend(vec![0; row - line.len()]);
    }
    bytes
}

/// The directory of an EXIF block that holds the orientation alone; a TIFF file begins so as well.
pub fn exif(orientation: u16) -> Vec<u8> {
    tiff_directory(&[(0x0112, 3, 1, u32::from(orientation))])
}

/// A little-endian TIFF header with one directory of `(tag, kind, count, value)`.
fn tiff_directory(entries: &[(u16, u16, u32, u32)]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

/// An uncompressed grey TIFF with an orientation.
pub fn tiff((width, height): (u32, u32), orientation: u16, grey: &[u8]) -> Vec<u8> {
    let entries = 9;
    let data = 8 + 2 + 12 * entries + 4;
    let mut bytes = tiff_directory(&[
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, data),
        (274, 3, 1, u32::from(orientation)),
        (278, 4, 1, height),
        (279, 4, 1, grey.len() as u32),
    ]);
    bytes.extend(grey);
    bytes
}

/// A JPEG with an EXIF segment after its start.
pub fn jpeg_with_exif(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    let mut segment = b"Exif\0\0".to_vec();
    segment.extend(exif(orientation));
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend((segment.len() as u16 + 2).to_be_bytes());
    bytes.extend(segment);
    bytes.extend(&jpeg[2..]);
    bytes
}
