//! Connected regions of a mask.

use crate::error::MetricError;

/// The 8-connected regions of a mask: pixels that touch by a side or a corner are in the same region.
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

    /// Number of pixels per region; that of label `l` is at index `l - 1`.
    pub fn areas(&self) -> &[usize] {
        &self.areas
    }
}

/// Labels the 8-connected regions of a mask stored row by row.
///
/// # Errors
///
/// [`MetricError::MaskSize`] if `mask` does not have `width * height` entries;
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
    let marked = |pixel: usize| mask[pixel].then_some(());
    let touching = Connectivity::SidesAndCorners;
    for_each_region((width, height), touching, marked, |pixels| {
        areas.push(pixels.len());
        // Too many regions are an error below.
        let label = u32::try_from(areas.len()).unwrap_or_default();
        pixels.iter().for_each(|&pixel| labels[pixel] = label);
    });
    match u32::try_from(areas.len()) {
        Ok(_) => Ok(Regions { labels, areas }),
        Err(_) => Err(MetricError::TooManyRegions),
    }
}

/// Which pixels of an image are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
    /// The four that share a side.
    Sides,
    /// The eight that share a side or a corner.
    SidesAndCorners,
}

/// Calls `take` with each connected region of an image of `(width, height)` pixels stored row by row. All
/// pixels of a region have the same `kind`; pixels of kind `None` belong to no region. Regions come in the
/// order of their first pixels, and a region's pixels in the order of a breadth-first search that visits
/// neighbours row by row.
///
/// ```
/// use bgad_metrics::{Connectivity, for_each_region};
///
/// let values = [1, 1, 0, //
///               0, 0, 1];
/// let mut found = Vec::new();
/// for_each_region((3, 2), Connectivity::Sides, |pixel| Some(values[pixel]), |pixels| {
///     found.push(pixels.to_vec());
/// });
/// assert_eq!(found, [vec![0, 1], vec![2], vec![3, 4], vec![5]]);
/// ```
pub fn for_each_region<K: PartialEq>(
    (width, height): (usize, usize),
    connectivity: Connectivity,
    kind: impl Fn(usize) -> Option<K>,
    mut take: impl FnMut(&[usize]),
) {
    let mut found = vec![false; width * height];
    let mut region = Vec::new();
    for first in 0..found.len() {
        let of_first = match found[first] {
            true => None,
            false => kind(first),
        };
        if of_first.is_none() {
            continue;
        }
        found[first] = true;
        region.clear();
        region.push(first);
        let mut next = 0;
        while let Some(&pixel) = region.get(next) {
            next += 1;
            let (row, column) = (pixel / width, pixel % width);
            for near_row in row.saturating_sub(1)..height.min(row + 2) {
                for near_column in column.saturating_sub(1)..width.min(column + 2) {
                    let is_corner = near_row != row && near_column != column;
                    if is_corner && connectivity == Connectivity::Sides {
                        continue;
                    }
                    let near = near_row * width + near_column;
                    if !found[near] && kind(near) == of_first {
                        found[near] = true;
                        region.push(near);
                    }
                }
            }
        }
        take(&region);
    }
}
