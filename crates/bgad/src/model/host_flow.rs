//! A flow on the CPU, ready for whole images.

use bgad_flow::{HostFlow, PreparedFlow};

use super::places::Places;
use super::position_means::PositionMeans;

/// A flow with its fixed first layer, except for the positions' means.
#[derive(Debug)]
pub(crate) struct HostLevelFlow(PreparedFlow<'static>);

impl HostLevelFlow {
    /// `layer` is the first layer's mean, `[dimension]`, and its factors, a matrix or its diagonal.
    pub fn new(flow: &HostFlow, places: &Places, layer: Option<(&[f32], &[f32])>) -> Self {
        let prepared = flow.prepare(&places.on_host()).into_owned();
        Self(match layer {
            Some((mean, factors)) => prepared.after(mean, factors),
            None => prepared,
        })
    }

    /// The flow, without its first layer.
    pub fn flow(&self) -> &HostFlow {
        self.0.flow()
    }

    /// The per-dimension log-likelihoods of one image's vectors, `[rows, dimension]`, one row per place.
    pub fn log_likelihoods(&self, mut rows: Vec<f32>, means: Option<&PositionMeans>) -> Vec<f32> {
        let count = rows.len() / self.flow().config().dimension;
        let places: Vec<u32> = (0..count as u32).collect();
        if let Some(means) = means {
            means.take_off(&mut rows);
        }
        self.0.log_likelihoods(&rows, &places)
    }
}
