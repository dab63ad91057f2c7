//! The first pass of a run over its images.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bgad_backbone::Backbone;
use bgad_data::Dataset;

use super::mirror;
use super::progress::Progress;
use super::run::Run;
use super::training_set::TrainingSet;
use crate::config::choices::{EvaluateWhen, Mirror, Model};
use crate::config::precision::FeaturePrecision;
use crate::error::Result;
use crate::evaluation::test_set::TestSet;
use crate::features::extractor::Extractor;
use crate::features::flow_inputs::FlowInputs;

impl Run<'_> {
    /// What computes features, and keeps them on disk where that is asked for. `checksum` is that of
    /// the backbone's weights.
    pub(super) fn extractor(
        &self,
        backbone: &Arc<dyn Backbone>,
        checksum: Option<&str>,
    ) -> Result<Extractor> {
        let mut extractor = Extractor {
            backbone: backbone.clone(),
            image_size: self.config.image_size,
            fit: self.config.fit,
            inputs: FlowInputs::new(self.config, self.granularity),
            mirror: match self.config.mirror {
                Mirror::Off => false,
                Mirror::On => true,
                Mirror::Auto => mirror::is_open(self.config, self.granularity),
            },
            precision: self.config.feature_precision,
            half_precision: self.config.training_precision == FeaturePrecision::F16,
            cache: None,
            device: self.device.clone(),
        };
        if let Some(folder) = &self.context.features
            && (checksum.is_some() || self.context.backbone.is_none())
        {
            extractor.keep_in(folder, checksum)?;
        }
        Ok(extractor)
    }

    /// Reads all images once: training images first, whose features are worth keeping most.
    pub(super) fn read_images(
        &mut self,
        dataset: &Dataset,
        extractor: &Extractor,
    ) -> Result<(TrainingSet, TestSet)> {
        let start = Instant::now();
        let mut budget = self.config.feature_memory;
        let mut warnings = Vec::new();
        let tested = match self.config.evaluate {
            EvaluateWhen::Never => Vec::new(),
            _ => dataset.test.clone(),
        };
        let with_abnormal = self.config.model == Model::BgadFas;
        let trained = dataset.train.iter();
        let trained = trained.filter(|sample| with_abnormal || !sample.label.is_abnormal());
        let total = trained.count() + tested.len();
        let count = AtomicUsize::new(0);
        let done = || {
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            self.context.tell(Progress::Features { done, total });
        };
        let set = TrainingSet::read(
            dataset,
            with_abnormal,
            (self.granularity, self.config),
            extractor,
            &mut budget,
            &mut warnings,
            done,
        )?;
        let test = TestSet::read(
            &tested,
            &extractor.in_full_precision(),
            &mut budget,
            &mut warnings,
            done,
        )?;
        let beyond = set.normal.beyond_memory() + set.abnormal.beyond_memory();
        if beyond > 0 && extractor.cache.is_none() {
            warnings.push(format!(
                "features of {beyond} training images don't fit in feature_memory and are computed \
                 whenever they are needed, before the first step as well; a folder for them \
                 (--feature-cache) saves that"
            ));
        }
        for warning in &warnings {
            self.context.tell(Progress::Warning(warning.clone()));
        }
        self.warnings.extend(warnings);
        if let Some(failure) = extractor
            .cache
            .as_ref()
            .and_then(|cache| cache.take_failure())
        {
            self.warn(format!("features could not be kept: {failure}"));
        }
        self.seconds.features += start.elapsed().as_secs_f64();
        Ok((set, test))
    }
}
