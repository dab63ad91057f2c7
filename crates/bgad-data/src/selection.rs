//! Selection of the few abnormal training images.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;

use crate::{DataError, Dataset, Result, rng};

impl Dataset {
    /// Moves `count` abnormal images from the test set to the training set.
    ///
    /// They are drawn by `seed`, evenly over the defect types; the remainder, and what a small type
    /// cannot give, at random over the rest. Zero moves nothing.
    ///
    /// # Errors
    /// [`DataError::TooManyAnomalies`] if the test set would be left without abnormal images; the data
    /// set is then unchanged.
    pub fn move_anomalies_to_training(&mut self, count: usize, seed: u64) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let mut by_type: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, sample) in self
            .test
            .iter()
            .enumerate()
            .filter(|(_, sample)| sample.label.is_abnormal())
        {
            by_type.entry(&sample.defect_type).or_default().push(index);
        }
        let available = by_type.values().map(Vec::len).sum();
        if count >= available {
            return Err(DataError::TooManyAnomalies {
                dataset: self.name.clone(),
                requested: count,
                available,
            });
        }

        let mut rng = rng::stream(rng::Purpose::Selection, seed, 0, 0);
        let share = count / by_type.len();
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

        self.train
            .extend(chosen.iter().map(|&index| self.test[index].clone()));
        let mut index = 0;
        self.test.retain(|_| {
            index += 1;
            !chosen.contains(&(index - 1))
        });
        Ok(())
    }
}
