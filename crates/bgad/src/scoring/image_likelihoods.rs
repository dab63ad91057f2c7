//! The log-likelihoods of one image.

#[cfg(feature = "train")]
use crate::input::tiled_images::SetImage;
use crate::input::view::Views;
use crate::model::likelihoods::LogLikelihoodMaps;

/// The log-likelihoods of all inputs of one image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImageLikelihoods<'a> {
    /// What the inputs show.
    pub views: &'a Views,
    /// The log-likelihoods of each input.
    pub inputs: &'a [LogLikelihoodMaps],
}

impl<'a> ImageLikelihoods<'a> {
    /// The log-likelihoods of images that are one input each, without padding.
    pub fn whole(set: &'a [LogLikelihoodMaps], views: &'a Views) -> Vec<Self> {
        let inputs = set.iter().map(std::slice::from_ref);
        inputs.map(|inputs| Self { views, inputs }).collect()
    }

    /// The log-likelihoods of an image with these views.
    #[cfg(feature = "train")]
    pub fn of((views, inputs): &'a (Views, Vec<LogLikelihoodMaps>)) -> Self {
        Self { views, inputs }
    }

    /// The finer input, if there is one.
    pub fn finer(self) -> Option<Self> {
        let [maps] = self.inputs else {
            return None;
        };
        let finer = maps.finer.as_deref()?;
        Some(Self {
            views: &finer.views,
            inputs: std::slice::from_ref(&finer.maps),
        })
    }

    /// The number of the memory bank's positions along each side of an input, if there is a bank.
    pub fn bank_side(&self) -> Option<usize> {
        let distances = self.inputs.first()?.distances.as_ref()?;
        Some(distances.side)
    }

    /// Number of flows.
    pub fn flows(&self) -> usize {
        self.inputs.first().map_or(0, |maps| maps.levels.len())
    }

    /// The log-likelihoods of a flow, without those of padding.
    pub fn values(self, flow: usize) -> impl Iterator<Item = f32> + Clone + 'a {
        let inputs = self.views.views.iter().zip(self.inputs);
        inputs.flat_map(move |(view, maps)| {
            let map = &maps.levels[flow];
            let (columns, rows) = (view.positions(map.width).0, view.positions(map.height).1);
            let rows = rows.map(|row| &map.values[row * map.width..][..map.width]);
            rows.flat_map(move |row| row[columns.clone()].iter().copied())
        })
    }
}

/// The log-likelihoods of each image, from those of all inputs of the set.
#[cfg(feature = "train")]
pub(crate) fn of_images<'a>(
    images: &'a [SetImage],
    maps: &'a [LogLikelihoodMaps],
) -> Vec<ImageLikelihoods<'a>> {
    let one = |image: &'a SetImage| ImageLikelihoods {
        views: &image.views,
        inputs: &maps[image.inputs.clone()],
    };
    images.iter().map(one).collect()
}
