//! The first pass of a run over its images.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bgad_backbone::Backbone;
use bgad_data::Dataset;

use super::mirror;
use super::progress::Progress;
use super::run::Run;
use super::scale::ReadImages;
use super::training_set::TrainingSet;
use crate::config::checked::CheckedConfig;
use crate::config::choices::{EvaluateWhen, Mirror, Model};
use crate::config::precision::FeaturePrecision;
use crate::detector::known_anomalies;
use crate::device::memory;
use crate::error::Result;
use crate::evaluation::test_set::TestSet;
use crate::features::extractor::Extractor;
use crate::features::store::{FeatureStore, StoreSettings};

impl Run<'_> {
    /// The owner of all features, with a folder on disk if requested. `checksum` is that of the backbone's
    /// weights.
    pub(super) fn store(
        &self,
        backbone: &Arc<dyn Backbone>,
        checksum: Option<&str>,
    ) -> Result<Arc<FeatureStore>> {
        let config = self.config;
        let extractor = Extractor::new(config, self.granularity, backbone.clone(), &self.device);
        // More would be swapped, or end the program. What is kept does not change the model.
        let most = memory::available().map_or(u64::MAX, |free| free / 2);
        let settings = StoreSettings {
            mirrored: match config.scoring.mirror {
                Mirror::Off => false,
                Mirror::On => true,
                Mirror::Auto => mirror::is_open(config, self.granularity),
            },
            half_precision: config.features.training_precision == FeaturePrecision::F16,
            memory: config.features.memory.bytes.min(most),
        };
        let mut store = FeatureStore::new(extractor, settings);
        store.stopped_by(self.context.stop.clone());
        if let Some(folder) = &self.context.features
            && (checksum.is_some() || self.context.backbone.is_none())
        {
            store.keep_in(folder, checksum)?;
        }
        Ok(Arc::new(store))
    }

    /// Reads all images once, and training images twice if there is a `finer` input with settings of its own. Training
    /// images come first, because their features are the most useful to keep. Returns those of the usual input, those
    /// of the finer one, and the test images.
    pub(super) fn read_images(
        &mut self,
        dataset: &Dataset,
        store: &Arc<FeatureStore>,
        finer: Option<&CheckedConfig>,
    ) -> Result<(ReadImages, Option<ReadImages>, TestSet)> {
        let start = Instant::now();
        let mut warnings = Vec::new();
        let tested = match self.config.schedule.evaluate {
            EvaluateWhen::Never => Vec::new(),
            _ => dataset.test.clone(),
        };
        let with_abnormal = self.config.model == Model::BgadFas;
        let trained = dataset.train.iter();
        let trained = trained.filter(|sample| with_abnormal || !sample.label.is_abnormal());
        let total = trained.count() * (1 + usize::from(finer.is_some())) + tested.len();
        let count = AtomicUsize::new(0);
        let done = || {
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            self.context.tell(Progress::Features { done, total });
        };
        let read = |config: &CheckedConfig, store: &FeatureStore, warnings: &mut Vec<String>| {
            let (settings, store) = ((self.granularity, config), Arc::new(store.clone()));
            TrainingSet::read(dataset, settings, &store, warnings, done)
        };
        let (set, statistics) = read(self.config, &store.without_finer(), &mut warnings)?;
        let mut of_finer = Vec::new();
        let finer = finer.zip(store.finer());
        let finer = finer.map(|(config, store)| read(config, store, &mut of_finer));
        let finer = finer.transpose()?;
        // Most are the same.
        of_finer.retain(|warning| !warnings.contains(warning));
        warnings.extend(of_finer);
        let listed = tested.len();
        let mut about_test = Vec::new();
        let tested = known_anomalies::leave_out(tested, &set.anomalies()?, &mut about_test);
        (tested.len()..listed).for_each(|_| done());
        let test = TestSet::read(&tested, store, &mut about_test, done)?;
        warnings.extend_from_slice(&about_test);
        self.about_test.clone_from(&dataset.warnings);
        self.about_test.extend(about_test);
        let sets = [Some(&set), finer.as_ref().map(|(set, _)| set)];
        let beyond = sets.into_iter().flatten();
        let beyond = beyond.map(|set| set.normal.beyond_memory() + set.abnormal.beyond_memory());
        let beyond = beyond.max().unwrap_or(0);
        if beyond > 0 && !store.is_on_disk() {
            warnings.push(format!(
                "features of {beyond} training images don't fit in features.memory, or in half of the free memory, \
                 and are computed again whenever they are needed; `--feature-cache DIR` avoids that"
            ));
        }
        for warning in &warnings {
            self.context.tell(Progress::Warning(warning.clone()));
        }
        self.warnings.extend(warnings);
        if let Some(failure) = store.take_failure() {
            self.warn(format!("features could not be kept: {failure}"));
        }
        self.seconds.features += start.elapsed().as_secs_f64();
        Ok(((set, statistics), finer, test))
    }
}
