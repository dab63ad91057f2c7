//! Selection of the few abnormal training images, and of the defect types used for training and testing.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;

use crate::random_stream::Purpose;
use crate::{DataError, Dataset, Result, Sample, subsets};

/// How many abnormal images to train on.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnomalyCount {
    /// This many in total, spread evenly over the defect types. The remainder, and what a small type cannot
    /// supply, are drawn from the other types.
    Total(usize),
    /// This many of each defect type.
    PerType(usize),
}

/// Which abnormal images to train on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalySelection {
    /// How many.
    pub count: AnomalyCount,
    /// Restricts the choice to these defect types, as understood by [`Dataset::defect_types_named`]; empty
    /// means all types.
    pub types: Vec<String>,
}

impl AnomalySelection {
    /// This many in total, of all types.
    pub fn total(count: usize) -> Self {
        Self {
            count: AnomalyCount::Total(count),
            types: Vec::new(),
        }
    }

    /// The setting of the paper's Table 3: one abnormal image of any type.
    pub fn one() -> Self {
        Self::total(1)
    }

    /// Restricts the choice to these defect types.
    pub fn of_types(self, types: Vec<String>) -> Self {
        Self { types, ..self }
    }
}

impl Dataset {
    /// Moves `count` abnormal images from the test set to the training set.
    ///
    /// They are drawn by `seed`, evenly over the defect types. The remainder, and what a small type cannot
    /// supply, are drawn from the other types. Zero moves nothing.
    ///
    /// # Errors
    /// [`DataError::TooManyAnomalies`] if no abnormal image would remain in the test set; the data set is
    /// then unchanged.
    pub fn move_anomalies_to_training(&mut self, count: usize, seed: u64) -> Result<()> {
        let chosen = self.draw(&self.test, 1, &AnomalySelection::total(count), seed)?;
        self.move_from_test(&chosen);
        Ok(())
    }

    /// Chooses the abnormal training images by `seed`.
    ///
    /// If the training set has no abnormal images, they are moved from the test set. If it already has some
    /// (from a manifest, a split file or a fold), the choice is among those, and the others are dropped from
    /// both sets.
    ///
    /// # Errors
    /// [`DataError::TooManyAnomalies`] if no abnormal image would remain in the test set,
    /// [`DataError::TooFewOfTypes`], [`DataError::DefectTypeMissing`]; the data set is then unchanged.
    pub fn choose_anomalies(&mut self, selection: &AnomalySelection, seed: u64) -> Result<()> {
        if !self.train.iter().any(|sample| sample.label.is_abnormal()) {
            let chosen = self.draw(&self.test, 1, selection, seed)?;
            self.move_from_test(&chosen);
            return Ok(());
        }
        let chosen = self.draw(&self.train, 0, selection, seed)?;
        let mut index = 0;
        self.train.retain(|sample| {
            index += 1;
            !sample.label.is_abnormal() || chosen.contains(&(index - 1))
        });
        Ok(())
    }

    /// Drops abnormal images of other defect types from the test set; `types` works as in
    /// [`defect_types_named`](Self::defect_types_named).
    ///
    /// # Errors
    /// [`DataError::DefectTypeMissing`].
    pub fn test_only(&mut self, types: &[String]) -> Result<()> {
        let types = self.defect_types_named(types)?;
        self.test
            .retain(|sample| !sample.label.is_abnormal() || types.contains(&sample.defect_type));
        Ok(())
    }

    /// The defect types of all abnormal samples, sorted.
    pub fn defect_types(&self) -> BTreeSet<String> {
        let abnormal = self.samples().filter(|sample| sample.label.is_abnormal());
        abnormal.map(|sample| sample.defect_type.clone()).collect()
    }

    /// The defect types that `names` refer to. `hard` means the hard types of this category in the paper's
    /// Table 7, and `easy` the others, unless the data set has a type with that name.
    ///
    /// # Errors
    /// [`DataError::DefectTypeMissing`]; [`DataError::Parameter`] for `hard` or `easy` if the category is not
    /// in the table.
    pub fn defect_types_named(&self, names: &[String]) -> Result<BTreeSet<String>> {
        let all = self.defect_types();
        let mut types = BTreeSet::new();
        for name in names {
            if all.contains(name) {
                types.insert(name.clone());
            } else if name == "hard" || name == "easy" {
                let hard = subsets::hard_types(&self.name).ok_or_else(|| DataError::Parameter {
                    name: "defect types",
                    found: format!("'{name}' for the data set '{}'", self.name),
                    expected:
                        "types by name; hard and easy are known only for MVTec AD's categories"
                            .to_owned(),
                })?;
                let wanted = |found: &&String| hard.contains(&found.as_str()) == (name == "hard");
                types.extend(all.iter().filter(wanted).cloned());
            } else {
                return Err(DataError::DefectTypeMissing {
                    dataset: self.name.clone(),
                    defect_type: name.clone(),
                    found: all.into_iter().collect(),
                });
            }
        }
        Ok(types)
    }

    /// Indices of the abnormal samples that `selection` draws from `pool`, leaving at least `remaining`.
    fn draw(
        &self,
        pool: &[Sample],
        remaining: usize,
        selection: &AnomalySelection,
        seed: u64,
    ) -> Result<Vec<usize>> {
        let abnormal = || pool.iter().filter(|sample| sample.label.is_abnormal());
        let types = match selection.types.is_empty() {
            true => abnormal()
                .map(|sample| sample.defect_type.clone())
                .collect(),
            false => self.defect_types_named(&selection.types)?,
        };
        if matches!(
            selection.count,
            AnomalyCount::Total(0) | AnomalyCount::PerType(0)
        ) {
            return Ok(Vec::new());
        }
        let mut by_type: BTreeMap<&str, Vec<usize>> = types
            .iter()
            .map(|name| (name.as_str(), Vec::new()))
            .collect();
        for (index, sample) in pool.iter().enumerate() {
            if sample.label.is_abnormal()
                && let Some(indices) = by_type.get_mut(sample.defect_type.as_str())
            {
                indices.push(index);
            }
        }
        let too_few = |types: Vec<&str>, requested, available| DataError::TooFewOfTypes {
            dataset: self.name.clone(),
            types: types.join(", "),
            requested,
            available,
        };
        let (share, count) = match selection.count {
            AnomalyCount::Total(count) => (count / by_type.len().max(1), count),
            AnomalyCount::PerType(each) => {
                if let Some((name, indices)) = by_type.iter().find(|(_, all)| all.len() < each) {
                    return Err(too_few(vec![name], each, indices.len()));
                }
                (each, each.saturating_mul(by_type.len()))
            }
        };
        let available: usize = by_type.values().map(Vec::len).sum();
        let all = abnormal().count();
        if count > available && (remaining == 0 || !selection.types.is_empty()) {
            return Err(too_few(by_type.into_keys().collect(), count, available));
        }
        if count.saturating_add(remaining) > all {
            return Err(DataError::TooManyAnomalies {
                dataset: self.name.clone(),
                requested: count,
                available: all,
            });
        }

        let mut rng = Purpose::Selection.stream(seed, 0);
        let (mut chosen, mut rest) = (Vec::with_capacity(count), Vec::new());
        for mut indices in by_type.into_values() {
            indices.shuffle(&mut rng);
            let taken = share.min(indices.len());
            rest.extend(indices.split_off(taken));
            chosen.extend(indices);
        }
        rest.shuffle(&mut rng);
        rest.truncate(count - chosen.len());
        chosen.extend(rest);
        Ok(chosen)
    }

    fn move_from_test(&mut self, chosen: &[usize]) {
        self.train
            .extend(chosen.iter().map(|&index| self.test[index].clone()));
        let mut index = 0;
        self.test.retain(|_| {
            index += 1;
            !chosen.contains(&(index - 1))
        });
    }
}
