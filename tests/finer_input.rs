//! A second, finer input.

use std::path::{Path, PathBuf};

use bgad::{
    Dataset, Detector, Device, FinerSize, Fit, Granularity, MaskFiles, Mirror, Model, RgbImage,
    TrainFlows, Trainer, TrainerConfig, load_image,
};

use crate::common::{parts, settings};

const WEIGHTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/goldens/tf_efficientnet_b0_random_weights.safetensors"
);

/// Inputs of 32 pixels and finer ones of 64, with flows that are not trained.
fn config(model: Model) -> TrainerConfig {
    settings().with(|config| {
        config.model = model;
        config.input.image_size = Some(32);
        config.input.finer_size = FinerSize::Pixels(64);
        config.schedule.train_flows = TrainFlows::Never;
        config.memory_bank.size = 500;
    })
}

fn images(dataset: &Dataset) -> Vec<RgbImage> {
    let images = dataset.test.iter();
    images
        .map(|sample| load_image(&sample.path).unwrap())
        .collect()
}

fn saved(detector: &Detector, path: &Path) -> Vec<u8> {
    detector.save(path).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn scores_and_maps_are_means_over_both_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let both = Trainer::new(config(Model::Bgad)).fit(&dataset).unwrap();
    let [usual, finer] = [32, 64].map(|size| {
        let config = config(Model::Bgad).with(|config| {
            config.input.image_size = Some(size);
            config.input.finer_size = FinerSize::Off;
        });
        Trainer::new(config).fit(&dataset).unwrap()
    });
    let mut apart = [0.0, 0.0];
    for image in images(&dataset) {
        let [both, usual, finer] =
            [&both, &usual, &finer].map(|detector| detector.predict(&image).unwrap());
        // The usual input alone has another map, of 32 pixels, and so a slightly different score.
        apart[0] += (both.score - (usual.score + 2.0 * finer.score) / 3.0).abs();
        apart[1] += (both.score - (usual.score + finer.score) / 2.0).abs();
        let [both, finer] = [both, finer].map(|prediction| prediction.map.unwrap());
        assert_eq!((both.width, both.height), (64, 64));
        assert_eq!((finer.width, finer.height), (64, 64));
    }
    // The finer input counts twice.
    assert!(apart[0] < 0.5 * apart[1], "{apart:?}");
    let image = &images(&dataset)[0];
    let [maps] = both.log_likelihoods(image).unwrap().try_into().unwrap();
    let alone = finer.log_likelihoods(image).unwrap();
    assert_eq!(maps.finer.unwrap().maps, alone[0]);
}

#[test]
fn a_model_with_a_finer_input_is_stored_whole() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(config(Model::BgadFas)).fit(&dataset).unwrap();
    let file = folder.path().join("model.bgad");
    let bytes = saved(&detector, &file);
    let read = Detector::load(&file, &Device::flex()).unwrap();
    assert_eq!(read.description(), detector.description());
    for image in images(&dataset) {
        let prediction = read.predict(&image).unwrap();
        assert_eq!(prediction, detector.predict(&image).unwrap());
    }
    let again = folder.path().join("again.bgad");
    assert!(saved(&read, &again) == bytes);
    // Features that are computed again, or read from disk, give the same model.
    let forgetful = config(Model::BgadFas).with(|config| config.features.memory.bytes = 0);
    let forgetful = Trainer::new(forgetful);
    let predicted = |detector: &Detector| {
        let images = images(&dataset).into_iter();
        let scores = images.map(|image| detector.predict(&image).unwrap().score);
        scores.collect::<Vec<f32>>()
    };
    let expected = predicted(&detector);
    assert_eq!(predicted(&forgetful.fit(&dataset).unwrap()), expected);
    let features = folder.path().join("features");
    let kept = Trainer::new(config(Model::BgadFas)).features_in(&features);
    for _ in 0..2 {
        assert!(saved(&kept.fit(&dataset).unwrap(), &again) == bytes);
    }
    // One file for each input of each training and test image.
    let files = std::fs::read_dir(&features).unwrap().count();
    assert_eq!(files, 2 * (dataset.train.len() + dataset.test.len()));
}

#[test]
fn an_image_and_its_mirror_image_score_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = config(Model::Bgad).with(|config| {
        config.scoring.mirror = Mirror::On;
        config.memory_bank.size = 4000;
        config.backbone.name = "tf_efficientnet_b0".to_owned();
        config.backbone.weights = Some(PathBuf::from(WEIGHTS));
        config.input.image_size = Some(64);
        config.input.finer_size = FinerSize::Pixels(96);
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    for image in images(&dataset) {
        let (width, height) = image.dimensions();
        let mirrored = RgbImage::from_fn(width, height, |x, y| *image.get_pixel(width - 1 - x, y));
        let [own, other] = [image, mirrored].map(|image| detector.predict(&image).unwrap().score);
        assert!((own - other).abs() < 1e-4, "{own} {other}");
    }
}

#[test]
fn a_line_that_only_the_finer_input_shows_is_a_known_defect() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(&folder.path().join("parts"));
    let abnormal = dataset.train.iter_mut().filter(|s| s.label.is_abnormal());
    for (number, sample) in abnormal.enumerate() {
        // An input of 32 pixels shows one column of two.
        let mut mask = RgbImage::new(64, 64);
        (10..40).for_each(|y| mask.put_pixel(30, y, [255; 3].into()));
        let path = folder.path().join(format!("{number}_mask.png"));
        mask.save(&path).unwrap();
        sample.mask = MaskFiles::several(vec![path]);
    }
    let known = |finer: FinerSize| {
        let config = config(Model::BgadFas).with(|config| config.input.finer_size = finer);
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        let image = &images(&dataset)[0];
        let [maps] = detector.log_likelihoods(image).unwrap().try_into().unwrap();
        let known = [Some(maps.clone()), maps.finer.map(|finer| finer.maps)];
        known.map(|maps| maps.is_some_and(|maps| maps.likeness.is_some()))
    };
    assert_eq!(known(FinerSize::Off), [false, false]);
    assert_eq!(known(FinerSize::Pixels(64)), [false, true]);
}

#[test]
fn constants_and_inputs_of_a_file_must_agree() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(config(Model::Bgad)).fit(&dataset).unwrap();
    let file = folder.path().join("model.bgad");
    let bytes = saved(&detector, &file);
    let text = b"finer_size";
    let at = bytes.windows(text.len()).position(|part| part == text);
    let at = at.unwrap() + text.len();
    let digits = bytes[at..].iter().position(u8::is_ascii_digit).unwrap();
    let mut damaged = bytes.clone();
    // As long, so that the file's offsets stay right.
    damaged[at + digits..][..2].copy_from_slice(b"99");
    std::fs::write(&file, &damaged).unwrap();
    let error = Detector::load(&file, &Device::flex()).unwrap_err();
    assert!(error.to_string().contains("model.bgad"), "{error}");
}

#[test]
fn a_finer_input_must_suit_the_other_settings() {
    let refused = |change: fn(&mut TrainerConfig)| {
        let error = config(Model::Bgad).with(change).check().unwrap_err();
        let error = error.to_string();
        assert!(error.contains("input.finer_size"), "{error}");
    };
    refused(|config| config.input.finer_size = FinerSize::Pixels(32));
    refused(|config| config.input.finer_size = FinerSize::Pixels(4096));
    refused(|config| config.input.fit = Fit::Tiles(4));
    refused(|config| config.schedule.train_flows = TrainFlows::Always);
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let whole = config(Model::Bgad).with(|config| config.granularity = Some(Granularity::Image));
    let error = Trainer::new(whole).fit(&dataset).unwrap_err();
    assert!(error.to_string().contains("input.finer_size"), "{error}");
    let mut config = config(Model::Bgad);
    for (text, size) in [
        ("off", FinerSize::Off),
        ("auto", FinerSize::Auto),
        ("48", FinerSize::Pixels(48)),
    ] {
        config.set("input.finer_size", text).unwrap();
        assert_eq!(config.input.finer_size, size);
        assert!(config.check().is_ok());
    }
    assert!(config.set("input.finer_size", "fine").is_err());
}

#[test]
fn images_in_proportion_have_a_finer_input_too() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = config(Model::Bgad).with(|config| config.input.fit = Fit::Letterbox);
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let image = &images(&dataset)[0];
    let wide = bgad_data::resize(image, 64, 40, bgad_data::Filter::Lanczos);
    let map = detector.predict(&wide).unwrap().map.unwrap();
    assert_eq!((map.width, map.height), (64, 40));
    assert!(map.values.iter().all(|value| value.is_finite()));
}

#[test]
fn a_model_with_a_finer_input_can_be_quantized() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = config(Model::BgadFas).with(|config| {
        config.backbone.name = "tf_efficientnet_b0".to_owned();
        config.backbone.weights = Some(PathBuf::from(WEIGHTS));
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let normal = dataset.train.iter().filter(|s| !s.label.is_abnormal());
    let normal: Vec<PathBuf> = normal.map(|sample| sample.path.clone()).collect();
    let quantized = detector.quantize(&normal).unwrap();
    let file = folder.path().join("model.bgad");
    saved(&quantized, &file);
    let read = Detector::load(&file, &Device::flex()).unwrap();
    assert_eq!(
        read.description().config.input.finer_size,
        FinerSize::Pixels(64)
    );
    for image in images(&dataset) {
        let [single, bytes, read] =
            [&detector, &quantized, &read].map(|detector| detector.predict(&image).unwrap());
        assert_eq!(read, bytes);
        assert!(single.score.is_finite() && bytes.score.is_finite());
    }
}

#[cfg(feature = "report")]
#[test]
fn a_stored_report_has_the_maps_of_both_inputs() {
    use bgad::EvaluationOptions;
    use bgad::report::Report;

    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(config(Model::Bgad)).fit(&dataset).unwrap();
    let report = Report::of(&detector, &dataset, &EvaluationOptions::default()).unwrap();
    let [own, stored] = ["own", "stored"].map(|name| folder.path().join(name));
    std::fs::create_dir(&own).unwrap();
    std::fs::create_dir(&stored).unwrap();
    report.save(&own).unwrap();
    report.write(&own).unwrap();
    let read = Report::load(&own).unwrap();
    read.write(&stored).unwrap();
    let [page, again] = [&own, &stored].map(|at| std::fs::read(at.join("report.html")).unwrap());
    assert!(page == again);
    // An earlier version limited halos on both inputs.
    let file = own.join("report.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut earlier: serde_json::Value = serde_json::from_str(&text).unwrap();
    let limit = &mut earlier["scoring"]["calibration"]["finer"]["halo_limit"];
    assert!(limit.is_null());
    *limit = 5.0.into();
    std::fs::write(&file, earlier.to_string()).unwrap();
    let refused = Report::load(&own).err().unwrap().to_string();
    assert!(refused.contains("report.json"), "{refused}");
    assert!(refused.contains("an earlier version"), "{refused}");
}
