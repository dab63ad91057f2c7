//! From a model in single precision to one in bytes.

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
use crate::features::stored_images::LEFT_OUT;
use crate::training::run_context::QuantizedModel;
use crate::training::trainer::Trainer;

/// Images that the backbone's bytes are fitted to, at most.
const IMAGES: usize = 48;
/// How far features may lie from those in single precision, in standard deviations.
const LARGEST_ERROR: f64 = 0.25;

impl Detector {
    /// The same model with a backbone whose products over channels are products of bytes, and with a
    /// memory bank in bytes: faster on the CPU, and a smaller file.
    ///
    /// `normal` are the paths of normal images, best those that the model was trained on. The bytes are
    /// fitted to some of them; all that the model knows of normal images, the constants of scoring and the
    /// thresholds are taken anew from them, as `bgad train` takes them. What abnormal images have taught
    /// stays. The same images give the same model.
    ///
    /// # Errors
    /// [`Error::NotQuantizable`] where the backbone is no EfficientNet, the model is in bytes already,
    /// its flows were trained, its threshold is that of the best F1, it lies on another device than the
    /// CPU, or features in bytes differ too much from those in single precision. An image that can't be
    /// read, or none.
    pub fn quantize(&self, normal: &[PathBuf]) -> Result<Self> {
        let own = self.single_backbone()?;
        if normal.is_empty() {
            return Err(Error::input("normal images", 0, "at least one"));
        }
        let inputs = self.prepared(normal)?;
        let size = self.description.config.input.image_size as usize;
        let mut seen = ProductInputs::default();
        for input in &inputs {
            own.observe(input, (size, size), &mut seen);
        }
        let in_bytes = own.in_bytes(&seen);
        let in_bytes = in_bytes.ok_or_else(|| self.refused("nothing was seen of images"))?;
        let feature_errors = errors(&own, &in_bytes, &inputs, size);
        self.check(&feature_errors)?;
        let config = &self.description.config;
        let backbone = EfficientNet::from_folded(
            in_bytes.architecture(),
            &config.backbone.strides,
            in_bytes.tensors(),
            &self.device,
        )?;
        let quantized = QuantizedModel {
            backbone: Arc::new(backbone),
            checksum: self.description.backbone_checksum.clone(),
            quantization: Quantization { feature_errors },
            discriminant: self.discriminant.clone(),
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
        // Training goes on without an image; what is promised here must not rest on fewer than were named.
        if let Some(lost) = training.warnings.iter().find(|w| w.contains(LEFT_OUT)) {
            return Err(Error::input(
                "normal images",
                lost,
                "images that can be read",
            ));
        }
        let mut detector = training.detector;
        let description = &mut detector.description;
        description.config = config.clone();
        description
            .training_anomalies
            .clone_from(&self.description.training_anomalies);
        Ok(detector)
    }

    /// The backbone on the host, where this model can be computed in bytes.
    fn single_backbone(&self) -> Result<HostEfficientNet> {
        let description = &self.description;
        let config = &description.config;
        if description.quantization.is_some() {
            return Err(self.refused("it is in bytes already"));
        }
        let Ok(architecture) = config.backbone.name.parse::<Architecture>() else {
            return Err(self.refused("only the products of an EfficientNet are computed in bytes"));
        };
        if !is_host(&self.device) {
            return Err(self.refused("it lies on another device than the CPU"));
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

    /// Some of the images as the backbone sees them.
    fn prepared(&self, normal: &[PathBuf]) -> Result<Vec<Vec<f32>>> {
        let extractor = self.extractor();
        let step = normal.len().div_ceil(IMAGES);
        let mut inputs = Vec::new();
        for path in normal.iter().step_by(step) {
            let image = self.load_image(path)?;
            let views = self.views(image.dimensions());
            let wanted = views.views.len().div_ceil(IMAGES);
            let views = views.views.iter().step_by(wanted.max(1));
            inputs.extend(views.map(|view| extractor.prepare(&image, view).values));
        }
        Ok(inputs)
    }

    fn check(&self, errors: &[f64]) -> Result<()> {
        let levels = self.backbone.levels().iter().zip(errors);
        let worst = levels.max_by(|a, b| a.1.total_cmp(b.1));
        match worst {
            Some((level, error)) if error.is_nan() || *error > LARGEST_ERROR => Err(self.refused(&format!(
                "at stride {} its features in bytes differ by {error:.3} standard deviations from those \
                 in single precision, {LARGEST_ERROR} at most; use it as it is",
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

/// For each level, the root of the mean square of the features' differences over their standard
/// deviation.
fn errors(
    single: &HostEfficientNet,
    in_bytes: &HostEfficientNet,
    inputs: &[Vec<f32>],
    size: usize,
) -> Vec<f64> {
    let mut sums = vec![Sums::default(); single.levels().len()];
    for input in inputs {
        let exact = single.extract_on_host(input, size, size);
        let rounded = in_bytes.extract_on_host(input, size, size);
        for ((sums, exact), rounded) in sums.iter_mut().zip(&exact).zip(&rounded) {
            sums.add(exact, rounded);
        }
    }
    sums.iter().map(Sums::error).collect()
}

/// Of one level over all images, channel by channel.
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

    /// Each channel counts alike, as it does for distances of standardised features.
    fn error(&self) -> f64 {
        let of_channel = |(channel, difference): (usize, &f64)| {
            let mean = self.values[channel] / self.count;
            let variance = self.squares[channel] / self.count - mean * mean;
            // A channel that never changes has no features.
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
