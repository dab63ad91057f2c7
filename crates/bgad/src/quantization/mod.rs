//! Models that are computed in bytes. Uses the rooms up to `training`.

mod quantize;
