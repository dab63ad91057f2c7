//! Finds data sets by their usual names.

use std::path::{Path, PathBuf};

use bgad::Layout;

/// A category that was found.
#[derive(Debug, Clone)]
pub struct Category {
    pub name: String,
    pub layout: Layout,
    pub folder: PathBuf,
}

pub struct Found {
    pub found: Vec<Category>,
    pub missing: Vec<String>,
}

/// Looks for each name in `data`, and in the folders there that the archives unpack to.
pub fn find(data: &Path, names: &[String]) -> Found {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let (layout, folders, marker): (Layout, Vec<&str>, &str) = match name.as_str() {
            "headct" => {
                let folders = vec!["headct", "head_ct", "head-ct", "HeadCT"];
                (Layout::HeadCt, folders, "labels.csv")
            }
            "brainmri" => {
                let folders = vec!["brainmri", "brain_mri", "brain-mri", "BrainMRI"];
                (Layout::BrainMri, folders, "no")
            }
            "elpv" => {
                let folders = vec!["elpv", "ELPV", "elpv-dataset"];
                (Layout::Elpv, folders, "labels.csv")
            }
            "aitex" => (Layout::Aitex, vec!["aitex", "AITEX"], "NODefect_images"),
            "01" | "02" | "03" => (Layout::Btad, vec![name], "train"),
            _ => (Layout::Mvtec, vec![name], "train"),
        };
        let above: &[&str] = match layout {
            Layout::Mvtec => &["", "mvtec", "mvtec_ad", "mvtec_anomaly_detection"],
            Layout::Btad => &["", "btad", "BTAD", "BTech_Dataset_transformed"],
            _ => &[""],
        };
        let candidates = above
            .iter()
            .flat_map(|above| folders.iter().map(move |folder| (above, folder)))
            .map(|(above, folder)| data.join(above).join(folder));
        let folder = candidates
            .into_iter()
            .find(|folder| folder.join(marker).exists());
        match folder {
            Some(folder) => found.push(Category {
                name: name.clone(),
                layout,
                folder,
            }),
            None => missing.push(name.clone()),
        }
    }
    Found { found, missing }
}
