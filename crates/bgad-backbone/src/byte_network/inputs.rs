//! Statistics of the inputs of a network's products.

use super::seen::Seen;

/// Minimum, maximum, mean and mean square of each input channel of a network's products, over some images.
/// [`HostEfficientNet::in_bytes`](crate::HostEfficientNet::in_bytes) derives the byte network from them.
#[derive(Debug, Clone, Default)]
pub struct ProductInputs {
    /// Indexed by product, then by channel.
    pub(super) of_products: Vec<Vec<Seen>>,
}

impl ProductInputs {
    /// Whether no image was added yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.of_products.is_empty()
    }

    /// Adds inputs of product `index`: rows of `wide` values, the first `channels` of each being channels.
    pub(crate) fn add(&mut self, index: usize, channels: usize, wide: usize, values: &[f32]) {
        if self.of_products.len() <= index {
            self.of_products.resize_with(index + 1, Vec::new);
        }
        let seen = &mut self.of_products[index];
        seen.resize_with(channels, Seen::default);
        for row in values.chunks_exact(wide) {
            let channels = seen.iter_mut().zip(row);
            channels.for_each(|(seen, value)| seen.add(*value));
        }
    }
}
