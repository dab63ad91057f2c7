//! Adds a lesson's images to a run's data set.

use std::path::{Path, PathBuf};

use bgad_data::{Dataset, ImageReading, MaskFiles, MaskValues, Sample};

use super::images::{self, Known, TAUGHT};
use super::lesson::{DefectPlace, Lesson};
use super::mask_of_place;
use super::mask_rule::MaskRule;
use super::outcome::Mistake;
use crate::config::choices::Model;
use crate::error::{Error, Result};

/// The defect type of a taught image.
const KIND: &str = "taught";

/// A run's data set with the lesson's samples.
pub(super) struct Teaching {
    /// The run's images and the lesson's. The lesson's are no longer test images.
    pub dataset: Dataset,
    /// Each image of the lesson, by the path in the lesson, with its sample.
    pub taught: Vec<(PathBuf, Mistake, Sample)>,
}

/// A lesson and the runs it goes from and to.
pub(super) struct Taught<'a> {
    pub lesson: &'a Lesson,
    /// The model that the earlier run trained.
    pub model: Model,
    pub reading: ImageReading,
    /// The folder of the earlier run.
    pub from: &'a Path,
    /// The folder of the new run.
    pub to: &'a Path,
}

impl Taught<'_> {
    /// Adds the lesson's images to the run's `dataset` and copies them to the new run. Images that the
    /// earlier run was taught are copied too, so that the new run does not need the earlier run's folder.
    ///
    /// # Errors
    /// If an image, mask or box can't be used, or the lesson names an image twice.
    pub fn add_to(&self, mut dataset: Dataset) -> Result<Teaching> {
        dataset.settle_open_masks()?;
        let taught = self.from.join(TAUGHT);
        let own = dataset.samples().filter(|s| !s.path.starts_with(&taught));
        let rule = MaskRule::of(self.lesson, own, self.reading.orientation)?;
        dataset.warnings.extend(rule.warning);
        if self.model == Model::Bgad {
            // The earlier model did not learn from them, and the lesson does not ask for it.
            dataset.train.retain(|sample| !sample.label.is_abnormal());
        }
        let mut added = Vec::new();
        let mut known: Vec<Known> = Vec::new();
        let missed = self.lesson.missed.iter();
        let missed = missed.map(|missed| (&missed.image, Mistake::Missed, &missed.place));
        let false_alarms = self.lesson.false_alarms.iter();
        let false_alarms =
            false_alarms.map(|image| (image, Mistake::FalseAlarm, &DefectPlace::Unknown));
        for (image, mistake, place) in missed.chain(false_alarms) {
            let (sample, of_file) = self.sample(image, mistake, place, &rule.values)?;
            if known.iter().any(|other| other.sha256 == of_file.sha256) {
                return Err(Error::input(
                    "lesson",
                    format!("{} is named twice", image.display()),
                    "each image once, either as missed or as a false alarm",
                ));
            }
            known.push(of_file);
            added.push((image.clone(), mistake, sample));
        }
        let mut others = Vec::new();
        let mut samples = Vec::new();
        for ((image, mistake, sample), of_file) in added.iter_mut().zip(&known) {
            let own = match mistake {
                Mistake::FalseAlarm => images::normal(&dataset.train, of_file),
                Mistake::Missed => None,
            };
            match own {
                // At another place among the images, it would change the folds and with them the model.
                Some(own) => {
                    dataset.warnings.push(format!(
                        "{} is a normal training image already ({}), so there is nothing to learn from it",
                        image.display(),
                        own.path.display()
                    ));
                    *sample = own.clone();
                }
                None => {
                    others.push(of_file);
                    samples.push(sample.clone());
                }
            }
        }
        let trained = images::take_out(&mut dataset.train, &others);
        let were_taught = |sample: &&Sample| sample.path.starts_with(self.from.join(TAUGHT));
        if let Some(first) = trained.iter().find(|sample| !were_taught(sample)) {
            dataset.warnings.push(format!(
                "{} is already a training image; the lesson's label replaces its own",
                first.path.display()
            ));
        }
        images::take_out(&mut dataset.test, &known.iter().collect::<Vec<_>>());
        for sample in dataset.train.iter_mut().filter(|s| were_taught(&&**s)) {
            self.take_along(sample)?;
        }
        dataset.train.extend(samples);
        Ok(Teaching {
            dataset,
            taught: added,
        })
    }

    /// Makes the sample of a lesson's image, with its files copied to the new run.
    fn sample(
        &self,
        image: &Path,
        mistake: Mistake,
        place: &DefectPlace,
        values: &MaskValues,
    ) -> Result<(Sample, Known)> {
        let pixels = bgad_data::load_image_as(image, self.reading)?;
        let orientation = self.reading.orientation;
        let mask = mask_of_place::of_place(place, image, pixels.dimensions(), orientation, values)?;
        let known = Known::of(image)?;
        let copy = images::copy(image, &known, self.to)?;
        let mut sample = match mistake {
            Mistake::Missed => {
                let mut name = copy.file_stem().unwrap_or_default().to_owned();
                name.push("_mask.png");
                let file = copy.with_file_name(name);
                let file = mask.map(|mask| mask_of_place::write(&mask, &file).map(|()| file));
                let files = file.transpose()?.map(MaskFiles::from);
                let values = files.as_ref().map(|_| MaskValues::NonZero);
                Sample {
                    mask_values: values.unwrap_or_default(),
                    ..Sample::abnormal(copy, KIND, files)
                }
            }
            Mistake::FalseAlarm => Sample::normal(copy),
        };
        sample.orientation = orientation;
        sample.bit_depth = self.reading.bit_depth;
        Ok((sample, known))
    }

    /// Copies an image that the earlier run was taught, with its masks, to the new run.
    fn take_along(&self, sample: &mut Sample) -> Result<()> {
        let known = Known::of(&sample.path)?;
        let copy = images::copy(&sample.path, &known, self.to)?;
        let masks = sample.mask.iter().flat_map(MaskFiles::paths);
        let masks = masks.map(|mask| {
            let copy = copy.with_file_name(mask.file_name().unwrap_or_default());
            std::fs::copy(mask, &copy).map_err(Error::io(mask))?;
            Ok(copy)
        });
        let masks = MaskFiles::several(masks.collect::<Result<Vec<_>>>()?);
        sample.mask = masks;
        sample.path = copy;
        Ok(())
    }
}
