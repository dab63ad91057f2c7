//! Masks as the page sends and shows them.

use serde_json::{Value, json};

use super::case::Page;

/// A mask that marks the whole photograph of a part.
pub fn white() -> Value {
    rows(64)
}

/// A mask that marks its upper rows.
pub fn rows(rows: u32) -> Value {
    use std::io::Cursor;
    let level = |row: u32| image::Luma([if row < rows { 255 } else { 0 }]);
    let mask = image::GrayImage::from_fn(64, 64, |_, row| level(row));
    let mut bytes = Cursor::new(Vec::new());
    mask.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    json!({ "png": base64(&bytes.into_inner()) })
}

/// Written here, because the program needs no such function.
fn base64(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            match place <= three.len() {
                true => text.push(char::from(
                    letters[(bits >> (18 - 6 * place)) as usize & 63],
                )),
                false => text.push('='),
            }
        }
    }
    text
}

/// How many rows the stored mask marks; it is none of ours if they are not the upper ones.
pub fn marked(page: &Page, id: &str) -> u32 {
    let mask = page.client.get(&format!("/api/images/{id}/mask")).body;
    let mask = image::load_from_memory(&mask).unwrap().to_luma8();
    let white = mask
        .rows()
        .map(|mut row| row.all(|pixel| pixel.0[0] == 255));
    let white = white.take_while(|white| *white).count() as u32;
    let black = mask.rows().skip(white as usize).flatten();
    assert!(black.into_iter().all(|pixel| pixel.0[0] == 0) && mask.dimensions() == (64, 64));
    white
}
