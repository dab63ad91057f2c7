//! Cross-validation for data sets without a split of their own.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use rand::seq::SliceRandom;

use crate::random_stream::Purpose;
use crate::{DataError, Dataset, Result, Sample};

impl Dataset {
    /// Splits all samples, of training and test, into `folds` data sets. Each image is a test image in
    /// exactly one of them and a training image in the others.
    ///
    /// Normal images and every defect type are spread evenly over the folds, drawn by `seed`; parts of one
    /// image stay together. The training sets also hold abnormal images; reduce them with
    /// [`choose_anomalies`](Self::choose_anomalies). BGAD without anomalies ignores them.
    ///
    /// # Errors
    /// [`DataError::Parameter`] for fewer than 2 folds or more folds than normal images.
    ///
    /// ```no_run
    /// # fn main() -> bgad_data::Result<()> {
    /// let parts = bgad_data::Layout::Folder.read("parts".as_ref(), None)?;
    /// for (number, fold) in (1..).zip(parts.folds(5, 0)?) {
    ///     println!("fold {number}: {} train, {} test", fold.train.len(), fold.test.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn folds(&self, folds: usize, seed: u64) -> Result<Vec<Self>> {
        // Ordered by type and then by file, so that neither the order nor the present split matters.
        let mut types: BTreeMap<(bool, &str), Vec<&Path>> = BTreeMap::new();
        for sample in self.samples() {
            let key = (sample.label.is_abnormal(), sample.defect_type.as_str());
            types.entry(key).or_default().push(&sample.path);
        }
        let mut fold_of: HashMap<PathBuf, usize> = HashMap::new();
        let mut rng = Purpose::Folds.stream(seed, 0);
        let (mut next, mut normal) = (0, 0);
        for ((abnormal, _), mut files) in types {
            files.sort();
            files.dedup();
            if !abnormal {
                normal += files.len();
            }
            files.shuffle(&mut rng);
            for file in files {
                // One file may hold patches of several types; the first one decides.
                if let std::collections::hash_map::Entry::Vacant(entry) =
                    fold_of.entry(file.to_owned())
                {
                    entry.insert(next % folds.max(1));
                    next += 1;
                }
            }
        }
        if folds < 2 || folds > normal {
            return Err(DataError::Parameter {
                name: "folds",
                found: folds.to_string(),
                expected: format!("at least 2 and at most the number of normal images, {normal}"),
            });
        }
        let (normal, abnormal): (Vec<&Sample>, Vec<&Sample>) = self
            .samples()
            .partition(|sample| !sample.label.is_abnormal());
        let part = |fold: usize, test: bool| -> Vec<Sample> {
            normal
                .iter()
                .chain(&abnormal)
                .filter(|sample| (fold_of.get(&sample.path) == Some(&fold)) == test)
                .map(|sample| (*sample).clone())
                .collect()
        };
        Ok((0..folds)
            .map(|fold| Self {
                train: part(fold, false),
                test: part(fold, true),
                ..self.clone()
            })
            .collect())
    }
}
