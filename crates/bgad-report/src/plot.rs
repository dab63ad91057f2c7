//! A plot as SVG: axes, gridlines, marks and labels.
//!
//! Colours are CSS classes, so that the page can use other ones in dark mode; a separate file carries the
//! light ones.

use std::fmt::Write as _;

use crate::axis::Axis;
use crate::text::escape;

pub(crate) const WIDTH: f64 = 400.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// Height of a legend line.
const LEGEND_LINE: f64 = 20.0;
const CHARACTER: f64 = 7.6;

/// The style sheet of the plots, in the colours of Okabe and Ito's palette for all colour vision.
pub(crate) const STYLE: &str = include_str!("../assets/plot.css");

/// The colour of a mark, as a class of the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Normal,
    Abnormal,
    First,
    Second,
    Third,
    Fourth,
}

impl Colour {
    pub(crate) const SERIES: [Self; 4] = [Self::First, Self::Second, Self::Third, Self::Fourth];

    fn class(self) -> &'static str {
        match self {
            Self::Normal => "c-normal",
            Self::Abnormal => "c-abnormal",
            Self::First => "c1",
            Self::Second => "c2",
            Self::Third => "c3",
            Self::Fourth => "c4",
        }
    }
}

/// A plot under construction.
pub(crate) struct Plot {
    x: Axis,
    y: Axis,
    top: f64,
    height: f64,
    marks: String,
    legend: String,
}

impl Plot {
    /// An empty plot with a legend of colours and names, which wraps if it is long.
    pub(crate) fn new(x: Axis, y: Axis, legend: &[(Colour, String)]) -> Self {
        Self::with_key(x, y, legend, "h14")
    }

    /// Like [`Self::new`], but the legend shows the marks of [`Self::scatter`].
    pub(crate) fn of_shapes(x: Axis, y: Axis, legend: &[(Colour, String)]) -> Self {
        Self::with_key(x, y, legend, "")
    }

    fn with_key(x: Axis, y: Axis, legend: &[(Colour, String)], key_line: &str) -> Self {
        let indent = if key_line.is_empty() { 0.0 } else { 19.0 };
        let (mut svg, mut at, mut line) = (String::new(), LEFT, 0.0);
        for (colour, name) in legend {
            let width = indent + 3.0 + CHARACTER * name.chars().count() as f64 + 14.0;
            if at > LEFT && at + width > WIDTH {
                (at, line) = (LEFT, line + 1.0);
            }
            let (key, class) = (16.0 + line * LEGEND_LINE, colour.class());
            let _ = write!(
                svg,
                r#"<path class="line {class}" d="M{at} {key}{key_line}"/><text class="legend {class}-text" x="{:.1}" y="{:.1}">{}</text>"#,
                at + indent,
                key + 4.5,
                escape(name)
            );
            at += width;
        }
        let lines = if legend.is_empty() { 0.0 } else { line + 1.0 };
        let top = 14.0 + lines * LEGEND_LINE;
        let mut plot = Self {
            x,
            y,
            top,
            height: top + 226.0 + BOTTOM,
            marks: String::new(),
            legend: svg,
        };
        plot.draw_axes();
        plot
    }

    fn px(&self, x: f64) -> f64 {
        LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT)
    }

    fn py(&self, y: f64) -> f64 {
        self.height - BOTTOM - self.y.place(y) * (self.height - BOTTOM - self.top)
    }

    fn draw_axes(&mut self) {
        let bottom = self.height - BOTTOM;
        let right = WIDTH - RIGHT;
        for (value, label) in self.y.ticks() {
            let y = self.py(value);
            let _ = write!(
                self.marks,
                r#"<path class="grid" d="M{LEFT} {y:.1}H{right}"/><text class="tick end" x="{:.1}" y="{:.1}">{label}</text>"#,
                LEFT - 7.0,
                y + 4.0
            );
        }
        for (value, label) in self.x.ticks() {
            let x = self.px(value);
            let _ = write!(
                self.marks,
                r#"<path class="grid" d="M{x:.1} {}V{bottom}"/><text class="tick middle" x="{x:.1}" y="{:.1}">{label}</text>"#,
                self.top,
                bottom + 17.0
            );
        }
        let middle = (self.top + bottom) / 2.0;
        let _ = write!(
            self.marks,
            r#"<path class="axis" d="M{LEFT} {bottom}H{right}"/><text class="label middle" x="{:.1}" y="{:.1}">{}</text><text class="label middle" transform="translate(13 {middle:.1}) rotate(-90)">{}</text>"#,
            (LEFT + right) / 2.0,
            self.height - 10.0,
            self.x.label,
            self.y.label
        );
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::with_capacity(points.len() * 12);
        for (index, &(x, y)) in points.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", self.px(x), self.py(y));
        }
        path
    }

    /// A line through the points; non-finite points are skipped.
    pub(crate) fn line(&mut self, colour: Colour, points: &[(f64, f64)]) {
        let (path, class) = (self.path(&finite(points)), colour.class());
        let _ = write!(self.marks, r#"<path class="line {class}" d="{path}"/>"#);
    }

    /// Small dots at the points.
    pub(crate) fn dots(&mut self, colour: Colour, points: &[(f64, f64)]) {
        for (x, y) in finite(points) {
            let (x, y, class) = (self.px(x), self.py(y), colour.class());
            let _ = write!(
                self.marks,
                r#"<circle class="dot {class}" cx="{x:.1}" cy="{y:.1}" r="2.6"/>"#
            );
        }
    }

    /// The area between the points and the horizontal axis, lightly filled.
    pub(crate) fn area(&mut self, colour: Colour, points: &[(f64, f64)]) {
        let points = finite(points);
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return;
        };
        let bottom = self.height - BOTTOM;
        let (from, to) = (self.px(first.0), self.px(last.0));
        let (path, class) = (self.path(&points), colour.class());
        let _ = write!(
            self.marks,
            r#"<path class="area {class}" d="{path}L{to:.1} {bottom}L{from:.1} {bottom}Z"/>"#
        );
    }

    /// A dashed line for comparison only.
    pub(crate) fn guide(&mut self, points: &[(f64, f64)]) {
        let path = self.path(points);
        let _ = write!(self.marks, r#"<path class="guide" d="{path}"/>"#);
    }

    /// A dashed vertical line with a label near its upper end; `label` is SVG, not text.
    pub(crate) fn vertical(&mut self, x: f64, label: &str, label_left: bool, lower: bool) {
        let (x, bottom) = (self.px(x), self.height - BOTTOM);
        let y = self.top + if lower { 30.0 } else { 13.0 };
        let (at, class) = if label_left {
            (x - 5.0, "mark end")
        } else {
            (x + 5.0, "mark")
        };
        let _ = write!(
            self.marks,
            r#"<path class="boundary" d="M{x:.1} {}V{bottom}"/><text class="{class}" x="{at:.1}" y="{y:.1}">{label}</text>"#,
            self.top
        );
    }

    /// Small circles for normal features, triangles for abnormal ones: one path per class.
    pub(crate) fn scatter(&mut self, colour: Colour, points: &[(f64, f64)]) {
        let mut path = String::with_capacity(points.len() * 24);
        for (x, y) in finite(points) {
            let (x, y) = (self.px(x), self.py(y));
            let _ = if colour == Colour::Abnormal {
                write!(path, "M{x:.1} {:.1}l3 5.2h-6z", y - 3.4)
            } else {
                write!(
                    path,
                    "M{:.1} {y:.1}a2.3 2.3 0 1 0 4.6 0a2.3 2.3 0 1 0-4.6 0",
                    x - 2.3
                )
            };
        }
        let class = colour.class();
        let _ = write!(self.marks, r#"<path class="scatter {class}" d="{path}"/>"#);
    }

    /// The SVG element, with a description for screen readers.
    pub(crate) fn finish(self, description: &str) -> String {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {WIDTH} {}" role="img" aria-label="{}">{}{}</svg>"#,
            self.height,
            escape(description),
            self.marks,
            self.legend
        )
    }
}

/// A plot as a separate file.
pub(crate) fn standalone(svg: &str) -> String {
    let background = r#"<rect width="100%" height="100%" fill="white"/>"#;
    match svg.split_once('>') {
        Some((open, rest)) => {
            format!("{open} width=\"800\"><style>{STYLE}</style>{background}{rest}")
        }
        None => svg.to_owned(),
    }
}

fn finite(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let points = points.iter().copied();
    points
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect()
}
