//! A model shared by the tests of prediction.

use std::path::PathBuf;
use std::process::{Command, Output};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Detector, Layout, Trainer, TrainerConfig};
use serde_json::Value;

/// Drawn parts and a small model of them.
pub struct Case {
    pub folder: tempfile::TempDir,
    pub model: PathBuf,
    pub detector: Detector,
}

impl Case {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 5,
            test_images: 3,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        let data = folder.path().join("parts");
        synthetic::write(&data, &parts).unwrap();
        let dataset = Layout::Mvtec.read(&data, None).unwrap();
        let config = TrainerConfig::default().with(|config| {
            config.input.image_size = Some(32);
            config.flow.coupling_blocks = 2;
            config.flow.position_dimension = 16;
            config.schedule.meta_epochs = 1;
            config.schedule.sub_epochs = 1;
            config.schedule.image_steps = 2;
        });
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        let model = folder.path().join("model.bgad");
        detector.save(&model).unwrap();
        Self {
            folder,
            model,
            detector,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn predict(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command.arg("predict").arg("--model").arg(&self.model);
        command
    }
}

pub fn stdout(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

pub fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn score(line: &Value) -> f32 {
    // Written as the shortest decimal that gives this value in single precision.
    line["score"].as_f64().unwrap() as f32
}
