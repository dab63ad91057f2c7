//! The paper's figures (arXiv 2207.01463): means of three runs, EfficientNet-B6, 256 pixels.

use super::Experiment;

/// Image AUROC, pixel AUROC, PRO; `None` if the paper does not give it.
pub type Figures = [Option<f64>; 3];

const NONE: Figures = [None; 3];
/// The name of the row of means.
pub const MEAN: &str = "mean";

fn pixels(pixel: f64, pro: f64) -> Figures {
    [None, Some(pixel), Some(pro)]
}

fn all([image, pixel, pro]: [f64; 3]) -> Figures {
    [Some(image), Some(pixel), Some(pro)]
}

/// Table 1: pixel AUROC and PRO of BGAD, then of BGAD-FAS.
const TABLE_1: [(&str, [f64; 4]); 15] = [
    ("carpet", [0.994, 0.981, 0.997, 0.991]),
    ("grid", [0.994, 0.975, 0.997, 0.988]),
    ("leather", [0.997, 0.993, 0.998, 0.994]),
    ("tile", [0.969, 0.929, 0.994, 0.978]),
    ("wood", [0.970, 0.956, 0.986, 0.977]),
    ("bottle", [0.989, 0.960, 0.994, 0.976]),
    ("cable", [0.978, 0.969, 0.992, 0.999]),
    ("capsule", [0.990, 0.945, 0.992, 0.965]),
    ("hazelnut", [0.985, 0.977, 0.994, 0.981]),
    ("metal_nut", [0.974, 0.950, 0.996, 0.972]),
    ("pill", [0.982, 0.979, 0.997, 0.986]),
    ("screw", [0.990, 0.952, 0.992, 0.966]),
    ("toothbrush", [0.984, 0.935, 0.992, 0.949]),
    ("transistor", [0.936, 0.845, 0.992, 0.982]),
    ("zipper", [0.987, 0.951, 0.995, 0.975]),
];

/// Table 2, in the same order.
const TABLE_2: [(&str, [f64; 4]); 4] = [
    ("01", [0.972, 0.767, 0.980, 0.797]),
    ("02", [0.967, 0.578, 0.977, 0.623]),
    ("03", [0.996, 0.988, 0.998, 0.993]),
    (MEAN, [0.978, 0.778, 0.985, 0.804]),
];

/// Table 3: image AUROC of BGAD-FAS.
const TABLE_3: [(&str, f64); 4] = [
    ("aitex", 0.826),
    ("elpv", 0.903),
    ("brainmri", 0.740),
    ("headct", 0.807),
];

const TABLE_4: [(&str, [f64; 3]); 9] = [
    ("beta 0.01, tau 0.1", [0.9916, 0.9940, 0.9779]),
    ("beta 0.01, tau 0.2", [0.9915, 0.9940, 0.9782]),
    ("beta 0.01, tau 0.3", [0.9906, 0.9938, 0.9778]),
    ("beta 0.05, tau 0.1", [0.9896, 0.9942, 0.9789]),
    ("beta 0.05, tau 0.2", [0.9898, 0.9943, 0.9793]),
    ("beta 0.05, tau 0.3", [0.9902, 0.9941, 0.9792]),
    ("beta 0.1, tau 0.1", [0.9877, 0.9942, 0.9789]),
    ("beta 0.1, tau 0.2", [0.9900, 0.9942, 0.9794]),
    ("beta 0.1, tau 0.3", [0.9905, 0.9942, 0.9792]),
];

const TABLE_5: [(&str, [f64; 3]); 3] = [
    ("BGAD", [0.948, 0.960, 0.863]),
    ("BGAD-FAS", [0.978, 0.986, 0.949]),
    ("BGAD-FAS, unseen", [0.971, 0.982, 0.930]),
];

const TABLE_6: [(&str, [f64; 3]); 6] = [
    ("none", [0.968, 0.981, 0.953]),
    ("1", [0.982, 0.985, 0.959]),
    ("1 + RACP", [0.985, 0.988, 0.969]),
    ("5", [0.983, 0.991, 0.969]),
    ("5 + RACP", [0.988, 0.994, 0.976]),
    ("5 + RACP + focal", [0.989, 0.995, 0.979]),
];

/// The paper's figures for a row and a category, or for the mean over its categories.
pub fn figures(experiment: Experiment, row: &str, category: &str) -> Figures {
    let of_models = |table: &[(&str, [f64; 4])]| {
        let entry = table.iter().find(|(name, _)| *name == category);
        entry.map_or(NONE, |(_, v)| match row {
            "BGAD" => pixels(v[0], v[1]),
            _ => pixels(v[2], v[3]),
        })
    };
    let of_rows = |table: &[(&str, [f64; 3])]| {
        let entry = table.iter().find(|(name, _)| *name == row);
        entry
            .filter(|_| category == MEAN)
            .map_or(NONE, |(_, v)| all(*v))
    };
    match experiment {
        Experiment::Table1 if category == MEAN => match row {
            "BGAD" => all([0.968, 0.981, 0.953]),
            _ => all([0.988, 0.994, 0.979]),
        },
        Experiment::Table1 => of_models(&TABLE_1),
        Experiment::Table2 => of_models(&TABLE_2),
        Experiment::Table3 => {
            let entry = TABLE_3.iter().find(|(name, _)| *name == category);
            [entry.map(|(_, value)| *value), None, None]
        }
        Experiment::Table4 => of_rows(&TABLE_4),
        Experiment::Table5 => of_rows(&TABLE_5),
        Experiment::Table6 => of_rows(&TABLE_6),
        _ => NONE,
    }
}
