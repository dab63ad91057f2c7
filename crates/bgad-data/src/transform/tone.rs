//! Operations on values, and sharpness.

use image::RgbImage;

/// Keeps the upper `bits` of each value: 8 keeps all, 0 gives black.
pub fn posterize(image: &RgbImage, bits: u8) -> RgbImage {
    let mask = (0xff00_u16 >> bits.min(8)) as u8;
    map(image, |value| value & mask)
}

/// Inverts all values at or over `threshold`.
pub fn solarize(image: &RgbImage, threshold: u8) -> RgbImage {
    map(image, |value| {
        if value < threshold {
            value
        } else {
            255 - value
        }
    })
}

/// Interpolates between black (factor 0) and the image (factor 1); over 1 is brighter.
pub fn brightness(image: &RgbImage, factor: f32) -> RgbImage {
    map(image, |value| blend(0, value, factor))
}

/// Interpolates between the smoothed image (factor 0) and the image (factor 1); over 1 is sharper.
pub fn sharpness(image: &RgbImage, factor: f32) -> RgbImage {
    let mut sharpened = smooth(image);
    for (smoothed, &value) in sharpened.iter_mut().zip(image.as_raw()) {
        *smoothed = blend(*smoothed, value, factor);
    }
    sharpened
}

fn map(image: &RgbImage, value: impl Fn(u8) -> u8) -> RgbImage {
    let table: [u8; 256] = std::array::from_fn(|i| value(i as u8));
    let mut mapped = image.clone();
    mapped
        .iter_mut()
        .for_each(|value| *value = table[usize::from(*value)]);
    mapped
}

/// Truncates like Pillow; extrapolation is clipped.
fn blend(from: u8, to: u8, factor: f32) -> u8 {
    let difference = f32::from(i16::from(to) - i16::from(from));
    (f32::from(from) + factor * difference).clamp(0.0, 255.0) as u8
}

/// The 3x3 mean with a centre that counts five times; the outermost pixels are unchanged.
fn smooth(image: &RgbImage) -> RgbImage {
    const SIDE: f32 = 1.0 / 13.0;
    const CENTRE: f32 = 5.0 / 13.0;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (source, row) = (image.as_raw(), width * 3);
    let mut smoothed = image.clone();
    for y in 1..height.saturating_sub(1) {
        for i in y * row + 3..((y + 1) * row).saturating_sub(3) {
            let line = |i: usize, centre: f32| {
                f32::from(source[i - 3]) * SIDE
                    + f32::from(source[i]) * centre
                    + f32::from(source[i + 3]) * SIDE
            };
            // Pillow's order of summation, from the row below to the one above.
            let sum = 0.5 + line(i + row, SIDE) + line(i, CENTRE) + line(i - row, SIDE);
            smoothed.as_mut()[i] = sum.clamp(0.0, 255.0) as u8;
        }
    }
    smoothed
}
