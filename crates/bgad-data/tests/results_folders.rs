//! Folders that the program wrote are never read as images of parts.

use bgad_data::{DataError, FolderNames, Layout, LayoutOptions, MaskLocation, images_of_folder};
use bgad_data::{holds_results, mark_results};
use tempfile::tempdir;

use crate::common::{images, text};

/// The numbers of training images, test images and masks.
fn counts(dataset: &bgad_data::Dataset) -> (usize, usize, usize) {
    let masks = dataset.samples().filter(|sample| sample.mask.is_some());
    (dataset.train.len(), dataset.test.len(), masks.count())
}

#[test]
fn a_marked_folder_is_skipped_inside_and_refused_itself() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &["new/0.png", "new/maps/0_heatmap.png", "new/more/1.png"],
    );
    assert_eq!(images_of_folder(&at.join("new")).unwrap().images.len(), 3);
    mark_results(&at.join("new/maps")).unwrap();
    mark_results(&at.join("new/maps")).unwrap();
    assert!(holds_results(&at.join("new/maps")));
    let found = images_of_folder(&at.join("new")).unwrap();
    assert_eq!(
        found.images,
        [at.join("new/0.png"), at.join("new/more/1.png")]
    );
    assert_eq!(found.skipped.len(), 1);
    assert!(found.skipped[0].reason.contains("bgad wrote"));

    let error = images_of_folder(&at.join("new/maps")).unwrap_err();
    assert!(matches!(error, DataError::ResultsFolder { .. }));
    assert!(error.to_string().contains(".written-by-bgad"), "{error}");
    let error = Layout::recognise(&at.join("new/maps"), None).unwrap_err();
    assert!(matches!(error, DataError::ResultsFolder { .. }), "{error}");
}

#[test]
fn results_in_a_data_set_are_no_defect_types() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &["good/0.png", "good/1.png", "dent/0.png", "dent/maps/0.png"],
    );
    // Heat maps, a run with taught images and a report, a report alone, and decisions.
    images(at, &["results/0_heatmap.png", "run/taught/0.png"]);
    images(at, &["run/report_parts/gallery_001.png"]);
    images(at, &["good/report_parts/gallery_001.png"]);
    images(
        at,
        &[
            "line-review/uploads/0.png",
            "line-review/cache/maps/a/0.png",
        ],
    );
    for folder in ["results", "dent/maps"] {
        mark_results(&at.join(folder)).unwrap();
    }
    for file in ["run/run.json", "run/dataset.json", "good/report.html"] {
        text(at, file, "{}");
    }
    let found = Layout::recognise(at, None).unwrap();
    assert_eq!(found.layout, Layout::Folder);
    let dataset = Layout::Folder.read(at, None).unwrap();
    assert_eq!(
        dataset.defect_types().into_iter().collect::<Vec<_>>(),
        ["dent"]
    );
    assert_eq!(counts(&dataset), (1, 2, 0));

    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &["train/good/0.png", "test/good/0.png", "test/dent/0.png"],
    );
    images(at, &["test/maps/0_heatmap.png"]);
    mark_results(&at.join("test/maps")).unwrap();
    let dataset = Layout::Mvtec.read(at, None).unwrap();
    assert_eq!(counts(&dataset), (1, 2, 0));
}

#[test]
fn predicted_masks_are_masks_where_masks_belong() {
    let named = |inner: &str| LayoutOptions {
        folders: FolderNames {
            masks: Some(MaskLocation::Folder(inner.into())),
            ..FolderNames::default()
        },
        ..LayoutOptions::default()
    };
    for (masks, marked, options) in [
        ("masks/dent", "masks", LayoutOptions::default()),
        ("masks/dent", "masks/dent", LayoutOptions::default()),
        ("found/dent", "found", named("found")),
        ("dent/found", "dent/found", named("found")),
    ] {
        let root = tempdir().unwrap();
        let at = root.path();
        images(at, &["good/0.png", "good/1.png", "dent/0.png"]);
        images(at, &[&format!("{masks}/0_mask.png")]);
        mark_results(&at.join(marked)).unwrap();
        let dataset = Layout::Folder.read_with(at, None, &options).unwrap();
        assert_eq!(counts(&dataset), (1, 2, 1), "{masks}");
    }
}
