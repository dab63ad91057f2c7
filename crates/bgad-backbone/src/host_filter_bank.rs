//! The filter bank on the CPU, on plain slices.
//!
//! Every sum runs over a window's taps in order and rounds each product before adding it, like Burn's
//! convolutions of few channels. So both give the same bits.

use rayon::prelude::*;

use crate::backbone::{FeatureMap, HostBackbone, Level, NamedTensor, Normalization, check_images};
use crate::filter_channels::{CHANNELS, LEVELS, NAME, NORMALIZATION, OPPONENTS, standardization};
use crate::filter_kernels::{self as kernels, ORIENTATIONS};
use crate::planes::{Planes, filter, halve, opponents};

/// A deterministic multi-scale filter bank. It needs no weights, so you can try everything with it.
///
/// It has three levels, at strides 4, 8 and 16, with 37 channels each:
///
/// | channels | content |
/// |---|---|
/// | 0-3 | edges: first derivatives of a Gaussian at 0, 45, 90, 135 degrees, magnitude |
/// | 4-7, 8-11 | bright and dark lines: second derivatives, each half-wave rectified |
/// | 12-15 | Gabor energy: even and odd filter in quadrature |
/// | 16-31 | channels 0 to 15 again, one octave coarser |
/// | 32-33 | gradient magnitude of red-green and of yellow-blue |
/// | 34-36 | smoothed luminance, red-green, yellow-blue |
///
/// A channel at 0 degrees responds to variation along a row.
///
/// The image is smoothed and halved repeatedly (a binomial pyramid, Burt and Adelson 1983). The same small
/// kernels filter each octave, so their scale grows with the stride. Responses are rectified before they are
/// pooled over the stride's neighbourhood (Malik and Perona 1990), because positive and negative responses would
/// cancel. The filters are the steerable derivatives of Freeman and Adelson (1991) and the quadrature pairs of
/// Gabor filters of Daugman (1985).
///
/// A rectified response `r` becomes `(sqrt(r) - centre) / deviation`, a smoothed value `r / deviation`. The
/// constants were measured once on photographs and textures. The square root makes the deviations of weak and
/// strong textures similar; it is monotone, so a stronger contrast always gives a larger feature. Borders repeat
/// the last pixel, which adds no edge.
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
        // Octave `o` has stride 2^o. A level takes texture from the octaves at a quarter and half of its
        // stride, so each octave except the first and last serves two levels.
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

    /// The 16 planes of rectified responses to the luminance, which is the first plane.
    fn texture(&self, octave: &Planes) -> Planes {
        let mut responses = filter(octave, 0, &self.oriented);
        let plane = responses.plane_size();
        let kind = ORIENTATIONS * plane;
        let (edges, rest) = responses.values.split_at_mut(kind);
        let (lines, rest) = rest.split_at_mut(kind);
        let (even, odd) = rest.split_at_mut(kind);
        edges.iter_mut().for_each(|v| *v = v.abs());
        for (even, odd) in even.iter_mut().zip(odd) {
            // Dark lines and energies overwrite the third and fourth kind; bright lines overwrite lines.
            let energy = (*even * *even + *odd * *odd).sqrt();
            (*even, *odd) = (0.0, energy);
        }
        for (line, dark) in lines.iter_mut().zip(even) {
            *dark = rectified(-*line);
            *line = rectified(*line);
        }
        responses
    }

    /// Gradient magnitudes of the two colour planes, which follow the luminance.
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

    /// Standardises rectified and smoothed planes to `[height, width, 37]`.
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

/// The positive part; NaN stays NaN.
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
