//! Conversion of pixel bytes to network inputs.

use image::RgbImage;

/// `(value / 255 - mean) / std` per channel, laid out `[3, height, width]`.
///
/// ```
/// let image = image::RgbImage::from_pixel(2, 1, image::Rgb([255, 0, 51]));
/// assert_eq!(bgad_data::normalize(&image, [0.0; 3], [1.0; 3]), [1.0, 1.0, 0.0, 0.0, 0.2, 0.2]);
/// ```
pub fn normalize(image: &RgbImage, mean: [f32; 3], std: [f32; 3]) -> Vec<f32> {
    let mut values = Vec::with_capacity(image.as_raw().len());
    for (channel, (mean, std)) in mean.into_iter().zip(std).enumerate() {
        // There are 256 values per channel: a table is cheaper than a division per pixel.
        let table: [f32; 256] = std::array::from_fn(|value| (value as f32 / 255.0 - mean) / std);
        values.extend(
            image
                .as_raw()
                .iter()
                .skip(channel)
                .step_by(3)
                .map(|&value| table[usize::from(value)]),
        );
    }
    values
}
