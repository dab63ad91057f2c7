//! Fits one product to bytes.

use bgad_cpu::{BytePanels, LARGEST_BYTE};

use super::seen::Seen;

/// Steps between the smallest and the largest value; one is left for rounding the zero point.
const BYTES: f64 = LARGEST_BYTE as f64 - 1.0;
/// The largest weight.
const LARGEST_WEIGHT: f64 = 127.0;
/// Candidates for the share of the differences among channels' ranges that moves to the weights.
const SHARES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// A product's weights in single precision, `[outputs, inputs, taps]`.
pub(super) struct Weights<'a> {
    pub values: &'a [f32],
    pub inputs: usize,
    pub taps: usize,
    /// Columns in a strip of the product's left operand.
    pub strip: usize,
}

/// A product's weights in bytes.
pub(super) struct Fitted {
    /// `[outputs, inputs, taps]`, whole numbers.
    pub weights: Vec<f32>,
    pub scales: Vec<f32>,
    pub steps: Vec<f32>,
    pub zeros: Vec<f32>,
    /// Correction of the bias that keeps the outputs' means.
    pub shift: Vec<f32>,
}

impl Weights<'_> {
    fn outputs(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact((self.inputs * self.taps).max(1))
    }

    /// The largest absolute weight of each input.
    fn largest(&self) -> Vec<f64> {
        let mut largest = vec![0.0_f64; self.inputs];
        for output in self.outputs() {
            for (largest, taps) in largest.iter_mut().zip(output.chunks_exact(self.taps)) {
                let of_taps = taps.iter().map(|tap| f64::from(tap.abs()));
                *largest = of_taps.fold(*largest, f64::max);
            }
        }
        largest
    }

    /// The inputs' steps if this share of the differences among ranges moves to the weights.
    fn steps(&self, seen: &[Seen], largest: &[f64], share: f64) -> Vec<f64> {
        let part = |(seen, largest): (&Seen, &f64)| {
            let width = seen.width();
            match width > 0.0 && *largest > 0.0 {
                true => width.powf(share) / largest.powf(1.0 - share),
                false => 0.0,
            }
        };
        let parts: Vec<f64> = seen.iter().zip(largest).map(part).collect();
        let needed = parts.iter().zip(seen).filter(|(part, _)| **part > 0.0);
        let unit = needed
            .map(|(part, seen)| seen.width() / part)
            .fold(0.0, f64::max)
            / BYTES;
        // A channel that is always 0, or whose weights are, gets step 1.
        let step = |part: f64| if part > 0.0 { part * unit } else { 1.0 };
        parts.into_iter().map(step).collect()
    }

    /// The noise in the outputs from rounding inputs and weights: the sum over outputs of its mean square
    /// divided by the output's own, as if inputs were independent.
    fn noise(&self, seen: &[Seen], steps: &[f64]) -> f64 {
        let taps = self.taps as f64;
        let of_inputs = seen.iter().zip(steps);
        let squares: f64 = of_inputs
            .map(|(seen, step)| seen.square() / (step * step))
            .sum();
        let mut noise = 0.0;
        for output in self.outputs() {
            let (mut rounded, mut signal, mut largest) = (0.0, 0.0, 0.0_f64);
            let inputs = output.chunks_exact(self.taps).zip(seen).zip(steps);
            for ((of_taps, seen), step) in inputs {
                for tap in of_taps {
                    let square = f64::from(*tap).powi(2);
                    rounded += square * step * step;
                    signal += square * seen.square();
                    largest = largest.max((f64::from(*tap) * step).abs());
                }
            }
            let scale = largest / LARGEST_WEIGHT;
            let weights = scale * scale * taps * squares;
            noise += (rounded + weights) / signal.max(f64::MIN_POSITIVE);
        }
        noise
    }

    /// Converts the product to bytes with the candidate share that adds the least noise.
    pub fn fit(&self, seen: &[Seen]) -> Fitted {
        let largest = self.largest();
        let candidates = SHARES.map(|share| {
            let steps = self.steps(seen, &largest, share);
            (self.noise(seen, &steps), steps)
        });
        let best = candidates.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
        let steps = best.map_or(Vec::new(), |(_, steps)| steps);
        let zero = |(seen, step): (&Seen, &f64)| (-seen.range().0 / step).round();
        let zeros: Vec<f64> = seen.iter().zip(&steps).map(zero).collect();
        let mut fitted = Fitted {
            weights: Vec::with_capacity(self.values.len()),
            scales: Vec::new(),
            // In the precision of the model file.
            steps: steps.iter().map(|step| *step as f32).collect(),
            zeros: zeros
                .iter()
                .map(|zero| zero.clamp(0.0, BYTES) as f32)
                .collect(),
            shift: Vec::new(),
        };
        for output in self.outputs() {
            let (weights, scale) = self.of_output(output, &steps);
            let inputs = weights
                .chunks_exact(self.taps)
                .zip(output.chunks_exact(self.taps));
            let inputs = inputs.zip(seen.iter().zip(&steps));
            let lost = inputs.map(|((whole, exact), (seen, step))| {
                let taps = whole.iter().zip(exact);
                let taps = taps.map(|(w, exact)| f64::from(*exact) - f64::from(*w) * scale / step);
                taps.sum::<f64>() * seen.mean()
            });
            fitted.shift.push(lost.sum::<f64>() as f32);
            fitted.scales.push(scale as f32);
            fitted.weights.extend(weights.into_iter().map(f32::from));
        }
        fitted
    }

    /// Rounds one output's weights and returns them with their scale, which keeps them within
    /// [`BytePanels::BOUND`].
    fn of_output(&self, output: &[f32], steps: &[f64]) -> (Vec<i8>, f64) {
        let inputs = output.chunks_exact(self.taps).zip(steps);
        let scaled = inputs.flat_map(|(taps, step)| taps.iter().map(move |w| f64::from(*w) * step));
        let scaled: Vec<f64> = scaled.collect();
        let largest = scaled.iter().fold(0.0_f64, |most, w| most.max(w.abs()));
        let mut scale = match largest > 0.0 {
            true => largest / LARGEST_WEIGHT,
            false => 1.0,
        };
        loop {
            let whole = |w: &f64| (w / scale).round().clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT) as i8;
            let weights: Vec<i8> = scaled.iter().map(whole).collect();
            // In the order of the product's rows: tap by tap.
            let rows = (0..self.taps).flat_map(|tap| {
                let of_tap = weights.iter().skip(tap).step_by(self.taps);
                of_tap.copied()
            });
            let most = BytePanels::most(rows, self.strip);
            if most <= BytePanels::BOUND {
                return (weights, scale);
            }
            scale *= (f64::from(most) / f64::from(BytePanels::BOUND)).max(1.001);
        }
    }
}
