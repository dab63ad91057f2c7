//! What a network's products see.

use super::parameters;
use super::product::Seen;
use crate::backbone::check_images;
use crate::host_efficientnet::HostEfficientNet;
use crate::network::Network;

/// The least and largest values, means and squares that the products of a network see on some images,
/// channel by channel: what it takes to compute them in bytes.
#[derive(Debug, Clone, Default)]
pub struct ProductInputs {
    /// For each product, for each channel.
    of_products: Vec<Vec<Seen>>,
}

impl HostEfficientNet {
    /// Adds to `inputs` what the products see of one image `[3, height, width]`, prepared as for
    /// [`extract_on_host`](crate::HostBackbone::extract_on_host).
    ///
    /// # Panics
    /// When the image has another length.
    pub fn observe(
        &self,
        image: &[f32],
        (height, width): (usize, usize),
        inputs: &mut ProductInputs,
    ) {
        check_images(image, height, width);
        let channels: Vec<usize> = self.network().plan().products().map(|p| p.inputs).collect();
        inputs.of_products.resize_with(channels.len(), Vec::new);
        let mut products = channels.iter().zip(&mut inputs.of_products);
        self.layers()
            .observe(image, (height, width), |wide, values| {
                if let Some((channels, seen)) = products.next() {
                    seen.resize_with(*channels, Seen::default);
                    for row in values.chunks_exact(wide) {
                        seen.iter_mut()
                            .zip(row)
                            .for_each(|(seen, value)| seen.add(*value));
                    }
                }
            });
    }

    /// The same network with products in bytes, fitted to what was seen of images. The same images give
    /// the same network.
    ///
    /// None where nothing was seen, or the network's products are in bytes already.
    pub fn in_bytes(&self, inputs: &ProductInputs) -> Option<Self> {
        let network: &Network = self.network();
        let seen = !inputs.of_products.is_empty();
        let fitted =
            (seen && !network.in_bytes).then(|| parameters::in_bytes(network, &inputs.of_products));
        fitted.map(Self::new)
    }

    /// Whether its products are in bytes.
    pub fn is_in_bytes(&self) -> bool {
        self.network().in_bytes
    }
}
