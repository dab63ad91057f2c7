//! The filter bank on the CPU, on plain slices.
//!
//! Every sum runs over a window's taps in their order, each product rounded before it is added, as
//! Burn's convolutions of few channels do: both give the same bits.

use rayon::prelude::*;

use crate::backbone::{FeatureMap, HostBackbone, Level, NamedTensor, Normalization, check_images};
use crate::filter_channels::{CHANNELS, LEVELS, NAME, NORMALIZATION, OPPONENTS, standardization};
use crate::filter_kernels::{self as kernels, ORIENTATIONS};
use crate::planes::{Planes, filter, halve, opponents};

/// A deterministic multi-scale filter bank; it needs no weights, so everything can be tried with it.
///
/// Three levels, at strides 4, 8 and 16, of 37 channels each:
///
/// | channels | what |
/// |---|---|
/// | 0-3 | edges: first derivatives of a Gaussian at 0, 45, 90, 135 degrees, magnitude |
/// | 4-7, 8-11 | bright and dark lines: second derivatives, each half-wave rectified |
/// | 12-15 | Gabor energy: even and odd filter in quadrature |
/// | 16-31 | the same, an octave coarser |
/// | 32-33 | gradient magnitude of red against green and of yellow against blue |
/// | 34-36 | smoothed luminance, red against green, yellow against blue |
///
/// A channel at 0 degrees responds to variation along a row.
///
/// The image goes through a pyramid of halvings (binomial smoothing, Burt and Adelson 1983), and the
/// same small kernels through each octave, so that their scale grows with the stride. Responses are
/// rectified before they are pooled over the stride's neighbourhood (Malik and Perona 1990): pooled
/// as they are, they would cancel. The filters are the steerable derivatives of Freeman and Adelson
/// (1991) and the quadrature pairs of Gabor filters of Daugman (1985).
///
/// Rectified channels leave as `(sqrt(r) - centre) / deviation`, smoothed ones as `r / deviation`,
/// with constants taken once over photographs and textures. The square root evens out the
/// deviations of weak and strong textures; it is monotone, so a stronger contrast always gives a
/// larger feature. Borders are continued by their last pixel, which adds no edge of its own.
#[derive(Debug, Clone)]
pub struct HostFilterBank {
    /// `[16, 7, 7]`.
    oriented: Vec<f32>,
    /// `[2, 7, 7]`.
    gradient: Vec<f32>,
    /// `[4, 4]`.
    binomial: Vec<f32>,
    /// `[37]`.
    centre: Vec<f32>,
    /// `[37]`.
    per_deviation: Vec<f32>,
}

impl Default for HostFilterBank {
    fn default() -> Self {
        Self::new()
    }
}

impl HostFilterBank {
    /// Builds the kernels.
    pub fn new() -> Self {
        let (centre, per_deviation) = standardization();
        Self {
            oriented: kernels::oriented(),
            gradient: kernels::gradient(),
            binomial: kernels::binomial(),
            centre,
            per_deviation,
        }
    }

    /// The levels of one image `[3, height, width]`, each `[height, width, 37]`.
    fn image(&self, image: &[f32], height: usize, width: usize) -> [Vec<f32>; 3] {
        let halve = |planes: &Planes| halve(planes, &self.binomial);
        // Octave `o` has stride 2^o. A level takes texture from two octaves, its stride's quarter and
        // half; each octave but the first and last therefore serves two levels.
        let mut octave = opponents(image, height, width);
        let mut texture = halve(&self.texture(&octave));
        LEVELS.map(|_| {
            let fine = halve(&texture);
            octave = halve(&octave);
            texture = halve(&self.texture(&octave));
            let colour_edges = halve(&self.colour_edges(&octave));
            let smooth = halve(&octave);
            let rectified = [&fine, &texture, &colour_edges];
            self.standardized(&rectified, &smooth)
        })
    }

    /// Rectified responses of the luminance, which is the first plane: 16 planes.
    fn texture(&self, octave: &Planes) -> Planes {
        let mut responses = filter(octave, 0, &self.oriented);
        let plane = responses.plane_size();
        let kind = ORIENTATIONS * plane;
        let (edges, rest) = responses.values.split_at_mut(kind);
        let (lines, rest) = rest.split_at_mut(kind);
        let (even, odd) = rest.split_at_mut(kind);
        edges.iter_mut().for_each(|v| *v = v.abs());
        for (even, odd) in even.iter_mut().zip(odd) {
            // The third and fourth kind become dark lines and energies; bright lines stay where
            // lines were.
            let energy = (*even * *even + *odd * *odd).sqrt();
            (*even, *odd) = (0.0, energy);
        }
        for (line, dark) in lines.iter_mut().zip(even) {
            *dark = rectified(-*line);
            *line = rectified(*line);
        }
        responses
    }

    /// Gradient magnitudes of the two opponents, which come after the luminance.
    fn colour_edges(&self, octave: &Planes) -> Planes {
        let magnitudes = (1..=OPPONENTS).flat_map(|plane| {
            let gradient = filter(octave, plane, &self.gradient);
            let (across, down) = gradient.values.split_at(gradient.plane_size());
            let pairs = across.iter().zip(down);
            pairs
                .map(|(a, d)| (a * a + d * d).sqrt())
                .collect::<Vec<f32>>()
        });
        Planes {
            values: magnitudes.collect(),
            ..*octave
        }
    }

    /// `[height, width, 37]` of planes that are rectified and of those that are only smooth.
    fn standardized(&self, rectified: &[&Planes], smooth: &Planes) -> Vec<f32> {
        let plane = smooth.plane_size();
        let mut features = vec![0.0; plane * CHANNELS];
        let rectified = rectified.iter().flat_map(|planes| planes.iter());
        let rectified = rectified.map(|plane| (plane, true));
        let planes = rectified.chain(smooth.iter().map(|plane| (plane, false)));
        let constants = self.centre.iter().zip(&self.per_deviation);
        for (channel, ((plane, root), (centre, factor))) in planes.zip(constants).enumerate() {
            let places = features[channel..].iter_mut().step_by(CHANNELS);
            for (feature, value) in places.zip(plane) {
                let value = if root { value.sqrt() } else { *value };
                *feature = (value - centre) * factor;
            }
        }
        features
    }
}

/// The positive part; not a number stays none.
fn rectified(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

impl HostBackbone for HostFilterBank {
    fn name(&self) -> &str {
        NAME
    }

    fn normalization(&self) -> Normalization {
        NORMALIZATION
    }

    fn levels(&self) -> &[Level] {
        &LEVELS
    }

    fn extract_on_host(&self, images: &[f32], height: usize, width: usize) -> Vec<FeatureMap> {
        check_images(images, height, width);
        let images: Vec<_> = images
            .par_chunks_exact(3 * height * width)
            .map(|image| self.image(image, height, width))
            .collect();
        let mut maps = LEVELS.map(|level| FeatureMap {
            channels: level.channels,
            height: height.div_ceil(level.stride),
            width: width.div_ceil(level.stride),
            values: Vec::new(),
        });
        for image in images {
            for (map, values) in maps.iter_mut().zip(image) {
                map.values.extend(values);
            }
        }
        maps.into()
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        Vec::new()
    }
}
