//! What a model learned for one input, as the tensors of its file.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

use super::trained_model::Detector;
use crate::model::LevelFlow;
use crate::model::bank_rows::Named;
use crate::model::contexts::Contexts;
use crate::model::discriminant::Discriminant;
use crate::model::known_defects::KnownDefects;
use crate::model::memory_bank::MemoryBank;
use crate::model::neighbors::Neighbors;
use crate::model::position_gaussians::PositionGaussians;
use crate::storage::tensor_file::Stored;

/// The tensors to be written.
pub(super) struct LearnedTensors {
    /// The parameters of each flow.
    flows: Vec<Vec<(String, TensorData)>>,
    /// Those of every other part, by its name.
    parts: [(&'static str, Vec<Named>); 6],
}

impl LearnedTensors {
    /// The tensors of `detector`, without its backbone and its finer input. Flows that were not trained have only what
    /// normal images determine.
    pub fn of(detector: &Detector) -> Self {
        let flows = detector.flows.iter().map(LevelFlow::parameters);
        let neighbors = detector.neighbors.iter().flat_map(Neighbors::parameters);
        let bank = detector.bank.iter().flat_map(MemoryBank::parameters);
        let contexts = detector.contexts.iter().flat_map(Contexts::parameters);
        let gaussians = detector.gaussians.iter();
        let gaussians = gaussians.flat_map(PositionGaussians::parameters);
        let discriminant = detector.discriminant.iter();
        let discriminant = discriminant.flat_map(Discriminant::parameters);
        let known = detector.known_defects.iter();
        let known = known.flat_map(KnownDefects::parameters);
        Self {
            flows: flows.collect(),
            parts: [
                ("neighbors", neighbors.collect()),
                ("memory_bank", bank.collect()),
                ("contexts", contexts.collect()),
                ("position_gaussians", gaussians.collect()),
                ("discriminant", discriminant.collect()),
                ("known_defects", known.collect()),
            ],
        }
    }

    /// Adds them to `tensors`, as `numbers` stores values. Their names begin with `prefix`.
    ///
    /// # Errors
    /// The name of a tensor that can't be read, and why.
    pub fn add_to<'a>(
        &'a self,
        tensors: &mut BTreeMap<String, Stored<'a>>,
        prefix: &str,
        numbers: fn(&[usize], &'a [f32]) -> Stored<'a>,
    ) -> Result<(), String> {
        for (level, parameters) in self.flows.iter().enumerate() {
            for (name, data) in parameters {
                let stored = Stored::of(data).map_err(|e| format!("{name}: {e}"))?;
                tensors.insert(format!("{prefix}level.{level}.{name}"), stored);
            }
        }
        for (part, parameters) in &self.parts {
            for (name, shape, values) in parameters {
                tensors.insert(format!("{prefix}{part}.{name}"), numbers(shape, values));
            }
        }
        Ok(())
    }
}
