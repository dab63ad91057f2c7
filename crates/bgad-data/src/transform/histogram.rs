//! Operations that depend on each channel's histogram.

use image::RgbImage;

/// Stretches each channel so that its darkest value becomes 0 and its brightest 255.
pub fn autocontrast(image: &RgbImage) -> RgbImage {
    map_channels(image, |histogram| {
        let low = histogram.iter().position(|&count| count > 0)?;
        let high = histogram.iter().rposition(|&count| count > 0)?;
        if high <= low {
            return None;
        }
        let scale = 255.0 / (high - low) as f64;
        let offset = -(low as f64) * scale;
        Some(std::array::from_fn(|value| {
            (value as f64 * scale + offset).clamp(0.0, 255.0) as u8
        }))
    })
}

/// Makes each channel's histogram as even as whole steps allow.
pub fn equalize(image: &RgbImage) -> RgbImage {
    map_channels(image, |histogram| {
        let last = *histogram.iter().rfind(|&&count| count > 0)?;
        let step = (histogram.iter().sum::<u64>() - last) / 255;
        if step == 0 {
            return None;
        }
        let mut sum = step / 2;
        Some(std::array::from_fn(|value| {
            let mapped = (sum / step).min(255) as u8;
            sum += histogram[value];
            mapped
        }))
    })
}

/// Maps each channel by a table made from its histogram; `None` leaves the channel unchanged.
fn map_channels(image: &RgbImage, table: impl Fn(&[u64; 256]) -> Option<[u8; 256]>) -> RgbImage {
    let mut mapped = image.clone();
    for channel in 0..3 {
        let mut histogram = [0; 256];
        for &value in image.as_raw().iter().skip(channel).step_by(3) {
            histogram[usize::from(value)] += 1;
        }
        if let Some(table) = table(&histogram) {
            mapped
                .iter_mut()
                .skip(channel)
                .step_by(3)
                .for_each(|value| *value = table[usize::from(*value)]);
        }
    }
    mapped
}
