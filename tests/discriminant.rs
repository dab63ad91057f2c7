//! Evidence from the defects of abnormal training images.

use bgad::{Detector, Device, Granularity, Model, PositionMap, Trainer, load_image};

use crate::common::{parts, settings};

#[test]
fn known_defects_add_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let shown = dataset.train.iter().find(|s| s.label.is_abnormal());
    let mask = shown.unwrap().load_mask().unwrap().unwrap();
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
        let likeness = maps[0].likeness.as_ref().unwrap();
        assert_eq!(discriminants.values.len(), discriminants.side.pow(2));
        assert_eq!(likeness.side, discriminants.side);
        let others = without.log_likelihoods(&shown).unwrap();
        assert_eq!(
            (&others[0].discriminants, &others[0].likeness),
            (&None, &None)
        );
        // Positions on the defect are farther in the defects' direction than others, and more like them.
        if granularity == Granularity::Pixel {
            let mut defective = vec![false; discriminants.values.len()];
            for (pixel, marked) in mask.pixels().iter().enumerate() {
                let (x, y) = (pixel % 64, pixel / 64);
                let side = discriminants.side;
                defective[y * side / 64 * side + x * side / 64] |= *marked;
            }
            let mean = |of: &PositionMap, wanted: bool| {
                let values = of.values.iter().zip(&defective);
                let values = values.filter(|(_, defect)| **defect == wanted);
                let values: Vec<f32> = values.map(|(value, _)| *value).collect();
                values.iter().sum::<f32>() / values.len() as f32
            };
            for map in [discriminants, likeness] {
                let (on, off) = (mean(map, true), mean(map, false));
                assert!(on > off, "{on} {off}");
            }
            // The clearest position of a defect that was shown is stored: the distance to it is zero.
            let distances = maps[0].distances.as_ref().unwrap().values.iter();
            let nearest = distances.zip(&likeness.values).map(|(d, l)| d - l);
            assert!(nearest.fold(f32::MAX, f32::min) < 1e-2);
        }

        let file = folder.path().join("model.bgad");
        detector.save(&file).unwrap();
        let loaded = Detector::load(&file, &Device::flex()).unwrap();
        let (own, other) = (detector.predict(&shown), loaded.predict(&shown));
        let (own, other) = (own.unwrap(), other.unwrap());
        assert_eq!((own.score, own.map), (other.score, other.map));
    }
}

#[test]
fn without_abnormal_images_there_is_no_discriminant() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| config.model = Model::Bgad);
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let image = load_image(&dataset.test[0].path).unwrap();
    let maps = detector.log_likelihoods(&image).unwrap();
    assert_eq!((&maps[0].discriminants, &maps[0].likeness), (&None, &None));
    assert!(maps[0].distances.is_some());
}
