//! The rows of each table, with their settings.

use bgad::{FocalWeights, Model, TrainerConfig};

use super::Experiment;

/// Which types of defects are for training and which for testing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defects {
    All,
    /// Table 5: only hard types are tested.
    HardTest,
    /// Table 5, unseen: abnormal training images only of easy types.
    EasyTrainHardTest,
}

impl Defects {
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::HardTest => "hard types tested",
            Self::EasyTrainHardTest => "easy types trained, hard types tested",
        }
    }
}

/// One row: settings that are run on each category with each seed.
#[derive(Debug, Clone)]
pub struct Case {
    pub row: String,
    pub config: TrainerConfig,
    /// Number of abnormal training images, for BGAD-FAS.
    pub anomalies: usize,
    pub defects: Defects,
}

const MVTEC: [&str; 15] = [
    "carpet",
    "grid",
    "leather",
    "tile",
    "wood",
    "bottle",
    "cable",
    "capsule",
    "hazelnut",
    "metal_nut",
    "pill",
    "screw",
    "toothbrush",
    "transistor",
    "zipper",
];

/// The categories by the names in the tables.
pub fn categories(experiment: Experiment, wanted: &[String]) -> Vec<String> {
    let all: &[&str] = match experiment {
        Experiment::Table2 => &["01", "02", "03"],
        Experiment::Table3 => &["aitex", "elpv", "brainmri", "headct"],
        _ => &MVTEC,
    };
    if wanted.is_empty() {
        return all.iter().map(|name| (*name).to_owned()).collect();
    }
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let known = |name: &String| all.iter().find(|known| plain(known) == plain(name));
    let names = wanted.iter();
    names
        .map(|name| known(name).map_or_else(|| name.clone(), |known| (*known).to_owned()))
        .collect()
}

/// The rows of an experiment: `base` with each row's changes.
pub fn cases(experiment: Experiment, base: &TrainerConfig) -> Vec<Case> {
    let bgad = || Case {
        row: "BGAD".to_owned(),
        config: base.clone().with(|config| config.model = Model::Bgad),
        anomalies: 0,
        defects: Defects::All,
    };
    let fas = |row: &str, anomalies: usize| Case {
        row: row.to_owned(),
        config: base.clone().with(|config| config.model = Model::BgadFas),
        anomalies,
        defects: Defects::All,
    };
    let focal = |mut case: Case| {
        case.config.objective.focal = FocalWeights::Program;
        case
    };
    let boundary = |row: String, beta: f64, tau: f64| {
        let mut case = focal(fas(&row, 5));
        (case.config.objective.beta, case.config.objective.tau) = (beta, tau);
        case
    };
    let without_pasting = |mut case: Case| {
        case.config.abnormal.paste = false;
        case
    };
    match experiment {
        Experiment::Table1 | Experiment::Table2 | Experiment::Figure3 => {
            vec![bgad(), fas("BGAD-FAS", 5)]
        }
        Experiment::Table3 => vec![fas("BGAD-FAS", 1)],
        Experiment::Table4 => [0.01, 0.05, 0.1]
            .into_iter()
            .flat_map(|beta| [0.1, 0.2, 0.3].map(|tau| (beta, tau)))
            .map(|(beta, tau)| boundary(format!("beta {beta}, tau {tau}"), beta, tau))
            .collect(),
        Experiment::Table5 => {
            let of = |case: Case, row: &str, defects| Case {
                row: row.to_owned(),
                defects,
                ..case
            };
            vec![
                of(bgad(), "BGAD", Defects::HardTest),
                of(fas("", 5), "BGAD-FAS", Defects::HardTest),
                of(fas("", 5), "BGAD-FAS, unseen", Defects::EasyTrainHardTest),
            ]
        }
        Experiment::Table6 => vec![
            Case {
                row: "none".to_owned(),
                ..bgad()
            },
            without_pasting(fas("1", 1)),
            fas("1 + RACP", 1),
            without_pasting(fas("5", 5)),
            fas("5 + RACP", 5),
            focal(fas("5 + RACP + focal", 5)),
        ],
        Experiment::Figure7 => {
            let by_beta = [0.01, 0.05, 0.1];
            let by_beta = by_beta.map(|beta| boundary(format!("beta {beta}"), beta, 0.1));
            let by_tau = [0.1, 0.2, 0.3].map(|tau| boundary(format!("tau {tau}"), 0.05, tau));
            by_beta.into_iter().chain(by_tau).collect()
        }
        Experiment::Figure4 | Experiment::Figure8 | Experiment::Figure9 => {
            vec![fas("BGAD-FAS", 5)]
        }
    }
}
