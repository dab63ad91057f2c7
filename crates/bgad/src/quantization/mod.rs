//! Converts models to bytes. Uses the rooms up to `training`.

mod quantize;
