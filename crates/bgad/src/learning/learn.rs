//! Makes a new run from a run and a lesson.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::comparison::{Comparison, Scores};
use super::images;
use super::lesson::{DefectPlace, Lesson};
use super::outcome::{Change, Learned};
use super::teaching::{Taught, Teaching};
use super::unfinished_run::UnfinishedRun;
use crate::config::choices::Model;
use crate::config::finer_size::FinerSize;
use crate::config::image_fit::Fit;
use crate::config::rotations::Rotations;
use crate::config::settings::TrainerConfig;
use crate::detector::trained_model::Detector;
use crate::error::{Error, Result};
#[cfg(feature = "report")]
use crate::evaluation::options::EvaluationOptions;
#[cfg(feature = "report")]
use crate::report::Report;
use crate::run_directory::description::{DatasetDescription, RunDescription};
use crate::run_directory::directory::RunDirectory;
use crate::run_directory::kept_features;
use crate::training::outcome::Training;
use crate::training::progress::Progress;
use crate::training::trainer::Trainer;

/// The run to teach.
struct Earlier {
    /// An absolute path.
    folder: PathBuf,
    directory: RunDirectory,
    description: RunDescription,
    detector: Detector,
}

impl Trainer {
    /// Creates a trainer with the settings and devices of the run in `folder`, as `bgad train` writes it.
    ///
    /// # Errors
    /// If `folder` holds no run, or one that this version can't read; if the run's device is unknown.
    pub fn of_run(folder: &Path) -> Result<Self> {
        let run = RunDirectory::at(folder).description()?;
        let devices = run.device.split(',').map(str::parse);
        let devices: Vec<_> = devices.collect::<Result<_>>()?;
        Ok(Self::new(run.config).on_all(devices))
    }

    /// Teaches the run in the folder `run` a lesson and writes the result, a complete new run, to the
    /// folder `out`. You can teach the new run again. The earlier run does not change.
    ///
    /// It trains again on the run's images and the lesson's, so the model is the same as if you had trained
    /// on all of them at once. Features that the run stored are not computed again. A missed defect becomes
    /// an abnormal training image, a false alarm a normal one; both leave the test set. A lesson with missed
    /// defects makes the model [`Model::BgadFas`]. Granularity, bit depth and a chosen size of inputs stay the earlier run's;
    /// scoring constants and the threshold are computed again. All other settings are the trainer's;
    /// [`of_run`](Self::of_run) gives you a trainer with the earlier run's.
    ///
    /// `out` appears only when the new run is complete. If learning fails or is stopped, `out` does not
    /// exist and you can start again.
    ///
    /// # Errors
    /// If the run has no model, or a training image is missing; if `out` is a file or a folder with files;
    /// if an image, mask or box can't be used; and the errors of [`run`](Self::run).
    pub fn learn(&self, run: &Path, lesson: &Lesson, out: &Path) -> Result<Learned> {
        let start = Instant::now();
        lesson.check()?;
        let mut earlier = Earlier::open(self, run)?;
        let folder = UnfinishedRun::beside(out)?;
        let kept = earlier.directory.kept_dataset()?;
        images::check_there(run, &kept.dataset.train)?;
        let changed = kept.changed().first().map(|first| {
            format!(
                "training images have changed since the run, for example {}; the new model learns from \
                 them as they are now",
                first.display()
            )
        });
        let mut config = earlier.settings(self, lesson);
        let tiles = matches!(config.input.fit, Fit::Tiles(_));
        let placeless = lesson
            .missed
            .iter()
            .find(|missed| missed.place == DefectPlace::Unknown);
        if let Some(missed) = placeless.filter(|_| tiles) {
            return Err(Error::input(
                "lesson",
                format!("{} without the place of its defect", missed.image.display()),
                "a mask or a box, because this run cuts images into tiles, and only those with the defect are abnormal",
            ));
        }
        let of_foregrounds = config.settle_foreground()?;
        let taught = Taught {
            lesson,
            model: earlier.description.config.model,
            reading: config.input.reading(),
            from: &earlier.folder,
            to: folder.path(),
        };
        let mut teaching = taught.add_to(kept.dataset)?;
        if !teaching
            .dataset
            .train
            .iter()
            .any(|sample| sample.label.is_abnormal())
        {
            // What was its only defect is normal after all.
            config.model = Model::Bgad;
        }
        let said = changed.into_iter().chain(of_foregrounds);
        let said = said.chain(earlier.lost_calibration());
        let said = said.chain(earlier.lost_finer(&config));
        let said = said.chain(earlier.lost_copies(&config));
        teaching.dataset.warnings.extend(said);
        let description = RunDescription {
            device: self.device_names(),
            dataset: DatasetDescription {
                layout: earlier.description.dataset.layout.clone(),
                folder: earlier.description.dataset.folder.clone(),
                category: earlier.description.dataset.category.clone(),
                ..DatasetDescription::of(&teaching.dataset)
            },
            learned_from: Some(earlier.folder.clone()),
            ..RunDescription::new(&config, DatasetDescription::default())
        };
        let directory = RunDirectory::begin(folder.path(), &description)?;
        directory.keep_dataset_for(&teaching.dataset, folder.place())?;
        kept_features::share(&earlier.directory.features(), &directory.features())?;
        let mut training = self.trained(config, lesson, &teaching, &directory)?;
        training.detector.save(&directory.model())?;
        let features = directory.features();
        let has_checksum = training.detector.description.backbone_checksum.is_some();
        let is_known = has_checksum || self.context().backbone.is_none();
        for detector in [&mut earlier.detector, &mut training.detector] {
            detector.remember_distances_in(Some(&features));
        }
        let comparison = Comparison {
            before: &earlier.detector,
            after: &training.detector,
            from: &earlier.folder,
            to: folder.path(),
            features: is_known.then_some(features.as_path()),
        };
        let before = earlier.directory.scores()?;
        let scores = Scores {
            before: before.as_deref(),
            after: &training.scores,
        };
        let mut compared = comparison.of(&teaching, &scores, |told| self.context().tell(told))?;
        for image in &mut compared.flipped {
            image.image = folder.moved(&image.image);
        }
        directory.keep_scores_for(&training.scores, folder.place())?;
        self.context().tell(Progress::Writing);
        #[cfg(feature = "report")]
        if lesson.report {
            report(&mut training, &directory)?;
        }
        training.detector.remember_distances_in(None);
        directory.finish()?;
        let features = directory.kept_features()?;
        let run = out.to_owned();
        folder.keep()?;
        let mut warnings = training.warnings;
        if before.is_none() {
            warnings.push(format!(
                "{}: this run stored no scores, so only the lesson's images and abnormal training \
                 images are compared",
                earlier.folder.display()
            ));
        }
        let was = &earlier.detector.description;
        let is = &training.detector.description;
        Ok(Learned {
            model: RunDirectory::at(&run).model(),
            run,
            threshold: Change {
                before: was.chosen_threshold(),
                after: is.chosen_threshold(),
            },
            promised_rate: Change {
                before: was.promised_rate,
                after: is.promised_rate,
            },
            taught: compared.taught,
            flipped: compared.flipped,
            images: compared.images,
            features,
            training: training.seconds,
            seconds: start.elapsed().as_secs_f64(),
            warnings,
            detector: training.detector,
        })
    }

    /// Trains on the run's images and the lesson's, and logs each meta-epoch.
    fn trained(
        &self,
        config: TrainerConfig,
        lesson: &Lesson,
        teaching: &Teaching,
        directory: &RunDirectory,
    ) -> Result<Training> {
        let log = Mutex::new(directory.metrics_log()?);
        let observer = self.context().observer.clone();
        let observer = move |progress: Progress| {
            let tell = |progress| {
                if let Some(observer) = &observer {
                    observer(progress);
                }
            };
            if let Progress::MetaEpoch(meta_epoch) = &progress {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = log.append(meta_epoch) {
                    tell(Progress::Warning(error.to_string()));
                }
            }
            tell(progress);
        };
        let trainer = self.changed(|context| {
            context.config = config;
            context.observer = Some(Arc::new(observer));
            context.checkpoints = None;
            #[cfg(feature = "report")]
            if lesson.report {
                context.report = Some(EvaluationOptions::complete());
            }
            #[cfg(not(feature = "report"))]
            let _ = lesson;
            context.features = Some(directory.features());
            context.distances = Some(directory.features());
        });
        trainer.run(&teaching.dataset)
    }
}

impl Earlier {
    fn open(trainer: &Trainer, run: &Path) -> Result<Self> {
        let folder = std::path::absolute(run).map_err(Error::io(run))?;
        let directory = RunDirectory::at(&folder);
        let description = directory.description()?;
        let model = directory.model();
        if !model.is_file() {
            return Err(Error::input(
                "run",
                format!("{} has no model yet", run.display()),
                "a complete run; `bgad train --resume` finishes an incomplete one",
            ));
        }
        if description.finished_unix_seconds.is_none() {
            return Err(Error::input(
                "run",
                format!("{} was started again and has not finished", run.display()),
                "a complete run; `bgad train --resume` finishes this one",
            ));
        }
        let device = trainer.first_device().open()?;
        let detector = match &trainer.context().backbone {
            Some(own) => {
                let own = Arc::clone(own);
                Detector::load_with_backbone(&model, &device, move |_| Ok(own))?
            }
            None => Detector::load(&model, &device)?,
        };
        Ok(Self {
            folder,
            directory,
            description,
            detector,
        })
    }

    /// The settings of the new run.
    fn settings(&self, trainer: &Trainer, lesson: &Lesson) -> TrainerConfig {
        let was = &self.detector.description;
        let mut config = trainer.context().config.clone();
        // A run without masks may score whole images. A taught mask must not change that.
        config.granularity = Some(was.granularity);
        config.input.bit_depth = was.config.input.bit_depth;
        if !lesson.missed.is_empty() {
            config.model = Model::BgadFas;
        }
        config.input.finer_size = match config.input.finer_size {
            // Trained flows have one input.
            _ if config.schedule.trains(config.model) => FinerSize::Off,
            FinerSize::Auto => was.config.input.finer_size,
            given => given,
        };
        let trains = |config: &TrainerConfig| config.schedule.trains(config.model);
        config.input.rotations = match config.input.rotations {
            // As in a new run: flows would be trained on each copy.
            Rotations::Auto if trains(&config) && !trains(&was.config) => Rotations::Off,
            Rotations::Auto => was.config.input.rotations,
            given => given,
        };
        // The size beside a finer input does not suit a model without one.
        let kept = config.input.finer_size.pixels().is_some();
        if kept || was.config.input.finer_size.pixels().is_none() {
            config.input.image_size = config.input.image_size.or(was.config.input.image_size);
        }
        config
    }

    /// A warning if the earlier model has a finer input and one with these settings has none.
    fn lost_finer(&self, config: &TrainerConfig) -> Option<String> {
        let was = self.detector.description.config.input.finer_size.pixels()?;
        let reason = match config.schedule.trains(config.model) {
            true => "the new model's flows are trained (schedule.train_flows)",
            false => "input.finer_size is off",
        };
        config.input.finer_size.pixels().is_none().then(|| {
            format!(
                "the run's finer input of {was} x {was} pixels is left out, because {reason}; scores change by that \
                 as well"
            )
        })
    }

    /// A warning if the earlier model was trained on turned copies and one with these settings is not.
    fn lost_copies(&self, config: &TrainerConfig) -> Option<String> {
        let had = self.detector.description.config.input.rotations != Rotations::Off;
        let lost = had && config.input.rotations == Rotations::Off;
        lost.then(|| {
            "the run's turned copies of normal images are left out, because the new model's flows are trained \
             (schedule.train_flows) or input.rotations is off; scores change by that as well"
                .to_owned()
        })
    }

    /// A warning if `bgad calibrate` set the earlier threshold.
    fn lost_calibration(&self) -> Option<String> {
        self.detector.description.calibrated.then(|| {
            "the earlier threshold was calibrated with images that are not part of the run; the new \
             one comes from the training images, so run `bgad calibrate` on the new model"
                .to_owned()
        })
    }
}

#[cfg(feature = "report")]
fn report(training: &mut Training, directory: &RunDirectory) -> Result<()> {
    let Some(report) = Report::of_training(training)? else {
        return Ok(());
    };
    let report = report.with_run(&directory.description()?);
    report.save(directory.path())?;
    report.write(directory.path())?;
    Ok(())
}
