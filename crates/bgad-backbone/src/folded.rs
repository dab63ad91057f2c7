//! Folded parameters from a model file.

use crate::architecture::Architecture;
use crate::backbone::NamedTensor;
use crate::error::BackboneError;
use crate::plan::{Convolution, ParameterSource, SqueezeExcite};
use crate::table::Table;

/// A parameter source of weights that are folded already.
pub(crate) struct Folded<'a> {
    pub table: &'a Table,
    pub architecture: Architecture,
}

impl ParameterSource for Folded<'_> {
    type Error = BackboneError;

    fn convolution(&mut self, plan: &Convolution) -> Result<[NamedTensor; 2], BackboneError> {
        let [weight, bias] = plan.parameters();
        let copy = |parameter| self.table.copy(parameter, self.architecture);
        Ok([copy(weight)?, copy(bias)?])
    }

    fn gate(&mut self, plan: &SqueezeExcite) -> Result<[NamedTensor; 4], BackboneError> {
        let [a, b, c, d] = plan.parameters();
        let copy = |parameter| self.table.copy(parameter, self.architecture);
        Ok([copy(a)?, copy(b)?, copy(c)?, copy(d)?])
    }
}
