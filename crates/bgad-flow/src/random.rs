//! Untrained flows.

use std::collections::BTreeMap;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::parameter::{GLOBAL_SCALE_FACTOR, SOFTPLUS_BETA, full_name, shapes};
use crate::{FlowConfig, FlowError, FlowStart, HostFlow, Parameter, random_rotation};

/// The parameters of an untrained flow by their full names, drawn on the host, so that a seed means the same
/// on every backend. If `rotation` returns a block's rotation, it is not drawn.
pub(crate) fn random_parameters(
    config: &FlowConfig,
    seed: u64,
    rotation: impl Fn(usize) -> Option<Parameter>,
) -> Result<BTreeMap<String, Parameter>, FlowError> {
    config.check()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut parameters = BTreeMap::new();
    for index in 0..config.blocks {
        let of_block = of_block(config, &mut rng, rotation(index));
        let named = shapes(config).into_iter().zip(of_block);
        parameters.extend(named.map(|((name, _), value)| (full_name(index, name), value)));
    }
    Ok(parameters)
}

/// A block's parameters in the order of [`shapes`].
fn of_block(
    config: &FlowConfig,
    rng: &mut impl Rng,
    mut rotation: Option<Parameter>,
) -> Vec<Parameter> {
    let (kept, _) = config.split();
    let inputs = kept + config.condition.unwrap_or(0);
    shapes(config)
        .into_iter()
        .map(|(name, shape)| {
            if name == "rotation"
                && let Some(rotation) = rotation.take()
            {
                return rotation;
            }
            let count = shape.iter().product();
            let mut uniform = |fan_in: usize| -> Vec<f32> {
                let bound = 1.0 / (fan_in as f32).sqrt();
                (0..count)
                    .map(|_| rng.random_range(-bound..=bound))
                    .collect()
            };
            let values = match name {
                "input_weight" | "condition_weight" | "input_bias" => uniform(inputs),
                "output_weight" | "output_bias" if config.start == FlowStart::Identity => {
                    vec![0.0; count]
                }
                "output_weight" | "output_bias" => uniform(2 * inputs),
                // scale(g) = 1.
                "global_scale" => vec![no_scale(); count],
                "rotation" => random_rotation(config.dimension, rng)
                    .into_iter()
                    .map(|v| v as f32)
                    .collect(),
                _ => vec![0.0; count],
            };
            Parameter { shape, values }
        })
        .collect()
}

impl HostFlow {
    /// An untrained flow; the same seed gives the same parameters as `FlowConfig::init`.
    ///
    /// # Errors
    /// A setting out of range.
    pub fn random(config: &FlowConfig, seed: u64) -> Result<Self, FlowError> {
        Self::from_parameters(config, &random_parameters(config, seed, |_| None)?)
    }
}

/// The parameter of a global scale of 1.
fn no_scale() -> f32 {
    let exponent = SOFTPLUS_BETA / GLOBAL_SCALE_FACTOR;
    ((exponent.exp() - 1.0).ln() / SOFTPLUS_BETA) as f32
}
