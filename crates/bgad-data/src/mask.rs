//! Defect masks.

use crate::{DataError, Result, transform};

/// Which pixels of an image belong to a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    pixels: Vec<bool>,
}

impl Mask {
    /// A mask from its pixels, row by row.
    ///
    /// # Errors
    /// [`DataError::Size`] unless there are `width * height` pixels.
    pub fn new(width: u32, height: u32, pixels: Vec<bool>) -> Result<Self> {
        if pixels.len() as u64 != u64::from(width) * u64::from(height) {
            return Err(DataError::Size {
                what: "pixels of a mask".to_owned(),
                found: pixels.len().to_string(),
                expected: format!("{width} x {height}"),
            });
        }
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// A mask from pixels whose number is known to be `width * height`.
    pub(crate) fn from_pixels(width: u32, height: u32, pixels: Vec<bool>) -> Self {
        debug_assert_eq!(pixels.len(), width as usize * height as usize);
        Self {
            width,
            height,
            pixels,
        }
    }

    /// A mask without any defect.
    pub fn empty(width: u32, height: u32) -> Self {
        Self::filled(width, height, false)
    }

    /// A mask that marks everything: for an abnormal image whose defect nobody has located.
    pub fn full(width: u32, height: u32) -> Self {
        Self::filled(width, height, true)
    }

    fn filled(width: u32, height: u32, value: bool) -> Self {
        Self {
            width,
            height,
            pixels: vec![value; width as usize * height as usize],
        }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, row by row; true marks a defect.
    pub fn pixels(&self) -> &[bool] {
        &self.pixels
    }

    /// Whether no pixel is marked.
    pub fn is_empty(&self) -> bool {
        !self.pixels.contains(&true)
    }

    /// Number of defect pixels.
    pub fn area(&self) -> usize {
        self.pixels.iter().filter(|&&defect| defect).count()
    }

    /// Column and row of each defect pixel, row by row.
    #[cfg(feature = "datasets")]
    pub(crate) fn points(&self) -> Vec<(usize, usize)> {
        let width = self.width as usize;
        let marked = self.pixels.iter().enumerate().filter(|(_, m)| **m);
        marked.map(|(i, _)| (i % width, i / width)).collect()
    }

    /// Resizes like Pillow's `NEAREST`: takes the pixel under the centre, `floor((i + 0.5) * scale)`.
    pub fn resize(&self, width: u32, height: u32) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let columns = transform::nearest_sources(self.width, width);
        let rows = transform::nearest_sources(self.height, height);
        self.pick(&columns, &rows)
    }

    /// Resizes to a feature map like torch's `interpolate(mode="nearest")`: `floor(i * in / out)`.
    pub fn to_feature_size(&self, width: u32, height: u32) -> Self {
        let sources = |from: u32, to: u32| -> Vec<usize> {
            // torch computes in f32, and so must this to round the same way.
            let scale = from as f32 / to as f32;
            (0..to)
                .map(|i| ((i as f32 * scale) as usize).min(from.saturating_sub(1) as usize))
                .collect()
        };
        self.pick(&sources(self.width, width), &sources(self.height, height))
    }

    /// The mask made of the given columns and rows of this one.
    fn pick(&self, columns: &[usize], rows: &[usize]) -> Self {
        let (width, height) = (columns.len() as u32, rows.len() as u32);
        if self.pixels.is_empty() {
            return Self::empty(width, height);
        }
        let pixels = rows
            .iter()
            .flat_map(|row| {
                columns
                    .iter()
                    .map(move |column| self.pixels[row * self.width as usize + column])
            })
            .collect();
        Self {
            width,
            height,
            pixels,
        }
    }
}
