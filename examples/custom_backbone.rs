//! Your own feature extractor behind the `Backbone` trait: trained on, saved, loaded.
//!
//! This one is small: random projections of patches, rectified. Any network can take its place; the model
//! file stores its tensors.
//!
//!     cargo run --release --example custom_backbone
#![allow(clippy::print_stdout)] // an example talks to a person

mod common;

use std::path::Path;
use std::sync::Arc;

use bgad::burn::tensor::module::conv2d;
use bgad::burn::tensor::ops::{ConvOptions, PadMode};
use bgad::burn::tensor::{Device, Tensor, TensorData, activation::relu};
use bgad::{Backbone, Detector, FeaturePyramid, Level, Model, NamedTensor, Normalization, Trainer};
use common::Result;

const LEVELS: [Level; 2] = [
    Level {
        stride: 4,
        channels: 12,
    },
    Level {
        stride: 8,
        channels: 12,
    },
];

/// Multiplies the patches of each level by the level's matrix.
#[derive(Debug)]
struct Projections(Vec<NamedTensor>, Device);

impl Projections {
    fn random(device: &Device) -> Self {
        let mut state = 1_u32;
        let mut number = move |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        let tensors = LEVELS.map(|Level { stride, channels }| NamedTensor {
            name: format!("stride_{stride}"),
            shape: vec![channels, 3, stride, stride],
            values: (0..channels * 3 * stride * stride)
                .map(&mut number)
                .collect(),
        });
        Self(tensors.to_vec(), device.clone())
    }
}

impl Backbone for Projections {
    fn name(&self) -> &str {
        "projections"
    }

    fn normalization(&self) -> Normalization {
        Normalization::SYMMETRIC
    }

    fn levels(&self) -> &[Level] {
        &LEVELS
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let [_, _, height, width] = images.dims();
        let maps = LEVELS
            .iter()
            .zip(&self.0)
            .map(|(&Level { stride, .. }, matrix)| {
                let missing = |size: usize| (0, size.next_multiple_of(stride) - size);
                let whole = images
                    .clone()
                    .pad([missing(height), missing(width)], PadMode::Edge);
                let shape = matrix.shape.clone();
                let weight = TensorData::new(matrix.values.clone(), shape);
                let weight = Tensor::<4>::from_data(weight, &self.1);
                relu(conv2d(
                    whole,
                    weight,
                    None,
                    ConvOptions::new([stride; 2], [0; 2], [1; 2], 1),
                ))
            });
        FeaturePyramid::new(maps.collect())
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        self.0.clone()
    }
}

fn main() -> Result {
    let parts = common::draw(Path::new("out/custom_backbone/parts"))?;
    let (path, device) = (Path::new("out/custom_backbone/model.bgad"), Device::flex());
    let trainer = Trainer::new(common::short(Model::Bgad));
    let detector = trainer
        .with_backbone(Arc::new(Projections::random(&device)))
        .fit(&parts)?;
    detector.save(path)?;

    // The file holds the weights; the program holds the code that uses them.
    let restored = Detector::load_with_backbone(path, &device, |tensors| {
        Ok(Arc::new(Projections(tensors, device.clone())))
    })?;
    for sample in parts.test.iter().take(3) {
        let (saved, loaded) = (
            detector.predict_file(&sample.path)?,
            restored.predict_file(&sample.path)?,
        );
        println!(
            "{:.4} {:.4} {}",
            saved.score, loaded.score, sample.defect_type
        );
        assert_eq!(saved, loaded);
    }
    Ok(())
}
