//! Converts a model from single precision to bytes.

use std::path::PathBuf;
use std::sync::Arc;

use bgad_backbone::{
    Architecture, EfficientNet, FeatureMap, HostBackbone, HostEfficientNet, ProductInputs,
};
use bgad_data::{Dataset, Sample};

use crate::config::choices::{EvaluateWhen, Model};
use crate::detector::description::Quantization;
use crate::detector::trained_model::Detector;
use crate::device::host::is_host;
use crate::error::{Error, Result};
use crate::features::extractor::PreparedInput;
use crate::features::stored_images::LEFT_OUT;
use crate::training::run_context::{LearnedDefects, QuantizedModel};
use crate::training::trainer::Trainer;

/// The largest number of images that the backbone's bytes are fitted to.
const IMAGES: usize = 48;
/// The largest allowed difference from features in single precision, in standard deviations.
const LARGEST_ERROR: f64 = 0.25;

impl Detector {
    /// Converts the model to bytes: the products over channels of its backbone, and its memory bank. It is then
    /// faster on the CPU, and its file is smaller.
    ///
    /// `normal` are the paths of normal images, preferably the model's training images. The bytes are fitted to
    /// some of them. Statistics of normal features, scoring constants and thresholds are computed again from all
    /// of them, as `bgad train` does it. What the model learned from abnormal images stays. The same images give
    /// the same model.
    ///
    /// # Errors
    /// [`Error::NotQuantizable`] if the backbone is not an EfficientNet, the model is in bytes already, its flows
    /// were trained, its device is not the CPU, or features in bytes differ too much from those in single
    /// precision; [`Error::Setting`] if it was trained with `scoring.threshold=best-f1`. Also if there are no
    /// images, or one can't be read.
    pub fn quantize(&self, normal: &[PathBuf]) -> Result<Self> {
        let own = self.single_backbone()?;
        if normal.is_empty() {
            return Err(Error::input("normal images", 0, "at least one"));
        }
        let inputs = self.prepared(normal)?;
        let mut seen = ProductInputs::default();
        for PreparedInput { values, view } in &inputs {
            let size = view.size as usize;
            own.observe(values, (size, size), &mut seen);
        }
        let in_bytes = own.in_bytes(&seen);
        let in_bytes = in_bytes.ok_or_else(|| self.refused("no image was read"))?;
        let feature_errors = errors(&own, &in_bytes, &inputs);
        self.check(&feature_errors)?;
        let config = &self.description.config;
        let backbone = EfficientNet::from_folded(
            in_bytes.architecture(),
            &config.backbone.strides,
            in_bytes.tensors(),
            &self.device,
        )?;
        let calibration = &self.description.calibration;
        let finer = self.finer.as_ref().zip(calibration.finer.as_ref());
        let quantized = QuantizedModel {
            backbone: Arc::new(backbone),
            checksum: self.description.backbone_checksum.clone(),
            quantization: Quantization { feature_errors },
            defects: LearnedDefects::of(self, calibration),
            finer: finer.map(|(finer, calibration)| LearnedDefects::of(finer, calibration)),
        };
        let mut settings = config.clone().into_inner();
        settings.model = Model::Bgad;
        settings.granularity = Some(self.description.granularity);
        settings.schedule.evaluate = EvaluateWhen::Never;
        let samples = normal.iter().cloned().map(Sample::normal);
        let dataset = Dataset {
            name: self.description.dataset.clone(),
            train: samples.collect(),
            ..Dataset::default()
        };
        let trainer =
            Trainer::new(settings).changed(|run| run.quantized = Some(Arc::new(quantized)));
        let training = trainer.run(&dataset)?;
        // Training continues without unreadable images, but here the promise needs all that you named.
        if let Some(lost) = training.warnings.iter().find(|w| w.contains(LEFT_OUT)) {
            return Err(Error::input(
                "normal images",
                lost,
                "images that can be read",
            ));
        }
        let mut detector = training.detector;
        let outlined = self.description.pixel_threshold;
        if let Some(of_pixels) = outlined.filter(|_| self.description.outlines_known_defects) {
            detector.set_outline(of_pixels);
        }
        let description = &mut detector.description;
        description.config = config.clone();
        description
            .training_anomalies
            .clone_from(&self.description.training_anomalies);
        Ok(detector)
    }

    /// The backbone on the host, if this model can be converted to bytes.
    fn single_backbone(&self) -> Result<HostEfficientNet> {
        let description = &self.description;
        let config = &description.config;
        if description.quantization.is_some() {
            return Err(self.refused("it is in bytes already"));
        }
        let Ok(architecture) = config.backbone.name.parse::<Architecture>() else {
            return Err(self.refused("only an EfficientNet can be computed in bytes"));
        };
        if !is_host(&self.device) {
            return Err(self.refused("it is not on the CPU (`flex`)"));
        }
        if !self.flows.iter().all(|flow| flow.is_at_rest()) {
            let reason = "its flows were trained on features in single precision; train it with \
                          `--set schedule.train_flows=never`";
            return Err(self.refused(reason));
        }
        let strides = &config.backbone.strides;
        let tensors = self.backbone.tensors();
        Ok(HostEfficientNet::from_folded(
            architecture,
            strides,
            tensors,
        )?)
    }

    /// A selection of the images, prepared for the backbone: their usual inputs and, if there are any, finer ones.
    fn prepared(&self, normal: &[PathBuf]) -> Result<Vec<PreparedInput>> {
        let extractor = self.extractor();
        let step = normal.len().div_ceil(IMAGES);
        let mut inputs = Vec::new();
        for path in normal.iter().step_by(step) {
            let image = self.load_image(path)?;
            let views = self.views(image.dimensions());
            let wanted = views.views.len().div_ceil(IMAGES);
            let views = views.views.iter().step_by(wanted.max(1));
            inputs.extend(views.map(|view| extractor.prepare(&image, view)));
            inputs.extend(extractor.finer.iter().map(|finer| {
                let view = finer.whole(image.dimensions());
                finer.prepare(&image, &view)
            }));
        }
        Ok(inputs)
    }

    fn check(&self, errors: &[f64]) -> Result<()> {
        let levels = self.backbone.levels().iter().zip(errors);
        let worst = levels.max_by(|a, b| a.1.total_cmp(b.1));
        match worst {
            Some((level, error)) if error.is_nan() || *error > LARGEST_ERROR => Err(self.refused(&format!(
                "at stride {} its features in bytes differ by {error:.3} standard deviations from those \
                 in single precision, expected {LARGEST_ERROR} at most; use the model as it is",
                level.stride
            ))),
            _ => Ok(()),
        }
    }

    fn refused(&self, reason: &str) -> Error {
        Error::NotQuantizable {
            backbone: self.description.config.backbone.name.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// For each level, the root mean square of the features' differences, in standard deviations of each channel.
fn errors(
    single: &HostEfficientNet,
    in_bytes: &HostEfficientNet,
    inputs: &[PreparedInput],
) -> Vec<f64> {
    let mut sums = vec![Sums::default(); single.levels().len()];
    for PreparedInput { values, view } in inputs {
        let size = view.size as usize;
        let exact = single.extract_on_host(values, size, size);
        let rounded = in_bytes.extract_on_host(values, size, size);
        for ((sums, exact), rounded) in sums.iter_mut().zip(&exact).zip(&rounded) {
            sums.add(exact, rounded);
        }
    }
    sums.iter().map(Sums::error).collect()
}

/// Sums over all images for one level, channel by channel.
#[derive(Clone, Default)]
struct Sums {
    values: Vec<f64>,
    squares: Vec<f64>,
    differences: Vec<f64>,
    count: f64,
}

impl Sums {
    fn add(&mut self, exact: &FeatureMap, rounded: &FeatureMap) {
        let channels = exact.channels;
        for sums in [&mut self.values, &mut self.squares, &mut self.differences] {
            sums.resize(channels, 0.0);
        }
        let rows = exact.values.chunks_exact(channels);
        for (exact, rounded) in rows.zip(rounded.values.chunks_exact(channels)) {
            for (channel, (exact, rounded)) in exact.iter().zip(rounded).enumerate() {
                let (exact, rounded) = (f64::from(*exact), f64::from(*rounded));
                self.values[channel] += exact;
                self.squares[channel] += exact * exact;
                self.differences[channel] += (exact - rounded).powi(2);
            }
            self.count += 1.0;
        }
    }

    /// The root mean square over channels. All channels count equally, as in distances of standardised features.
    fn error(&self) -> f64 {
        let of_channel = |(channel, difference): (usize, &f64)| {
            let mean = self.values[channel] / self.count;
            let variance = self.squares[channel] / self.count - mean * mean;
            // A constant channel does not matter.
            (variance > 1e-9).then(|| difference / self.count / variance)
        };
        let of_channels: Vec<f64> = self
            .differences
            .iter()
            .enumerate()
            .filter_map(of_channel)
            .collect();
        (of_channels.iter().sum::<f64>() / of_channels.len().max(1) as f64).sqrt()
    }
}
