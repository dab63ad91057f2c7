//! A small tree of drawn images with the names that the documents use.

use std::path::{Path, PathBuf};
use std::process::Command;

use bgad::synthetic::{self, SyntheticConfig};

/// A few drawn parts.
struct Parts {
    normal: Vec<PathBuf>,
    abnormal: Vec<PathBuf>,
    masks: Vec<PathBuf>,
}

impl Parts {
    fn draw(folder: &Path) -> Self {
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 8,
            test_images: 0,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        synthetic::write(folder, &parts).unwrap();
        let files = |pattern: &str| {
            let mut files = Vec::new();
            collect(&folder.join(pattern), &mut files);
            files.sort();
            files
        };
        Self {
            normal: files("train"),
            abnormal: files("test"),
            masks: files("ground_truth"),
        }
    }

    fn normal(&self, from: usize, to: usize, folder: &Path) {
        copy_numbered(&self.normal[from..to], folder, "");
    }

    fn abnormal(&self, from: usize, to: usize, folder: &Path) {
        copy_numbered(&self.abnormal[from..to], folder, "");
    }

    fn masks(&self, from: usize, to: usize, folder: &Path, suffix: &str) {
        copy_numbered(&self.masks[from..to], folder, suffix);
    }

    /// A category of MVTec AD with two types of defects.
    fn mvtec(&self, folder: &Path) {
        self.normal(0, 6, &folder.join("train/good"));
        self.normal(6, 8, &folder.join("test/good"));
        for (kind, from) in [("cut", 0), ("fold", 3)] {
            self.abnormal(from, from + 3, &folder.join("test").join(kind));
            self.masks(
                from,
                from + 3,
                &folder.join("ground_truth").join(kind),
                "_mask",
            );
        }
    }
}

/// Draws all of it in `folder`.
pub fn draw(folder: &Path) {
    let drawn = tempfile::tempdir().unwrap();
    let parts = Parts::draw(&drawn.path().join("parts"));
    let at = |path: &str| folder.join(path);

    parts.mvtec(&at("mvtec/leather"));
    parts.mvtec(&at("tile"));
    for own in ["parts", "elsewhere/parts"] {
        parts.normal(0, 8, &at(own).join("normal"));
        parts.abnormal(0, 6, &at(own).join("abnormal/dent"));
        parts.masks(0, 6, &at(own).join("masks/dent"), "");
    }
    for images in ["new", "images", "normal", "unseen", "incoming"] {
        parts.normal(4, 6, &at(images));
    }
    parts.abnormal(0, 1, &at("images/dented"));

    parts.normal(0, 6, &at("btad/01/train/ok"));
    parts.normal(6, 8, &at("btad/01/test/ok"));
    parts.abnormal(0, 3, &at("btad/01/test/ko"));
    parts.masks(0, 3, &at("btad/01/ground_truth/ko"), "");

    parts.normal(0, 8, &at("brain_mri/no"));
    parts.abnormal(0, 6, &at("brain_mri/yes"));
    for head_ct in ["head_ct_set", "headct"] {
        let all = [parts.normal.as_slice(), &parts.abnormal].concat();
        copy_numbered(&all, &at(head_ct).join("head_ct"), "");
        table(&at(head_ct).join("labels.csv"), "id,hemorrhage\n", |i| {
            format!("{i},{}\n", u8::from(i >= 8))
        });
    }
    parts.normal(0, 8, &at("elpv/images"));
    copy_numbered(&parts.abnormal, &at("elpv/images"), "_broken");
    table(&at("elpv/labels.csv"), "", |i| match i {
        0..8 => format!("images/{i:03}.png 0.0 mono\n"),
        _ => format!("images/{:03}_broken.png 1.0 poly\n", i - 8),
    });

    let fabric = at("aitex/NODefect_images/2306881-210020u");
    weave(&parts.normal, &fabric.join("0001_000_05.png"));
    weave(&parts.abnormal, &at("aitex/Defect_images/0044_019_04.png"));
    weave(&parts.masks, &at("aitex/Mask_images/0044_019_04_mask.png"));

    visa(&parts, &at("VisA"));
    for (part, from) in [("train", 0), ("test", 4)] {
        let folder = at("KolektorSDD2").join(part);
        parts.normal(from, from + 4, &folder);
        for index in 0..4 {
            let black = image::GrayImage::new(64, 64);
            black
                .save(folder.join(format!("{index:03}_GT.png")))
                .unwrap();
        }
        copy_named(&parts.abnormal[from..from + 2], &folder, "defect", "");
        copy_named(&parts.masks[from..from + 2], &folder, "defect", "_GT");
    }
    boards(&parts, &at("boards"));

    let crack = at("tiles/MT_Crack/Imgs");
    copy_as_jpeg(&parts.normal, &at("tiles/MT_Free/Imgs"));
    copy_as_jpeg(&parts.abnormal[..3], &crack);
    parts.masks(0, 3, &crack, "");

    parts.normal(0, 8, &at("lids"));
    copy_numbered(&parts.abnormal, &at("lids"), "_dent");
    parts.masks(0, 6, &at("masks"), "_dent");
    table(
        &at("lids.csv"),
        "path,label,mask,split,defect_type\n",
        |i| match i {
            0..8 => format!("lids/{i:03}.png,normal,,,\n"),
            _ => format!(
                "lids/{0:03}_dent.png,abnormal,masks/{0:03}_dent.png,test,dent\n",
                i - 8
            ),
        },
    );

    // The file that docs/settings.md shows.
    let settings = std::fs::read_to_string(crate::root().join("docs/settings.md")).unwrap();
    let settings = settings.split("```toml\n").nth(1).unwrap();
    let settings = settings.split("```").next().unwrap();
    std::fs::write(at("settings.toml"), settings).unwrap();

    let train = "train --layout mvtec --data mvtec --category leather --image-size 64 --meta-epochs 1 \
                 --sub-epochs 1 --set schedule.image_steps=1 --out run";
    let output = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(train.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::copy(at("run/model.bgad"), at("model.bgad")).unwrap();
}

/// Copies a folder and everything in it.
pub fn copy(from: &Path, to: &Path) {
    let mut files = Vec::new();
    collect(from, &mut files);
    for file in files {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, target).unwrap();
    }
}

/// All files below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

fn copy_numbered(files: &[PathBuf], folder: &Path, suffix: &str) {
    std::fs::create_dir_all(folder).unwrap();
    for (index, file) in files.iter().enumerate() {
        std::fs::copy(file, folder.join(format!("{index:03}{suffix}.png"))).unwrap();
    }
}

fn copy_named(files: &[PathBuf], folder: &Path, name: &str, suffix: &str) {
    for (index, file) in files.iter().enumerate() {
        std::fs::copy(file, folder.join(format!("{name}{index}{suffix}.png"))).unwrap();
    }
}

/// A category of VisA with its table.
fn visa(parts: &Parts, folder: &Path) {
    let data = folder.join("candle/Data");
    parts.normal(0, 8, &data.join("Images/Normal"));
    parts.abnormal(0, 6, &data.join("Images/Anomaly"));
    parts.masks(0, 6, &data.join("Masks/Anomaly"), "");
    let table_folder = folder.join("split_csv");
    std::fs::create_dir_all(&table_folder).unwrap();
    let header = "object,split,label,image,mask\n";
    table(&table_folder.join("1cls.csv"), header, |i| match i {
        0..8 => {
            let split = if i < 6 { "train" } else { "test" };
            format!("candle,{split},normal,candle/Data/Images/Normal/{i:03}.png,\n")
        }
        _ => {
            let (number, data) = (i - 8, "candle/Data");
            format!(
                "candle,test,anomaly,{data}/Images/Anomaly/{number:03}.png,{data}/Masks/Anomaly/{number:03}.png\n"
            )
        }
    });
}

/// Images and annotations; only the last six images have one.
fn boards(parts: &Parts, folder: &Path) {
    let all = [parts.normal.as_slice(), &parts.abnormal].concat();
    copy_numbered(&all, &folder.join("images"), "");
    let images: Vec<String> = (0..14)
        .map(|id| format!(r#"{{"id":{id},"file_name":"{id:03}.png","width":64,"height":64}}"#))
        .collect();
    let annotations: Vec<String> = (8..14)
        .map(|image| format!(r#"{{"image_id":{image},"bbox":[8,8,20,20]}}"#))
        .collect();
    let (images, annotations) = (images.join(","), annotations.join(","));
    let table = format!(r#"{{"images":[{images}],"annotations":[{annotations}]}}"#);
    std::fs::write(folder.join("annotations.json"), table).unwrap();
}

fn copy_as_jpeg(files: &[PathBuf], folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for (index, file) in files.iter().enumerate() {
        let image = bgad::load_image(file).unwrap();
        image.save(folder.join(format!("{index:03}.jpg"))).unwrap();
    }
}

/// A table of all parts, first the normal ones.
fn table(path: &Path, header: &str, row: impl Fn(usize) -> String) {
    let rows: String = (0..14).map(row).collect();
    std::fs::write(path, format!("{header}{rows}")).unwrap();
}

/// One long image of many, each stretched to a patch.
fn weave(images: &[PathBuf], path: &Path) {
    let mut long = bgad::RgbImage::new(256 * images.len() as u32, 256);
    for (index, image) in images.iter().enumerate() {
        let image = bgad::load_image(image).unwrap();
        let patch = image::imageops::resize(&image, 256, 256, image::imageops::FilterType::Nearest);
        image::imageops::replace(&mut long, &patch, 256 * index as i64, 0);
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    long.save(path).unwrap();
}
