//! Published weights by name, and the hub's cache as Python writes it.

use std::path::Path;

use bgad::weights::{PublishedWeights, WeightsCache, WeightsError, verify};
use bgad::{Error, Trainer, TrainerConfig};
use bgad_backbone::Architecture;

const COMMIT: &str = "89abcdef0123456789abcdef0123456789abcdef";
const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/goldens/tf_efficientnet_b0_random_weights.safetensors"
);

fn weights(name: &str) -> PublishedWeights {
    name.parse().unwrap()
}

#[test]
fn a_name_without_a_tag_means_plain_imagenet_weights() {
    let cases = [
        ("tf_efficientnet_b0", "tf_efficientnet_b0.aa_in1k"),
        ("tf_efficientnet_b6", "tf_efficientnet_b6.aa_in1k"),
        (
            "tf_efficientnet_b6.ns_jft_in1k",
            "tf_efficientnet_b6.ns_jft_in1k",
        ),
        ("tf_efficientnet_lite0", "tf_efficientnet_lite0.in1k"),
        ("tf_efficientnetv2_b3", "tf_efficientnetv2_b3.in1k"),
        ("tf_efficientnetv2_s", "tf_efficientnetv2_s.in1k"),
        (
            "tf_efficientnetv2_s.in21k_ft_in1k",
            "tf_efficientnetv2_s.in21k_ft_in1k",
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(weights(name).name(), expected);
        assert_eq!(weights(name).repository(), format!("timm/{expected}"));
    }
    let all: Vec<PublishedWeights> = PublishedWeights::all().collect();
    assert_eq!(
        all.iter().filter(|weights| weights.is_default()).count(),
        Architecture::ALL.len()
    );
    for weights in &all {
        assert_eq!(
            weights.name().parse::<PublishedWeights>().unwrap(),
            *weights
        );
    }
}

#[test]
fn unknown_names_are_refused_with_the_known_ones() {
    for name in [
        "",
        "resnet50",
        "tf_efficientnet_b6.in1k",
        "tf_efficientnet_b6.x",
        "../b0",
    ] {
        let error = name.parse::<PublishedWeights>().unwrap_err().to_string();
        assert!(error.contains("tf_efficientnet_b6.aa_in1k"), "{error}");
    }
    for name in [
        "tf_efficientnet_b6.ap_in1k",
        "tf_efficientnetv2_b3.in21k_ft_in1k",
    ] {
        let error = name.parse::<PublishedWeights>().unwrap_err();
        assert!(
            matches!(error, WeightsError::OtherNormalization { .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("use `tf_efficientnet"),
            "{error}"
        );
    }
}

#[test]
fn the_cache_is_read_as_python_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let cache = WeightsCache::at(folder.path());
    let name = weights("tf_efficientnet_b6");
    let repository = folder
        .path()
        .join("models--timm--tf_efficientnet_b6.aa_in1k");
    let error = cache.get(name).unwrap_err();
    let text = error.to_string();
    let place = repository.join("snapshots/main/model.safetensors");
    for part in [
        "tf_efficientnet_b6.aa_in1k",
        "bgad weights fetch",
        "https://huggingface.co/timm/tf_efficientnet_b6.aa_in1k/resolve/main/model.safetensors",
        place.to_str().unwrap(),
        "filter-bank",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // The file is found where it says.
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(&place, "x").unwrap();
    assert_eq!(cache.get(name).unwrap(), place);

    // With a commit recorded, that commit's files are used.
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), COMMIT).unwrap();
    assert_eq!(cache.find(name), None);
    let snapshot = repository.join("snapshots").join(COMMIT);
    assert_eq!(cache.place(name), snapshot.join("model.safetensors"));
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::write(snapshot.join("pytorch_model.bin"), "x").unwrap();
    assert_eq!(cache.find(name), Some(snapshot.join("pytorch_model.bin")));
    std::fs::write(snapshot.join("model.safetensors"), "x").unwrap();
    assert_eq!(cache.find(name), Some(snapshot.join("model.safetensors")));

    // No file of the cache points outside it.
    std::fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
    std::fs::write(folder.path().join("elsewhere/model.safetensors"), "x").unwrap();
    for reference in ["../../elsewhere", "/", "", &"a".repeat(65), "\u{0}"] {
        std::fs::write(repository.join("refs/main"), reference).unwrap();
        assert_eq!(cache.find(name), Some(place.clone()), "{reference:?}");
    }
}

#[test]
fn verification_tells_what_a_file_is() {
    let found = verify(Path::new(GOLDEN), None).unwrap();
    assert_eq!(found.backbones, ["tf_efficientnet_b0"]);
    assert!(!found.expected);
    let again = verify(Path::new(GOLDEN), Some(&found.sha256.to_uppercase())).unwrap();
    assert!(again.expected);
    let error = verify(Path::new(GOLDEN), Some(&"0".repeat(64))).unwrap_err();
    assert!(error.to_string().contains(&found.sha256), "{error}");
}

#[test]
#[cfg(unix)]
fn a_damaged_file_of_the_cache_is_noticed_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let sound = verify(Path::new(GOLDEN), None).unwrap();
    let blobs = folder.path().join("blobs");
    let snapshot = folder.path().join("snapshots").join(COMMIT);
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::create_dir_all(&snapshot).unwrap();
    let blob = blobs.join(&sound.sha256);
    let link = snapshot.join("model.safetensors");
    let mut bytes = std::fs::read(GOLDEN).unwrap();
    std::fs::write(&blob, &bytes).unwrap();
    std::os::unix::fs::symlink(Path::new("../../blobs").join(&sound.sha256), &link).unwrap();
    assert!(verify(&link, None).unwrap().expected);

    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&blob, &bytes).unwrap();
    let damaged = |error: Error| matches!(error, Error::Weights(WeightsError::Damaged { .. }));
    assert!(damaged(verify(&link, None).unwrap_err()));
    let parts = folder.path().join("parts");
    let synthetic = bgad::synthetic::SyntheticConfig {
        image_size: 64,
        train_images: 2,
        test_images: 1,
        abnormal_per_type: 1,
        ..Default::default()
    };
    bgad::synthetic::write(&parts, &synthetic).unwrap();
    let dataset = bgad::Layout::Mvtec.read(&parts, None).unwrap();
    let config = |backbone: &str, weights: &Path| {
        TrainerConfig::default().with(|config| {
            config.backbone.name = backbone.to_owned();
            config.backbone.weights = Some(weights.to_owned());
        })
    };
    let trainer = Trainer::new(config("tf_efficientnet_b0", &link));
    assert!(damaged(trainer.fit(&dataset).unwrap_err()));
    // Weights for differently normalised images would train but score badly.
    let trainer = Trainer::new(config("tf_efficientnet_b0.ap_in1k", Path::new(GOLDEN)));
    let error = trainer.fit(&dataset).unwrap_err().to_string();
    assert!(error.contains("tf_efficientnet_b0.aa_in1k"), "{error}");
}
