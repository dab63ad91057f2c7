//! Training one level's flow: mini-batches of features, one optimizer step each.

use bgad_flow::Flow;
use bgad_loss::{LogLikelihoods, SeparatingBoundary};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::config::{BoundaryScope, Granularity, Model, TrainerConfig};
use crate::flows::read;
use crate::training_set::BatchImage;
use crate::{Error, Result};

/// PyTorch's, with which the method was published; Burn's own default is larger.
const ADAM_EPSILON: f32 = 1e-8;

/// One level's flow while it is trained.
pub(crate) struct LevelTrainer {
    flow: Flow,
    adam: ModuleOptimizer,
    condition: Option<Tensor<2>>,
    level: usize,
    stride: usize,
    device: Device,
    /// The sum of all losses since the last [`take_loss`](Self::take_loss), on the device.
    loss: Option<Tensor<1>>,
    steps: usize,
}

/// What a meta-epoch's steps have in common.
pub(crate) struct StepSettings<'a> {
    pub config: &'a TrainerConfig,
    pub granularity: Granularity,
    /// The first meta-epoch trains by maximum likelihood alone.
    pub first: bool,
    pub rate: f64,
    /// The boundary over the whole set at this level, where it is configured.
    pub boundary: Option<&'a SeparatingBoundary>,
}

impl LevelTrainer {
    /// `flow` lies on an autodiff device, `condition` and the features on `device`, its plain form.
    pub fn new(
        flow: Flow,
        condition: Option<Tensor<2>>,
        level: usize,
        stride: usize,
        device: &Device,
    ) -> Self {
        Self {
            flow,
            adam: AdamConfig::new().with_epsilon(ADAM_EPSILON).init(),
            condition,
            level,
            stride,
            device: device.clone(),
            loss: None,
            steps: 0,
        }
    }

    /// The flow as it is now, without gradients.
    pub fn flow(&self) -> Flow {
        use burn::module::Module;
        self.flow.valid()
    }

    /// Shuffles all positions of all images of a batch together and trains on them in mini-batches.
    /// The remainder is dropped; where there are fewer features than one mini-batch, they are one.
    pub fn train(
        &mut self,
        images: &[BatchImage],
        settings: &StepSettings<'_>,
        rng: &mut impl Rng,
    ) -> Result<()> {
        let levels = images
            .iter()
            .map(|image| image.features.levels[self.level].clone());
        let features = Tensor::cat(levels.collect(), 0);
        let total = features.dims()[0];
        let positions = total / images.len().max(1);
        let abnormal = abnormal_positions(images, positions, settings.granularity);
        let mut order: Vec<i32> = (0..total as i32).collect();
        order.shuffle(rng);
        let size = settings.config.mini_batch_size.min(total);
        for mini_batch in order.chunks_exact(size.max(1)) {
            self.step(&features, positions, mini_batch, &abnormal, settings)?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        features: &Tensor<2>,
        positions: usize,
        mini_batch: &[i32],
        abnormal: &[bool],
        settings: &StepSettings<'_>,
    ) -> Result<()> {
        // Normal features first: each side is then one slice of the log-likelihoods.
        let (of_defects, mut order): (Vec<i32>, Vec<i32>) = mini_batch
            .iter()
            .partition(|&&index| abnormal[index as usize]);
        let (normal, defects) = (order.len(), of_defects.len());
        order.extend(of_defects);
        let x = features.clone().select(0, self.indices(order.clone()));
        let condition = self.condition.as_ref().map(|condition| {
            let places = order.iter().map(|index| index % positions as i32);
            condition
                .clone()
                .select(0, self.indices(places.collect()))
                .autodiff()
        });
        let output = self.flow.forward(x.autodiff(), condition);
        let l = output.log_likelihood_per_dimension();
        let side = |start, length| (length > 0).then(|| l.clone().narrow(0, start, length));
        let sides = LogLikelihoods {
            normal: side(0, normal),
            abnormal: side(normal, defects),
        };
        let Some(loss) = self.objective(sides, settings)? else {
            return Ok(());
        };
        let value = loss.clone().inner();
        self.loss = Some(match self.loss.take() {
            Some(sum) => sum + value,
            None => value,
        });
        self.steps += 1;
        let gradients = GradientsParams::from_grads(loss.backward(), &self.flow);
        self.flow = self.adam.step(settings.rate, self.flow.clone(), gradients);
        Ok(())
    }

    /// The mini-batch's loss (section 3); none where it teaches nothing.
    fn objective(
        &self,
        sides: LogLikelihoods,
        settings: &StepSettings<'_>,
    ) -> Result<Option<Tensor<1>>> {
        let objective = &settings.config.objective;
        if settings.first {
            return Ok(sides.normal.map(|l| objective.first_meta_epoch(l)));
        }
        let boundary = match (settings.config.boundary, settings.boundary) {
            (BoundaryScope::Set, Some(boundary)) => Some(boundary.clone()),
            _ => objective.batch_boundary(&sides)?,
        };
        Ok(match (settings.config.model, sides, boundary) {
            (
                Model::Bgad,
                LogLikelihoods {
                    normal: Some(normal),
                    ..
                },
                Some(boundary),
            ) => Some(objective.bgad(normal, &boundary).total),
            (Model::Bgad, ..) => None,
            // Abnormal features alone can't be held against a boundary that they don't have.
            (Model::BgadFas, LogLikelihoods { normal: None, .. }, None) => None,
            (Model::BgadFas, sides, boundary) => {
                Some(objective.bgad_fas(&sides, boundary.as_ref()).total)
            }
        })
    }

    fn indices(&self, indices: Vec<i32>) -> Tensor<1, Int> {
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count]), &self.device)
    }

    /// The mean loss of the steps since the last call.
    ///
    /// # Errors
    /// [`Error::Diverged`] where it is no finite number.
    pub fn take_loss(&mut self, meta_epoch: usize) -> Result<Option<f64>> {
        let Some(sum) = self.loss.take() else {
            return Ok(None);
        };
        let steps = std::mem::take(&mut self.steps);
        let loss = read(sum)?.first().copied().unwrap_or(f32::NAN) / steps as f32;
        match loss.is_finite() {
            true => Ok(Some(f64::from(loss))),
            false => Err(Error::Diverged {
                meta_epoch,
                stride: self.stride,
                loss,
            }),
        }
    }
}

/// Which of all positions of a batch, image after image, are abnormal.
fn abnormal_positions(
    images: &[BatchImage],
    positions: usize,
    granularity: Granularity,
) -> Vec<bool> {
    let side = positions.isqrt() as u32;
    let of_image = |image: &BatchImage| match (&image.mask, granularity) {
        (None, _) => vec![false; positions],
        (Some(mask), Granularity::Pixel) => mask.to_feature_size(side, side).pixels().to_vec(),
        (Some(_), Granularity::Image) => vec![true; positions],
    };
    images.iter().flat_map(of_image).collect()
}
