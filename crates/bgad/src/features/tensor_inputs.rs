//! The inputs of the flows, computed from a pyramid of tensors.

use bgad_backbone::FeaturePyramid;
use burn::tensor::Tensor;

use super::flow_inputs::{FlowInputs, Part};
use crate::config::choices::PooledLevels;
use crate::input::view::View;

impl Part {
    /// Pools `[positions, channels]` to `[1, dimension]`.
    fn pool_tensor(self, rows: &Tensor<2>) -> Tensor<2> {
        let [positions, _] = rows.dims();
        match self {
            Self::Max => rows.clone().max_dim(0),
            Self::Mean => rows.clone().mean_dim(0),
            Self::MeanStd => {
                let mean = rows.clone().mean_dim(0);
                let squared = (rows.clone() - mean.clone()).square().sum_dim(0);
                let deviation = (squared / (positions.max(2) - 1) as f64).sqrt();
                Tensor::cat(vec![mean, deviation], 1)
            }
        }
    }
}

impl FlowInputs {
    /// One input's vectors, as one matrix per flow: `[height · width, channels]`, one row per position, for
    /// each level; then `[1, dimension]` for the pooled features, and the levels that only the memory bank
    /// uses. Positions in the padding have rows too, but are not pooled.
    pub fn vectors(&self, pyramid: FeaturePyramid, view: &View) -> Vec<Tensor<2>> {
        let mut vectors = Vec::new();
        let parts = self
            .pooled
            .map_or(&[] as &[_], |(pooling, _)| Part::of(pooling));
        let mut pooled = vec![Vec::new(); parts.len()];
        let mut of_bank = Vec::new();
        let maps = pyramid.into_levels();
        let levels = maps.len();
        for (level, map) in maps.into_iter().enumerate() {
            let [_, channels, height, width] = map.dims();
            // On the CPU this is the map's layout in memory.
            let map = map.permute([0, 2, 3, 1]);
            let in_image = match view.is_padded() && !parts.is_empty() {
                true => {
                    let (columns, rows) = (view.positions(width).0, view.positions(height).1);
                    let count = columns.len() * rows.len();
                    let map = map.clone().slice([0..1, rows, columns, 0..channels]);
                    Some(map.reshape([count, channels]))
                }
                false => None,
            };
            let rows = map.reshape([height * width, channels]);
            for (part, pooled) in parts.iter().zip(&mut pooled) {
                pooled.push(part.pool_tensor(in_image.as_ref().unwrap_or(&rows)));
            }
            if self.positions {
                vectors.push(rows);
            } else if self.only_for_bank(level, levels) {
                of_bank.push(rows);
            }
        }
        for pooled in pooled {
            match self.pooled {
                Some((_, PooledLevels::Joined)) => vectors.push(Tensor::cat(pooled, 1)),
                _ => vectors.extend(pooled),
            }
        }
        vectors.extend(of_bank);
        vectors
    }
}

#[cfg(all(test, feature = "flex"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use bgad_backbone::FeatureMap;
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::config::choices::{Granularity, Pooling};
    use crate::config::settings::TrainerConfig;

    const SIZE: u32 = 64;

    /// Maps of strides 4 and 16 with values of different signs and sizes.
    fn maps() -> Vec<FeatureMap> {
        let map = |(side, channels): (usize, usize)| FeatureMap {
            channels,
            height: side,
            width: side,
            values: (0..side * side * channels)
                .map(|i| ((i * 7919 % 10_007) as f32 / 997.0 - 5.0).powi(3))
                .collect(),
        };
        [(16, 37), (4, 19)].map(map).into()
    }

    #[test]
    fn on_the_cpu_vectors_have_the_bits_of_those_on_the_host() {
        let device = Device::flex();
        for (pooling, pooled_levels) in [
            (Pooling::Mean, PooledLevels::Separate),
            (Pooling::MeanStdMax, PooledLevels::Joined),
        ] {
            let config = TrainerConfig::default().with(|config| {
                config.input.image_size = Some(SIZE);
                config.pooled.pooling = pooling;
                config.pooled.levels = pooled_levels;
                config.pooled.flows = true;
            });
            let config = config.check().unwrap();
            let inputs = FlowInputs::new(&config, Granularity::Pixel);
            for view in [View::stretched(SIZE), View::centred(SIZE, 20, SIZE)] {
                let pyramid = maps().into_iter().map(|map| {
                    let shape = [1, map.height, map.width, map.channels];
                    let map = Tensor::<4>::from_data(TensorData::new(map.values, shape), &device);
                    map.permute([0, 3, 1, 2])
                });
                let expected = inputs.vectors(FeaturePyramid::new(pyramid.collect()), &view);
                let found = inputs.rows(maps(), &view);
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(expected) {
                    assert_eq!(found.columns, expected.dims()[1]);
                    let expected = expected.into_data().try_to_vec::<f32>().unwrap();
                    assert_eq!(found.values, expected, "{pooling:?}, {view:?}");
                }
            }
        }
    }
}
