//! Metrics of each type of defect alone.

use std::collections::BTreeMap;

use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::ranking::check_scores;
use crate::summary::{PixelMetrics, RankingMetrics, image_metrics, pixel_metrics};

/// A type of defect with the images to judge it on.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefectTypeGroup {
    /// Name of the type.
    pub defect_type: String,
    /// Number of images of this type.
    pub abnormal: usize,
    /// The images of this type and all normal ones, in the order given.
    pub images: Vec<usize>,
}

/// A metric of one type of defect.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub struct OfDefectType<T> {
    /// Name of the type.
    pub defect_type: String,
    /// Number of images of this type.
    pub abnormal: usize,
    /// The value against all normal images.
    pub value: T,
}

/// Sorts images by their type of defect, `None` for a normal image: each type with all normals, so
/// that any metric can be taken of it. The types are in alphabetical order.
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

/// [`image_metrics`] of each type of defect, each against all normal images (type `None`).
///
/// # Errors
///
/// [`MetricError::LengthMismatch`] and [`MetricError::NotANumber`] for all scores;
/// [`MetricError::OnlyOneClass`] where no image is normal. Without abnormal images the list is
/// empty.
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

/// [`pixel_metrics`] of each type of defect: over the pixels of its maps and of all normal maps.
///
/// # Errors
///
/// [`MetricError::LengthMismatch`] where there is not one type for each map; those of
/// [`pixel_metrics`], [`MetricError::NoRegions`] where the masks of a type are empty among them.
/// Errors name maps by their place among all.
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
