//! Connected regions of a mask.

use crate::error::MetricError;

/// The 8-connected regions of a mask: pixels that touch by a side or by a corner are in the same
/// region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions {
    labels: Vec<u32>,
    areas: Vec<usize>,
}

impl Regions {
    /// The region of each pixel, row by row: 1 to [`count`](Self::count), 0 for the background.
    /// Regions are numbered in the order of their first pixels.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Number of regions.
    pub fn count(&self) -> usize {
        self.areas.len()
    }

    /// Number of pixels of each region; that of label `l` is at `l - 1`.
    pub fn areas(&self) -> &[usize] {
        &self.areas
    }
}

/// Labels the 8-connected regions of a mask that is stored row by row.
///
/// # Errors
///
/// [`MetricError::MaskSize`] where `mask` does not have `width * height` entries;
/// [`MetricError::TooManyRegions`] beyond what 32-bit labels can number.
///
/// # Example
///
/// ```
/// // A diagonal is one region: its pixels touch by their corners.
/// let mask = [
///     true, false, false, //
///     false, true, false, //
///     false, false, false, //
///     true, true, true,
/// ];
/// let regions = bgad_metrics::connected_regions(&mask, 3, 4)?;
/// assert_eq!(regions.labels(), [1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 2, 2]);
/// assert_eq!(regions.areas(), [2, 3]);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn connected_regions(
    mask: &[bool],
    width: usize,
    height: usize,
) -> Result<Regions, MetricError> {
    if width.checked_mul(height) != Some(mask.len()) {
        return Err(MetricError::MaskSize {
            width,
            height,
            found: mask.len(),
        });
    }
    let mut labels = vec![0; mask.len()];
    let mut areas = Vec::new();
    let mut pending = Vec::new();
    for first in 0..mask.len() {
        if !mask[first] || labels[first] != 0 {
            continue;
        }
        let label = u32::try_from(areas.len() + 1).map_err(|_| MetricError::TooManyRegions)?;
        let mut area = 0;
        // A pixel is labelled when it is found, so that it is pending only once.
        labels[first] = label;
        pending.push(first);
        while let Some(pixel) = pending.pop() {
            area += 1;
            let (row, column) = (pixel / width, pixel % width);
            for near_row in row.saturating_sub(1)..height.min(row + 2) {
                for near_column in column.saturating_sub(1)..width.min(column + 2) {
                    let near = near_row * width + near_column;
                    if mask[near] && labels[near] == 0 {
                        labels[near] = label;
                        pending.push(near);
                    }
                }
            }
        }
        areas.push(area);
    }
    Ok(Regions { labels, areas })
}
