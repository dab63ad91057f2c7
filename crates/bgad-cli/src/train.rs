//! `bgad train`.

use std::path::Path;
#[cfg(not(feature = "report"))]
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "report")]
use bgad::EvaluationOptions;
use bgad::{
    Dataset, DatasetDescription, Detector, DeviceSelection, HeldFolder, Model, Progress,
    RunDescription, RunDirectory, Trainer, TrainerConfig,
};

use crate::arguments::{TrainArguments, TrainCommand};
use crate::config_file;
use crate::data::DataArguments;
use crate::decisions::count;
use crate::devices;
use crate::failure::{DESCRIPTION, Failure};
use crate::output;
use crate::output_folder::OutputFolder;
use crate::progress::{Display, note, warning};
use crate::run_logs::RunLogs;
use crate::stop;
use crate::tensorboard;
use crate::training_summary;
use crate::weights;

/// The setting for how features of training images are kept.
const PRECISION: &str = "features.training_precision";

/// The settings: the defaults, then the file's, then the command line's.
fn config(arguments: &TrainArguments) -> Result<TrainerConfig, Failure> {
    let given = &arguments.run;
    let preset = given.preset.map(Into::into).unwrap_or_default();
    let mut config = config_file::read(given.config.as_deref(), preset)?;
    arguments.settings.apply(&mut config)?;
    Ok(config)
}

/// A run and everything it needs.
struct Job {
    config: TrainerConfig,
    dataset: Dataset,
    devices: Vec<DeviceSelection>,
    directory: RunDirectory,
    /// Keeps other programs from training there.
    _held: HeldFolder,
    /// Whether features are kept in its folder.
    keeps_features: bool,
}

impl Job {
    fn new(command: &TrainCommand) -> Result<Self, Failure> {
        let (arguments, quiet) = (&command.new, command.reporting.quiet);
        let given = &arguments.run;
        let mut config = config(arguments)?;
        if command.keep_features && !arguments.settings.has(PRECISION) {
            config.set(PRECISION, "f16")?;
        }
        config.check()?;
        warn_of_no_training(arguments, &config);
        // clap guarantees these.
        let required = |name: &str| Failure::Missing(format!("--{name} is missing"));
        let mut data = DataArguments {
            folder: given.folder.clone(),
            data: given.data.clone(),
            layout: given.layout,
            choice: arguments.choice.clone(),
        };
        let place = data.place()?;
        // Recognised once.
        data.layout = Some(place.layout);
        data.choice.category.clone_from(&place.category);
        let out = given.out.as_ref().ok_or_else(|| required("out"))?;
        let folder = OutputFolder {
            option: "out",
            path: out,
        };
        folder.for_run(&place.folder)?;
        let device = given.device.unwrap_or_default();
        let devices = match given.devices.is_empty() {
            true => vec![device],
            false => {
                let devices = given.devices.iter().map(|listed| listed.of(device.kind));
                devices.collect::<Result<_, _>>()?
            }
        };
        let mut dataset = data.read_images()?;
        if config.model == Model::BgadFas {
            arguments.anomalies.choose(&mut dataset, config.seed)?;
        } else if arguments.anomalies.are_asked_for() {
            warning(
                "BGAD learns from normal images alone, so no abnormal image is used for training; add --model bgad-fas",
            );
        }
        data.narrow(&mut dataset)?;
        dataset.warnings.extend(config.settle_foreground()?);
        let images = DatasetDescription::of(&dataset);
        if !quiet {
            note(&format!(
                "training on {} normal and {} abnormal images, testing on {} normal and {} abnormal ones",
                images.training_normal,
                images.training_abnormal,
                images.test_normal,
                images.test_abnormal
            ));
        }
        // After the images: a typing error there should not cost a transfer.
        if config.backbone.weights.is_none() {
            config.backbone.weights =
                weights::resolve(&config.backbone.name, given.offline, quiet)?;
        }
        let description = RunDescription {
            device: devices::join(&devices),
            machine: Some(crate::machine::machine()),
            ..RunDescription::new(
                &config,
                DatasetDescription {
                    layout: Some(place.layout.to_string()),
                    folder: Some(place.folder),
                    category: place.category,
                    ..images
                },
            )
        };
        warn_of_calibration(out, devices.first());
        // Before the work starts: a folder that can't be created should not cost a night of training.
        let held = RunDirectory::hold(out)?;
        let directory = RunDirectory::begin(out, &description)?;
        tensorboard::remove_earlier(directory.path())?;
        if let Err(error) = directory.keep_dataset(&dataset) {
            warning(&format!(
                "if interrupted, this run can't be resumed: {error}"
            ));
        }
        crate::data::write_split(&dataset, given.write_split.as_ref())?;
        Ok(Self {
            config,
            dataset,
            devices,
            directory,
            _held: held,
            keeps_features: command.keep_features,
        })
    }

    /// The run in `folder`, as it was begun.
    fn begun(folder: &Path) -> Result<Self, Failure> {
        let directory = RunDirectory::at(folder);
        if !folder.join(DESCRIPTION).exists() {
            return Err(Failure::no_run(folder));
        }
        let held = RunDirectory::hold(folder)?;
        let description = directory.description()?;
        if description.finished_unix_seconds.is_some() {
            // It may have been killed in its last step.
            directory.finish()?;
            return Err(Failure::Finished {
                folder: folder.to_owned(),
                model: directory.model(),
            });
        }
        Ok(Self {
            config: description.config,
            dataset: directory.dataset()?,
            devices: devices::parse(&description.device)?,
            keeps_features: directory.features().is_dir(),
            directory,
            _held: held,
        })
    }
}

/// Warns if the folder of a run holds a calibrated model, whose threshold does not come from training.
fn warn_of_calibration(out: &Path, device: Option<&DeviceSelection>) {
    let model = RunDirectory::at(out).model();
    let device = device.filter(|_| model.is_file());
    let device = device.and_then(|device| device.open().ok());
    let detector = device.and_then(|device| Detector::load(&model, &device).ok());
    if detector.is_some_and(|detector| detector.description().calibrated) {
        warning(&format!(
            "{} was calibrated, and the new model that will replace it is not; run `bgad calibrate` again",
            model.display()
        ));
    }
}

/// Warns about training settings that have no effect, because no flow is trained.
fn warn_of_no_training(arguments: &TrainArguments, config: &TrainerConfig) {
    if config.schedule.trains(config.model) {
        return;
    }
    let idle = ["meta_epochs", "sub_epochs", "learning_rate"];
    for name in idle.map(|name| format!("schedule.{name}")) {
        if arguments.settings.has(&name) {
            warning(&format!(
                "{name} has no effect: no flow is trained; add --set schedule.train_flows=abnormal or always"
            ));
        }
    }
}

/// Trains, saves the model and writes the report.
pub fn run(command: &TrainCommand) -> Result<(), Failure> {
    let job = match &command.resume {
        Some(folder) => Job::begun(folder)?,
        None => Job::new(command)?,
    };
    let Job {
        dataset, directory, ..
    } = &job;
    let display = Arc::new(Display::new(command.reporting.quiet));
    let observer = observer(&job, command, &display)?;
    let trainer = Trainer::new(job.config.clone())
        .on_all(job.devices.iter().copied())
        .checkpoints_in(directory.checkpoints())
        .stopped_by(stop::on_signal())
        .observed_by(observer);
    let trainer = match &command.feature_cache {
        Some(folder) => trainer.features_in(folder),
        None if job.keeps_features => trainer
            .features_in(directory.features())
            .distances_in(directory.features()),
        None => trainer,
    };
    #[cfg(feature = "report")]
    let trainer = match command.no_report {
        true => trainer,
        false => trainer.for_report(EvaluationOptions::complete()),
    };
    let training = match command.resume {
        Some(_) => trainer.resume(dataset),
        None => trainer.run(dataset),
    };
    display.finish();
    #[cfg_attr(not(feature = "report"), allow(unused_mut))]
    let mut training = training.map_err(|error| match error {
        bgad::Error::Stopped { .. } => Failure::Stopped(directory.path().to_owned()),
        other => other.into(),
    })?;
    let model = directory.model();
    training.detector.save(&model)?;
    if let Err(error) = directory.keep_scores(&training.scores) {
        warning(&format!(
            "`bgad learn` can't compare with this run: {error}"
        ));
    }
    #[cfg(feature = "report")]
    let page = crate::report::of_run(&mut training, directory)?;
    #[cfg(not(feature = "report"))]
    let page = None::<PathBuf>;
    directory.finish()?;
    let kept = match job.keeps_features {
        true => Some(directory.kept_features()?),
        false => None,
    };
    if !training.warnings.is_empty() {
        warning(&format!(
            "{} in total",
            count(training.warnings.len(), "warning")
        ));
    }
    if command.reporting.json {
        return output::json(&training_summary::json(&training, &model, kept));
    }
    training_summary::write(&training, &model, page.as_deref(), kept)?;
    if !command.reporting.quiet {
        training_summary::next_steps(&training, &model);
    }
    Ok(())
}

/// Shows the run's progress and logs each meta-epoch.
fn observer(
    job: &Job,
    command: &TrainCommand,
    display: &Arc<Display>,
) -> Result<impl Fn(Progress) + Send + Sync + 'static, Failure> {
    let tensorboard = command.tensorboard;
    let directory = job.directory.clone();
    let logs = match command.resume {
        // Keeps all lines until it is known where the run continues.
        Some(_) => RunLogs::resumed(&directory, usize::MAX, tensorboard)?,
        None => RunLogs::new(&directory, tensorboard)?,
    };
    let logs = Mutex::new(logs);
    let shown = Arc::clone(display);
    Ok(move |progress: Progress| {
        let mut logs = logs.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk should not end a night of training.
        let warn = |error: Failure| shown.show(Progress::Warning(error.to_string()));
        match &progress {
            Progress::MetaEpoch(meta_epoch) => {
                if let Err(error) = logs.append(meta_epoch) {
                    warn(error);
                }
            }
            Progress::Resumed { history, .. } => {
                match RunLogs::resumed(&directory, history.len(), tensorboard) {
                    Ok(resumed) => *logs = resumed,
                    Err(error) => warn(error),
                }
            }
            _ => {}
        }
        drop(logs);
        shown.show(progress);
    })
}
