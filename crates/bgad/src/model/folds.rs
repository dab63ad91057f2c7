//! Folds of normal images, which are held out together.

use std::ops::Range;

/// Folds of the normal training images. Neighbours in the order of their names share a fold, because they may
/// be near copies, such as frames of a film or patches of one piece. So do the tiles of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folds {
    /// The first input of each fold, then the number of inputs.
    starts: Vec<usize>,
}

impl Folds {
    /// At most `folds` folds of images with these numbers of inputs; no folds if there are not two images.
    pub fn of_images(inputs: &[usize], folds: usize) -> Self {
        let images = inputs.iter().filter(|count| **count > 0).count();
        let folds = folds.min(images);
        let mut starts = vec![0];
        let (mut image, mut input) = (0, 0);
        for count in inputs.iter().filter(|count| **count > 0) {
            (image, input) = (image + 1, input + count);
            if image * folds / images.max(1) > (image - 1) * folds / images.max(1) {
                starts.push(input);
            }
        }
        match folds {
            0 | 1 => Self { starts: vec![0] },
            _ => Self { starts },
        }
    }

    /// Number of folds; 0 if nothing is held out.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The fold of an input.
    pub fn of(&self, input: usize) -> usize {
        let fold = self.starts.partition_point(|start| *start <= input);
        fold.saturating_sub(1).min(self.count().saturating_sub(1))
    }

    /// The inputs of a fold.
    pub fn inputs(&self, fold: usize) -> Range<usize> {
        match fold < self.count() {
            true => self.starts[fold]..self.starts[fold + 1],
            false => 0..0,
        }
    }

    /// The inputs held out together with this one; empty without folds.
    pub fn held_out_with(&self, input: usize) -> Range<usize> {
        self.inputs(self.of(input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_go_together_and_so_do_tiles() {
        let folds = Folds::of_images(&[1; 10], 4);
        let of: Vec<usize> = (0..10).map(|input| folds.of(input)).collect();
        assert_eq!(of, [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]);
        assert_eq!(folds.held_out_with(4), 3..5);
        let tiles = Folds::of_images(&[4, 0, 2, 3], 3);
        assert_eq!(tiles.count(), 3);
        assert_eq!(tiles.held_out_with(5), 4..6);
        assert_eq!(tiles.held_out_with(8), 6..9);
    }

    #[test]
    fn one_image_is_held_against_nothing() {
        for inputs in [&[][..], &[1], &[5]] {
            let folds = Folds::of_images(inputs, 16);
            assert_eq!((folds.count(), folds.held_out_with(0)), (0, 0..0));
        }
    }
}
