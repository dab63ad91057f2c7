//! What a network's products see.

use super::seen::Seen;

/// The least and largest values, means and squares that the products of a network see on some images,
/// channel by channel: what it takes to compute them in bytes.
#[derive(Debug, Clone, Default)]
pub struct ProductInputs {
    /// For each product, for each channel.
    pub(super) of_products: Vec<Vec<Seen>>,
}

impl ProductInputs {
    /// Whether nothing was seen yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.of_products.is_empty()
    }

    /// Adds rows of `wide` values to what product `index` has seen, of which the first `channels` count.
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
