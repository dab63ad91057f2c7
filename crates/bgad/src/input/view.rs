//! The inputs of one image: which part of it each one shows, and where.

use std::ops::Range;

use bgad_data::Region;

/// One square input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// The part of the image that it shows, in the image's pixels; `None` for the whole image.
    pub part: Option<Region>,
    /// Where that part is in the input, in the input's pixels; the rest is padding.
    pub content: Region,
    /// The input's width and height in pixels.
    pub size: u32,
}

/// All inputs of one image, and the size of their common score map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Views {
    /// At least one view; tiles row by row.
    pub views: Vec<View>,
    /// The image's width and height, if it is shown in parts.
    pub image: (u32, u32),
    /// The map's columns.
    pub width: usize,
    /// The map's rows.
    pub height: usize,
}

/// One axis of a view. For each pixel of the map that the view covers: where it is in the input, in pixels,
/// and the view's weight there.
pub(crate) struct Axis {
    pub covered: Range<usize>,
    pub places: Vec<f32>,
    pub weights: Vec<f32>,
}

impl View {
    /// The whole image, stretched over the whole input.
    pub fn stretched(size: u32) -> Self {
        Self::centred(size, size, size)
    }

    /// The whole image in the middle of the input.
    pub fn centred(width: u32, height: u32, size: u32) -> Self {
        Self {
            part: None,
            content: Region {
                x: (size - width) / 2,
                y: (size - height) / 2,
                width,
                height,
            },
            size,
        }
    }

    /// Whether there is padding.
    pub fn is_padded(&self) -> bool {
        self.content.width < self.size || self.content.height < self.size
    }

    /// The view of the mirrored input.
    pub fn mirrored(&self) -> Self {
        let mut mirrored = *self;
        mirrored.content.x = self.size - self.content.x - self.content.width;
        mirrored
    }

    /// The columns and rows of a map of `side` by `side` positions whose centres lie in the image; at least
    /// one of each.
    pub fn positions(&self, side: usize) -> (Range<usize>, Range<usize>) {
        let Region {
            x,
            y,
            width,
            height,
        } = self.content;
        (
            middles(x, width, self.size, side),
            middles(y, height, self.size, side),
        )
    }

    /// Whether each position of a map of `side` by `side` lies in the image, row by row.
    #[cfg(feature = "train")]
    pub fn counts(&self, side: usize) -> Vec<bool> {
        let (columns, rows) = self.positions(side);
        let positions = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        positions
            .map(|(x, y)| columns.contains(&x) && rows.contains(&y))
            .collect()
    }
}

/// Which of `side` cells along an input of `size` pixels have their centres between `start` and `start +
/// length`; if none has, the nearest cell.
fn middles(start: u32, length: u32, size: u32, side: usize) -> Range<usize> {
    let (start, length) = (u64::from(start), u64::from(length));
    let (size, cells) = (u64::from(size.max(1)), side as u64);
    // The first i with (2 i + 1) size / (2 cells) >= edge.
    let first = |edge: u64| {
        let doubled = (2 * edge * cells).div_ceil(size).saturating_sub(1);
        doubled.div_ceil(2).min(cells) as usize
    };
    let (from, to) = (first(start), first(start + length));
    if from < to {
        return from..to;
    }
    let nearest = ((2 * start + length) * cells / (2 * size)).min(cells.saturating_sub(1)) as usize;
    nearest..nearest + 1
}

impl Views {
    /// A single input, whose map is that of the image on it.
    pub fn one(view: View) -> Self {
        Self {
            views: vec![view],
            image: (view.content.width, view.content.height),
            width: view.content.width as usize,
            height: view.content.height as usize,
        }
    }

    /// Number of map pixels that cover the area of one input; at most all.
    pub fn pixels_of_an_input(&self) -> usize {
        let all = self.width * self.height;
        match self.views.as_slice() {
            [view, _, ..] => {
                let part = view.content.width as f64 * f64::from(view.content.height);
                let image = f64::from(self.image.0) * f64::from(self.image.1);
                ((all as f64 * part / image).round() as usize).clamp(1, all)
            }
            _ => all,
        }
    }

    /// The same with a map on which a single input is `side` pixels wide, padding included.
    pub fn on_map(mut self, side: u32) -> Self {
        if let [view] = self.views.as_slice() {
            let size = u64::from(view.size.max(1));
            let scaled = |length: u32| {
                let doubled = 2 * u64::from(length) * u64::from(side) + size;
                (doubled / (2 * size)).max(1) as usize
            };
            self.width = scaled(view.content.width);
            self.height = scaled(view.content.height);
        }
        self
    }

    /// The width of one input, in pixels of the map.
    pub fn side_of_an_input(&self) -> usize {
        match self.views.as_slice() {
            // The map lacks the input's padding.
            [view] => {
                // The longer side fills the input.
                let (content, map) = match view.content.width >= view.content.height {
                    true => (view.content.width, self.width),
                    false => (view.content.height, self.height),
                };
                let content = (content as usize).max(1);
                (view.size as usize * map + content / 2) / content
            }
            _ => self.pixels_of_an_input().isqrt(),
        }
    }

    /// For each column and row of the map, the sum of the weights of all views that cover it. Tiles form
    /// columns and rows, so each axis can be summed separately.
    pub fn weights(&self) -> (Vec<f32>, Vec<f32>) {
        let (mut across, mut down) = (vec![0f32; self.width], vec![0f32; self.height]);
        let add = |weights: &mut [f32], axis: &Axis| {
            let covered = weights[axis.covered.clone()].iter_mut();
            covered.zip(&axis.weights).for_each(|(sum, w)| *sum += w);
        };
        let first = self.views.first().and_then(|view| view.part);
        for view in &self.views {
            let (columns, rows) = self.axes(view);
            if view.part.map(|part| part.y) == first.map(|part| part.y) {
                add(&mut across, &columns);
            }
            if view.part.map(|part| part.x) == first.map(|part| part.x) {
                add(&mut down, &rows);
            }
        }
        (across, down)
    }

    /// The columns and rows of the map that a view covers.
    pub fn axes(&self, view: &View) -> (Axis, Axis) {
        let content = view.content;
        let part = view.part.unwrap_or(Region {
            x: 0,
            y: 0,
            width: content.width,
            height: content.height,
        });
        (
            axis(self.width, self.image.0, (part.x, part.width), content.x),
            axis(self.height, self.image.1, (part.y, part.height), content.y),
        )
    }
}

/// `pixels` of the map represent `length` pixels of the image, of which the view shows the part `(start,
/// shown)`, at `offset` in the input.
fn axis(pixels: usize, length: u32, (start, shown): (u32, u32), offset: u32) -> Axis {
    let step = f64::from(length) / pixels as f64;
    let middle = |pixel: usize| (pixel as f64 + 0.5) * step - 0.5;
    let (first, last) = (f64::from(start), f64::from(start + shown - 1));
    let begin = (0..pixels).find(|pixel| middle(*pixel) >= first - 0.5);
    let begin = begin.unwrap_or(pixels);
    let end = (begin..pixels).find(|pixel| middle(*pixel) >= last + 0.5);
    let covered = begin..end.unwrap_or(pixels);
    let middles = covered.clone().map(middle);
    Axis {
        places: middles
            .clone()
            .map(|middle| ((middle - first).clamp(0.0, last - first) + f64::from(offset)) as f32)
            .collect(),
        // Smallest at the edges, where the backbone cannot see beyond.
        weights: middles
            .map(|middle| ((middle - first).min(last - middle) + 1.0) as f32)
            .collect(),
        covered,
    }
}

#[cfg(all(test, feature = "train"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Fit;

    #[test]
    fn positions_lie_in_the_image_by_their_middles() {
        let whole = View::stretched(64);
        assert_eq!(whole.positions(16), (0..16, 0..16));
        assert_eq!(whole.positions(1), (0..1, 0..1));
        // 20 rows from row 22: the cells of 4 pixels have centres at 22, 26, ..., 38.
        let wide = View::centred(64, 20, 64);
        assert_eq!(wide.content.y, 22);
        assert_eq!(wide.positions(16), (0..16, 5..10));
        // Cells of 16 pixels have centres at 24 and 40.
        assert_eq!(wide.positions(4), (0..4, 1..3));
        // One row, which is in no cell's centre.
        let flat = View::centred(64, 1, 64);
        assert_eq!(flat.positions(4).1, 1..2);
        assert_eq!(flat.counts(4).iter().filter(|c| **c).count(), 4);
    }

    #[test]
    fn mirrored_padding_is_on_the_other_side() {
        let view = View::centred(31, 64, 64);
        assert_eq!((view.content.x, view.mirrored().content.x), (16, 17));
        assert_eq!(view.mirrored().mirrored(), view);
    }

    #[test]
    fn tiles_cover_every_pixel_of_the_map() {
        for size in [(300, 200), (1500, 900), (64, 64), (10, 70), (4001, 33)] {
            let views = Fit::Tiles(16).views(size, 64);
            let mut covered = vec![0.0; views.width * views.height];
            for view in &views.views {
                let (columns, rows) = views.axes(view);
                assert!(
                    columns
                        .weights
                        .iter()
                        .chain(&rows.weights)
                        .all(|w| *w > 0.0)
                );
                for y in rows.covered {
                    for x in columns.covered.clone() {
                        covered[y * views.width + x] += 1.0;
                    }
                }
                let inside = |place: &f32| (0.0..=63.0).contains(place);
                assert!(columns.places.iter().all(inside), "{size:?}");
            }
            assert!(covered.iter().all(|count| *count > 0.0), "{size:?}");
        }
    }
}
