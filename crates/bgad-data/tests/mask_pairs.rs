//! Each mask with the image that it belongs to.

use std::path::Path;

use crate::common::{images, warned};
use bgad_data::{Dataset, Layout};
use tempfile::tempdir;

/// Which mask each abnormal image has, by names.
fn pairs(dataset: &Dataset) -> Vec<(String, Option<String>)> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let abnormal = dataset
        .test
        .iter()
        .filter(|sample| sample.label.is_abnormal());
    let mask = |sample: &bgad_data::Sample| {
        let first = sample.mask.as_ref()?.paths().next()?;
        Some(name(first))
    };
    abnormal
        .map(|sample| (name(&sample.path), mask(sample)))
        .collect()
}

fn pair(image: &str, mask: Option<&str>) -> (String, Option<String>) {
    (image.to_owned(), mask.map(str::to_owned))
}

#[test]
fn the_full_name_comes_before_the_stem() {
    for (normal, abnormal, masks, layout) in [
        ("good", "dent", "masks/dent", Layout::Folder),
        (
            "train/good",
            "test/dent",
            "ground_truth/dent",
            Layout::Mvtec,
        ),
    ] {
        let root = tempdir().unwrap();
        let at = root.path();
        images(
            at,
            &[&format!("{normal}/0.png"), &format!("{normal}/1.png")],
        );
        for name in [
            "0.bmp", "0.png", "1.png", "2.jpg", "3.bmp", "3.png", "4.jpg", "5.png",
        ] {
            images(at, &[&format!("{abnormal}/{name}")]);
        }
        for name in [
            "0.bmp",
            "0.png",
            "1_mask.png",
            "2.png",
            "2.tif",
            "3.webp",
            "4.jpg.png",
            "6.png",
        ] {
            images(at, &[&format!("{masks}/{name}")]);
        }
        let dataset = layout.read(at, None).unwrap();
        let expected = [
            pair("0.bmp", Some("0.bmp")),
            pair("0.png", Some("0.png")),
            pair("1.png", Some("1_mask.png")),
            pair("2.jpg", Some("2.png")),
            // 3.webp could belong to either.
            pair("3.bmp", None),
            pair("3.png", None),
            pair("4.jpg", Some("4.jpg.png")),
            pair("5.png", None),
        ];
        assert_eq!(pairs(&dataset), expected, "{layout}");
        let orphans: Vec<_> = dataset
            .orphan_masks
            .iter()
            .map(|path| path.file_name().unwrap())
            .collect();
        assert_eq!(orphans, ["2.tif", "3.webp", "6.png"], "{layout}");
        assert!(warned(
            &dataset,
            &["3 masks without an image", "2.tif", "3.webp", "6.png"]
        ));
        assert_eq!(dataset.inspect().masks.orphans, dataset.orphan_masks);
    }
}

#[test]
fn a_mask_for_images_of_two_folders_is_nobodys() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "good/0.png",
            "good/1.png",
            "dent/1.png",
            "hole/1.png",
            "hole/2.png",
            "masks/1.png",
            "masks/2.png",
        ],
    );
    let dataset = Layout::Folder.read(at, None).unwrap();
    let expected = [
        pair("1.png", None),
        pair("1.png", None),
        pair("2.png", Some("2.png")),
    ];
    assert_eq!(pairs(&dataset), expected);
    assert!(warned(
        &dataset,
        &["1 mask without an image", "masks/1.png"]
    ));
}
