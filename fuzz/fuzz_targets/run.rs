//! The run whose checkpoints are damaged, for the target and its seeds alike.

use std::path::Path;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{BoundaryScope, EvaluateWhen, TrainerConfig};

pub fn write_parts(folder: &Path) -> Result<(), bgad::DataError> {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 2,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts).map(|_| ())
}

/// Two meta-epochs of two sub-epochs.
pub fn config() -> TrainerConfig {
    TrainerConfig {
        image_size: 32,
        coupling_blocks: 1,
        position_dimension: 8,
        boundary: BoundaryScope::Set,
        meta_epochs: 2,
        sub_epochs: 2,
        evaluate: EvaluateWhen::Never,
        ..TrainerConfig::paper()
    }
}
