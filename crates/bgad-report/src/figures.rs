//! The figures of a report.

use crate::axis::Axis;
use crate::data::{Curve, CurveKind, Embedding, HistorySeries, LevelHistogram};
use crate::plot::{Colour, Plot};
use crate::text::{escape, rate};

/// A figure: its file name without ending, its heading and its SVG.
pub(crate) struct Figure {
    pub(crate) file: String,
    pub(crate) title: String,
    pub(crate) caption: String,
    pub(crate) svg: String,
}

/// Most points per class in an embedding: more would only hide one another.
const EMBEDDING_POINTS: usize = 1500;

/// All curves of one kind in one figure; `None` without curves.
pub(crate) fn curves(kind: CurveKind, curves: &[Curve]) -> Option<Figure> {
    let curves: Vec<&Curve> = curves
        .iter()
        .filter(|curve| curve.kind == kind && curve.points.len() > 1)
        .collect();
    if curves.is_empty() {
        return None;
    }
    let (file, title, x, y, area) = match kind {
        CurveKind::Roc => (
            "roc",
            "ROC",
            "false-positive rate",
            "true-positive rate",
            "AUROC",
        ),
        CurveKind::PrecisionRecall => (
            "precision_recall",
            "Precision and recall",
            "recall",
            "precision",
            "AP",
        ),
        CurveKind::Pro => (
            "pro",
            "Per-region overlap",
            "false-positive rate",
            "per-region overlap",
            "AUPRO",
        ),
    };
    let name = |curve: &Curve| match curve.area {
        Some(value) => format!("{} {}", curve.name, rate(value)),
        None => curve.name.clone(),
    };
    let colours = || Colour::SERIES.into_iter().cycle();
    let legend: Vec<_> = colours()
        .zip(curves.iter().map(|curve| name(curve)))
        .collect();
    let mut plot = Plot::new(Axis::unit(x), Axis::unit(y), &legend);
    if kind != CurveKind::PrecisionRecall {
        plot.guide(&[(0.0, 0.0), (1.0, 1.0)]);
    }
    let mut caption = match kind {
        CurveKind::PrecisionRecall => "Each point is one threshold.".to_owned(),
        _ => "Each point is one threshold; the dashed diagonal is a guess.".to_owned(),
    };
    if curves.iter().any(|curve| curve.area.is_some()) {
        caption.insert_str(0, &format!("{area} beside the names. "));
    }
    for (colour, curve) in colours().zip(&curves) {
        if let Some(limit) = curve.limit.filter(|limit| *limit < 1.0) {
            plot.area(colour, &up_to(&curve.points, limit));
            plot.vertical(limit, &format!("{limit}"), false, false);
            caption = format!(
                "{area} beside the names: the area up to a false-positive rate of {limit} (shaded)."
            );
        }
        plot.line(colour, &curve.points);
    }
    let names: Vec<String> = curves.iter().map(|curve| name(curve)).collect();
    Some(Figure {
        file: file.to_owned(),
        title: title.to_owned(),
        caption,
        svg: plot.finish(&format!("{title} curve, {area}: {}", names.join("; "))),
    })
}

/// The part of the curve up to `limit`, cut exactly there.
fn up_to(points: &[(f64, f64)], limit: f64) -> Vec<(f64, f64)> {
    let mut part: Vec<(f64, f64)> = Vec::new();
    for &(x, y) in points {
        if x <= limit {
            part.push((x, y));
            continue;
        }
        if let Some(&(before_x, before_y)) = part.last() {
            let y = before_y + (y - before_y) * (limit - before_x) / (x - before_x);
            part.push((limit, y));
        }
        break;
    }
    part
}

/// Metrics against meta-epoch, Figure 3.
pub(crate) fn history(series: &[HistorySeries]) -> Option<Figure> {
    let series: Vec<&HistorySeries> = series.iter().filter(|s| !s.points.is_empty()).collect();
    let points = || {
        let points = series.iter().flat_map(|series| &series.points);
        points.filter(|(x, y)| x.is_finite() && y.is_finite())
    };
    let (&first, rest) = {
        let mut points = points();
        (points.next()?, points)
    };
    let start = ((first.0, first.0), (first.1, first.1));
    let ((left, right), (low, high)) = rest.fold(start, |(xs, ys), &(x, y)| {
        ((xs.0.min(x), xs.1.max(x)), (ys.0.min(y), ys.1.max(y)))
    });
    let last = |series: &HistorySeries| series.points.last().map_or(f64::NAN, |point| point.1);
    let colours = || Colour::SERIES.into_iter().cycle();
    let names = series
        .iter()
        .map(|s| format!("{}, last {}", s.name, rate(last(s))));
    let legend: Vec<_> = colours().zip(names).collect();
    let x = Axis::over("meta-epoch", left, right, false).whole();
    let mut plot = Plot::new(x, Axis::over("on the test set", low, high, true), &legend);
    for (colour, series) in colours().zip(&series) {
        plot.line(colour, &series.points);
        if series.points.len() <= 60 {
            plot.dots(colour, &series.points);
        }
    }
    let names: Vec<&str> = legend.iter().map(|(_, name)| name.as_str()).collect();
    Some(Figure {
        file: "history".to_owned(),
        title: "Metrics by meta-epoch".to_owned(),
        caption: "After each meta-epoch. The result is the last one, not the best one.".to_owned(),
        svg: plot.finish(&format!("Metrics against meta-epoch: {}", names.join("; "))),
    })
}

/// Log-likelihoods of one level with the boundaries, Figure 9; `None` if nothing was counted.
pub(crate) fn histogram(index: usize, histogram: &LevelHistogram) -> Option<Figure> {
    let (normal, abnormal) = (&histogram.normal, &histogram.abnormal);
    let counts = [normal.iter().sum::<u64>(), abnormal.iter().sum::<u64>()];
    let usable = histogram.low.is_finite() && histogram.high.is_finite();
    if counts == [0, 0] || !usable {
        return None;
    }
    let boundaries = [histogram.boundary_normal, histogram.boundary_abnormal];
    let known = || boundaries.into_iter().flatten().filter(|b| b.is_finite());
    let low = known().fold(histogram.low, f64::min);
    let high = known().fold(histogram.high, f64::max);
    let shares = |counts: &[u64]| -> Vec<(f64, f64)> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        let width = (histogram.high - histogram.low) / counts.len().max(1) as f64;
        let bins = counts.iter().enumerate();
        bins.flat_map(|(bin, &count)| {
            let (from, share) = (histogram.low + bin as f64 * width, count as f64 / total);
            [(from, share), (from + width, share)]
        })
        .collect()
    };
    let (normal, abnormal) = (shares(normal), shares(abnormal));
    let highest = normal.iter().chain(&abnormal).map(|point| point.1);
    let highest = highest.fold(0.0, f64::max);
    let legend = [
        (Colour::Normal, format!("normal ({})", counts[0])),
        (Colour::Abnormal, format!("abnormal ({})", counts[1])),
    ];
    let y = Axis::over("share of the features", 0.0, highest, true);
    let x = Axis::over("log-likelihood", low, high, false);
    let mut plot = Plot::new(x, y, &legend);
    for (colour, points) in [(Colour::Normal, &normal), (Colour::Abnormal, &abnormal)] {
        plot.area(colour, points);
        plot.line(colour, points);
    }
    let middle = (low + high) / 2.0;
    let subscript = |letter| format!(r#"b<tspan dy="4" font-size="10">{letter}</tspan>"#);
    let mut caption = Vec::new();
    // The lower boundary is labelled on its left and the upper on its right, unless an end is near.
    if let Some(b) = boundaries[1].filter(|b| b.is_finite()) {
        plot.vertical(b, &subscript('a'), (b - low) > 0.06 * (high - low), true);
        caption.push(format!("bₐ = {}", crate::text::number(b)));
    }
    if let Some(b) = boundaries[0].filter(|b| b.is_finite()) {
        let left = b > middle && (high - b) < 0.08 * (high - low);
        plot.vertical(b, &subscript('n'), left, false);
        caption.insert(0, format!("bₙ = {}", crate::text::number(b)));
    }
    let caption = if caption.is_empty() {
        "No boundaries were given.".to_owned()
    } else {
        format!("Boundaries: {}.", caption.join(", "))
    };
    Some(Figure {
        file: format!("histogram_{}", index + 1),
        title: histogram.level.clone(),
        svg: plot.finish(&format!(
            "Histogram of the log-likelihoods of {} normal and {} abnormal features, {}. {caption}",
            counts[0], counts[1], histogram.level
        )),
        caption,
    })
}

/// Features in the plane, Figure 8; `None` without features.
pub(crate) fn embedding(index: usize, embedding: &Embedding) -> Option<Figure> {
    let of_class = |abnormal: bool| -> Vec<(f64, f64)> {
        let points = embedding.points.iter();
        points
            .filter(|p| p.abnormal == abnormal && p.x.is_finite() && p.y.is_finite())
            .map(|p| (f64::from(p.x), f64::from(p.y)))
            .collect()
    };
    let (normal, abnormal) = (of_class(false), of_class(true));
    let all = || normal.iter().chain(&abnormal);
    let &first = all().next()?;
    let start = ((first.0, first.0), (first.1, first.1));
    let (xs, ys) = all().fold(start, |(xs, ys), &(x, y)| {
        ((xs.0.min(x), xs.1.max(x)), (ys.0.min(y), ys.1.max(y)))
    });
    let legend = [
        (Colour::Normal, format!("● normal ({})", normal.len())),
        (Colour::Abnormal, format!("▲ abnormal ({})", abnormal.len())),
    ];
    let x = Axis::around("first axis", xs.0, xs.1);
    let mut plot = Plot::of_shapes(x, Axis::around("second axis", ys.0, ys.1), &legend);
    let mut caption = embedding.note.clone();
    for (colour, points) in [(Colour::Normal, &normal), (Colour::Abnormal, &abnormal)] {
        let stride = points.len().div_ceil(EMBEDDING_POINTS).max(1);
        let shown: Vec<(f64, f64)> = points.iter().copied().step_by(stride).collect();
        plot.scatter(colour, &shown);
        if stride > 1 {
            let class = if colour == Colour::Normal {
                "normal"
            } else {
                "abnormal"
            };
            caption.push_str(&format!(
                " Of the {class} features {} are drawn.",
                shown.len()
            ));
        }
    }
    Some(Figure {
        file: format!("embedding_{}", index + 1),
        title: embedding.name.clone(),
        caption: caption.trim().to_owned(),
        svg: plot.finish(&format!(
            "Features in the plane, {}: {} normal, {} abnormal",
            embedding.name,
            normal.len(),
            abnormal.len()
        )),
    })
}

/// The figure as HTML.
pub(crate) fn html(figure: &Figure) -> String {
    format!(
        "<figure class=\"card\"><h3>{}</h3>{}<figcaption>{}</figcaption></figure>\n",
        escape(&figure.title),
        figure.svg,
        escape(&figure.caption)
    )
}
