//! BTAD, AITEX and ELPV, on small trees.

use std::path::Path;

use bgad_data::{AvailableMasks, DataError, Layout, Region, split};
use image::{GrayImage, Luma};
use tempfile::tempdir;

use crate::common::{image, images, mask, names, text, warned};

#[test]
fn btad_pairs_masks_whatever_their_extension() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "01/train/ok/0000.bmp",
            "01/train/ok/0001.png",
            "01/test/ok/0000.bmp",
            "01/test/ko/0000.bmp",
            "01/test/ko/0001.bmp",
        ],
    );
    mask(at, "01/ground_truth/ko/0000.png", 8, 6);
    mask(at, "01/ground_truth/ko/0001.bmp", 8, 6);
    let dataset = Layout::Btad.read(at, Some("01")).unwrap();
    assert_eq!(dataset.name, "01");
    assert_eq!(names(&dataset.train), ["0000.bmp", "0001.png"]);
    assert_eq!(names(&dataset.test), ["0000.bmp", "0000.bmp", "0001.bmp"]);
    let labels: Vec<bool> = dataset.test.iter().map(|s| s.label.is_abnormal()).collect();
    assert_eq!(labels, [false, true, true]);
    assert_eq!(dataset.test[1].defect_type, "ko");
    assert_eq!(dataset.masks(), AvailableMasks::All);
    assert_eq!(dataset.test[2].load_mask().unwrap().unwrap().area(), 1);
    assert!(dataset.warnings.is_empty(), "{:?}", dataset.warnings);
    dataset.verify().unwrap();
    match Layout::Btad.read(at, None) {
        Err(DataError::CategoryNeeded { found, .. }) => assert_eq!(found, ["01"]),
        other => panic!("{other:?}"),
    }
}

/// A fabric image whose column `x` has grey value `x / 3`, so that patches can be told apart.
fn fabric(root: &Path, name: &str, width: u32) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_fn(width, 256, |x, _| Luma([(x / 3) as u8]))
        .save(path)
        .unwrap();
}

/// A mask with the given defect pixels.
fn fabric_mask(root: &Path, name: &str, width: u32, pixels: &[(u32, u32)]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut mask = GrayImage::new(width, 256);
    pixels
        .iter()
        .for_each(|&(x, y)| mask.put_pixel(x, y, Luma([255])));
    mask.save(path).unwrap();
}

#[test]
fn aitex_is_cut_into_patches() {
    for folders in [
        ["NODefect_images", "Defect_images", "Mask_images"],
        ["nodefect_image", "Defect Images", "MASK_IMAGES"],
    ] {
        let [normal, defect, masks] = folders;
        let root = tempdir().unwrap();
        let at = root.path();
        fabric(
            at,
            &format!("{normal}/2306881-210020u/0001_000_05.png"),
            700,
        );
        fabric(
            at,
            &format!("{normal}/2306881-210020u/0002_000_05.png"),
            512,
        );
        fabric(at, &format!("{defect}/0044_019_04.png"), 700);
        fabric(at, &format!("{defect}/0045_099_04.png"), 512);
        fabric(at, &format!("{defect}/0046_002_04.png"), 512);
        fabric(at, &format!("{defect}/0100_025_08.png"), 700);
        fabric_mask(
            at,
            &format!("{masks}/0044_019_04_mask1.png"),
            700,
            &[(0, 0), (699, 255)],
        );
        fabric_mask(
            at,
            &format!("{masks}/0044_019_04_mask2.png"),
            700,
            &[(1, 3)],
        );
        fabric_mask(
            at,
            &format!("{masks}/0045_099_04_mask.png"),
            512,
            &[(255, 9), (256, 9)],
        );
        fabric_mask(at, &format!("{masks}/0046_002_04_mask.png"), 500, &[(1, 1)]);
        fabric_mask(at, &format!("{masks}/0094_027_05_mask.png"), 512, &[(1, 1)]);

        let dataset = Layout::Aitex.read(at, None).unwrap();
        // Three and two normal patches, in order of name and column, split as scikit-learn does.
        let mut regions = Vec::new();
        for (name, columns) in [
            ("0001", vec![(0, 256), (256, 256), (512, 188)]),
            ("0002", vec![(0, 256), (256, 256)]),
        ] {
            regions.extend(
                columns
                    .into_iter()
                    .map(|(x, width)| format!("{name}_000_05.png#xywh={x},0,{width},256")),
            );
        }
        let split = split::train_test_split(5, 0.25, 42);
        let found: Vec<String> = dataset
            .train
            .iter()
            .chain(&dataset.test[..2])
            .map(|s| s.name())
            .collect();
        let expected: Vec<String> = split
            .train
            .iter()
            .chain(&split.test)
            .map(|&i| regions[i].clone())
            .collect();
        assert_eq!(found, expected);
        let abnormal: Vec<(String, String, usize)> = dataset.test[2..]
            .iter()
            .map(|s| {
                (
                    s.name(),
                    s.defect_type.clone(),
                    s.load_mask().unwrap().unwrap().area(),
                )
            })
            .collect();
        let expected = [
            ("0044_019_04.png#xywh=0,0,256,256", "Fuzzyball", 2),
            ("0044_019_04.png#xywh=512,0,188,256", "Fuzzyball", 1),
            ("0045_099_04.png#xywh=0,0,256,256", "099", 1),
            ("0045_099_04.png#xywh=256,0,256,256", "099", 1),
        ];
        assert_eq!(
            abnormal,
            expected.map(|(name, kind, area)| (name.to_owned(), kind.to_owned(), area))
        );

        let last = &dataset.test[3];
        let patch = last.load_image().unwrap();
        assert_eq!(patch.dimensions(), (188, 256));
        assert_eq!(patch.get_pixel(0, 0).0, [(512 / 3) as u8; 3]);
        let mask = last.load_mask().unwrap().unwrap();
        assert!(mask.pixels()[188 * 256 - 1], "the lower right pixel");

        let reasons: Vec<String> = dataset
            .skipped
            .iter()
            .map(|file| file.reason.clone())
            .collect();
        assert_eq!(reasons.len(), 2, "{reasons:?}");
        assert!(
            reasons
                .iter()
                .any(|reason| reason.contains("without a mask")),
            "{reasons:?}"
        );
        assert!(
            reasons.iter().any(|reason| reason.contains("500x256")),
            "{reasons:?}"
        );
        assert_eq!(dataset.orphan_masks.len(), 1);
        assert!(dataset.orphan_masks[0].ends_with("0094_027_05_mask.png"));
        assert!(
            warned(&dataset, &["1 mask without an image", "0094"]),
            "{:?}",
            dataset.warnings
        );
        dataset.verify().unwrap();
    }
}

#[test]
fn patches_of_a_file_that_changed_are_read_anew() {
    let root = tempdir().unwrap();
    let name = "NODefect_images/a/0001_000_05.png";
    fabric(root.path(), name, 512);
    let dataset = Layout::Aitex.read(root.path(), None).unwrap();
    let path = root.path().join(name);
    let whole = bgad_data::load_image(&path).unwrap();
    for sample in dataset.samples() {
        let x = sample.region.unwrap().x;
        let patch = sample.load_image().unwrap();
        assert_eq!(patch.get_pixel(0, 9), whole.get_pixel(x, 9));
    }
    image::RgbImage::from_pixel(600, 256, image::Rgb([7, 8, 9]))
        .save(&path)
        .unwrap();
    for sample in dataset.samples() {
        let patch = sample.load_image().unwrap();
        assert!(patch.pixels().all(|pixel| pixel.0 == [7, 8, 9]));
    }
    std::fs::remove_file(&path).unwrap();
    let error = dataset.train[0].load_image().unwrap_err();
    assert!(matches!(error, DataError::Io { .. }), "{error:?}");
}

#[test]
fn a_region_outside_its_image_is_an_error() {
    let root = tempdir().unwrap();
    fabric(root.path(), "NODefect_images/a/0001_000_05.png", 300);
    let mut sample = Layout::Aitex
        .read(root.path(), None)
        .unwrap()
        .train
        .remove(0);
    for (x, width) in [(299, 2), (300, 1), (u32::MAX, 2), (0, 0)] {
        sample.region = Some(Region {
            x,
            y: 0,
            width,
            height: 256,
        });
        assert!(
            matches!(sample.load_image(), Err(DataError::Size { .. })),
            "{x} {width}"
        );
    }
    sample.region = Some(Region {
        x: 299,
        y: 255,
        width: 1,
        height: 1,
    });
    assert_eq!(sample.load_image().unwrap().dimensions(), (1, 1));
    assert!(matches!(
        Layout::Aitex.read(&root.path().join("NODefect_images"), None),
        Err(DataError::NoNormalImages { .. })
    ));
}

#[test]
fn elpv_needs_its_table_alone() {
    let root = tempdir().unwrap();
    let at = root.path();
    let mut table = String::new();
    for number in 0..8 {
        table += &format!("images/n{number}.png  0.0   mono\r\n");
    }
    table +=
        "images/a.png\t1.0 poly\n\nimages/b.png 0.3333333333333333 mono\nimages/c.png 1 mono\n";
    text(at, "labels.csv", &table);
    let mut dataset = Layout::Elpv.read(at, None).unwrap();
    let split = split::train_test_split(8, 0.25, 42);
    let expected: Vec<String> = split.train.iter().map(|i| format!("n{i}.png")).collect();
    assert_eq!(names(&dataset.train), expected);
    let abnormal: Vec<&str> = dataset.test[2..]
        .iter()
        .map(|s| s.defect_type.as_str())
        .collect();
    assert_eq!(abnormal, ["poly", "mono"]);
    assert_eq!(dataset.masks(), AvailableMasks::None);
    assert_eq!(dataset.skipped.len(), 1);
    assert!(dataset.train[0].load_image().is_err());

    image(at, "images/n0.png");
    image(at, "images/c.png");
    assert_eq!(dataset.leave_out_absent_files(), 8);
    assert_eq!(dataset.train.len() + dataset.test.len(), 2);
    assert!(
        warned(&dataset, &["8 images left out"]),
        "{:?}",
        dataset.warnings
    );
}

#[test]
fn elpv_distrusts_its_table() {
    let read = |table: &str| {
        let root = tempdir().unwrap();
        text(root.path(), "labels.csv", table);
        Layout::Elpv.read(root.path(), None).unwrap_err()
    };
    let sound = "images/a.png 0.0 mono\n";
    for row in [
        "x.png 2 mono",
        "x.png NaN mono",
        "x.png -1 mono",
        "x.png 0.0",
        "x.png 1 thin",
        "x.png 1 mono 7",
        "images/a.png 1 mono",
    ] {
        assert!(
            matches!(
                read(&format!("{sound}{row}\n")),
                DataError::Table { line: 2, .. }
            ),
            "{row}"
        );
    }
    assert!(matches!(
        read(&format!("{sound}../x.png 0.0 mono")),
        DataError::PathEscape { line: 2, .. }
    ));
    assert!(matches!(read(""), DataError::NoNormalImages { .. }));
    let empty = tempdir().unwrap();
    assert!(matches!(
        Layout::Elpv.read(empty.path(), None),
        Err(DataError::FileMissing { .. })
    ));
}
