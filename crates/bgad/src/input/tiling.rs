//! The views of an image: a single one, or tiles.

use bgad_data::Region;

use super::view::{View, Views};
use crate::config::image_fit::Fit;

/// A joined map of up to this many pixels has one value per pixel; a larger one has one value per square of
/// pixels.
const JOINED_PIXELS: u64 = 1 << 20;
/// The longest side of that square. It equals the finest level's stride, so that no position is skipped.
const WIDEST_STEP: u64 = 4;

impl Fit {
    /// The inputs of `size` by `size` pixels that cover an image of this width and height.
    pub(crate) fn views(self, (width, height): (u32, u32), size: u32) -> Views {
        let (width, height) = (width.max(1), height.max(1));
        match self {
            Self::Stretch => Views::one(View::stretched(size)),
            Self::Letterbox => {
                let longer = u64::from(width.max(height));
                let fitted = |side: u32| {
                    let rounded = (2 * u64::from(side) * u64::from(size) + longer) / (2 * longer);
                    (rounded as u32).clamp(1, size)
                };
                Views::one(View::centred(fitted(width), fitted(height), size))
            }
            Self::Tiles(overlap) => tiles((width, height), overlap, size),
        }
    }
}

/// Tiles from left to right and from top to bottom.
fn tiles((width, height): (u32, u32), overlap: u32, size: u32) -> Views {
    let (columns, rows) = (starts(width, overlap, size), starts(height, overlap, size));
    let (across, down) = (width.min(size), height.min(size));
    let mut views = Vec::with_capacity(columns.len() * rows.len());
    for &y in &rows {
        for &x in &columns {
            let part = Region {
                x,
                y,
                width: across,
                height: down,
            };
            views.push(View {
                part: Some(part),
                ..View::centred(across, down, size)
            });
        }
    }
    let pixels = u64::from(width) * u64::from(height);
    let mut step = 1;
    while step < WIDEST_STEP && pixels / (step * step) > JOINED_PIXELS {
        step *= 2;
    }
    let side = |length: u32| length.div_ceil(step as u32) as usize;
    Views {
        views,
        image: (width, height),
        width: side(width),
        height: side(height),
    }
}

/// Where tiles start along an axis: evenly spread, with the last one at the end.
fn starts(length: u32, overlap: u32, size: u32) -> Vec<u32> {
    let Some(rest) = length.checked_sub(size).filter(|rest| *rest > 0) else {
        return vec![0];
    };
    let steps = rest.div_ceil(size - overlap.min(size - 1));
    let start = |step: u32| u64::from(rest) * u64::from(step) / u64::from(steps);
    (0..=steps).map(|step| start(step) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_image_and_overlap() {
        for (length, overlap) in [(256, 0), (257, 0), (300, 64), (1000, 64), (16_384, 128)] {
            let starts = starts(length, overlap, 256);
            assert_eq!(starts.first(), Some(&0));
            assert_eq!(starts.last(), Some(&(length - 256)));
            for pair in starts.windows(2) {
                assert!(pair[0] < pair[1], "{length}: {starts:?}");
                assert!(pair[1] + overlap <= pair[0] + 256, "{length}: {starts:?}");
            }
            // One tile fewer would not be enough.
            let fewer = starts.len() as u32 - 1;
            assert!(fewer == 0 || fewer * (256 - overlap) + overlap < length);
        }
        assert_eq!(starts(8, 64, 256), [0]);
    }

    #[test]
    fn letterboxes_keep_the_aspect() {
        let content = |width, height| {
            let views = Fit::Letterbox.views((width, height), 256);
            assert_eq!(views.views.len(), 1);
            let content = views.views[0].content;
            assert_eq!(
                (views.width, views.height),
                (content.width as usize, content.height as usize)
            );
            content.to_string()
        };
        assert_eq!(content(400, 400), "0,0,256,256");
        assert_eq!(content(400, 200), "0,64,256,128");
        assert_eq!(content(30, 90), "85,0,85,256");
        assert_eq!(content(16_384, 8), "0,127,256,1");
    }

    #[test]
    fn joined_maps_are_bounded() {
        let map = |width, height| {
            let views = Fit::Tiles(32).views((width, height), 256);
            (views.width, views.height)
        };
        assert_eq!(map(1024, 1024), (1024, 1024));
        assert_eq!(map(1025, 1024), (513, 512));
        assert_eq!(map(4096, 3001), (1024, 751));
        assert_eq!(map(16_384, 10_000), (4096, 2500));
    }
}
