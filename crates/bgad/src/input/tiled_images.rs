//! The images of a data set and the inputs that they are cut into.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use bgad_data::{Region, Sample};
use rayon::prelude::*;

use super::view::Views;
#[cfg(feature = "train")]
use crate::error::Result;

/// An image that has not been read yet.
pub(crate) struct CutImage {
    pub sample: Sample,
    /// Its width and height in pixels; zero if its header can't be read.
    pub size: (u32, u32),
    pub views: Views,
}

impl CutImage {
    /// Cuts `samples` into inputs, `views` of their widths and heights; reads only headers. An image with an unreadable header becomes a single
    /// input; the error follows when it is loaded.
    pub fn all(samples: &[Sample], views: impl Fn((u32, u32)) -> Views + Sync) -> Vec<Self> {
        let cut = samples.par_iter();
        cut.map(|sample| Self::of(sample, &views)).collect()
    }

    /// Cuts one sample, like [`all`](Self::all).
    pub fn of(sample: &Sample, views: impl Fn((u32, u32)) -> Views) -> Self {
        let size = sample.dimensions().unwrap_or_default();
        Self {
            sample: sample.clone(),
            size,
            views: views(size),
        }
    }

    /// One sample per input.
    pub fn inputs(&self) -> impl Iterator<Item = Sample> {
        let alone = self.views.views.len() == 1;
        self.views.views.iter().map(move |view| {
            let mut sample = self.sample.clone();
            if let (Some(part), false) = (view.part, alone) {
                let (x, y) = sample.region.map_or((0, 0), |region| (region.x, region.y));
                sample.region = Some(Region {
                    x: x + part.x,
                    y: y + part.y,
                    ..part
                });
            }
            sample
        })
    }
}

/// An image whose inputs were read.
pub(crate) struct SetImage {
    pub sample: Sample,
    /// Its width and height in pixels.
    pub size: (u32, u32),
    pub views: Views,
    /// Indices of its inputs among those of the set.
    pub inputs: Range<usize>,
}

impl SetImage {
    /// The images of `cut` whose inputs were all `read`, in the same order.
    pub fn of(cut: Vec<CutImage>, read: &[Sample]) -> Vec<Self> {
        let mut images = Vec::new();
        let mut next = 0;
        for image in cut {
            let start = next;
            for input in image.inputs() {
                next += usize::from(read.get(next) == Some(&input));
            }
            if next - start == image.views.views.len() {
                images.push(Self {
                    sample: image.sample,
                    size: image.size,
                    views: image.views,
                    inputs: start..next,
                });
            }
        }
        images
    }
}

/// Detects when all inputs of an image are done; several may be in progress at once.
pub(crate) struct InputsLeft {
    /// The image of each input.
    image_of: Vec<usize>,
    /// How many inputs of each image are left.
    left: Vec<AtomicUsize>,
}

impl InputsLeft {
    /// Starts with this many inputs per image.
    pub fn new(counts: &[usize]) -> Self {
        let images = counts.iter().enumerate();
        let image_of = images.flat_map(|(image, count)| std::iter::repeat_n(image, *count));
        Self {
            image_of: image_of.collect(),
            left: counts.iter().copied().map(AtomicUsize::new).collect(),
        }
    }

    pub fn of(images: &[CutImage]) -> Self {
        let counts = images.iter().map(|image| image.views.views.len());
        Self::new(&counts.collect::<Vec<_>>())
    }

    /// Records that an input is done; returns whether it was its image's last one.
    pub fn is_last(&self, input: usize) -> bool {
        self.left[self.image_of[input]].fetch_sub(1, Ordering::Relaxed) == 1
    }
}

#[cfg(feature = "train")]
/// The abnormal images that are useful for training.
#[derive(Default)]
pub(crate) struct Defective {
    /// The images that are useful.
    pub whole: Vec<Sample>,
    /// Those of their inputs that show a defect.
    pub inputs: Vec<Sample>,
    /// How many such inputs each abnormal image has, including the images that are not useful.
    pub counts: Vec<usize>,
}

#[cfg(feature = "train")]
/// Finds the abnormal images that are useful for training, and their inputs that show a defect.
pub(crate) fn defective_inputs(
    cut: Vec<CutImage>,
    warnings: &mut Vec<String>,
) -> Result<Defective> {
    let mut defective = Defective::default();
    let Defective {
        whole,
        inputs,
        counts,
    } = &mut defective;
    for image in cut {
        let before = inputs.len();
        let path = image.sample.path.display();
        if image.views.views.len() == 1 {
            inputs.extend(image.inputs());
        } else if let Some(mask) = image.sample.load_mask()? {
            let tiles = image.inputs().zip(&image.views.views);
            for (input, view) in tiles {
                if view.shows_defect(&mask) {
                    inputs.push(input);
                }
            }
            if inputs.len() == before {
                warnings.push(format!(
                    "{path}: its mask marks no defect, so it is not used for training"
                ));
            }
        } else {
            warnings.push(format!(
                "{path}: it has no mask, so it is unknown which of its tiles show the \
                 defect; it is not used for training"
            ));
        }
        counts.push(inputs.len() - before);
        if inputs.len() > before {
            whole.push(image.sample);
        }
    }
    Ok(defective)
}
