//! What abnormal training images show of their defects is a witness of its own.

use bgad::{Detector, Device, Granularity, Model, RgbImage, Trainer, load_image};

use crate::common::{parts, settings};

#[test]
fn defects_that_were_shown_are_a_witness() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let shown = dataset.train.iter().find(|s| s.label.is_abnormal());
    let shown = load_image(&shown.unwrap().path).unwrap();
    for granularity in [Granularity::Pixel, Granularity::Image] {
        let with = |discriminant: bool| {
            let config = settings().with(|config| {
                config.granularity = Some(granularity);
                config.memory_bank.discriminant = discriminant;
            });
            Trainer::new(config).fit(&dataset).unwrap()
        };
        let (detector, without) = (with(true), with(false));
        let maps = detector.log_likelihoods(&shown).unwrap();
        let discriminants = maps[0].discriminants.as_ref().unwrap();
        assert_eq!(discriminants.values.len(), discriminants.side.pow(2));
        let maps = without.log_likelihoods(&shown).unwrap();
        assert_eq!(maps[0].discriminants, None);
        // What it was shown stands out among what it was not.
        let highest = |image: &RgbImage| {
            let maps = detector.log_likelihoods(image).unwrap();
            let map = maps[0].discriminants.as_ref().unwrap();
            map.values.iter().copied().fold(f32::MIN, f32::max)
        };
        let normal = dataset.test.iter().filter(|s| !s.label.is_abnormal());
        let normal = normal.map(|s| highest(&load_image(&s.path).unwrap()));
        let of_normal = normal.fold(f32::MIN, f32::max);
        let of_shown = highest(&shown);
        assert!(
            of_shown > of_normal,
            "{granularity:?}: {of_shown} {of_normal}"
        );

        let file = folder.path().join("model.bgad");
        detector.save(&file).unwrap();
        let loaded = Detector::load(&file, &Device::flex()).unwrap();
        let (own, other) = (detector.predict(&shown), loaded.predict(&shown));
        assert_eq!(own.unwrap().score, other.unwrap().score);
    }
}

#[test]
fn without_abnormal_images_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| config.model = Model::Bgad);
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let image = load_image(&dataset.test[0].path).unwrap();
    let maps = detector.log_likelihoods(&image).unwrap();
    assert_eq!(maps[0].discriminants, None);
    assert!(maps[0].distances.is_some());
}
