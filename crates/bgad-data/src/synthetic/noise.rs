//! Smooth random textures from hashed lattices.
//!
//! This folder uses only sums, products and roots, and no functions of the platform's maths library: the same
//! seed gives the same bytes everywhere.

/// Cubic step from 0 at `low` to 1 at `high`.
pub(super) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Value noise in [-1, 1]; one lattice cell is one unit.
pub(super) fn value_noise(seed: u32, x: f32, y: f32) -> f32 {
    let (cell_x, cell_y) = (x.floor(), y.floor());
    let (tx, ty) = (
        smoothstep(0.0, 1.0, x - cell_x),
        smoothstep(0.0, 1.0, y - cell_y),
    );
    let (i, j) = (cell_x as i32, cell_y as i32);
    let top = mix(lattice(seed, i, j), lattice(seed, i + 1, j), tx);
    let bottom = mix(lattice(seed, i, j + 1), lattice(seed, i + 1, j + 1), tx);
    mix(top, bottom, ty)
}

/// The value at a lattice point, from a multiply-and-shift hash.
fn lattice(seed: u32, i: i32, j: i32) -> f32 {
    let mut hash =
        seed ^ (i as u32).wrapping_mul(0x9e37_79b1) ^ (j as u32).wrapping_mul(0x85eb_ca77);
    for multiplier in [0x2c1b_3c6d_u32, 0x297a_2d39] {
        hash = (hash ^ (hash >> 15)).wrapping_mul(multiplier);
    }
    hash ^= hash >> 16;
    hash as f32 / (u32::MAX as f32 * 0.5) - 1.0
}
