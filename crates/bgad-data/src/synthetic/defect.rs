//! The six types of defects, each a small change of shape, surface or colour.

use rand::{Rng, RngExt};

use super::geometry::{BORE, HOLE_RADIUS, LIGHT, Point, RADIUS, holes, length};
use super::noise::{mix, smoothstep, value_noise};

/// A type of defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scratch,
    Stain,
    Dent,
    TextureBreak,
    ChippedEdge,
    MisplacedHole,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::ChippedEdge,
        Self::Dent,
        Self::MisplacedHole,
        Self::Scratch,
        Self::Stain,
        Self::TextureBreak,
    ];

    /// The name of its folder.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Scratch => "scratch",
            Self::Stain => "stain",
            Self::Dent => "dent",
            Self::TextureBreak => "texture_break",
            Self::ChippedEdge => "chipped_edge",
            Self::MisplacedHole => "misplaced_hole",
        }
    }
}

/// One defect in part coordinates.
#[derive(Debug, Clone)]
pub(super) struct Defect {
    kind: Kind,
    at: Point,
    /// A unit vector: along a scratch, or of a turned texture, or of a hole's shift.
    direction: Point,
    radius: f32,
    /// Signed change of brightness; for shapes, a share of the full change.
    strength: f32,
    /// Bend of a scratch, or number of a hole.
    detail: f32,
    seed: u32,
}

impl Defect {
    pub(super) fn draw(kind: Kind, contrast: f32, rng: &mut impl Rng) -> Self {
        let direction = unit(rng);
        let sign = if rng.random::<bool>() { 1.0 } else { -1.0 };
        let flat = flat_place(rng);
        let (at, radius, strength, detail) = match kind {
            Kind::Scratch => {
                let change = sign * rng.random_range(0.13..0.18) * contrast;
                (
                    flat,
                    rng.random_range(0.05..0.09),
                    change,
                    rng.random_range(-0.35..0.35),
                )
            }
            Kind::Stain => (
                flat,
                rng.random_range(0.032..0.055),
                rng.random_range(0.14..0.20) * contrast,
                0.0,
            ),
            Kind::Dent => (
                flat,
                rng.random_range(0.032..0.045),
                sign * rng.random_range(0.13..0.18) * contrast,
                0.0,
            ),
            Kind::TextureBreak => (flat, rng.random_range(0.06..0.08), contrast, 0.0),
            Kind::ChippedEdge => {
                let at = (direction.0 * RADIUS, direction.1 * RADIUS);
                (at, rng.random_range(0.028..0.042), contrast.min(1.0), 0.0)
            }
            Kind::MisplacedHole => {
                let hole = rng.random_range(0..6_u8);
                let shift = rng.random_range(0.022..0.03) * contrast.min(1.5);
                (holes()[usize::from(hole)], shift, 1.0, f32::from(hole))
            }
        };
        // A scratch along the brushing would be invisible.
        let direction = match kind {
            Kind::Scratch | Kind::TextureBreak if direction.1.abs() < direction.0.abs() => {
                (direction.1, direction.0)
            }
            _ => direction,
        };
        Self {
            kind,
            at,
            direction,
            radius,
            strength,
            detail,
            seed: rng.random(),
        }
    }

    /// Whether the defect may change the colour at `p`; a cheap bound.
    pub(super) fn reaches(&self, p: Point) -> bool {
        let (x, y) = (p.0 - self.at.0, p.1 - self.at.1);
        x * x + y * y
            < (2.0 * self.radius + 2.0 * HOLE_RADIUS) * (2.0 * self.radius + 2.0 * HOLE_RADIUS)
    }

    /// How much of the outline is missing at `p`.
    pub(super) fn chip(&self, p: Point) -> f32 {
        if self.kind != Kind::ChippedEdge {
            return 0.0;
        }
        let distance = length((p.0 - self.at.0, p.1 - self.at.1));
        let ragged = self.radius * (1.0 + 0.35 * value_noise(self.seed, p.0 * 60.0, p.1 * 60.0));
        0.75 * self.strength * (ragged - distance).max(0.0)
    }

    /// How far the bolt hole with this number has moved.
    pub(super) fn hole_shift(&self, index: usize) -> Point {
        if self.kind != Kind::MisplacedHole || self.detail as usize != index {
            return (0.0, 0.0);
        }
        (
            self.direction.0 * self.radius,
            self.direction.1 * self.radius,
        )
    }

    /// If the texture is turned at `p`: the position to take it from, and its weight.
    pub(super) fn brushing(&self, p: Point) -> Option<(Point, f32)> {
        if self.kind != Kind::TextureBreak {
            return None;
        }
        let (x, y) = (p.0 - self.at.0, p.1 - self.at.1);
        let weight = smoothstep(1.0, 0.8, length((x, y)) / self.outline(p)) * self.strength;
        let (cos, sin) = self.direction;
        // Taken from far away, so that it does not continue its surroundings.
        (weight > 0.0).then_some(((x * cos + y * sin + 5.0, y * cos - x * sin + 5.0), weight))
    }

    /// Changes the colour of the metal at `p`.
    pub(super) fn tint(&self, p: Point, colour: &mut [f32; 3]) {
        let (x, y) = (p.0 - self.at.0, p.1 - self.at.1);
        match self.kind {
            Kind::Scratch => {
                let (along, across) = (
                    x * self.direction.0 + y * self.direction.1,
                    y * self.direction.0 - x * self.direction.1,
                );
                let t = along / self.radius;
                if t.abs() < 1.0 {
                    let bend = self.detail * self.radius * (1.0 - t * t);
                    let width = 0.005 * (1.0 - t * t).sqrt() + 0.001;
                    let uneven = 0.8 + 0.3 * value_noise(self.seed, along * 70.0, 0.0);
                    let change = self.strength
                        * uneven
                        * smoothstep(width, 0.3 * width, (across - bend).abs());
                    colour.iter_mut().for_each(|value| *value += change);
                }
            }
            Kind::Stain => {
                let distance = length((x, y)) / self.outline(p);
                let rim = smoothstep(0.65, 0.9, distance) * smoothstep(1.05, 0.92, distance);
                let film = smoothstep(1.05, 0.85, distance) * (0.75 + 0.45 * rim);
                // Dried liquid, which absorbs blue most.
                for (value, share) in colour.iter_mut().zip([0.75, 0.95, 1.35]) {
                    *value *= 1.0 - self.strength * share * film;
                }
            }
            Kind::Dent => {
                let d2 = (x * x + y * y) / (self.radius * self.radius);
                if d2 < 1.0 {
                    // The slope of the bump (1 - d2)^2 towards the light; its maximum is 1.
                    let slope = 3.5 * (1.0 - d2) * (x * LIGHT.0 + y * LIGHT.1) / self.radius
                        * (1.0 - d2).sqrt();
                    colour
                        .iter_mut()
                        .for_each(|value| *value += self.strength * slope);
                }
            }
            Kind::ChippedEdge => {
                // The broken face beside the gap is rough and darker.
                let distance = length((x, y)) / self.radius;
                let rough = 0.8 + 0.4 * value_noise(self.seed ^ 1, p.0 * 150.0, p.1 * 150.0);
                let face = smoothstep(1.15, 0.8, distance) * self.strength;
                colour
                    .iter_mut()
                    .for_each(|value| *value = mix(*value, 0.27 * rough, face));
            }
            Kind::TextureBreak | Kind::MisplacedHole => {}
        }
    }

    /// The radius in the direction of `p`, uneven like a real outline.
    fn outline(&self, p: Point) -> f32 {
        self.radius * (1.0 + 0.3 * value_noise(self.seed, p.0 * 28.0, p.1 * 28.0))
    }
}

/// A random direction.
fn unit(rng: &mut impl Rng) -> Point {
    loop {
        let (x, y): Point = (rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0));
        let length = length((x, y));
        if (0.1..=1.0).contains(&length) {
            return (x / length, y / length);
        }
    }
}

/// A place on the flat of the part, away from its edge, the bore and the bolt holes.
fn flat_place(rng: &mut impl Rng) -> Point {
    loop {
        let p = (
            rng.random_range(-RADIUS..RADIUS),
            rng.random_range(-RADIUS..RADIUS),
        );
        let clear = |hole: Point| length((p.0 - hole.0, p.1 - hole.1)) > HOLE_RADIUS + 0.03;
        if (BORE + 0.055..RADIUS - 0.06).contains(&length(p)) && holes().into_iter().all(clear) {
            return p;
        }
    }
}
