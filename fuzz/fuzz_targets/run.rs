//! The run whose checkpoints are damaged; used by the target and its seeds.

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
    TrainerConfig::paper().with(|config| {
        config.input.image_size = Some(32);
        config.flow.coupling_blocks = 1;
        config.flow.position_dimension = 8;
        config.schedule.boundary = BoundaryScope::Set;
        config.schedule.meta_epochs = 2;
        config.schedule.sub_epochs = 2;
        config.schedule.evaluate = EvaluateWhen::Never;
    })
}
