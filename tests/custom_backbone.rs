//! Your own feature extractor: training, saving and loading.

use std::path::Path;
use std::sync::Arc;

use bgad::burn::tensor::{Device, Tensor};
use bgad::{
    Backbone, Dataset, Detector, Error, FeaturePyramid, Level, Model, NamedTensor, Normalization,
    Trainer, TrainerConfig,
};

use crate::common;

/// Means of patches, with its own weight per channel; its description of itself can be made wrong.
#[derive(Debug, Clone)]
pub(crate) struct Means {
    name: &'static str,
    levels: Vec<Level>,
    /// The actual stride of the maps, relative to that in `levels`.
    factor: usize,
    tensors: Vec<NamedTensor>,
}

impl Means {
    pub(crate) fn new() -> Self {
        let tensor = |name: &str, values: [f32; 3]| NamedTensor {
            name: name.to_owned(),
            shape: vec![3],
            values: values.to_vec(),
        };
        let level = |stride| Level {
            stride,
            channels: 6,
        };
        Self {
            name: "means",
            levels: vec![level(8), level(16)],
            factor: 1,
            // Not sorted by name.
            tensors: vec![
                tensor("second", [1.0, 2.0, 3.0]),
                tensor("first", [0.5, -1.0, 4.0]),
            ],
        }
    }
}

impl Backbone for Means {
    fn name(&self) -> &str {
        self.name
    }

    fn normalization(&self) -> Normalization {
        Normalization::SYMMETRIC
    }

    fn levels(&self) -> &[Level] {
        &self.levels
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let [batch, channels, height, width] = images.dims();
        let maps = self.levels.iter().map(|level| {
            let stride = level.stride * self.factor;
            let (rows, columns) = (height / stride, width / stride);
            let patches = images
                .clone()
                .reshape([batch * channels * rows, stride, columns, stride])
                .mean_dim(1)
                .mean_dim(3)
                .reshape([batch, channels, rows, columns]);
            let weighted = self.tensors.iter().take(2).map(|weights| {
                let weights = Tensor::<1>::from_floats(weights.values.as_slice(), &images.device());
                patches.clone() * weights.reshape([1, 3, 1, 1])
            });
            Tensor::cat(weighted.collect(), 1).sin()
        });
        FeaturePyramid::new(maps.collect())
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        self.tensors.clone()
    }
}

fn settings() -> TrainerConfig {
    common::settings().with(|config| {
        config.model = Model::Bgad;
        config.pooled.flows = false;
    })
}

fn train(backbone: Means, parts: &Dataset) -> bgad::Result<Detector> {
    Trainer::new(settings())
        .with_backbone(Arc::new(backbone))
        .fit(parts)
}

/// Loads with a backbone made from the file's tensors, in the order that `Means` expects.
fn load(path: &Path, change: impl FnOnce(&mut Means)) -> bgad::Result<Detector> {
    Detector::load_with_backbone(path, &Device::flex(), |mut tensors| {
        tensors.reverse();
        let mut backbone = Means {
            tensors,
            ..Means::new()
        };
        change(&mut backbone);
        Ok(Arc::new(backbone))
    })
}

#[test]
fn a_model_comes_back_with_its_backbone() {
    let folder = tempfile::tempdir().unwrap();
    let parts = common::parts(&folder.path().join("parts"));
    let (path, again) = (
        folder.path().join("model.bgad"),
        folder.path().join("again.bgad"),
    );
    let detector = train(Means::new(), &parts).unwrap();
    detector.save(&path).unwrap();
    let description = detector.description();
    assert_eq!(description.config.backbone.name, "means");
    assert_eq!(description.config.backbone.strides, [8, 16]);
    assert!(description.backbone_checksum.is_some());

    let loaded = load(&path, |_| {}).unwrap();
    for sample in &parts.test {
        let image = sample.load_image().unwrap();
        assert_eq!(
            detector.predict(&image).unwrap(),
            loaded.predict(&image).unwrap()
        );
    }
    loaded.save(&again).unwrap();
    assert_eq!(
        std::fs::read(&path).unwrap(),
        std::fs::read(&again).unwrap()
    );

    // The file alone does not contain the code.
    let error = Detector::load(&path, &Device::flex()).unwrap_err();
    assert!(matches!(error, Error::BackboneUnknown { .. }), "{error}");
    assert!(error.to_string().contains("means"), "{error}");
}

#[test]
fn another_backbone_than_the_trained_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parts = common::parts(&folder.path().join("parts"));
    let path = folder.path().join("model.bgad");
    train(Means::new(), &parts).unwrap().save(&path).unwrap();
    let refused = |change: fn(&mut Means)| {
        let error = load(&path, change).unwrap_err();
        assert!(matches!(error, Error::BackboneContract { .. }), "{error}");
        error.to_string()
    };
    assert!(refused(|b| b.name = "others").contains("`others`"));
    assert!(refused(|b| b.levels[0].stride = 4).contains("strides"));
    assert!(refused(|b| b.tensors[0].values[0] += 1.0).contains("weights"));

    let failed = Detector::load_with_backbone(&path, &Device::flex(), |_| Err("no file".into()));
    let failed = failed.unwrap_err();
    assert!(matches!(failed, Error::BackboneRestore { .. }), "{failed}");
    assert!(failed.to_string().contains("no file"), "{failed}");
}

#[test]
fn a_backbone_that_is_not_what_it_says_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parts = common::parts(&folder.path().join("parts"));
    let refused = |change: fn(&mut Means)| {
        let mut backbone = Means::new();
        change(&mut backbone);
        let error = train(backbone, &parts).unwrap_err();
        assert!(matches!(error, Error::BackboneContract { .. }), "{error}");
        error.to_string()
    };
    assert!(refused(|b| b.name = "filter-bank").contains("name"));
    assert!(refused(|b| b.name = "tf_efficientnet_b0").contains("name"));
    assert!(refused(|b| b.levels.clear()).contains("levels"));
    assert!(refused(|b| b.levels.reverse()).contains("levels"));
    assert!(refused(|b| b.factor = 2).contains("[1, 6, 8, 8]"));
    assert!(refused(|b| b.levels[0].channels = 7).contains("[1, 7, 8, 8]"));
    assert!(refused(|b| b.tensors.push(b.tensors[0].clone())).contains("`second`"));
    assert!(refused(|b| b.tensors[0].shape = vec![4]).contains("`second`"));

    let config =
        settings().with(|config| config.backbone.weights = Some("weights.safetensors".into()));
    let trainer = Trainer::new(config).with_backbone(Arc::new(Means::new()));
    let error = trainer.fit(&parts).unwrap_err();
    assert!(matches!(error, Error::WeightsNotUsed { .. }), "{error}");
}
