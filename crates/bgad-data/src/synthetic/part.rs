//! The part: a brushed metal flange with a bore, a groove and six bolt holes, on a matt table.
//!
//! Lengths are in image widths, with the part's centre near (0.5, 0.5); colours are linear in [0, 1].

use rand::{Rng, RngExt};

use super::defect::Defect;
use super::geometry::{BORE, HOLE_RADIUS, LIGHT, Point, RADIUS, holes, length};
use super::noise::{mix, smoothstep, value_noise};

const GROOVE: f32 = 0.2;
/// Width over which the lens blurs an edge.
const EDGE: f32 = 0.006;

/// One part: its pose, light and surface.
#[derive(Debug, Clone)]
pub(super) struct Part {
    centre: Point,
    /// Direction of the brushing, a unit vector.
    axis: Point,
    gain: f32,
    /// Change of brightness over the image, in x and y.
    slope: Point,
    seed: u32,
}

impl Part {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        let turn: f32 = rng.random_range(-0.015..0.015);
        let length = (1.0 + turn * turn).sqrt();
        Self {
            centre: (
                0.5 + rng.random_range(-0.004..0.004),
                0.5 + rng.random_range(-0.004..0.004),
            ),
            axis: (1.0 / length, turn / length),
            gain: rng.random_range(0.96..1.04),
            slope: (rng.random_range(-0.04..0.04), rng.random_range(-0.04..0.04)),
            seed: rng.random(),
        }
    }

    /// Converts image to part coordinates.
    pub(super) fn to_part(&self, (x, y): Point) -> Point {
        let (x, y) = (x - self.centre.0, y - self.centre.1);
        (
            x * self.axis.0 + y * self.axis.1,
            y * self.axis.0 - x * self.axis.1,
        )
    }

    /// The colour at an image position.
    pub(super) fn colour(&self, position: Point, defect: Option<&Defect>) -> [f32; 3] {
        let p = self.to_part(position);
        let light = self.gain
            * (1.0 + self.slope.0 * (position.0 - 0.5) + self.slope.1 * (position.1 - 0.5));
        let table = self.table(position, p);
        let metal = self.metal(p, defect);
        let outline = RADIUS - defect.map_or(0.0, |d| d.chip(p));
        let inside = smoothstep(EDGE, -EDGE, length(p) - outline);
        std::array::from_fn(|i| light * mix(table[i], metal[i], inside))
    }

    fn table(&self, position: Point, p: Point) -> [f32; 3] {
        let (x, y) = position;
        let grain = 0.10 * value_noise(self.seed ^ 1, x * 190.0, y * 190.0)
            + 0.05 * value_noise(self.seed ^ 2, x * 40.0, y * 40.0);
        // The part casts a shadow on the table, on the side away from the light.
        let shadow = smoothstep(
            0.035,
            -0.02,
            length((p.0 + 0.014 * LIGHT.0, p.1 + 0.014 * LIGHT.1)) - RADIUS,
        );
        let value = 0.165 * (1.0 + grain) * (1.0 - 0.5 * shadow);
        [value * 0.95, value, value * 1.08]
    }

    fn metal(&self, p: Point, defect: Option<&Defect>) -> [f32; 3] {
        let r = length(p);
        let facing = if r > 0.0 {
            (p.0 * LIGHT.0 + p.1 * LIGHT.1) / r
        } else {
            0.0
        };
        // Brushed metal shines in a band across the brushing.
        let band = 1.0 / (1.0 + 9.0 * (p.0 + 0.1) * (p.0 + 0.1));
        let mut value = (0.40 + 0.17 * band) * (1.0 + self.surface(p, defect));
        // Turned rim: the outer edge is bevelled at 45 degrees; the groove has two flanks.
        value += 0.13 * facing * smoothstep(RADIUS - 0.026, RADIUS - 0.016, r);
        value += 0.16 * facing * (flank(r, GROOVE + 0.007) - flank(r, GROOVE - 0.007));
        value *= 1.0 - 0.12 * flank(r, GROOVE);
        value = opening(value, p, BORE, 0.016);
        for (index, hole) in holes().into_iter().enumerate() {
            let moved = defect.map_or((0.0, 0.0), |d| d.hole_shift(index));
            value = opening(
                value,
                (p.0 - hole.0 - moved.0, p.1 - hole.1 - moved.1),
                HOLE_RADIUS,
                0.009,
            );
        }
        let mut colour = [value * 1.01, value, value * 0.975];
        if let Some(defect) = defect {
            defect.tint(p, &mut colour);
        }
        colour
    }

    /// Relative brightness of the brushed surface.
    fn surface(&self, p: Point, defect: Option<&Defect>) -> f32 {
        let along = self.brushing(p);
        match defect.and_then(|d| d.brushing(p)) {
            // The turning tool dug in deeper.
            Some((turned, weight)) => mix(along, 1.6 * self.brushing(turned), weight),
            None => along,
        }
    }

    fn brushing(&self, (x, y): Point) -> f32 {
        0.085 * value_noise(self.seed ^ 3, x * 6.0, y * 85.0)
            + 0.06 * value_noise(self.seed ^ 4, x * 3.5, y * 40.0)
            + 0.025 * value_noise(self.seed ^ 5, x * 2.5, y * 17.0)
            + 0.030 * value_noise(self.seed ^ 6, x * 170.0, y * 170.0)
    }
}

/// A narrow ridge at radius `at`.
fn flank(r: f32, at: f32) -> f32 {
    smoothstep(0.007, 0.0, (r - at).abs())
}

/// A dark opening with a countersunk edge of the given width.
fn opening(value: f32, p: Point, radius: f32, countersink: f32) -> f32 {
    let r = length(p);
    if r > radius + countersink + EDGE {
        return value;
    }
    let facing = if r > 0.0 {
        (p.0 * LIGHT.0 + p.1 * LIGHT.1) / r
    } else {
        0.0
    };
    let edge = smoothstep(radius + countersink + EDGE, radius + countersink - EDGE, r);
    let sunk = mix(value, 0.33 - 0.16 * facing, edge);
    // The wall opposite the light catches some of it.
    let depth = 0.05 + 0.05 * smoothstep(0.4 * radius, radius, r) * (1.0 - facing) * 0.5;
    mix(sunk, depth, smoothstep(radius + EDGE, radius - EDGE, r))
}
