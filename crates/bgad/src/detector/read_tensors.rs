//! The tensors of a model file that one input's parts are restored from.

use std::collections::BTreeMap;

use bgad_flow::Parameter;

/// The tensors that were read, by name.
#[derive(Default)]
pub(super) struct ReadTensors {
    /// By the flow's index and the parameter's name.
    pub levels: BTreeMap<String, BTreeMap<String, Parameter>>,
    pub neighbors: BTreeMap<String, Parameter>,
    pub bank: BTreeMap<String, Parameter>,
    pub contexts: BTreeMap<String, Parameter>,
    pub gaussians: BTreeMap<String, Parameter>,
    pub discriminant: BTreeMap<String, Parameter>,
    pub known_defects: BTreeMap<String, Parameter>,
}

impl ReadTensors {
    /// Takes the tensor `name`, such as `memory_bank.positions`; other names are passed over.
    pub fn take(&mut self, name: &str, parameter: Parameter) {
        let Some((kind, name)) = name.split_once('.') else {
            return;
        };
        let (of_kind, name) = match kind {
            "level" => match name.split_once('.') {
                Some((level, name)) => (self.levels.entry(level.to_owned()).or_default(), name),
                None => return,
            },
            "neighbors" => (&mut self.neighbors, name),
            "memory_bank" => (&mut self.bank, name),
            "contexts" => (&mut self.contexts, name),
            "position_gaussians" => (&mut self.gaussians, name),
            "discriminant" => (&mut self.discriminant, name),
            "known_defects" => (&mut self.known_defects, name),
            _ => return,
        };
        of_kind.insert(name.to_owned(), parameter);
    }
}
