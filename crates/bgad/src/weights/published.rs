//! Published weights, by name.

use std::fmt;
use std::str::FromStr;

use bgad_backbone::Architecture;

use crate::error::WeightsError;

/// Weights that timm publishes, such as `tf_efficientnet_b6.aa_in1k`.
///
/// Parses from timm's name. A name without a pretraining tag means the plain ImageNet-1k weights:
/// `tf_efficientnet_b6` is `tf_efficientnet_b6.aa_in1k`. In timm itself, since version 0.9, it means other
/// weights (`tf_efficientnet_b6.ns_jft_in1k`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublishedWeights {
    architecture: Architecture,
    tag: &'static str,
}

impl PublishedWeights {
    /// All published weights of the known backbones.
    pub fn all() -> impl Iterator<Item = Self> {
        Architecture::ALL.iter().flat_map(|&architecture| {
            let tags = architecture.pretrained_tags().iter();
            tags.map(move |&tag| Self { architecture, tag })
        })
    }

    /// Whether the architecture's name without a tag means these weights.
    pub fn is_default(self) -> bool {
        self.architecture.pretrained_tags().first() == Some(&self.tag)
    }

    /// timm's name with the tag.
    pub fn name(self) -> String {
        format!("{}.{}", self.architecture.name(), self.tag)
    }

    /// The repository on the Hugging Face hub.
    pub fn repository(self) -> String {
        format!("timm/{}", self.name())
    }
}

impl fmt::Display for PublishedWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl FromStr for PublishedWeights {
    type Err = WeightsError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || WeightsError::UnknownName {
            name: name.to_owned(),
        };
        let architecture: Architecture = name.parse().map_err(|_| unknown())?;
        let known = architecture.pretrained_tags();
        let tag = match name.split_once('.') {
            None => known.first(),
            Some((_, tag)) if architecture.is_otherwise_normalized(tag) => {
                return Err(WeightsError::OtherNormalization {
                    name: name.to_owned(),
                    instead: format!("{architecture}.{}", known.first().unwrap_or(&"")),
                });
            }
            Some((_, tag)) => known.iter().find(|known| **known == tag),
        };
        let tag = tag.copied().ok_or_else(unknown)?;
        Ok(Self { architecture, tag })
    }
}
