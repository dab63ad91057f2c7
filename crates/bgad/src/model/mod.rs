//! What is learnt of normal features: flows, the whitening before them, and the nearest neighbours.
//! Uses `random` and the rooms up to `features`.

mod covariance;
pub(crate) mod level_flow;
pub(crate) mod likelihoods;
pub(crate) mod neighbors;
pub(crate) mod position_means;
pub(crate) mod whitening;
