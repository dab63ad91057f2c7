//! A score map with its ground truth.

use crate::error::MetricError;

/// The anomaly scores and ground truth of one image, both row by row from the top left.
#[derive(Debug, Clone, Copy)]
pub struct LabelledMap<'a> {
    /// Columns, in pixels.
    pub width: usize,
    /// Rows, in pixels.
    pub height: usize,
    /// One score per pixel, `width * height` of them; higher is more abnormal.
    pub scores: &'a [f32],
    /// `true` where the pixel belongs to a defect; `width * height` entries.
    pub mask: &'a [bool],
}

impl LabelledMap<'_> {
    /// Row and column of a pixel.
    fn position(&self, index: usize) -> (usize, usize) {
        (index / self.width, index % self.width)
    }

    pub(crate) fn check(&self, map: usize) -> Result<(), MetricError> {
        // On overflow this is `None`, which equals no length.
        let expected = self.width.checked_mul(self.height);
        if expected != Some(self.scores.len()) || expected != Some(self.mask.len()) {
            return Err(MetricError::MapSize {
                map,
                width: self.width,
                height: self.height,
                scores: self.scores.len(),
                mask: self.mask.len(),
            });
        }
        if let Some(index) = self.scores.iter().position(|score| score.is_nan()) {
            let (row, column) = self.position(index);
            return Err(MetricError::NotANumberInMap { map, row, column });
        }
        Ok(())
    }
}

/// Checks the sizes of all maps and that no score is NaN.
pub(crate) fn check_maps(maps: &[LabelledMap<'_>]) -> Result<(), MetricError> {
    maps.iter()
        .enumerate()
        .try_for_each(|(index, map)| map.check(index))
}

/// Refuses infinite scores; the sizes must have been checked.
pub(crate) fn check_finite(maps: &[LabelledMap<'_>]) -> Result<(), MetricError> {
    for (map, labelled) in maps.iter().enumerate() {
        if let Some(index) = labelled.scores.iter().position(|s| s.is_infinite()) {
            let (row, column) = labelled.position(index);
            return Err(MetricError::InfiniteInMap { map, row, column });
        }
    }
    Ok(())
}
