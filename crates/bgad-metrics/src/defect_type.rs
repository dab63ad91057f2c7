//! Metrics for each type of defect.

use std::collections::BTreeMap;

use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::ranking::check_scores;
use crate::summary::{PixelMetrics, RankingMetrics, image_metrics, pixel_metrics};

/// A type of defect and the images it is judged on.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefectTypeGroup {
    /// Name of the type.
    pub defect_type: String,
    /// Number of images of this type.
    pub abnormal: usize,
    /// Indices of this type's images and of all normal ones, in the order given.
    pub images: Vec<usize>,
}

/// A metric for one type of defect.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub struct OfDefectType<T> {
    /// Name of the type.
    pub defect_type: String,
    /// Number of images of this type.
    pub abnormal: usize,
    /// The metric's value against all normal images.
    pub value: T,
}

/// Groups images by defect type (`None` for a normal image). Each group holds one type and all normal images,
/// so that any metric can be computed on it. Types are in alphabetical order.
///
/// ```
/// let groups = bgad_metrics::defect_type_groups(&[None, Some("scratch"), Some("crack"), None]);
/// assert_eq!(groups[0].defect_type, "crack");
/// assert_eq!(groups[0].images, [0, 2, 3]);
/// ```
pub fn defect_type_groups<S: AsRef<str>>(types: &[Option<S>]) -> Vec<DefectTypeGroup> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for defect_type in types.iter().flatten() {
        *counts.entry(defect_type.as_ref()).or_default() += 1;
    }
    let group = |(name, abnormal): (&str, usize)| DefectTypeGroup {
        defect_type: name.to_owned(),
        abnormal,
        images: (0..types.len())
            .filter(|&image| types[image].as_ref().is_none_or(|t| t.as_ref() == name))
            .collect(),
    };
    counts.into_iter().map(group).collect()
}

/// [`image_metrics`] for each type of defect, against all normal images (type `None`).
///
/// # Errors
///
/// [`MetricError::LengthMismatch`] and [`MetricError::NotANumber`], and [`MetricError::OnlyOneClass`] if no
/// image is normal. Without abnormal images the list is empty.
pub fn image_metrics_by_type<S: AsRef<str>>(
    scores: &[f32],
    types: &[Option<S>],
) -> Result<Vec<OfDefectType<RankingMetrics>>, MetricError> {
    check_scores(scores, types.len())?;
    by_type(types, |images| {
        let scores: Vec<f32> = images.iter().map(|&image| scores[image]).collect();
        let abnormal: Vec<bool> = images.iter().map(|&image| types[image].is_some()).collect();
        image_metrics(&scores, &abnormal)
    })
}

/// [`pixel_metrics`] for each type of defect, over its maps and all normal maps.
///
/// # Errors
///
/// [`MetricError::LengthMismatch`] unless there is one type per map, and those of [`pixel_metrics`],
/// including [`MetricError::NoRegions`] if a type's masks are all empty. Errors give a map's index among all
/// maps.
pub fn pixel_metrics_by_type<S: AsRef<str>>(
    maps: &[LabelledMap<'_>],
    types: &[Option<S>],
    aupro_limit: f64,
) -> Result<Vec<OfDefectType<PixelMetrics>>, MetricError> {
    if maps.len() != types.len() {
        return Err(MetricError::LengthMismatch {
            scores: maps.len(),
            labels: types.len(),
        });
    }
    crate::labelled_map::check_maps(maps)?;
    by_type(types, |images| {
        let maps: Vec<LabelledMap<'_>> = images.iter().map(|&image| maps[image]).collect();
        pixel_metrics(&maps, aupro_limit)
    })
}

fn by_type<S: AsRef<str>, T>(
    types: &[Option<S>],
    metric: impl Fn(&[usize]) -> Result<T, MetricError>,
) -> Result<Vec<OfDefectType<T>>, MetricError> {
    let groups = defect_type_groups(types).into_iter();
    groups
        .map(|group| {
            Ok(OfDefectType {
                value: metric(&group.images)?,
                defect_type: group.defect_type,
                abnormal: group.abnormal,
            })
        })
        .collect()
}
