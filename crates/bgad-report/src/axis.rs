//! Axes with ticks at round numbers.

/// An axis: which values it shows, and where its ticks are.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) label: &'static str,
    pub(crate) low: f64,
    pub(crate) high: f64,
    step: f64,
}

impl Axis {
    /// From 0 to 1.
    pub(crate) fn unit(label: &'static str) -> Self {
        Self {
            label,
            low: 0.0,
            high: 1.0,
            step: 0.2,
        }
    }

    /// From `low` to `high`, both widened to the next tick where `rounded`.
    pub(crate) fn over(label: &'static str, low: f64, high: f64, rounded: bool) -> Self {
        let (low, high) = if low < high {
            (low, high)
        } else {
            // A single value is drawn in the middle.
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low - room, low + room)
        };
        let step = round_step((high - low) / 5.0);
        let (low, high) = if rounded {
            ((low / step).floor() * step, (high / step).ceil() * step)
        } else {
            (low, high)
        };
        Self {
            label,
            low,
            high,
            step,
        }
    }

    /// From `low` to `high` with a little room at both ends.
    pub(crate) fn around(label: &'static str, low: f64, high: f64) -> Self {
        let room = (high - low) * 0.04;
        Self::over(label, low - room, high + room, false)
    }

    /// Ticks at whole numbers only.
    pub(crate) fn whole(mut self) -> Self {
        self.step = self.step.max(1.0);
        self
    }

    /// Position of a value along the axis, 0 at the low end and 1 at the high end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Values and labels of the ticks.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let decimals = (-(self.step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize;
        let tolerance = self.step * 1e-6;
        let first = ((self.low - tolerance) / self.step).ceil();
        (0..20)
            .map(|k| (first + f64::from(k)) * self.step)
            .take_while(|&value| value <= self.high + tolerance)
            .map(|value| {
                let value = if value.abs() < tolerance { 0.0 } else { value };
                let text = if self.step >= 1e6 || self.step < 1e-6 {
                    format!("{value:.1e}")
                } else {
                    format!("{value:.decimals$}")
                };
                (value, text.replace('-', "−"))
            })
            .collect()
    }
}

/// The next 1, 2 or 5 times a power of ten.
fn round_step(at_least: f64) -> f64 {
    let power = 10_f64.powf(at_least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let large_enough = steps.into_iter().find(|&step| step >= at_least * 0.999_999);
    large_enough.unwrap_or(10.0 * power)
}
