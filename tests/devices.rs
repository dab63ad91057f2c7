//! Names of devices, training on several, and the number format of features.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]
#![recursion_limit = "256"]

mod common;

use bgad::{
    Detector, DeviceKind, DeviceSelection, Error, FeaturePrecision, Trainer, TrainerConfig,
    load_image,
};

#[test]
fn names_of_devices() {
    for name in ["flex", "ndarray", "wgpu", "vulkan:0", "cuda:12"] {
        let selection: DeviceSelection = name.parse().unwrap();
        assert_eq!(selection.to_string(), name);
    }
    for (name, expected) in [
        ("gpu", "one of flex, ndarray, wgpu, vulkan, cuda"),
        ("flex:1", "the CPU is one device"),
        ("cuda:", "cuda, or cuda:0 and so on"),
        ("cuda:-1", "cuda, or cuda:0 and so on"),
        ("", "one of flex"),
    ] {
        let error = name.parse::<DeviceSelection>().unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn a_device_that_is_not_compiled_in_names_its_feature() {
    for kind in DeviceKind::ALL {
        match kind.open() {
            Ok(_) => assert!(kind.is_compiled()),
            Err(error @ Error::DeviceNotCompiled { .. }) => {
                assert!(!kind.is_compiled());
                let message = error.to_string();
                assert!(message.contains(&format!("--features {kind}")), "{message}");
            }
            // Not compiled in, or no GPU here.
            Err(error) => assert!(error.to_string().contains("0 of its kind"), "{error}"),
        }
    }
    assert!(DeviceKind::default().is_compiled());
}

/// Log-likelihoods and score of one image.
fn numbers(detector: &Detector, image: &bgad::RgbImage) -> Vec<f32> {
    let maps = detector.log_likelihoods(image).unwrap();
    let levels = maps.into_iter().flat_map(|maps| maps.levels);
    let levels = levels.flat_map(|level| level.values);
    let score = detector.predict(image).unwrap().score;
    levels.chain([score]).collect()
}

/// Each mini-batch is split; the boundary, which is a quantile over all of it, and the sums of gradients must
/// equal those of one device. CPU devices replace GPUs.
#[cfg(feature = "flex")]
#[test]
fn several_devices_train_the_model_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = common::parts(folder.path());
    let image = load_image(&dataset.test[0].path).unwrap();
    let config = common::settings().with(|config| {
        // Not a multiple of two or three, so the shares differ in size.
        config.schedule.mini_batch_size = 65;
        config.input.image_size = Some(32);
        config.pooled.folds = 0;
        config.schedule.meta_epochs = 3;
        config.schedule.sub_epochs = 2;
        config.schedule.learning_rate = 1e-3;
        config.schedule.evaluate = bgad::EvaluateWhen::Never;
    });
    let train = |config: &TrainerConfig, kinds: &[DeviceKind]| {
        let devices = kinds.iter().copied().map(DeviceSelection::from);
        let trainer = Trainer::new(config.clone()).on_all(devices);
        let mut found = numbers(&trainer.fit(&dataset).unwrap(), &image);
        // The score is a thousand times larger and would hide any difference in log-likelihoods.
        found.pop();
        found
    };
    let flex = DeviceKind::Flex;
    let one = train(&config, &[flex]);
    let longer = config.clone().with(|config| config.schedule.sub_epochs = 3);
    // Splitting must not change what two more steps per meta-epoch change.
    let changed = difference(&train(&longer, &[flex]), &one);
    let mut groups = vec![vec![flex; 2], vec![flex; 3]];
    if DeviceKind::Ndarray.is_compiled() {
        groups.push(vec![flex, DeviceKind::Ndarray]);
    }
    for group in groups {
        let found = difference(&train(&config, &group), &one);
        println!("{group:?}: {found:.1e}, longer training {changed:.1e}");
        assert!(found < 1e-4, "{group:?}: {found}");
        assert!(found < changed / 20.0, "{group:?}: {found} of {changed}");
    }
}

/// The share of the largest value by which two lists differ.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    let largest = b
        .iter()
        .fold(0f32, |largest, value| largest.max(value.abs()));
    let pairs = a.iter().zip(b);
    pairs.fold(0f32, |d, (a, b)| d.max((a - b).abs())) / largest
}

#[cfg(feature = "flex")]
#[test]
fn features_in_sixteen_bits_score_nearly_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = common::parts(folder.path());
    let image = load_image(&dataset.test[0].path).unwrap();
    let train = |feature_precision| {
        let config = common::settings().with(|config| {
            config.features.precision = feature_precision;
            config.schedule.evaluate = bgad::EvaluateWhen::Never;
        });
        Trainer::new(config).fit(&dataset).unwrap()
    };
    let full = numbers(&train(FeaturePrecision::F32), &image);
    let mut differences = Vec::new();
    for precision in [FeaturePrecision::F16, FeaturePrecision::Bf16] {
        let detector = train(precision);
        let found = numbers(&detector, &image);
        differences.push(difference(&found, &full));
        // The model keeps its format.
        let path = folder.path().join("model.bgad");
        detector.save(&path).unwrap();
        let device = DeviceKind::Flex.open().unwrap();
        let loaded = Detector::load(&path, &device).unwrap();
        assert_eq!(loaded.description().config.features.precision, precision);
        assert_eq!(numbers(&loaded, &image), found);
    }
    println!("{differences:?}");
    // The coarser format rounds more.
    assert!(differences[0] > 0.0 && differences[0] < differences[1]);
    assert!(
        differences[0] < 0.01 && differences[1] < 0.1,
        "{differences:?}"
    );
}

#[cfg(feature = "ndarray")]
#[test]
fn a_format_that_a_device_lacks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = common::parts(folder.path());
    let config =
        common::settings().with(|config| config.features.precision = FeaturePrecision::Bf16);
    let trainer = Trainer::new(config).on(DeviceKind::Ndarray);
    let error = trainer.fit(&dataset).unwrap_err().to_string();
    assert!(
        error.contains("expected f32: this device has no bf16"),
        "{error}"
    );
}
