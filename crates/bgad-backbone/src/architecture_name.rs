//! An architecture by its name.

use std::str::FromStr;

use crate::architecture::Architecture;
use crate::error::BackboneError;

impl FromStr for Architecture {
    type Err = BackboneError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let bare = name.split_once('.').map_or(name, |(bare, _tag)| bare);
        Self::ALL
            .iter()
            .copied()
            .find(|architecture| architecture.name() == bare)
            .ok_or_else(|| BackboneError::UnknownArchitecture {
                name: name.to_owned(),
            })
    }
}

impl TryFrom<String> for Architecture {
    type Error = BackboneError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}
