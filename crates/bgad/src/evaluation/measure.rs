//! From scores to metrics.

use bgad_metrics::{
    AupimoBounds, ConfidenceInterval, LabelledMap, MetricError, PixelMetrics, RankingMetrics,
    Undefined, defect_type_groups, paper_protocol,
};

use super::options::{Confidence, EvaluationOptions};
use super::result::{Evaluation, Intervals, PaperMetrics, TypeResult};
use super::scored::Scored;
use crate::error::Result;

/// Scores with their labels.
pub(super) struct Labelled<'a> {
    pub scored: &'a Scored,
    pub abnormal: &'a [bool],
    /// Defect types; `None` for normal images.
    pub types: &'a [Option<&'a str>],
    pub names: &'a [String],
    /// Score maps that have masks; empty if there are none.
    pub maps: &'a [LabelledMap<'a>],
    /// The image of each map.
    pub image_of_map: &'a [usize],
}

/// Metrics, and why some are undefined.
struct Measuring<'a> {
    labelled: &'a Labelled<'a>,
    map_names: Vec<&'a str>,
    remarks: Vec<String>,
}

impl<'a> Measuring<'a> {
    fn new(labelled: &'a Labelled<'a>) -> Self {
        let images = labelled.image_of_map.iter();
        Self {
            labelled,
            map_names: images.map(|&i| labelled.names[i].as_str()).collect(),
            remarks: Vec::new(),
        }
    }

    /// A metric, or `None` with a remark if the set has only one class or no regions. Invalid input remains
    /// an error that names the image.
    fn had<T>(
        &mut self,
        what: &str,
        of_maps: bool,
        metric: std::result::Result<T, MetricError>,
    ) -> Result<Option<T>> {
        let error = match metric {
            Ok(value) => return Ok(Some(value)),
            Err(error) => error,
        };
        match error.undefined() {
            Some(reason) => {
                let of = if of_maps {
                    "test pixels"
                } else {
                    "test images"
                };
                let remark = format!("no {what} of the {of}: {reason}");
                if !self.remarks.contains(&remark) {
                    self.remarks.push(remark);
                }
                Ok(None)
            }
            None if of_maps => Err(error.with_names(&self.map_names).into()),
            None => Err(error.with_names(self.labelled.names).into()),
        }
    }

    fn images(&mut self) -> Result<Option<RankingMetrics>> {
        let scores = &self.labelled.scored.scores;
        let metrics = bgad_metrics::image_metrics(scores, self.labelled.abnormal);
        self.had("metrics", false, metrics)
    }

    fn pixels(&mut self, limit: f64) -> Result<Option<PixelMetrics>> {
        if self.labelled.maps.is_empty() {
            return Ok(None);
        }
        let metrics = bgad_metrics::pixel_metrics(self.labelled.maps, limit);
        self.had("metrics", true, metrics)
    }

    fn by_type(&mut self, limit: f64) -> Result<Vec<TypeResult>> {
        let labelled = self.labelled;
        let image_types = labelled.types;
        let map_types: Vec<Option<&str>> = labelled
            .image_of_map
            .iter()
            .map(|&image| image_types[image])
            .collect();
        let of_maps = defect_type_groups(&map_types);
        let mut results = Vec::new();
        for group in defect_type_groups(image_types) {
            let pick = |&image: &usize| labelled.scored.scores[image];
            let scores: Vec<f32> = group.images.iter().map(pick).collect();
            let abnormal = group.images.iter().map(|&i| labelled.abnormal[i]);
            let abnormal: Vec<bool> = abnormal.collect();
            let image = bgad_metrics::image_metrics(&scores, &abnormal);
            let what = format!("metrics of the type {}", group.defect_type);
            let image = self.had(&what, false, image)?;
            let maps = of_maps.iter().find(|g| g.defect_type == group.defect_type);
            let pixel = match maps {
                None => None,
                Some(maps) => {
                    let maps: Vec<LabelledMap<'_>> =
                        maps.images.iter().map(|&map| labelled.maps[map]).collect();
                    let pixel = bgad_metrics::pixel_metrics(&maps, limit);
                    self.had(&what, true, pixel)?
                }
            };
            results.push(TypeResult {
                defect_type: group.defect_type,
                images: group.abnormal,
                image_auroc: image.map(|m| m.auroc),
                image_ap: image.map(|m| m.average_precision),
                image_f1: image.map(|m| m.best_f1.f1),
                pixel_auroc: pixel.map(|m| m.pixels.auroc),
                pixel_ap: pixel.map(|m| m.pixels.average_precision),
                aupro: pixel.map(|m| m.aupro),
            });
        }
        Ok(results)
    }

    fn intervals(&mut self, confidence: &Confidence, limit: f64) -> Result<Intervals> {
        let labelled = self.labelled;
        let ends = |interval: ConfidenceInterval| [interval.low, interval.high];
        let settings = confidence.bootstrap(confidence.image_resamples);
        let scores = &labelled.scored.scores;
        let image = bgad_metrics::image_intervals(scores, labelled.abnormal, &settings);
        let image = self.had("intervals", false, image)?;
        let pixel = match labelled.maps.is_empty() {
            true => None,
            false => {
                let settings = confidence.bootstrap(confidence.pixel_resamples);
                let pixel = bgad_metrics::pixel_intervals(labelled.maps, limit, &settings);
                self.had("intervals", true, pixel)?
            }
        };
        Ok(Intervals {
            level: confidence.level,
            image_auroc: image.map(|i| ends(i.auroc)),
            image_ap: image.map(|i| ends(i.average_precision)),
            image_f1: image.map(|i| ends(i.best_f1)),
            pixel_auroc: pixel.map(|i| ends(i.auroc)),
            pixel_ap: pixel.map(|i| ends(i.average_precision)),
            aupro: pixel.map(|i| ends(i.aupro)),
        })
    }
}

/// All requested metrics; the caller adds images and warnings. Also returns each image's AUPIMO, if
/// requested.
pub(super) fn measure(
    labelled: &Labelled<'_>,
    options: &EvaluationOptions,
) -> Result<(Evaluation, Vec<Option<f64>>)> {
    let mut measuring = Measuring::new(labelled);
    let image = measuring.images()?;
    let pixel = measuring.pixels(options.aupro_limit)?;
    if labelled.maps.is_empty() && labelled.scored.maps.iter().any(Option::is_some) {
        let reason = match labelled.abnormal.contains(&true) {
            true => "no abnormal image has a mask".to_owned(),
            false => Undefined::OnlyNormal.to_string(),
        };
        let remark = format!("no metrics of the test pixels: {reason}");
        measuring.remarks.push(remark);
    }
    let constant =
        |name: &str| format!("all {name} have the same score: the metrics are those of a guess");
    if image.is_some_and(|m| m.constant_score) {
        measuring.remarks.push(constant("test images"));
    }
    if pixel.is_some_and(|m| m.pixels.constant_score) {
        measuring.remarks.push(constant("test pixels"));
    }
    let by_defect_type = match options.by_defect_type {
        true => measuring.by_type(options.aupro_limit)?,
        false => Vec::new(),
    };
    let mut per_image = vec![None; labelled.names.len()];
    let mut aupimo = None;
    if options.aupimo && pixel.is_some() {
        let found = bgad_metrics::aupimo(labelled.maps, AupimoBounds::default());
        if let Some(found) = measuring.had("AUPIMO", true, found)? {
            aupimo = Some(found.mean);
            for (&image, value) in labelled.image_of_map.iter().zip(found.per_map) {
                per_image[image] = value;
            }
        }
    }
    let intervals = match &options.confidence {
        Some(confidence) => Some(measuring.intervals(confidence, options.aupro_limit)?),
        None => None,
    };
    let evaluation = Evaluation {
        image_auroc: image.map(|m| m.auroc),
        image_ap: image.map(|m| m.average_precision),
        image_f1: image.map(|m| m.best_f1.f1),
        image_f1_threshold: image.map(|m| m.best_f1.threshold),
        pixel_auroc: pixel.map(|m| m.pixels.auroc),
        pixel_ap: pixel.map(|m| m.pixels.average_precision),
        pixel_f1: pixel.map(|m| m.pixels.best_f1.f1),
        pixel_f1_threshold: pixel.map(|m| m.pixels.best_f1.threshold),
        aupro: pixel.map(|m| m.aupro),
        aupimo,
        aupro_limit: options.aupro_limit,
        images: labelled.names.len(),
        abnormal_images: labelled.abnormal.iter().filter(|a| **a).count(),
        remarks: measuring.remarks,
        intervals,
        by_defect_type,
        ..Evaluation::default()
    };
    Ok((evaluation, per_image))
}

/// The paper's metrics, with scoring constants taken over the test set.
pub(super) fn paper_metrics(labelled: &Labelled<'_>, aupro_limit: f64) -> Result<PaperMetrics> {
    let mut measuring = Measuring::new(labelled);
    let image = measuring.images()?;
    let pixel = measuring.pixels(aupro_limit)?;
    let approximated = match pixel {
        None => None,
        Some(_) => measuring.had("AUPRO", true, paper_protocol::aupro(labelled.maps))?,
    };
    Ok(PaperMetrics {
        image_auroc: image.map(|m| m.auroc),
        pixel_auroc: pixel.map(|m| m.pixels.auroc),
        aupro: pixel.map(|m| m.aupro),
        aupro_approximated: approximated,
    })
}
