//! Connected regions of a score map.

use bgad_metrics::connected_regions;
use serde::Serialize;

use super::score_map::ScoreMap;
use crate::error::Result;

/// Connected pixels that score above the threshold, in pixels of the predicted image.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DefectRegion {
    /// The left edge of the bounding box.
    pub left: u32,
    /// The upper edge of the bounding box.
    pub top: u32,
    /// The bounding box's width.
    pub width: u32,
    /// The bounding box's height.
    pub height: u32,
    /// The area that the region covers, in pixels of the image.
    pub area: f64,
    /// The highest score in the region.
    pub peak: f32,
}

/// The regions of `map` above `threshold` for an image of `width` by `height` pixels, highest peak first.
/// Pixels that touch at a corner are connected.
pub(crate) fn regions(
    map: &ScoreMap,
    threshold: f32,
    (width, height): (u32, u32),
) -> Result<Vec<DefectRegion>> {
    let above: Vec<bool> = map.values.iter().map(|score| *score > threshold).collect();
    let connected = connected_regions(&above, map.width, map.height)?;
    let mut extents = vec![Extent::default(); connected.count()];
    for (pixel, label) in connected.labels().iter().enumerate() {
        if let Some(extent) = extents.get_mut((*label as usize).wrapping_sub(1)) {
            extent.take(pixel % map.width, pixel / map.width, map.values[pixel]);
        }
    }
    let pixel = f64::from(width) * f64::from(height) / map.values.len() as f64;
    let region = |(extent, count): (&Extent, &usize)| {
        let (left, right) = scaled(extent.columns, map.width, width);
        let (top, bottom) = scaled(extent.rows, map.height, height);
        DefectRegion {
            left,
            top,
            width: right - left,
            height: bottom - top,
            area: *count as f64 * pixel,
            peak: extent.peak,
        }
    };
    let found = extents.iter().zip(connected.areas()).map(region);
    let mut found: Vec<DefectRegion> = found.collect();
    found.sort_by(|a, b| b.peak.total_cmp(&a.peak));
    Ok(found)
}

/// The first and last column and row of a region, and its highest score.
#[derive(Debug, Clone)]
struct Extent {
    columns: (usize, usize),
    rows: (usize, usize),
    peak: f32,
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            columns: (usize::MAX, 0),
            rows: (usize::MAX, 0),
            peak: f32::NEG_INFINITY,
        }
    }
}

impl Extent {
    fn take(&mut self, column: usize, row: usize, score: f32) {
        self.columns = (self.columns.0.min(column), self.columns.1.max(column));
        self.rows = (self.rows.0.min(row), self.rows.1.max(row));
        self.peak = self.peak.max(score);
    }
}

/// Where the first to the last of `from` pixels begin and end among `to` pixels.
fn scaled((first, last): (usize, usize), from: usize, to: u32) -> (u32, u32) {
    let (from, wide) = (from as u64, u64::from(to));
    let start = first as u64 * wide / from;
    let end = ((last as u64 + 1) * wide).div_ceil(from);
    (start as u32, end as u32)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn boxes_areas_and_peaks_are_in_pixels_of_the_image() {
        #[rustfmt::skip]
        let values = vec![
            0.0, 2.0, 0.0, 0.0,
            3.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 1.0,
            0.0, 0.0, 0.0, 9.0,
        ];
        let map = ScoreMap {
            width: 4,
            height: 4,
            values,
        };
        let found = regions(&map, 1.0, (40, 20)).unwrap();
        let boxes = found.iter().map(|r| (r.left, r.top, r.width, r.height));
        assert_eq!(
            boxes.collect::<Vec<_>>(),
            [(30, 15, 10, 5), (0, 0, 20, 10)],
            "the score 1 is not above 1; corners connect"
        );
        let peaks = found.iter().map(|r| (r.peak, r.area));
        assert_eq!(peaks.collect::<Vec<_>>(), [(9.0, 50.0), (3.0, 100.0)]);
        assert!(regions(&map, 9.0, (40, 20)).unwrap().is_empty());
        // Fewer pixels than the map: a region is still at least one pixel wide.
        let tiny = regions(&map, 0.5, (1, 1)).unwrap();
        assert!(tiny.iter().all(|r| r.width == 1));
    }
}
