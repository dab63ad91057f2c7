//! The report of a run: evaluation, figures and pictures on one page.

use std::path::Path;

use bgad_data::Dataset;
use bgad_report::{HistorySeries, ReportData, ReportFiles, ReportOptions, write_report};

use super::scoring::Scoring;
use super::{curves, features, gallery, summary};
use crate::detector::trained_model::Detector;
use crate::error::Result;
use crate::evaluation::evaluate::Examination;
use crate::evaluation::options::EvaluationOptions;
use crate::evaluation::result::Evaluation;
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::run_directory::description::RunDescription;
use crate::training::outcome::Training;
use crate::training::progress::MetaEpoch;

/// A report, ready to be written or saved.
///
/// [`save`](Self::save) stores everything except the gallery's pictures, which are made from the images
/// whenever the page is written.
///
/// ```no_run
/// # fn main() -> bgad::Result<()> {
/// # use std::path::Path;
/// use bgad::report::Report;
/// use bgad::{Detector, Device, EvaluationOptions, Layout};
///
/// let detector = Detector::load(Path::new("run/model.bgad"), &Device::flex())?;
/// let dataset = Layout::Folder.read(Path::new("parts"), None)?;
/// let report = Report::of(&detector, &dataset, &EvaluationOptions::complete())?;
/// report.write(Path::new("report"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    /// The evaluation that the report shows.
    pub evaluation: Evaluation,
    pub(super) data: ReportData,
    pub(super) scoring: Scoring,
    /// The log-likelihoods of all inputs of all images.
    pub(super) maps: Vec<LogLikelihoodMaps>,
}

impl Report {
    /// Evaluates `detector` on `dataset`'s test set and prepares its report.
    ///
    /// # Errors
    /// Those of [`Detector::evaluate_with`].
    pub fn of(detector: &Detector, dataset: &Dataset, options: &EvaluationOptions) -> Result<Self> {
        let examination = detector.examine(dataset, options)?;
        Self::new(detector, &dataset.name, examination)
    }

    /// The report of a training with [`Trainer::for_report`](crate::Trainer::for_report), with its history. It
    /// takes what the training kept, so a second call returns `None`, as does a training that kept or evaluated
    /// nothing.
    ///
    /// # Errors
    /// If the device fails or a stored feature can't be read.
    pub fn of_training(training: &mut Training) -> Result<Option<Self>> {
        let Some((evaluation, examined)) =
            training.evaluation.clone().zip(training.examined.take())
        else {
            return Ok(None);
        };
        let examination = Examination {
            evaluation,
            examined,
        };
        let detector = &training.detector;
        let report = Self::new(detector, &detector.description().dataset, examination)?;
        Ok(Some(report.with_history(&training.history)))
    }

    fn new(detector: &Detector, dataset: &str, examination: Examination) -> Result<Self> {
        let description = detector.description();
        let scoring = Scoring {
            calibration: description.calibration.clone(),
            size: description.config.input.size(),
            finer: description.config.input.finer_size.pixels(),
            fit: description.config.input.fit,
            orientation: description.config.input.orientation,
            threshold: description.threshold,
            pixel_threshold: description.pixel_threshold,
        };
        let mut data = summary::data(&examination.evaluation, description, dataset);
        data.curves = curves::curves(&examination)?;
        data.histograms = features::histograms(&examination, detector);
        data.embeddings = features::embeddings(&examination, detector)?;
        Ok(Self {
            evaluation: examination.evaluation,
            data,
            scoring,
            maps: examination.examined.maps,
        })
    }

    /// Adds the metrics of each meta-epoch (Figure 3).
    pub fn with_history(mut self, history: &[MetaEpoch]) -> Self {
        type Get = fn(&MetaEpoch) -> Option<f64>;
        let metrics: [(&str, Get); 3] = [
            ("image AUROC", |m| m.image_auroc),
            ("pixel AUROC", |m| m.pixel_auroc),
            ("AUPRO", |m| m.aupro),
        ];
        let series = metrics.map(|(name, get)| {
            let points = history.iter();
            let points = points.filter_map(|m| Some((m.meta_epoch as f64, get(m)?)));
            HistorySeries {
                name: name.to_owned(),
                points: points.collect(),
            }
        });
        self.data.history = series
            .into_iter()
            .filter(|s| !s.points.is_empty())
            .collect();
        self
    }

    /// Adds the description of the run: data set, device, versions.
    pub fn with_run(mut self, run: &RunDescription) -> Self {
        self.data.settings.insert(0, summary::run(run));
        self
    }

    /// Writes `report.html` to `folder`, and its parts to `report_parts` beside it.
    ///
    /// Images that can no longer be read are left out of the gallery, and the page says so.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report) if a file can't be written.
    pub fn write(&self, folder: &Path) -> Result<ReportFiles> {
        let options = ReportOptions::default();
        let mut data = self.data.clone();
        let missing = gallery::fill(
            &mut data,
            &self.evaluation,
            &self.maps,
            &self.scoring,
            options.max_gallery,
        );
        if missing > 0 {
            let images = self.evaluation.results.len();
            let text = format!(
                "{missing} of {images} images no longer exist at their paths: the gallery is \
                 without them"
            );
            let note = data.settings.iter_mut().find(|g| g.name == "Evaluation");
            if let Some(group) = note {
                group.entries.push(("gallery".to_owned(), text.clone()));
            }
            data.subtitle = format!("{} · {text}", data.subtitle);
        }
        Ok(write_report(&data, folder, &options)?)
    }
}
