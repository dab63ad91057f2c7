//! The contact sheet of CutPaste samples.

use bgad_data::synthetic::{self, SyntheticConfig};
use bgad_data::{CutPaste, DataError, Layout, contact_sheet};

#[test]
fn sheets_show_samples_and_repeat() {
    let root = tempfile::tempdir().unwrap();
    let config = SyntheticConfig {
        image_size: 64,
        train_images: 3,
        test_images: 2,
        abnormal_per_type: 1,
        ..Default::default()
    };
    synthetic::write(root.path(), &config).unwrap();
    let mut dataset = Layout::Mvtec.read(root.path(), None).unwrap();
    let sheet =
        |dataset: &_, count, seed| contact_sheet(dataset, &CutPaste::default(), count, seed, 8);
    assert!(matches!(
        sheet(&dataset, 3, 0),
        Err(DataError::NoMasks { .. })
    ));
    dataset.move_anomalies_to_training(2, 0).unwrap();
    assert!(matches!(
        sheet(&dataset, 0, 0),
        Err(DataError::Parameter { .. })
    ));

    let first = sheet(&dataset, 9, 0).unwrap();
    // Two bands of five pictures, eight across.
    assert_eq!(first.dimensions(), (8 * 196 + 4, 10 * 196 + 4));
    assert_eq!(first, sheet(&dataset, 9, 0).unwrap());
    assert_ne!(first, sheet(&dataset, 9, 1).unwrap());
    // The masks of all samples mark something.
    for column in 0..8 {
        let left = column * 196 + 4;
        let white = (left..left + 192)
            .any(|x| (4 * 196 + 4..5 * 196).any(|y| first.get_pixel(x, y).0 == [255; 3]));
        assert!(white, "sample {column}");
    }
}
