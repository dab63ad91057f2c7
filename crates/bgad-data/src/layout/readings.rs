//! All layouts that fit a folder, each with the evidence for it.

use std::path::Path;

use super::files::{self, Listing, name};
use super::usual_names::is_normal;
use super::{Layout, coco, elpv, kolektor, mpdd};
use crate::Result;

/// All layouts that fit, each with the evidence for it.
pub(super) fn readings(set: &Path, listing: &Listing) -> Result<Vec<(Layout, String)>> {
    let is_folder = |path: &str| set.join(path).is_dir();
    let is_file = |path: &str| set.join(path).is_file();
    let mut found = Vec::new();
    let mut add = |layout, why: &str| found.push((layout, why.to_owned()));
    if let Some((layout, why)) = tree(set)? {
        add(layout, &why);
    } else if is_folder("train") && is_folder("test") && kolektor::has_masks(&set.join("train"))? {
        add(Layout::KolektorSdd2, "train with masks ..._GT.png");
    }
    if is_folder("Data/Images/Normal") {
        add(Layout::Visa, "Data/Images/Normal");
    } else if is_folder("split_csv") {
        add(Layout::Visa, "split_csv");
    }
    let folders = || listing.folders.iter().map(|path| name(path));
    if folders().any(|folder| super::aitex::is_normal_folder(&folder)) {
        add(Layout::Aitex, "NODefect_images");
    }
    if is_file("labels.csv") && is_folder("head_ct") {
        add(Layout::HeadCt, "head_ct with labels.csv");
    } else if is_file("labels.csv") && elpv::is_table(&set.join("labels.csv")) {
        add(Layout::Elpv, "labels.csv");
    }
    if is_folder("no") && is_folder("yes") {
        add(Layout::BrainMri, "no and yes");
    }
    if let Some(table) = coco::tables(set)?.first() {
        add(Layout::Coco, &name(table));
    }
    if let Some(table) = ["manifest.csv", "manifest.json"]
        .into_iter()
        .find(|table| is_file(table))
    {
        add(Layout::Manifest, table);
    }
    if let Some(folder) = folders().find(|folder| is_normal(folder)) {
        add(Layout::Folder, &folder);
    }
    Ok(found)
}

/// The kind of a tree with `train/good` or a variant of it, and the evidence for it.
pub(super) fn tree(set: &Path) -> Result<Option<(Layout, String)>> {
    let train = files::inner(set, "train");
    if !train.is_dir() {
        return Ok(None);
    }
    let folders = files::list(&train)?.folders;
    let Some(normal) = folders
        .iter()
        .map(|path| name(path))
        .find(|name| is_normal(name))
    else {
        return Ok(None);
    };
    let found = |layout, why: &str| Ok(Some((layout, why.to_owned())));
    if set.join("test_public").is_dir() {
        return found(Layout::MvtecAd2, "test_public");
    }
    // A folder of masks for each image, as in LOCO and in sets after it.
    if set.join("defects_config.json").is_file() {
        return found(Layout::MvtecLoco, "defects_config.json");
    }
    let test = files::inner(set, "test");
    let types = match test.is_dir() {
        true => files::list(&test)?.folders,
        false => Vec::new(),
    };
    let types: Vec<String> = types.iter().map(|path| name(path)).collect();
    let has = |wanted: &str| types.iter().any(|name| name == wanted);
    if has("logical_anomalies") || has("structural_anomalies") {
        return found(Layout::MvtecLoco, "test/logical_anomalies");
    }
    let is_btad = |name: &String| name == "ok" || name == "ko";
    let layout = match normal.as_str() {
        "ok" if !types.is_empty() && types.iter().all(is_btad) => Layout::Btad,
        "good" if mpdd::is_category(&files::dataset_name(set)) => Layout::Mpdd,
        _ => Layout::Mvtec,
    };
    found(layout, &format!("{}/{normal}", name(&train)))
}
