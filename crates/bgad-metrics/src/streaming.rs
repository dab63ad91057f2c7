//! Pixel metrics over more maps than fit in memory.

use std::cell::RefCell;

use crate::aupimo::{Aupimo, AupimoBounds, DefectiveImages, NormalMaps, PimoArea};
use crate::aupro::{ProArea, check_limit};
use crate::curve::{CurvePoint, check_tolerance};
use crate::curve_trace::{PrecisionRecallCurve, ProCurve, RocCurve, Trace};
use crate::error::{Class, MetricError};
use crate::labelled_map::LabelledMap;
use crate::order::rank;
use crate::precision_recall::{BestF1, HighestF1, PrecisionSum};
use crate::ranking::check_classes;
use crate::regions::connected_regions;
use crate::roc::RocArea;
use crate::spill::{SortedRuns, SpillFile};
use crate::sweep::{AbnormalScore, Visitor, sweep};

/// Takes score maps one at a time and computes the pixel and region metrics over all of them.
///
/// The results equal those of the functions that take all maps at once, bit for bit: scores are sorted in
/// runs, runs are merged, and nothing is sampled or binned. What does not fit in memory goes to one unnamed
/// file in the system's temporary folder, which disappears with this value or the process.
///
/// Memory for scores is at most twice the budget, because a growing vector reserves room, or one map's scores
/// if the budget is smaller. Computing a metric takes another 64 KiB for each time the budget was filled and
/// each of the three kinds of scores (normal pixels of normal maps, normal pixels of defective maps, defect
/// pixels). Add about 24 bytes per defect region and 8 bytes per map. The file takes 4 bytes per normal pixel
/// and 8 bytes per defect pixel; every metric reads it once.
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, StreamingPixelMetrics};
///
/// let mut metrics = StreamingPixelMetrics::new();
/// for scores in [[0.1_f32, 0.9], [0.2, 0.3]] {
///     let mask = scores.map(|score| score > 0.5);
///     metrics.push(&LabelledMap { width: 2, height: 1, scores: &scores, mask: &mask })?;
/// }
/// assert_eq!(metrics.auroc()?, 1.0);
/// assert_eq!(metrics.aupro(0.3)?, 1.0);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
#[derive(Debug)]
pub struct StreamingPixelMetrics {
    budget: usize,
    file: Option<SpillFile>,
    /// Normal pixels: first those of defective maps, then those of normal maps, by group.
    normal: Vec<SortedRuns<u32>>,
    abnormal: SortedRuns<AbnormalScore>,
    normal_count: u64,
    abnormal_count: u64,
    region_areas: Vec<usize>,
    normal_maps: NormalMaps,
    images: DefectiveImages,
    maps: usize,
}

impl Default for StreamingPixelMetrics {
    fn default() -> Self {
        Self::with_memory(256 * 1024 * 1024)
    }
}

impl StreamingPixelMetrics {
    /// Keeps up to 256 MiB of scores in memory: about 1000 maps of 256 x 256 pixels.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the budget for scores in memory, in bytes. One map is always held in memory, however small the
    /// budget.
    pub fn with_memory(bytes: usize) -> Self {
        Self {
            budget: bytes,
            file: None,
            normal: vec![SortedRuns::default()],
            abnormal: SortedRuns::default(),
            normal_count: 0,
            abnormal_count: 0,
            region_areas: Vec::new(),
            normal_maps: NormalMaps::default(),
            images: DefectiveImages::default(),
            maps: 0,
        }
    }

    /// Adds one map. A rejected map changes nothing.
    ///
    /// # Errors
    ///
    /// [`MetricError::MapSize`] and [`MetricError::NotANumberInMap`], whose index counts the maps pushed;
    /// [`MetricError::TooManyRegions`]; [`MetricError::TemporaryFile`] if, for example, the disk is full,
    /// after which this value is of no further use.
    pub fn push(&mut self, map: &LabelledMap<'_>) -> Result<(), MetricError> {
        map.check(self.maps)?;
        let regions = map
            .mask
            .contains(&true)
            .then(|| connected_regions(map.mask, map.width, map.height))
            .transpose()?;
        let before = self.region_areas.len();
        let new_regions = regions.as_ref().map_or(0, |regions| regions.count());
        if u32::try_from(before + new_regions).is_err() {
            return Err(MetricError::TooManyRegions);
        }
        let needed = map.scores.len() * 4 + map.mask.iter().filter(|&&defect| defect).count() * 4;
        if self.bytes_in_memory() + needed > self.budget {
            self.spill()?;
        }

        self.maps += 1;
        self.images.add(regions.as_ref().map(|r| r.areas()));
        if let Some(regions) = regions {
            self.region_areas.extend(regions.areas());
            for (&score, &label) in map.scores.iter().zip(regions.labels()) {
                if label > 0 {
                    let region = before as u32 + label - 1;
                    self.abnormal.push(AbnormalScore::new(rank(score), region));
                } else {
                    self.normal[0].push(rank(score));
                }
            }
            let defects: usize = regions.areas().iter().sum();
            self.abnormal_count += defects as u64;
            self.normal_count += (map.scores.len() - defects) as u64;
        } else if let Some(group) = self.normal_maps.add(map.scores.len()) {
            self.normal
                .resize_with(1 + self.normal_maps.groups(), SortedRuns::default);
            let runs = &mut self.normal[1 + group];
            map.scores.iter().for_each(|&score| runs.push(rank(score)));
            self.normal_count += map.scores.len() as u64;
        }
        Ok(())
    }

    /// Number of maps pushed so far.
    pub fn maps(&self) -> usize {
        self.maps
    }

    /// [`crate::pixel_auroc`] of the maps so far.
    ///
    /// # Errors
    ///
    /// Those of [`crate::pixel_auroc`], and [`MetricError::TemporaryFile`].
    pub fn auroc(&mut self) -> Result<f64, MetricError> {
        check_classes(self.normal_count, self.abnormal_count)?;
        let mut area = RocArea::default();
        self.sweep(&mut area)?;
        Ok(area.finish(self.normal_count, self.abnormal_count))
    }

    /// [`crate::pixel_average_precision`] of the maps so far.
    ///
    /// # Errors
    ///
    /// Those of [`crate::pixel_average_precision`], and [`MetricError::TemporaryFile`].
    pub fn average_precision(&mut self) -> Result<f64, MetricError> {
        check_classes(self.normal_count, self.abnormal_count)?;
        let mut sum = PrecisionSum::default();
        self.sweep(&mut sum)?;
        Ok(sum.finish(self.abnormal_count))
    }

    /// [`crate::pixel_best_f1`] of the maps so far.
    ///
    /// # Errors
    ///
    /// Those of [`crate::pixel_best_f1`], and [`MetricError::TemporaryFile`].
    pub fn best_f1(&mut self) -> Result<BestF1, MetricError> {
        check_classes(self.normal_count, self.abnormal_count)?;
        let mut highest = HighestF1::new(self.abnormal_count);
        self.sweep(&mut highest)?;
        Ok(highest.finish())
    }

    /// [`crate::aupro`] of the maps so far.
    ///
    /// # Errors
    ///
    /// Those of [`crate::aupro`], and [`MetricError::TemporaryFile`].
    pub fn aupro(&mut self, limit: f64) -> Result<f64, MetricError> {
        check_limit(limit)?;
        let shares = self.shares()?;
        let mut area = ProArea::new(&shares, self.normal_count, self.abnormal_count, limit);
        self.sweep(&mut area)?;
        Ok(area.finish())
    }

    /// [`crate::aupimo`] of the maps so far.
    ///
    /// # Errors
    ///
    /// Those of [`crate::aupimo`], and [`MetricError::TemporaryFile`].
    pub fn aupimo(&mut self, bounds: AupimoBounds) -> Result<Aupimo, MetricError> {
        bounds.check()?;
        self.check_regions()?;
        self.normal_maps.check(bounds)?;
        let (images, normal) = (self.images.clone(), self.normal_maps.clone());
        let mut area = PimoArea::new(&images, &normal, bounds).skipping_sources(1);
        self.sweep(&mut area)?;
        Ok(area.finish())
    }

    /// [`crate::pixel_roc_curve`] of the maps so far. A tolerance above 0 keeps memory bounded.
    ///
    /// # Errors
    ///
    /// Those of [`crate::pixel_roc_curve`], and [`MetricError::TemporaryFile`].
    pub fn roc_curve(&mut self, tolerance: f64) -> Result<Vec<CurvePoint>, MetricError> {
        check_classes(self.normal_count, self.abnormal_count)?;
        let trace = RocCurve::new(self.normal_count, self.abnormal_count, tolerance);
        self.trace(trace, tolerance)
    }

    /// [`crate::pixel_precision_recall_curve`] of the maps so far, with a tolerance as in
    /// [`Self::roc_curve`].
    ///
    /// # Errors
    ///
    /// Those of [`crate::pixel_precision_recall_curve`], and [`MetricError::TemporaryFile`].
    pub fn precision_recall_curve(
        &mut self,
        tolerance: f64,
    ) -> Result<Vec<CurvePoint>, MetricError> {
        check_classes(self.normal_count, self.abnormal_count)?;
        let trace = PrecisionRecallCurve::new(self.normal_count, self.abnormal_count, tolerance);
        self.trace(trace, tolerance)
    }

    /// [`crate::pro_curve`] of the maps so far, with a tolerance as in [`Self::roc_curve`].
    ///
    /// # Errors
    ///
    /// Those of [`crate::pro_curve`], and [`MetricError::TemporaryFile`].
    pub fn pro_curve(&mut self, tolerance: f64) -> Result<Vec<CurvePoint>, MetricError> {
        let shares = self.shares()?;
        let trace = ProCurve::new(&shares, self.normal_count, self.abnormal_count, tolerance);
        self.trace(trace, tolerance)
    }

    fn bytes_in_memory(&self) -> usize {
        let normal = self.normal.iter().map(SortedRuns::bytes_in_memory);
        normal.sum::<usize>() + self.abnormal.bytes_in_memory()
    }

    fn spill(&mut self) -> Result<(), MetricError> {
        if self.bytes_in_memory() == 0 {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(SpillFile::new()?),
        };
        for runs in &mut self.normal {
            runs.spill(file)?;
        }
        Ok(self.abnormal.spill(file)?)
    }

    /// Checks in the order of the in-memory functions, so that both give the same error.
    fn check_regions(&self) -> Result<(), MetricError> {
        if self.normal_count + self.abnormal_count == 0 {
            return Err(MetricError::Empty);
        }
        if self.region_areas.is_empty() {
            return Err(MetricError::NoRegions);
        }
        if self.normal_count == 0 {
            return Err(MetricError::OnlyOneClass {
                missing: Class::Normal,
            });
        }
        Ok(())
    }

    /// What one pixel of each region adds to the mean overlap.
    fn shares(&self) -> Result<Vec<f64>, MetricError> {
        self.check_regions()?;
        let count = self.region_areas.len() as f64;
        let areas = self.region_areas.iter();
        Ok(areas.map(|&area| 1.0 / (area as f64 * count)).collect())
    }

    fn trace(
        &mut self,
        mut trace: impl Trace,
        tolerance: f64,
    ) -> Result<Vec<CurvePoint>, MetricError> {
        check_tolerance(tolerance)?;
        self.sweep(&mut trace)?;
        Ok(trace.finish())
    }

    fn sweep(&mut self, visitor: &mut impl Visitor) -> Result<(), MetricError> {
        let failure = RefCell::new(None);
        let file = self.file.as_ref();
        let mut normal: Vec<_> = self
            .normal
            .iter_mut()
            .map(|runs| runs.merged(file, &failure))
            .collect();
        let mut abnormal = self.abnormal.merged(file, &failure);
        sweep(&mut normal, &mut abnormal, visitor);
        drop((normal, abnormal));
        match failure.into_inner() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}
