//! The interface of feature extractors on tensors, and conversions from slices to tensors.

use burn::tensor::{Device, Tensor, TensorData};

use crate::backbone::{HostBackbone, Level, NamedTensor, Normalization};

/// Feature maps of a batch of images, one for each level, finest first.
#[derive(Debug, Clone)]
pub struct FeaturePyramid {
    levels: Vec<Tensor<4>>,
}

impl FeaturePyramid {
    /// A pyramid of maps, each `[batch, channels, height, width]`, finest first.
    pub fn new(levels: Vec<Tensor<4>>) -> Self {
        Self { levels }
    }

    /// The maps, each `[batch, channels, height, width]`, finest first.
    pub fn levels(&self) -> &[Tensor<4>] {
        &self.levels
    }

    /// Returns the maps, each `[batch, channels, height, width]`, finest first.
    pub fn into_levels(self) -> Vec<Tensor<4>> {
        self.levels
    }
}

/// A frozen feature extractor.
///
/// Each image's features depend on that image alone.
pub trait Backbone: Send + Sync + std::fmt::Debug {
    /// The extractor's name, such as `tf_efficientnet_b6` or `filter-bank`.
    fn name(&self) -> &str;

    /// The normalisation that its inputs must have.
    fn normalization(&self) -> Normalization;

    /// Stride and channels of each level, finest first.
    fn levels(&self) -> &[Level];

    /// Features of normalised images `[batch, 3, height, width]`, of any height and width above 0.
    ///
    /// Gradients are not tracked, whatever the images carry.
    ///
    /// # Panics
    ///
    /// If the images do not have three channels, have no pixels, or are on another device than the backbone.
    fn extract(&self, images: Tensor<4>) -> FeaturePyramid;

    /// All parameters, in a fixed order. With name and levels they restore the extractor. Empty if it has no
    /// weights.
    fn tensors(&self) -> Vec<NamedTensor>;

    /// The same extractor on plain slices, if it computes on the CPU that way.
    fn on_host(&self) -> Option<&dyn HostBackbone> {
        None
    }
}

/// Whether our own CPU code replaces this device's operations. It does on `flex`, Burn's CPU backend; `ndarray` is
/// for comparison and computes everything itself.
///
/// Burn offers no query for this that does not depend on its features, so the device's name decides. An unknown
/// name counts as another device, which is slower but correct.
#[doc(hidden)]
pub fn is_host(device: &Device) -> bool {
    let name = format!("{:?}", device.clone().inner().as_dispatch());
    name.starts_with("Flex")
}

/// The features that `backbone` computes for tensors on any device.
pub(crate) fn extract_through_host(
    backbone: &dyn HostBackbone,
    images: Tensor<4>,
) -> FeaturePyramid {
    let device = images.device();
    let [batch, channels, height, width] = images.dims();
    assert!(
        channels == 3 && batch * height * width > 0,
        "images of shape [{batch}, {channels}, {height}, {width}], not [batch, 3, height, width]"
    );
    let data = images.into_data().convert::<f32>();
    let values = data.try_to_vec::<f32>();
    // Numbers that do not lie in memory as `f32` are read one by one.
    let values = values.unwrap_or_else(|_| data.iter::<f32>().collect());
    let levels = backbone.extract_on_host(&values, height, width);
    let levels = levels.into_iter().map(|map| {
        let shape = [batch, map.height, map.width, map.channels];
        // A view of the same memory.
        Tensor::<4>::from_data(TensorData::new(map.values, shape), &device).permute([0, 3, 1, 2])
    });
    FeaturePyramid::new(levels.collect())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::is_host;

    #[test]
    fn burns_cpu_device_is_known() {
        assert!(is_host(&Device::flex()));
        assert!(is_host(&Device::flex().autodiff()));
    }
}
