//! Regions of pixels: cut from a mask, placed, with the depth of each pixel inside its region.

use bgad_metrics::{Connectivity, for_each_region};
use rand::{Rng, RngExt};

use crate::Mask;

/// How many places within a foreground are tried before a region is clipped.
const ATTEMPTS: usize = 64;

/// A set of pixels of an image; at least one.
pub(super) struct Region {
    /// Columns and rows.
    points: Vec<(usize, usize)>,
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

impl Region {
    /// The region of some points; `None` without points.
    fn new(points: Vec<(usize, usize)>) -> Option<Self> {
        let &(x, y) = points.first()?;
        let mut region = Self {
            points,
            left: x,
            right: x,
            top: y,
            bottom: y,
        };
        for &(x, y) in &region.points {
            region.left = region.left.min(x);
            region.right = region.right.max(x);
            region.top = region.top.min(y);
            region.bottom = region.bottom.max(y);
        }
        Some(region)
    }

    /// All of a mask as one region; `None` if the mask is empty.
    pub fn whole(mask: &Mask) -> Option<Self> {
        Self::new(mask.points())
    }

    /// The 8-connected regions of a mask, ordered by their first pixels.
    pub fn connected(mask: &Mask) -> Vec<Self> {
        let (width, height) = (mask.width() as usize, mask.height() as usize);
        let marked = |pixel: usize| mask.pixels()[pixel].then_some(());
        let mut regions = Vec::new();
        for_each_region(
            (width, height),
            Connectivity::SidesAndCorners,
            marked,
            |pixels| {
                let point = |pixel: &usize| (pixel % width, pixel / width);
                regions.extend(Self::new(pixels.iter().map(point).collect()));
            },
        );
        regions
    }

    /// Puts the region at a random place where it fits entirely into a `width` by `height` image.
    pub fn place_anywhere(self, width: usize, height: usize, rng: &mut impl Rng) -> Placed {
        let left = rng.random_range(0..=width - (self.right - self.left + 1));
        let top = rng.random_range(0..=height - (self.bottom - self.top + 1));
        let (from_left, from_top) = (self.left, self.top);
        let to = move |(x, y): &(usize, usize)| (x - from_left + left, y - from_top + top);
        Placed {
            to: self.points.iter().map(to).collect(),
            from: self.points,
        }
    }

    /// Puts the region at a random place within the foreground, whose pixels are `places`. If no place is
    /// found where the region fits, it is clipped where most of it fits; at least one of its pixels always
    /// lies within.
    pub fn place_within(
        self,
        foreground: &Mask,
        places: &[(usize, usize)],
        rng: &mut impl Rng,
    ) -> Placed {
        let (width, height) = (foreground.width() as usize, foreground.height() as usize);
        let moved = |(x, y): (usize, usize), (across, down): (isize, isize)| {
            let to = (x.checked_add_signed(across)?, y.checked_add_signed(down)?);
            let inside = to.0 < width && to.1 < height;
            (inside && foreground.pixels()[to.1 * width + to.0]).then_some(to)
        };
        let (mut best, mut fewest) = ((0, 0), usize::MAX);
        for _ in 0..ATTEMPTS {
            // Moves a random pixel of the region onto a random pixel of the foreground.
            let to = places[rng.random_range(0..places.len())];
            let from = self.points[rng.random_range(0..self.points.len())];
            let step = (
                to.0 as isize - from.0 as isize,
                to.1 as isize - from.1 as isize,
            );
            let outside = self.points.iter().filter(|at| moved(**at, step).is_none());
            let outside = outside.take(fewest).count();
            if outside < fewest {
                (best, fewest) = (step, outside);
            }
            if fewest == 0 {
                break;
            }
        }
        let pairs = self.points.into_iter();
        let pairs = pairs.filter_map(|from| Some((from, moved(from, best)?)));
        let (from, to) = pairs.unzip();
        Placed { from, to }
    }
}

/// Pixels and their destinations.
pub(super) struct Placed {
    pub from: Vec<(usize, usize)>,
    pub to: Vec<(usize, usize)>,
}

impl Placed {
    /// The share of the defect in each pasted pixel, in (0, 1]: 1 inside, falling evenly over the outermost
    /// `edge` pixels. The innermost pixels get 1 even if the region is thinner.
    pub fn weights(&self, edge: u32) -> Vec<f32> {
        let depths = depths(&self.to);
        let deepest = depths.iter().copied().max().unwrap_or(1);
        let full = deepest.min(edge + 1) as f32;
        let weight = |depth: u32| (depth as f32 / full).min(1.0);
        depths.into_iter().map(weight).collect()
    }
}

/// The chessboard distance of each point to the nearest pixel outside the region; 1 at the border.
fn depths(points: &[(usize, usize)]) -> Vec<u32> {
    let columns = points.iter().map(|p| p.0);
    let rows = points.iter().map(|p| p.1);
    let (left, right) = (columns.clone().min(), columns.max());
    let (top, bottom) = (rows.clone().min(), rows.max());
    let (Some(left), Some(right), Some(top), Some(bottom)) = (left, right, top, bottom) else {
        return Vec::new();
    };
    // A frame of one pixel, so that every point has eight neighbours.
    let (width, height) = (right - left + 3, bottom - top + 3);
    let index = |&(x, y): &(usize, usize)| (y - top + 1) * width + x - left + 1;
    let mut depth = vec![0; width * height];
    for point in points {
        depth[index(point)] = u32::MAX - 1;
    }
    let neighbours = [1, width - 1, width, width + 1];
    for i in width + 1..depth.len() {
        let before = neighbours.iter().map(|step| depth[i - step]).min();
        depth[i] = depth[i].min(before.unwrap_or(0) + 1);
    }
    for i in (0..depth.len() - width - 1).rev() {
        let after = neighbours.iter().map(|step| depth[i + step]).min();
        depth[i] = depth[i].min(after.unwrap_or(0) + 1);
    }
    points.iter().map(|point| depth[index(point)]).collect()
}
