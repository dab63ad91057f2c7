//! The part's dimensions, in image widths from its centre.

/// A point or a direction.
pub(super) type Point = (f32, f32);

pub(super) const RADIUS: f32 = 0.41;
pub(super) const BORE: f32 = 0.105;
pub(super) const HOLE_RADIUS: f32 = 0.027;
/// Distance of the bolt holes from the centre.
const HOLE_CIRCLE: f32 = 0.305;
/// Where the light comes from, as a unit vector.
pub(super) const LIGHT: Point = (-0.6, -0.8);

/// The centres of the bolt holes in part coordinates.
pub(super) fn holes() -> [Point; 6] {
    // Sine of 60 degrees; the holes are at 30, 90, ... degrees.
    const S: f32 = 0.866_025_4;
    [
        (S, 0.5),
        (0.0, 1.0),
        (-S, 0.5),
        (-S, -0.5),
        (0.0, -1.0),
        (S, -0.5),
    ]
    .map(|(x, y)| (x * HOLE_CIRCLE, y * HOLE_CIRCLE))
}

/// The length of a direction.
pub(super) fn length((x, y): Point) -> f32 {
    (x * x + y * y).sqrt()
}
