//! Connected regions of a score map.

use serde::Serialize;

use crate::scoring::ScoreMap;

/// Connected pixels that score above the threshold, in pixels of the image that was predicted.
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
    /// How much of the image the region covers, in pixels of the image.
    pub area: f64,
    /// The highest score in the region.
    pub peak: f32,
}

/// The regions of `map` above `threshold`, the highest peak first, for an image of `width` by
/// `height` pixels. Pixels that touch at a corner are connected.
pub(crate) fn regions(
    map: &ScoreMap,
    threshold: f32,
    (width, height): (u32, u32),
) -> Vec<DefectRegion> {
    let mut open: Vec<bool> = map.values.iter().map(|score| *score > threshold).collect();
    let mut found = Vec::new();
    let mut stack = Vec::new();
    for start in 0..open.len() {
        if !std::mem::take(&mut open[start]) {
            continue;
        }
        stack.push(start);
        let (mut columns, mut rows) = ((usize::MAX, 0), (usize::MAX, 0));
        let (mut count, mut peak) = (0usize, f32::NEG_INFINITY);
        while let Some(pixel) = stack.pop() {
            let (x, y) = (pixel % map.width, pixel / map.width);
            columns = (columns.0.min(x), columns.1.max(x));
            rows = (rows.0.min(y), rows.1.max(y));
            count += 1;
            peak = peak.max(map.values[pixel]);
            for y in y.saturating_sub(1)..(y + 2).min(map.height) {
                for x in x.saturating_sub(1)..(x + 2).min(map.width) {
                    let next = y * map.width + x;
                    if std::mem::take(&mut open[next]) {
                        stack.push(next);
                    }
                }
            }
        }
        let (left, right) = scaled(columns, map.width, width);
        let (top, bottom) = scaled(rows, map.height, height);
        let pixel = f64::from(width) * f64::from(height) / map.values.len() as f64;
        found.push(DefectRegion {
            left,
            top,
            width: right - left,
            height: bottom - top,
            area: count as f64 * pixel,
            peak,
        });
    }
    found.sort_by(|a, b| b.peak.total_cmp(&a.peak));
    found
}

/// Where the first to the last of `from` pixels begin and end among `to` pixels.
fn scaled((first, last): (usize, usize), from: usize, to: u32) -> (u32, u32) {
    let (from, wide) = (from as u64, u64::from(to));
    let start = first as u64 * wide / from;
    let end = ((last as u64 + 1) * wide).div_ceil(from);
    (start as u32, end as u32)
}

#[cfg(test)]
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
        let found = regions(&map, 1.0, (40, 20));
        let boxes = found.iter().map(|r| (r.left, r.top, r.width, r.height));
        assert_eq!(
            boxes.collect::<Vec<_>>(),
            [(30, 15, 10, 5), (0, 0, 20, 10)],
            "the score 1 is not above 1; corners connect"
        );
        let peaks = found.iter().map(|r| (r.peak, r.area));
        assert_eq!(peaks.collect::<Vec<_>>(), [(9.0, 50.0), (3.0, 100.0)]);
        assert!(regions(&map, 9.0, (40, 20)).is_empty());
        // Fewer pixels than the map has: a region is still a pixel wide.
        assert!(regions(&map, 0.5, (1, 1)).iter().all(|r| r.width == 1));
    }
}
