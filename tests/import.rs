//! Checkpoints of the authors' program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bgad::{
    Detector, Device, Error, ImageScore, ImportOptions, RgbImage, SoftClamp, ThresholdRule,
};
use bgad_flow::{FlowError, PositionalEncoding, from_freia};
use burn::tensor::{Tensor, TensorData};
use pytorch_reader::PytorchReader;
use safetensors::SafeTensors;

fn golden(name: &str) -> PathBuf {
    let folder = std::env::var_os("BGAD_GOLDENS").map(PathBuf::from);
    let file = folder.map(|folder| folder.join(name));
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/goldens");
    file.filter(|file| file.exists())
        .unwrap_or_else(|| own.join(name))
}

fn program() -> PathBuf {
    golden("import_program.pt")
}

/// A level's flow as stored in the checkpoint.
fn state(level: usize) -> BTreeMap<String, TensorData> {
    let prefix = format!("decoder_state_dict.{level}.");
    let reader = PytorchReader::new(program()).unwrap();
    let of_level = reader.tensors().iter().filter_map(|(name, tensor)| {
        let name = name.strip_prefix(&prefix)?.to_owned();
        let bytes = tensor.read().unwrap();
        let values = bytes.as_chunks::<4>().0.iter();
        let values: Vec<f32> = values.map(|b| f32::from_ne_bytes(*b)).collect();
        Some((name, TensorData::new(values, tensor.shape().to_vec())))
    });
    of_level.collect()
}

#[test]
fn flows_score_as_in_pytorch() {
    let bytes = std::fs::read(golden("import_flows.safetensors")).unwrap();
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |name: String| -> Vec<f32> {
        let data = expected.tensor(&name).unwrap().data().to_vec();
        let values = data.as_chunks::<4>().0.iter();
        values.map(|b| f32::from_le_bytes(*b)).collect()
    };
    let device = Device::flex();
    for level in 0..3 {
        let (config, parameters) = from_freia(&state(level), SoftClamp::Tanh).unwrap();
        assert_eq!(
            (config.dimension, config.condition, config.blocks),
            (37, Some(8), 2)
        );
        let flow = config.init_from(parameters, &device).unwrap();
        let places = numbers(format!("{level}.places"));
        let rows: Vec<i32> = places.iter().map(|place| *place as i32).collect();
        let rows = Tensor::from_data(TensorData::new(rows, [places.len()]), &device);
        let encoding = PositionalEncoding::new(8).unwrap().rows(8, 8, &device);
        let x = TensorData::new(numbers(format!("{level}.x")), [places.len(), 37]);
        let output = flow.forward(
            Tensor::from_data(x, &device),
            Some(encoding.select(0, rows)),
        );
        let l = output.log_likelihood_per_dimension().into_data();
        let l = l.as_slice::<f32>().unwrap().to_vec();
        for (ours, theirs) in l.iter().zip(numbers(format!("{level}.l"))) {
            assert!((ours - theirs).abs() < 1e-5, "{ours} {theirs}");
        }
    }
}

#[test]
fn the_later_bound_of_log_scales_is_the_same_flow_with_another_subnet() {
    let (config, parameters) = from_freia(&state(0), SoftClamp::Tanh).unwrap();
    let (_, divided) = from_freia(&state(0), SoftClamp::DividedTanh).unwrap();
    for (name, data) in &parameters {
        let (a, b) = (data, &divided[name]);
        let (a, b) = (a.as_slice::<f32>().unwrap(), b.as_slice::<f32>().unwrap());
        if !name.contains("output_") {
            assert_eq!(a, b, "{name}");
            continue;
        }
        // 18 channels are changed: as many outputs bound the scale, the others shift.
        let columns = 2 * (config.dimension / 2);
        for (index, (a, b)) in a.iter().zip(b).enumerate() {
            let factor = if index % columns < columns / 2 {
                1.9
            } else {
                1.0
            };
            assert!((a - b * factor).abs() < 1e-6, "{name}");
        }
    }
}

fn options() -> ImportOptions {
    let mut options = ImportOptions::default();
    options.input.image_size = Some(32);
    options.scoring.threshold = ThresholdRule::FalsePositiveRate(0.1);
    options
}

fn images() -> impl Iterator<Item = bgad::Result<RgbImage>> {
    (0..4u8).map(|seed| {
        Ok(RgbImage::from_fn(40, 30, |x, y| {
            image::Rgb([x as u8 * 5, y as u8 * (seed + 1), seed * 40])
        }))
    })
}

#[test]
fn an_imported_model_predicts_and_is_saved_like_any_other() {
    let device = Device::flex();
    let detector = Detector::import(&[program()], &options(), images(), &device).unwrap();
    let description = detector.description();
    assert_eq!(description.config.flow.coupling_blocks, 2);
    assert_eq!(description.normal_scores.len(), 4);
    let image = images().next().unwrap().unwrap();
    let prediction = detector.predict(&image).unwrap();
    assert!(prediction.map.is_some() && prediction.score.is_finite());
    // The paper's score with the largest normal likelihoods: none of these images is far off.
    assert!(description.normal_scores.contains(&prediction.score));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.bgad");
    detector.save(&file).unwrap();
    let loaded = Detector::load(&file, &device).unwrap();
    assert_eq!(loaded.predict(&image).unwrap(), prediction);
}

#[test]
fn scoring_is_that_of_the_options() {
    let device = Device::flex();
    let image = images().next().unwrap().unwrap();
    let score = |image_score| {
        let mut options = options();
        options.scoring.image_score = image_score;
        let detector = Detector::import(&[program()], &options, images(), &device).unwrap();
        assert_eq!(detector.description().config.scoring, options.scoring);
        detector.predict(&image).unwrap().score
    };
    assert!(score(ImageScore::Top(0.2)) < score(ImageScore::Maximum));
}

#[test]
fn what_does_not_fit_is_named() {
    let device = Device::flex();
    let refused = |files: &[PathBuf], options: &ImportOptions| {
        let error = Detector::import(files, options, images(), &device).unwrap_err();
        error.to_string()
    };
    // Twice the file: six flows for three levels.
    let message = refused(&[program(), program()], &options());
    assert!(
        message.contains("import_program.pt") && message.contains("37 channels"),
        "{message}"
    );
    let mut other = options();
    other.backbone.name = "tf_efficientnet_b0".to_owned();
    // The checkpoint's own encoder is used, and it is invalid.
    assert!(refused(&[program()], &other).contains("import_program.pt"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.pt");
    std::fs::write(&file, b"cos\nsystem\n(S'echo hello'\ntR.").unwrap();
    assert!(refused(std::slice::from_ref(&file), &options()).contains("other.pt"));
    let sound = std::fs::read(program()).unwrap();
    for length in [0, 10, sound.len() / 2, sound.len() - 1] {
        std::fs::write(&file, &sound[..length]).unwrap();
        assert!(refused(std::slice::from_ref(&file), &options()).contains("other.pt"));
    }
    assert!(refused(&[folder.path().join("none.pt")], &options()).contains("none.pt"));
    let none: [bgad::Result<RgbImage>; 0] = [];
    let error = Detector::import(&[program()], &options(), none, &device).unwrap_err();
    assert!(matches!(error, Error::Input { .. }), "{error}");

    let mut flow = state(0);
    flow.remove("module_list.1.subnet.2.bias");
    let error = from_freia(&flow, SoftClamp::Tanh).unwrap_err();
    assert!(
        matches!(error, FlowError::MissingParameter { .. }),
        "{error}"
    );
    let mut flow = state(0);
    let rotation = flow.get_mut("module_list.0.w_perm").unwrap();
    *rotation = TensorData::new(vec![1f32; 37 * 37], [37, 37]);
    let error = from_freia(&flow, SoftClamp::Tanh).unwrap_err();
    assert!(error.to_string().contains("orthogonal"), "{error}");
    let mut flow = state(0);
    flow.insert(
        "module_list.0.vk_householder".to_owned(),
        TensorData::new(vec![1f32], [1]),
    );
    let error = from_freia(&flow, SoftClamp::Tanh).unwrap_err();
    assert!(
        matches!(error, FlowError::ForeignParameter { .. }),
        "{error}"
    );
}
